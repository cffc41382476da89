"""Differentiable programs: a Brian2 network's time steps as a function of its trainable arrays and inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

import jax
import jax.numpy as jnp
import numpy as np
from brian2 import Network

from equispike.models.built_network import BuiltNetwork
from equispike.models.codegen.jax import operations
from equispike.models.codegen.jax.emission import Text, emit
from equispike.models.codegen.jax.extraction import Extract, extract
from equispike.models.codegen.jax.surrogates import Surrogate, fast_sigmoid
from equispike.models.errors import EquispikeError

jax.config.update("jax_enable_x64", True)  # for comparison with Brian2; arrays of programs are of their own type

type Arrays = dict[str, jnp.ndarray]


@dataclass(frozen=True)
class DifferentiableProgram:
    """Time steps of a network for one sample; ``jax.vmap`` makes them those of a batch, ``jax.grad`` their gradient.

    Attributes
    ----------
    source : the program as Python text
    trainable : values, as the network has them, of what is to be trained, by ``group.variable``
    state : values before the first step of everything that changes
    dt : time step in seconds
    """

    source: str
    trainable: Arrays
    state: Arrays
    dt: float
    _constants: Arrays
    _inputs: dict[str, str]
    _functions: dict
    _flags: dict[str, str]
    _carried: frozenset[str]
    _dtype: np.dtype
    _random: bool

    def run(
        self,
        trainable: Mapping[str, jnp.ndarray | np.ndarray],
        inputs: Mapping[str, jnp.ndarray | np.ndarray],
        n_steps: int,
        record: Sequence[str] = (),
        total: Sequence[str] = (),
        key: jax.Array | None = None,
    ) -> tuple[Arrays, Arrays]:
        """Run ``n_steps`` from the beginning.

        Parameters
        ----------
        trainable : arrays as in :attr:`trainable`
        inputs : for each input events (n_steps, n), values of a timed array, or of a variable
        record : keys (``group.variable`` or ``group.event``) whose values after every step are returned
        total : keys whose sum over all steps is returned
        key : of the random numbers, such as ``jax.random.key(0)``, where the network draws any

        Returns
        -------
        The state after the last step, and the records: (n_steps, n) for ``record``, (n,) for ``total``.
        """
        state, streams, constants = self._given(inputs, n_steps)
        constants |= {name: jnp.asarray(x, self._dtype) for name, x in trainable.items()}
        if self._random:
            if key is None:
                raise EquispikeError("the network draws random numbers: give the run a key, such as jax.random.key(0)")
            constants["random.key"] = key
        constants = self._functions["prepare"](constants)
        step = self._functions["step"]
        first = {key: x[0] for key, x in streams.items()}
        shapes = jax.eval_shape(lambda s: step(s, constants, 0, self._on(0)), state | first) if total else {}
        sums = {key: jnp.zeros(shapes[key].shape, shapes[key].dtype) for key in total}

        def advance(carry, k_and_stream, on):
            s, sums = carry
            k, stream = k_and_stream
            after = step(s | stream, constants, k, on)
            sums = {key: sums[key] + after[key] for key in total}
            return ({key: after[key] for key in self._carried}, sums), {key: after[key] for key in record}

        records: list[Arrays] = []
        carry = ({key: state[key] for key in self._carried}, sums)
        for start, stop in self._alike(n_steps):
            on = self._on(start)
            if stop == start + 1:
                carry, recorded = advance(carry, (start, {key: x[start] for key, x in streams.items()}), on)
                records.append({key: x[None] for key, x in recorded.items()})
            else:
                # A slice would be a copy, even one of everything.
                parts = streams if stop - start == n_steps else {key: x[start:stop] for key, x in streams.items()}
                steps = (jnp.arange(start, stop), parts)
                carry, recorded = jax.lax.scan(partial(advance, on=on), carry, steps)
                records.append(recorded)
        joined = {key: jnp.concatenate([part[key] for part in records]) for key in record}
        return carry[0], joined | carry[1]

    def _given(self, inputs: Mapping[str, jnp.ndarray | np.ndarray], n_steps: int) -> tuple[Arrays, Arrays, Arrays]:
        """State before the first step, what comes from outside in each step, and constants, with ``inputs`` put in."""
        state, streams, constants = dict(self.state), {}, dict(self._constants)
        for name, kind in self._inputs.items():
            if name not in inputs:
                raise EquispikeError(f"the program needs the input {name}")
            values = jnp.asarray(inputs[name])
            if kind == "events":
                if values.shape[0] != n_steps:
                    raise EquispikeError(f"input {name} has {values.shape[0]} time steps, but the run has {n_steps}")
                streams[name] = values.astype(self._dtype)
            elif kind == "state":
                state[name] = values.astype(state[name].dtype)
            else:
                constants[kind] = values.astype(self._dtype)
        return state, streams, constants

    def _alike(self, n_steps: int) -> Iterator[tuple[int, int]]:
        """Steps in a row, from ``start`` to before ``stop``, that have the same events by time alone."""
        for _, steps in groupby(range(n_steps), lambda k: tuple(self._on(k).items())):
            first, *others = steps
            yield first, first + len(others) + 1

    def _on(self, k: int) -> dict[str, bool]:
        return {event: self._functions[name](k) for event, name in self._flags.items()}


def differentiable(
    network: Network | BuiltNetwork,
    *,
    inputs: Sequence[str] = (),
    trainable: Sequence[str] = (),
    surrogate: Surrogate | None = None,
    reset_gradient: bool | Sequence[str] = False,
    dtype: type = np.float32,
) -> DifferentiableProgram:
    """Make a differentiable program of a Brian2 network, which is then used up: build it anew to simulate it.

    Parameters
    ----------
    inputs : what comes from outside: groups (their spikes), timed arrays, or ``group.variable``
    trainable : arrays that nothing in the network changes, by ``group.variable``
    surrogate : derivative of thresholds; fast sigmoid if not given
    reset_gradient : whether gradients also flow through the fact that an event changed a variable (a neuron was reset), of
        all or of those named: a count of spikes needs it
    dtype : float32 or float64

    Raises
    ------
    EquispikeError
        Something has no counterpart; the message names the object and why.
    """
    objects = network.objects if isinstance(network, BuiltNetwork) else list(network.objects)
    groups = [name for name in inputs if name in {thing.name for thing in objects}]
    found = extract(list(objects), groups)
    kinds = {name: _input_kind(name, groups, found) for name in inputs}
    outside = {f"{name}.spike": name for name, kind in kinds.items() if kind == "events"}
    text = emit(found, outside)
    for name in trainable:
        if name not in found.values:
            raise EquispikeError(f"cannot train {name}: the arrays are {', '.join(sorted(found.values))}")
        if name in text.written:
            raise EquispikeError(f"cannot train {name}: the network changes it")
    for name in reset_gradient if not isinstance(reset_gradient, bool) else ():
        if name not in text.written:
            raise EquispikeError(f"reset_gradient names {name}: what changes is {', '.join(sorted(text.written))}")
    kinds = {name: "state" if kind == "value" and name in text.written else name if kind == "value" else kind
             for name, kind in kinds.items()}  # fmt: skip
    functions = _compiled(text, surrogate or fast_sigmoid(), reset_gradient, np.dtype(dtype))
    if outside:
        functions["step"] = _with_events(functions["step"], outside)
    arrays = {key: jnp.asarray(x, _dtype(key, x, dtype)) for key, x in found.values.items()}
    timed = {f"timed.{name}": jnp.asarray(values, dtype) for name, (values, _) in found.timed.items()}
    state = {key: x for key, x in arrays.items() if key in text.written}
    state |= {key: jnp.zeros(shape, dtype) for key, shape in text.queues.items()}
    state |= {key: jnp.zeros(found.sizes[key.split(".")[0]], dtype) for key in _events_read_first(text, found, outside)}
    constants = {key: x for key, x in arrays.items() if key not in text.written and key not in trainable} | timed
    return DifferentiableProgram(
        text.source,
        {key: arrays[key] for key in trainable},
        state,
        found.dt,
        constants,
        kinds,
        functions,
        text.flags,
        frozenset(state),
        np.dtype(dtype),
        text.random,
    )


def _input_kind(name: str, groups: Sequence[str], found: Extract) -> str:
    if name in groups:
        return "events"
    if name in found.timed:
        return f"timed.{name}"
    if name in found.values:
        return "value"
    raise EquispikeError(f"there is no input {name}: name a group, a timed array that is used, or group.variable")


def _dtype(key: str, values: np.ndarray, dtype: type):
    if values.dtype.kind == "f":
        return np.float64 if key.endswith(".lastspike") else dtype
    return values.dtype


def _events_read_first(text: Text, found: Extract, outside: Mapping[str, str]) -> set[str]:
    """Events that something follows earlier in a step than they are made: last step's."""
    made, carried = set(outside) | set(text.flags), set()
    for code in found.codes:
        if code.kind == "threshold":
            made.add(str(code.event))
        elif code.event and code.event not in made:
            carried.add(code.event)
    return carried


def _with_events(step, outside: Mapping[str, str]):
    names = {name: event for event, name in outside.items()}

    def renamed(s, c, k, on):
        return step({names.get(key, key): value for key, value in s.items()}, c, k, on)

    return renamed


def _compiled(text: Text, surrogate: Surrogate, reset_gradient: bool | Sequence[str], dtype: np.dtype) -> dict:
    """The functions of a program's text."""

    def select(key: str, event, new, old):
        through = reset_gradient if isinstance(reset_gradient, bool) else key in reset_gradient
        if through and jnp.issubdtype(jnp.result_type(new, old), jnp.floating):
            return event * new + (1 - event) * old
        return jnp.where(event > 0, new, old)

    names = {
        **operations.names(dtype),
        "crossing_": operations.crossing_with(surrogate, dtype),
        "reached_": operations.reached_with(surrogate, dtype),
        "select_": select,
        "draws_": operations.draws_with(dtype),
        **text.objects,
    }
    exec(compile(text.source, "<differentiable program>", "exec"), names)
    return names
