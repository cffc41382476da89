"""``equispike doctor``: what works here, what does not, and what to do."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from equispike.models.errors import EquispikeError
from equispike.scripts.commands import options
from equispike.scripts.screen import screen
from equispike.scripts.tables import Column, Table, show

_STYLES = {"ok": "green", "missing": "yellow", "broken": "red", "not needed": "dim"}
_COLUMNS = (
    Column("what"),
    Column("state", style=_STYLES.__getitem__),
    Column("found"),
    Column("to_do", "what to do"),
    Column("vital", on_terminal=False),
)


@click.command("doctor")
@options.data_dir
@options.as_json
def command(data_dir: Path | None, as_json: bool) -> None:
    """Try what the suite needs on this machine, and say what to do about what does not work.

    Exits with 2 where something is missing that every machine needs: packages, the numpy backend, a build cache that can be
    written.
    """
    from equispike.protocols.doctor import examine, first_to_mend

    with screen(stderr=True).status("") as status:
        findings = examine(data_dir, lambda topic: status.update(f"trying: {topic}"))
    first = first_to_mend(findings)
    rows = [{"topic": topic, **asdict(finding)} for topic, of_topic in findings.items() for finding in of_topic]
    show(Table("findings", _COLUMNS, rows, section="topic"), as_json=as_json)
    if first is not None:
        facts = f" ({first.found})" if first.found else ""
        raise EquispikeError(f"{first.what} is {first.state}{facts}: {first.to_do}")
