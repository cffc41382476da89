"""The one place where tables are printed: framed on a terminal, a line of tab-separated cells per row where output goes
elsewhere, and as JSON.

Plain text and JSON have the same names and the same values; only a terminal gets headings, units and rounded numbers.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click
from rich import box
from rich.table import Table as Framed
from rich.text import Text

from equispike.scripts.screen import screen

type Row = Mapping[str, Any]

#: Characters up to which a terminal folds no number and no name.
_WHOLE = 30


def _words(value: Any) -> str:
    """A value as a terminal shows it, where its column says nothing else."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.4g}"
        case list() | tuple():
            return ", ".join(map(_words, value))
    return str(value)


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    key : its name in plain text and JSON, and of its values in rows
    heading : its name on a terminal; the key with spaces if not given
    show : a value, other than None, as a terminal shows it
    style : that of Rich for a value on a terminal
    on_terminal : whether a terminal shows it, where it is not empty
    """

    key: str
    heading: str = ""
    show: Callable[[Any], str] = _words
    style: Callable[[Any], str] = lambda value: ""
    on_terminal: bool = True


def percent(key: str, heading: str = "", form: str = ".2f") -> Column:
    """A column of fractions, which a terminal shows in per cent."""
    return Column(key, heading or f"{key.replace('_', ' ')} (%)", lambda fraction: format(100 * fraction, form))


def setting_columns() -> tuple[Column, ...]:
    """What runs of a setting have in common, as analysis.results.SETTING names it."""
    shown, others = ("system", "data", "network", "settings"), ("backend", "images", "n_label", "n_test", "n_split")
    return (*(Column(key) for key in shown), *(Column(key, on_terminal=False) for key in others))


@dataclass(frozen=True)
class Table:
    """Rows by the keys of columns; None, or a number that is none, is what was not measured.

    Attributes
    ----------
    name : in JSON, and before its rows where several tables are printed
    title : on a terminal
    section : key of a first column by which rows are grouped on a terminal
    """

    name: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    title: str = ""
    section: str = ""

    @property
    def keys(self) -> list[str]:
        return [self.section] * bool(self.section) + [column.key for column in self.columns]

    def records(self) -> list[dict[str, Any]]:
        """Rows as JSON holds them."""
        return [{key: _simple(row.get(key)) for key in self.keys} for row in self.rows]


def show(*tables: Table, facts: Mapping[str, Any] | None = None, as_json: bool = False) -> None:
    """Print ``facts``, by name, and tables.

    JSON is a list of records where there is one table and nothing else, and an object with facts and tables by name otherwise.
    """
    facts = {name: _simple(value) for name, value in (facts or {}).items()}
    if as_json:
        found = {**facts, **{table.name: table.records() for table in tables}}
        click.echo(json.dumps(next(iter(found.values())) if not facts and len(tables) == 1 else found, indent=1))
    elif sys.stdout.isatty():
        _on_terminal(tables, facts)
    else:
        _plain(tables, facts)


def _simple(value: Any) -> Any:
    """A value of JSON's types."""
    if hasattr(value, "item"):  # of NumPy
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _simple(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_simple(each) for each in value]
    return value if value is None or isinstance(value, bool | int) else str(value)


def _plain(tables: Sequence[Table], facts: Mapping[str, Any]) -> None:
    for name, value in facts.items():
        for line in value.splitlines() if isinstance(value, str) else [value]:
            click.echo(f"{name}\t{_cell(line)}")
    for place, table in enumerate(tables):
        if facts or len(tables) > 1:
            click.echo(("\n" if place or facts else "") + f"# {table.name}")
        click.echo("\t".join(table.keys))
        for record in table.records():
            click.echo("\t".join(map(_cell, record.values())))


def _cell(value: Any) -> str:
    text = repr(value) if isinstance(value, float) else _words(value)
    return " ".join(text.split())


def _on_terminal(tables: Sequence[Table], facts: Mapping[str, Any]) -> None:
    console = screen()
    if facts:
        framed = Framed(show_header=False, box=box.SIMPLE)
        framed.add_column(style="bold")
        framed.add_column(overflow="fold")
        for name, value in facts.items():
            framed.add_row(name.replace("_", " "), _words(value))
        console.print(framed)
    for table in tables:
        if len(table.columns) == 1:
            (column,) = table.columns
            names = ", ".join(_text(column, row).plain for row in table.rows)
            console.print(Text(table.title, "bold"), f": {names}", sep="", highlight=False)
        else:
            console.print(_framed(table), crop=False)  # a terminal that is too narrow folds lines


def _framed(table: Table) -> Framed:
    framed = Framed(title=table.title or None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD,
                    pad_edge=False, collapse_padding=True)  # fmt: skip
    values_of = {column: [row.get(column.key) for row in table.rows] for column in table.columns if column.on_terminal}
    indent = "  " if table.section else ""
    columns = [column for column, values in values_of.items() if any(value is not None for value in values)]
    for column in columns:
        values = values_of[column]
        numbers = all(
            value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in values
        )
        whole = numbers or column is columns[0]  # texts are folded in their place
        framed.add_column(
            column.heading or column.key.replace("_", " "),
            justify="right" if numbers else "left",
            overflow="fold",
            min_width=min(_WHOLE, max(_text(column, row).cell_len for row in table.rows) + len(indent))
            if whole
            else None,
        )
    section = None
    for row in table.rows:
        if table.section and row[table.section] != section:
            section = row[table.section]
            framed.add_section()
            framed.add_row(Text(str(section), "bold"))
        first, *others = (_text(column, row) for column in columns)
        framed.add_row(Text(indent).append_text(first), *others)
    return framed


def _text(column: Column, row: Row) -> Text:
    value = row.get(column.key)
    nothing = value is None or (isinstance(value, float) and not math.isfinite(value))
    return Text("") if nothing else Text(column.show(value), column.style(value))
