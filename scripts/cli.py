"""The ``equispike`` command: parses, calls protocols and analysis, and turns errors into one sentence and exit code 2."""

from __future__ import annotations

import logging
import sys
import warnings
from pathlib import Path

import click

from equispike.models.errors import EquispikeError


class _Commands(click.Group):
    """Imports a command's module only when it is asked for: Brian2 takes seconds, ``--help`` should not."""

    names = (
        "list",
        "doctor",
        "backends",
        "train",
        "evaluate",
        "experiment",
        "measure",
        "compare",
        "report",
        "sweep",
        "verify",
        "predict",
        "figures",
        "spikes",
        "export",
        "benchmark",
        "explain",
        "results",
    )

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.names:
            return None
        import importlib

        return importlib.import_module(f"equispike.scripts.commands.{cmd_name}").command


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="equispike")
def equispike() -> None:
    """Spiking-network models from their papers: train them, evaluate them, draw them."""


def main() -> None:
    """Run the command line; the process ends with 0, 1 (verify found a difference), 2 (a mistake that a person
    can mend) or 130 (interrupted)."""
    warnings.showwarning = _show
    logging.captureWarnings = lambda capture: None  # Brian2 would hide them in its log
    try:
        equispike(prog_name="equispike", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except EquispikeError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        click.echo("\nInterrupted; what was written is whole.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()


def _show(message, category, filename, lineno, file=None, line=None) -> None:
    """Say a warning in a line."""
    click.echo(f"Warning: {message}", err=True)


def existing_run(path: Path, *, trained: bool = True):
    """The run folder at ``path``; where it must be ``trained``, not one of an experiment."""
    from equispike.protocols.run_folder import RunFolder

    run = RunFolder.open(path)
    config = run.read_json("run.json")["config"]
    if trained and "experiment" in config:
        raise EquispikeError(
            f"{path} is a run of the experiment {config['experiment']} and holds no network: equispike figures {path} draws it"
        )
    return run
