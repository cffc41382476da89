"""Tables: framed on a terminal, a line per row where output goes elsewhere, and the same rows as JSON."""

import json
import re
import sys

import numpy as np
import pytest

from equispike.scripts.cli import COMMANDS
from equispike.scripts.tables import Column, Table, percent, show

ROWS = (
    {
        "part": "one",
        "name": "a\nb",
        "accuracy": np.float64(0.1875),
        "seeds": np.int64(3),
        "works": True,
        "of": ["x", "y"],
    },
    {"part": "two", "name": "c" * 300, "accuracy": float("nan"), "seeds": None, "works": False, "of": []},
)
COLUMNS = (Column("name"), percent("accuracy"), Column("seeds"), Column("works"), Column("of"))
TABLE = Table("things", COLUMNS, ROWS, title="Things", section="part")


def test_a_row_is_a_line_that_is_neither_folded_nor_cut(capsys) -> None:
    show(TABLE)
    assert capsys.readouterr().out == (
        f"part\tname\taccuracy\tseeds\tworks\tof\none\ta b\t0.1875\t3\tyes\tx, y\ntwo\t{'c' * 300}\t\t\tno\t\n"
    )


def test_json_has_the_same_names_and_null_for_what_was_not_measured(capsys) -> None:
    show(TABLE, as_json=True)
    first, second = json.loads(capsys.readouterr().out)
    assert first == {"part": "one", "name": "a\nb", "accuracy": 0.1875, "seeds": 3, "works": True, "of": ["x", "y"]}
    assert (second["accuracy"], second["seeds"], second["works"], second["of"]) == (None, None, False, [])


def test_several_tables_and_facts_are_told_apart(capsys) -> None:
    small = Table("few", [Column("n")], [{"n": 1}])
    show(small, small, facts={"equations": "dv/dt = 1\nu : 1", "third": 1 / 3})
    said = "equations\tdv/dt = 1\nequations\tu : 1\nthird\t0.3333333333333333\n\n# few\nn\n1\n\n# few\nn\n1\n"
    assert capsys.readouterr().out == said
    show(small, facts={"a": 1}, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"a": 1, "few": [{"n": 1}]}


def test_a_terminal_has_headings_rounded_numbers_and_sections(capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    show(TABLE)
    lines = [line.rstrip() for line in re.sub(r"\x1b\[\d*m", "", capsys.readouterr().out).splitlines()]
    assert lines[0] == "Things" and {"accuracy", "(%)", "seeds"} <= {
        word for line in lines[1:4] for word in line.split()
    }
    assert any(line.strip() == "one" for line in lines) and any(" 18.75 " in line and " yes " in line for line in lines)
    assert sum(line.count("c") for line in lines[4:]) == 300  # folded, nothing is cut


def test_every_command_has_a_heading_and_its_line_is_whole(equispike, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = equispike("--help").out.splitlines()
    for heading, commands in COMMANDS.items():
        place = lines.index(f"{heading}:")
        shown = [line.split(maxsplit=1) for line in lines[place + 1 : place + 1 + len(commands)]]
        assert shown == [[name, does] for name, does in commands.items()]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("words", [("list",), ("list", "neurons"), ("list", "lif"), ("experiment", "list")])
def test_json_is_what_plain_text_is(equispike, words: tuple[str, ...]) -> None:
    plain, found = equispike(*words).out, json.loads(equispike(*words, "--json").out)
    for rows in [found] if isinstance(found, list) else [each for each in found.values() if isinstance(each, list)]:
        assert "\t".join(rows[0]) in plain.splitlines()
        assert all(any(line.startswith(str(next(iter(row.values())))) for line in plain.splitlines()) for row in rows)
