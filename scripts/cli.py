"""The ``equispike`` command: parses, calls protocols and analysis, and turns errors into one sentence and exit code 2."""

from __future__ import annotations

import errno
import io
import logging
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from equispike.models.errors import EquispikeError
from equispike.scripts.steps import say_steps
from equispike.scripts.stopping import Stopped, heeded
from equispike.scripts.utf8 import begin_in_utf8

#: Commands under the headings of ``--help``, each with what it does in a line of 80 columns.
COMMANDS = {
    "Learn": {
        "train": "train a system on a data set; interrupted runs are resumed",
        "evaluate": "let readouts of a run learn, and measure its accuracy",
        "predict": "tell what pictures show, by a trained run",
        "new": "begin a neuron, rule, network, data set or sweep of your own",
        "export": "write a trained network for other simulators (NIR)",
    },
    "Look": {
        "list": "systems, data sets, backends and parts; parameters of each",
        "data": "describe and picture a data set before training",
        "experiment": "characterise a neuron, synapse or rule by an experiment",
        "figures": "draw everything that a run holds",
        "spikes": "record the spikes of a run, with their statistics",
    },
    "Compare": {
        "measure": "what a run costs and bears: operations, energy, damage",
        "compare": "evaluated runs in one table: accuracy and costs",
        "results": "accuracy of runs over seeds, beside the paper's",
        "report": "one page of runs: tables, figures, how each was made",
    },
    "Scale": {
        "sweep": "many runs, on this machine or on a cluster",
        "backends": "where a system runs, and why not elsewhere",
        "benchmark": "images per CPU second on several backends",
    },
    "Inspect": {
        "doctor": "what works on this machine, and what mends the rest",
        "explain": "which C++ template each object of a network gets",
        "verify": "spikes of Brian2 and of the program gradients came from",
    },
}


class _Commands(click.Group):
    """Imports a command's module only when it is asked for: Brian2 takes seconds, ``--help`` should not."""

    def make_context(self, *words: Any, **options: Any) -> click.Context:
        with _read():
            return super().make_context(*words, **options)

    def invoke(self, ctx: click.Context) -> Any:
        with _read():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for commands in COMMANDS.values() for name in commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        import importlib

        return importlib.import_module(f"equispike.scripts.commands.{cmd_name}").command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        widest = max(map(len, self.list_commands(ctx)))
        for heading, commands in COMMANDS.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(widest), does) for name, does in commands.items()])


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="equispike")
def equispike() -> None:
    """Spiking-network models from their papers: train them, evaluate them, draw them."""


def main() -> None:
    """Run the command line; the process ends with 0, 1 (verify found a difference), 2 (a mistake that a person
    can mend), or 128 + N (ended by signal N, such as 130 by Ctrl-C, or 141 as nobody reads the output any more)."""
    begin_in_utf8()
    warnings.showwarning = _show
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # no name is worth a crash
    say_steps()
    logging.captureWarnings = lambda capture: None  # Brian2 would hide them in its log
    try:
        _check_names()
        with heeded():
            try:
                equispike(prog_name="equispike", standalone_mode=False)
            finally:
                with _read():
                    _flush()
    except click.ClickException as error:
        with suppress(OSError):
            error.show()
        sys.exit(2)
    except EquispikeError as error:
        _say(f"Error: {error}")
        sys.exit(2)
    except Stopped as stopped:
        if stopped.number == signal.SIGPIPE:
            _discard_output()
        else:
            _say(f"\n{stopped.sentence()}")
        sys.exit(stopped.code)
    except (KeyboardInterrupt, click.Abort):
        _say("\nInterrupted; what was written is whole.")
        sys.exit(130)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            _say(f"Error: {str(error.filename)[:60]}... is too long for the name of a file: choose a shorter one")
            sys.exit(2)
        if error.filename is None and _output_fails():
            _discard_output()
            _say(f"Error: the output cannot be written ({error.strerror}): send it to another place")
            sys.exit(2)
        raise


@contextmanager
def _read() -> Iterator[None]:
    """Where nobody reads the output any more, end as SIGPIPE ends others, before click takes it for a failure."""
    try:
        yield
    except BrokenPipeError:
        raise Stopped(signal.SIGPIPE) from None


def _check_names() -> None:
    """Refuse names that are no text: neither records nor tables could hold them."""
    for word in sys.argv[1:]:
        try:
            word.encode()
        except UnicodeEncodeError:
            raise EquispikeError(f"'{word}' is not UTF-8: rename it, or write it with other characters") from None


def _say(sentence: str) -> None:
    """Print to standard error, be there anybody who reads it or not."""
    with suppress(OSError):
        click.echo(sentence, err=True)


def _show(message, category, filename, lineno, file=None, line=None) -> None:
    """Say a warning in a line."""
    _say(f"Warning: {message}")


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _output_fails() -> bool:
    try:
        click.echo()
    except OSError:
        return True
    return False


def _discard_output() -> None:
    """Let Python's own attempt to write what is left, when it ends, succeed."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            try:
                stream.flush()
            except OSError:
                os.dup2(nowhere, stream.fileno())


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
