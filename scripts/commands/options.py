"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from equispike.models.errors import EquispikeError
from equispike.protocols.provenance import usable_cores

data_dir = click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="Folder that holds mnist/ and so on.  [default: EQUISPIKE_DATA, then the user cache, then download]",
)

as_json = click.option("--json", "as_json", is_flag=True, help="Print the same rows as JSON.")
jobs = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=usable_cores,
    show_default="all cores",
    help="Chunks of images run at the same time; the result does not depend on it.",
)
force = click.option(
    "--force", is_flag=True, help="Begin even what would take more time steps or memory than is sensible."
)
pairs = click.option(
    "--set",
    "pairs",
    multiple=True,
    metavar="KEY=VALUE",
    help="A parameter with its unit, such as neuron.tau_mem=100*ms or n_exc=400; repeat for more. "
    "'equispike list SYSTEM' shows all with units and defaults.",
)
config = click.option(
    "--config", type=click.Path(path_type=Path), help="YAML file with lines such as 'tau_mem: 100*ms'."
)


def model_settings(config: Path | None, pairs: tuple[str, ...]) -> dict[str, Any]:
    """Parameter settings of a YAML file and, with precedence, of ``key=value`` words."""
    settings: dict[str, Any] = {}
    if config is not None:
        settings |= _read_config(config)
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise EquispikeError(f"--set needs key=value, such as --set n_exc=400, but got '{pair}'")
        settings[key.strip()] = value.strip()
    return settings


def _read_config(path: Path) -> dict[str, Any]:
    from equispike.scripts.workflow.located import read

    content = read(path, "the configuration").mapping("a configuration")
    # Lists and mappings describe layers; all else is one value.
    return {key: node.plain() for key, node in content.items()}
