"""``equispike explain``."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from equispike.models.errors import EquispikeError
from equispike.scripts.commands import options


@click.command("explain")
@click.argument("model")
@options.pairs
@options.config
@click.option("--backend", default="cpp", show_default=True, help="One of those that generate C++.")
def command(model: str, pairs: tuple[str, ...], config: Path | None, backend: str) -> None:
    """Show which C++ template each object of MODEL gets, ours or Brian2's, and why. Nothing is compiled or run."""
    from equispike import models
    from equispike.models.codegen import get_backend
    from equispike.models.codegen.cpp import CppBackend

    chosen, generator = models.get_model(model), get_backend(backend)
    if not isinstance(generator, CppBackend):
        raise EquispikeError(f"backend {backend} generates no C++: use --backend cpp, cpp-float32 or cpp-stock")
    params = chosen.params().updated(options.model_settings(config, pairs))
    table = Table(title=f"{model} on {backend}", title_justify="left", title_style="bold")
    for column in ("object", "template", "whose", "why"):
        table.add_column(column, overflow="fold")
    layers = chosen.protocol == "layerwise"
    options_of_build = {"learning": params.conv_names[-1]} if layers else {}  # type: ignore[attr-defined]
    for decision in generator.explain(lambda: chosen.build(params, 1000, **options_of_build)):
        whose = "Equispike" if decision.is_ours else "Brian2"
        table.add_row(decision.name.removesuffix("_codeobject"), decision.template, whose, decision.reason)
    Console().print(table)
