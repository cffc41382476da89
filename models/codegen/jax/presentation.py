"""A presentation: its time steps compiled as one function of the state of all lanes, repeated until all have stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import groupby
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from brian2 import EventMonitor

from equispike.models.built_network import BuiltNetwork, RunResult
from equispike.models.codegen.jax import operations
from equispike.models.codegen.jax.compiling import Compiled
from equispike.models.codegen.jax.connections import Dense
from equispike.models.codegen.jax.emission import Text, emit
from equispike.models.codegen.jax.extraction import Extract
from equispike.models.codegen.jax.rows import is_compiled, rows_added
from equispike.models.codegen.program import Run
from equispike.models.errors import EquispikeError

NO_PRESENTATIONS = (
    "JAX runs networks whose presentations have n_steps time steps, and this one has none: use --backend cpp"
)

type Arrays = dict[str, Any]


@dataclass(eq=False)
class Presentation:
    """The time steps of a presentation, compiled for constants that are what they are."""

    network: Extract
    parts: BuiltNetwork
    held: frozenset[str]
    wanted: list[str]
    n_steps: int
    text: Text
    functions: dict
    first: Arrays
    fixed: Arrays
    dtype: np.dtype
    sizes: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, network, parts, constants, held, wanted, dtype) -> Presentation:
        n_steps = int(constants.get("n_steps", 0))
        if n_steps < 1:
            raise EquispikeError(NO_PRESENTATIONS)
        by_row = jax.default_backend() == "cpu"
        text = emit(network, {}, simulated=True, by_row=by_row)
        functions = _compiled(text, dtype)
        arrays = {key: _as(values) for key, values in network.values.items()}
        first = {key: x for key, x in arrays.items() if key in text.written} | {
            "stop": jnp.array(False),
            "stop_step": jnp.array(-1, jnp.int32),
        }
        first |= {key: jnp.zeros(shape, dtype) for key, shape in text.queues.items()}
        fixed = {key: x for key, x in arrays.items() if key not in text.written}
        fixed |= {f"timed.{name}": jnp.asarray(values, dtype) for name, (values, _) in network.timed.items()
                  if name not in parts.inputs}  # fmt: skip
        return cls(network, parts, held, wanted, n_steps, text, functions, first, fixed, dtype)

    def run_each(self, runs: Sequence[Run]) -> list[RunResult]:
        given = runs[0].state
        fixed = self.fixed | {key: _as(given[key], like=self.fixed[key]) for key in self.held}
        # Lanes that are left over do what the first one does; a program for fewer would have to be compiled.
        n_lanes = min((n for n in self.sizes if n >= len(runs)), default=len(runs))
        self.sizes.add(n_lanes)
        lanes = [*runs, *[runs[0]] * (n_lanes - len(runs))]
        state = jax.tree.map(lambda *each: jnp.stack(each), *(self._initial(run.state) for run in lanes))
        rows = {
            f"timed.{name}": jnp.asarray(np.stack([run.inputs[name] for run in lanes]), self.dtype)
            for name in runs[0].inputs
        }
        keys = np.stack([np.random.SeedSequence(run.seed).generate_state(2) for run in lanes])
        notes: list[dict[str, list]] = [{} for _ in runs]
        k, running = 0, set(range(len(runs)))
        while running:
            state, records = self._present(state, fixed, rows, keys, k)
            stopped, steps, records = jax.device_get((state["stop"], state["stop_step"], records))
            if np.any(stopped & ((steps + 1) % self.n_steps > 0)):
                raise EquispikeError(
                    f"the network ends its run within a presentation of n_steps ({self.n_steps}) time steps, which a JAX "
                    "program cannot: use --backend cpp"
                )
            for lane in running:
                self._note(notes[lane], records, lane, k)
            running = {lane for lane in running if not stopped[lane]}
            k += self.n_steps
        after = {key: np.asarray(state[key]) for key in self.wanted if key in state}
        return [
            RunResult(
                self._unchanged(run) | {key: x[lane].ravel() for key, x in after.items()}, self._joined(notes[lane])
            )
            for lane, run in enumerate(runs)
        ]

    def _unchanged(self, run: Run) -> dict[str, np.ndarray]:
        """The state of a run as it was given, or as the network has it."""
        return {key: np.asarray(run.state.get(key, self.network.values[key]), dtype=float) for key in self.parts.state}

    def _initial(self, given: Mapping[str, np.ndarray]) -> Arrays:
        state = dict(self.first)
        for key, values in given.items():
            if key in state:
                state[key] = _as(values, like=state[key])
        return state

    @cached_property
    def _present(self) -> Compiled:
        return Compiled(_present, "a presentation", static=(self,))

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


@partial(jax.jit, static_argnums=0, donate_argnums=1)
def _present(program: Presentation, state: Arrays, fixed: Arrays, rows: Arrays, keys, k):
    """One presentation of every lane, from step ``k``; lanes that have stopped stay as they are."""
    step, prepare = program.functions["step"], program.functions["prepare"]
    monitors = [code for code in program.network.codes if code.kind == "monitor"]
    record = {code.name: [f"{code.name}.event", *code.recorded()] for code in monitors}
    fixed, k = prepare(fixed), jnp.asarray(k, jnp.int32)

    def lane(state, rows, key):
        before, constants = state, fixed | rows | {"random.key": key}
        records = []
        for start, stop, on in program.segments:
            keys = [each for code in monitors if on.get(str(code.event), True) for each in record[code.name]]

            def advance(s, number, on=on, keys=keys):
                after = step(s, constants, number, on)
                return {each: after[each] for each in s}, {each: after[each] for each in keys}

            if stop == start + 1:
                state, recorded = advance(state, k + start)
                recorded = {each: x[None] for each, x in recorded.items()}
            else:
                state, recorded = jax.lax.scan(advance, state, k + jnp.arange(start, stop, dtype=jnp.int32))
            records.append(recorded)
        state = jax.tree.map(lambda old, new: jnp.where(before["stop"], old, new), before, state)
        return state, records

    return jax.vmap(lane, out_axes=(0, 1), axis_name=operations.LANES)(state, rows, keys)


def _variables(monitor: EventMonitor) -> list[str]:
    return [name for name in monitor.record_variables if name not in ("i", "t")]


def _as(values, like=None) -> jnp.ndarray:
    """As an array of the type that Brian2 gave it: what is slow is double on every backend."""
    if like is not None:
        return jnp.asarray(np.asarray(values).reshape(like.shape), like.dtype)
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
