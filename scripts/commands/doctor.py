"""``equispike doctor``: what works here, what does not, and what to do."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from equispike.models.errors import EquispikeError
from equispike.scripts.commands import options
from equispike.scripts.screen import screen

if TYPE_CHECKING:
    from equispike.protocols.doctor import Finding

_STYLES = {"ok": "green", "missing": "yellow", "broken": "red", "not needed": "dim"}


@click.command("doctor")
@options.data_dir
@click.option("--json", "as_json", is_flag=True, help="Print the same facts as JSON, for reports of bugs.")
def command(data_dir: Path | None, as_json: bool) -> None:
    """Try what the suite needs on this machine, and say what to do about what does not work.

    Exits with 2 where something is missing that every machine needs: packages, the numpy backend, a build cache that can be
    written.
    """
    from equispike.protocols.doctor import examine, first_to_mend

    with screen(stderr=True).status("") as status:
        findings = examine(data_dir, lambda topic: status.update(f"trying: {topic}"))
    first = first_to_mend(findings)
    if as_json:
        found = {topic: [asdict(finding) for finding in of_topic] for topic, of_topic in findings.items()}
        click.echo(json.dumps({"works": first is None, "findings": found}, indent=1))
    else:
        screen().print(_table(findings))
    if first is not None:
        facts = f" ({first.found})" if first.found else ""
        raise EquispikeError(f"{first.what} is {first.state}{facts}: {first.to_do}")


def _table(findings: dict[str, list[Finding]]) -> Table:
    table = Table("what", "state", "found → what to do")
    for column in table.columns:
        column.overflow = "fold"
    for topic, of_topic in findings.items():
        table.add_section()
        table.add_row(Text(topic, "bold"))
        for finding in of_topic:
            lines = [finding.found] * bool(finding.found) + [f"→ {finding.to_do}"] * bool(finding.to_do)
            table.add_row(f"  {finding.what}", Text(finding.state, _STYLES[finding.state]), Text("\n".join(lines)))
    return table
