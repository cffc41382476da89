"""``equispike explain``."""

from __future__ import annotations

from pathlib import Path

import click

from equispike.models.errors import EquispikeError
from equispike.scripts.commands import options
from equispike.scripts.tables import Column, Table, show


@click.command("explain")
@click.argument("system")
@options.pairs
@options.config
@click.option("--backend", default="cpp", show_default=True, help="One of those that generate C++.")
@options.as_json
def command(system: str, pairs: tuple[str, ...], config: Path | None, backend: str, as_json: bool) -> None:
    """Show which C++ template each object of SYSTEM gets, ours or Brian2's, and why. Nothing is compiled or run."""
    from equispike.models.codegen import get_backend
    from equispike.models.codegen.cpp import CppBackend
    from equispike.protocols.beginning import undated_spec

    generator = get_backend(backend)
    if not isinstance(generator, CppBackend):
        raise EquispikeError(f"backend {backend} generates no C++: use --backend cpp, cpp-float32 or cpp-stock")
    spec = undated_spec(system, options.model_settings(config, pairs))
    if not spec.system.is_spiking:
        raise EquispikeError(f"{system} is an ANN: no C++ is generated for it")
    rows = [
        {"program": purpose, "object": decision.name.removesuffix("_codeobject"), "template": decision.template,
         "whose": "Equispike" if decision.is_ours else "Brian2", "why": decision.reason}
        for purpose, request in spec.procedure().programs().items()
        for decision in generator.explain(request)
    ]  # fmt: skip
    columns = [Column(key) for key in ("object", "template", "whose", "why")]
    show(Table("templates", columns, rows, title=f"{system} on {backend}", section="program"), as_json=as_json)
