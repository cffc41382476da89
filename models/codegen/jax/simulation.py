"""Simulation with JAX: the program of a network, run after run at the same time, each in a lane of its own.

A presentation (``n_steps`` time steps) is one compiled function of the state of all lanes. When a lane's run has stopped, the
next run takes its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import groupby
from typing import Any

import brian2
import jax
import jax.numpy as jnp
import numpy as np
from brian2 import EventMonitor

from models.codegen.jax import operations
from models.codegen.jax.connections import Dense
from models.codegen.jax.emission import Text, emit
from models.codegen.jax.extraction import Extract, extract
from models.codegen.jax.pruning import pruned, unchanging, with_constants
from models.codegen.jax.rows import is_compiled, rows_added
from models.codegen.program import Run
from models.errors import EquispikeError
from models.parts import Parts, RunResult

jax.config.update("jax_enable_x64", True)

#: Most runs at the same time: on a CPU as many as have their state in the cache next to it, on a GPU as many as fill it.
LANES = {"cpu": 16, "gpu": 1024}

type Arrays = dict[str, Any]


class JaxProgram:
    """A network run by JAX."""

    def __init__(self, build: Callable[[], Parts], dtype: type) -> None:
        settings, brian2.prefs["core.default_float_dtype"] = brian2.prefs["core.default_float_dtype"], dtype
        try:
            brian2.set_device("runtime")
            self._parts = build()
            self._network = extract(list(self._parts.objects), (), list(self._parts.monitors))
        finally:
            brian2.prefs["core.default_float_dtype"] = settings
        self._dtype = np.dtype(dtype)
        self._compiled: dict[tuple, _Presentation] = {}
        self._numbers = {
            name: float(value) if not isinstance(value, int) else value
            for name, value in self._parts.namespace.items()
            if np.isscalar(value) or isinstance(value, brian2.Quantity)
        }

    def run(
        self,
        state: Mapping[str, np.ndarray],
        inputs: Mapping[str, np.ndarray],
        constants: Mapping[str, object],
        seed: int,
    ) -> RunResult:
        (result,) = self.run_each([Run(state, inputs, seed)], constants)
        return result

    def run_each(
        self, runs: Sequence[Run], constants: Mapping[str, object], *, with_state: bool = True
    ) -> Iterator[RunResult]:
        """Runs that do not depend on each other, side by side; results in the order of ``runs``."""
        numbers = {name: float(value) if not isinstance(value, int) else value for name, value in constants.items()}  # type: ignore[arg-type]
        shared = all(run.state is runs[0].state for run in runs)
        presentation = self._presentation(self._numbers | numbers, runs[0].state if shared else {}, with_state)
        return presentation.run_each(runs, shared)

    def _presentation(self, constants: Mapping[str, float], values: Mapping[str, np.ndarray], with_state: bool):
        network = with_constants(self._network, constants)
        held = unchanging(network, values)
        key = (tuple(sorted(constants.items())), held, with_state)
        if key not in self._compiled:
            wanted = set(self._parts.state) - held if with_state else set()
            self._compiled[key] = _Presentation.of(
                pruned(network, held, wanted), self._parts, constants, held, sorted(wanted), self._dtype
            )
        return self._compiled[key]


@dataclass(eq=False)
class _Presentation:
    """The time steps of a presentation, compiled for constants that are what they are."""

    network: Extract
    parts: Parts
    held: frozenset[str]
    wanted: list[str]
    n_steps: int
    text: Text
    functions: dict
    first: Arrays
    fixed: Arrays
    dtype: np.dtype

    @classmethod
    def of(cls, network, parts, constants, held, wanted, dtype) -> _Presentation:
        by_row = jax.default_backend() == "cpu"
        text = emit(network, {}, simulated=True, by_row=by_row)
        functions = _compiled(text, dtype)
        arrays = {key: _as(dtype, values) for key, values in network.values.items()}
        first = {key: x for key, x in arrays.items() if key in text.written} | {"stop": jnp.array(False)}
        first |= {key: jnp.zeros(shape, dtype) for key, shape in text.queues.items()}
        fixed = {key: x for key, x in arrays.items() if key not in text.written}
        fixed |= {f"timed.{name}": jnp.asarray(values, dtype) for name, (values, _) in network.timed.items()
                  if name not in parts.inputs}  # fmt: skip
        n_steps = int(constants.get("n_steps", 0))
        if n_steps < 1:
            raise EquispikeError("jax simulates networks whose presentations have n_steps time steps")
        return cls(network, parts, held, wanted, n_steps, text, functions, first, fixed, dtype)

    def run_each(self, runs: Sequence[Run], shared: bool) -> Iterator[RunResult]:
        n_lanes = min(len(runs), LANES[jax.default_backend()]) if shared else len(runs)
        rows = {name: np.zeros((n_lanes, *runs[0].inputs[name].shape), self.dtype) for name in runs[0].inputs}
        keys = np.zeros((n_lanes, 2), np.uint32)
        given = runs[0].state
        fixed = self.fixed | {key: _as(self.dtype, given[key]) for key in self.held}
        initial = [self._initial(run.state) for run in (runs[:1] if shared else runs)]
        first = initial[0] if shared else jax.tree.map(lambda *each: jnp.stack(each), *initial)
        state = jax.tree.map(lambda x: jnp.broadcast_to(x, (n_lanes, *x.shape)), first) if shared else first
        assigned: list[int | None] = [None] * n_lanes
        fresh = np.zeros(n_lanes, bool)
        notes: dict[int, dict[str, list]] = {}
        done: dict[int, RunResult] = {}
        coming, k, delivered = 0, 0, 0
        device_rows: Arrays = {}
        while delivered < len(runs):
            for lane in range(n_lanes):
                if assigned[lane] is None and coming < len(runs):
                    for name, values in runs[coming].inputs.items():
                        rows[name][lane] = values
                    device_rows = {}
                    keys[lane] = np.random.SeedSequence(runs[coming].seed).generate_state(2)
                    assigned[lane], fresh[lane], notes[coming] = coming, True, {}
                    coming += 1
            device_rows = device_rows or {f"timed.{name}": jnp.asarray(values) for name, values in rows.items()}
            state, records = _present(self, shared, first, state, fresh.copy(), fixed, device_rows, keys.copy(), k)
            stopped, records = jax.device_get((state["stop"], records))
            for lane, number in enumerate(assigned):
                if number is None:
                    continue
                self._note(notes[number], records, lane, k)
                fresh[lane] = False
                if stopped[lane]:
                    after = {key: np.asarray(state[key][lane]).ravel() for key in self.wanted}
                    after |= {key: np.asarray(given[key], dtype=float) for key in self.held & set(self.parts.state)}
                    done[number] = RunResult(after, self._joined(notes.pop(number)))
                    assigned[lane] = None
            k += self.n_steps
            while delivered in done:
                yield done.pop(delivered)
                delivered += 1

    def _initial(self, given: Mapping[str, np.ndarray]) -> Arrays:
        state = dict(self.first)
        for key, values in given.items():
            if key in state:
                state[key] = _as(self.dtype, values, like=state[key])
        return state

    @cached_property
    def segments(self) -> list[tuple[int, int, dict[str, bool]]]:
        """Steps in a row, from ``start`` to before ``stop``, that have the same events by time alone."""

        def on(k: int) -> dict[str, bool]:
            return {event: self.functions[name](k) for event, name in self.text.flags.items()}

        parts = [list(steps) for _, steps in groupby(range(self.n_steps), lambda k: tuple(on(k).items()))]
        return [(steps[0], steps[-1] + 1, on(steps[0])) for steps in parts]

    def _note(self, notes: dict[str, list], records: list, lane: int, k: int) -> None:
        """What the monitors saw in a presentation: step, index and variables of each event."""
        for (start, _, _), recorded in zip(self.segments, records, strict=True):
            for name in self.parts.monitors:
                if f"{name}.event" not in recorded:
                    continue
                step, which = np.nonzero(recorded[f"{name}.event"][:, lane])
                row = {"i": which.astype(np.int32), "t": (k + start + step) * self.network.dt}
                for variable in _variables(self.parts.monitors[name]):
                    row[variable] = recorded[f"{name}.{variable}"][step, lane, which]
                for key, values in row.items():
                    notes.setdefault(f"{name}.{key}", []).append(values)

    def _joined(self, notes: dict[str, list]) -> dict[str, dict[str, np.ndarray]]:
        return {
            name: {key: np.concatenate(notes.get(f"{name}.{key}", [np.zeros(0)])) for key in
                   ("i", "t", *_variables(monitor))}
            for name, monitor in self.parts.monitors.items()
        }  # fmt: skip


@partial(jax.jit, static_argnums=(0, 1), donate_argnums=3)
def _present(program: _Presentation, shared: bool, first, state, fresh, fixed, rows, keys, k):
    """One presentation of every lane, from step ``k``; those that are ``fresh`` begin at ``first``, those that stopped rest."""
    step, prepare = program.functions["step"], program.functions["prepare"]
    monitors = [code for code in program.network.codes if code.kind == "monitor"]
    record = {code.name: [f"{code.name}.event", *code.recorded()] for code in monitors}
    fixed, k = prepare(fixed), jnp.asarray(k, jnp.int32)

    def lane(first, state, fresh, rows, key):
        state = jax.tree.map(partial(jnp.where, fresh), first, state)
        before, constants = state, fixed | rows | {"random.key": key}
        records = []
        for start, stop, on in program.segments:
            keys = [each for code in monitors if on.get(code.event, True) for each in record[code.name]]

            def advance(s, number, on=on, keys=keys):
                after = step(s, constants, number, on)
                return {each: after[each] for each in s}, {each: after[each] for each in keys}

            if stop == start + 1:
                state, recorded = advance(state, k + start)
                recorded = {each: x[None] for each, x in recorded.items()}
            else:
                state, recorded = jax.lax.scan(advance, state, k + jnp.arange(start, stop, dtype=jnp.int32))
            records.append(recorded)
        resting = before["stop"]
        state = jax.tree.map(lambda old, new: jnp.where(resting, old, new), before, state)
        return state, records

    mapped = jax.vmap(lane, in_axes=(None if shared else 0, 0, 0, 0, 0), out_axes=(0, 1), axis_name=operations.LANES)
    return mapped(first, state, fresh, rows, keys)


def _variables(monitor: EventMonitor) -> list[str]:
    return [name for name in monitor.record_variables if name not in ("i", "t")]


def _as(dtype: np.dtype, values, like=None) -> jnp.ndarray:
    """In single precision where the program is, what the network keeps in double on every backend excepted."""
    values = np.asarray(values)
    if like is not None:
        return jnp.asarray(values.reshape(like.shape), like.dtype)
    return jnp.asarray(values)


def _compiled(text: Text, dtype: np.dtype) -> dict:
    """The functions of a program's text."""
    number = lambda x: jnp.asarray(x).astype(dtype)  # noqa: E731
    objects = {
        name: _ByRows(layout) if isinstance(layout, Dense) and is_compiled() else layout
        for name, layout in text.objects.items()
    }
    names = {
        **operations.names(dtype),
        "crossing_": lambda a, b: number(a > b),
        "reached_": lambda a, b: number(a >= b),
        "select_": lambda key, event, new, old: jnp.where(event > 0, new, old),
        "draws_": operations.fast_draws_with(dtype),
        **objects,
    }
    exec(compile(text.source, "<simulated program>", "exec"), names)
    return names


@dataclass(frozen=True)
class _ByRows:
    """A matrix whose rows are added up where there are spikes."""

    layout: Dense

    def weights(self, values):
        return self.layout.weights(values)

    def project(self, x, weights):
        return rows_added(x, weights) if self.layout.n_post > 1 else self.layout.project(x, weights)
