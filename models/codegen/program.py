"""The one seam between models and what runs them: a Backend turns a model into a Program, a Program runs chunks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from equispike.models.built_network import BuiltNetwork, RunResult


@dataclass(frozen=True)
class Run:
    """What one run of a program is given, as in :meth:`Program.run`."""

    state: Mapping[str, np.ndarray]
    inputs: Mapping[str, np.ndarray]
    seed: int


class Program(Protocol):
    """A network made runnable."""

    def run(
        self,
        state: Mapping[str, np.ndarray],
        inputs: Mapping[str, np.ndarray],
        constants: Mapping[str, object],
        seed: int,
    ) -> RunResult:
        """Run until the network stops itself.

        Parameters
        ----------
        state : initial values (SI units) of some of the network's state variables; the others start at zero
        inputs : values of the network's input arrays, in their full shape
        constants : numbers of the namespace that differ from those the network was built with
        seed : of all random numbers of this run
        """
        ...


@runtime_checkable
class ParallelProgram(Program, Protocol):
    """A program that is faster for several runs at the same time."""

    @property
    def lanes(self) -> int:
        """Number of runs for which it is fastest."""
        ...

    def run_each(
        self, runs: Sequence[Run], constants: Mapping[str, object], *, with_state: bool = True
    ) -> list[RunResult]:
        """Runs that do not depend on each other; ``with_state`` false: what they end with is not needed."""
        ...


class Backend(Protocol):
    """A way to run networks.

    Attributes
    ----------
    single_precision : whether it computes in single precision
    in_double : the backend like it in double precision; itself, if it is
    stepwise : whether Python goes from time step to time step: slow, but nothing is built
    parallel : whether several runs at the same time are faster than one after another
    lists_synapses : whether each synapse has its place in memory, though connections follow a pattern
    package : what generates code, besides Brian2 and a C++ compiler; empty where nothing does
    """

    name: str
    single_precision: bool
    in_double: str
    stepwise: bool
    lists_synapses: bool
    parallel: bool
    package: str

    def why_not(self) -> str | None:
        """None where this backend works here; else one sentence with the reason and what to do."""
        ...

    def refuses(self, build: Callable[[], BuiltNetwork]) -> str | None:
        """One sentence why the network that ``build`` describes cannot run on this backend anywhere; nothing is compiled."""
        ...

    def compile(self, build: Callable[[], BuiltNetwork]) -> Program:
        """Make the network that ``build`` describes runnable; raises EquispikeError where it is refused."""
        ...


@contextmanager
def in_order_of_synapses() -> Iterator[None]:
    """Silence Brian2 about code whose outcome depends on the order of synapses: all our backends go by their number."""
    loggers = [logging.getLogger(f"brian2.codegen.generators.{name}") for name in ("base", "numpy_generator")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
