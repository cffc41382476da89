"""The Diehl & Cook network for simulators that know neither custom events nor linked variables: a second shell around
the same neurons and rules.

A fixed timetable takes the place of the controller: each image is shown once, and what happens at the end of a
presentation is done by ``run_regularly`` at the beginning of the next. The last presentation of a run has no next: whoever
runs the network does :attr:`OneRun.at_end` once more after it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from brian2 import (
    CodeRunner,
    Equations,
    Function,
    NeuronGroup,
    SpikeMonitor,
    Synapses,
    TimedArray,
    defaultclock,
    second,
)

from equispike.models.built_network import BuiltNetwork
from equispike.models.diehl_cook.network import (
    DRAW_CONSTANTS,
    FAILURES,
    INHIBITORY,
    NORMALISE,
    P_SPIKE,
    excitatory_threshold,
)
from equispike.models.diehl_cook.params import DiehlCookParams
from equispike.models.diehl_cook.rest import decay, rest_of
from equispike.models.errors import EquispikeError

_CLOCK = """
    step = floor(t / dt + 0.5) - n_steps * floor((floor(t / dt + 0.5) + 0.5) / n_steps) : 1 (shared)
    image = floor((floor(t / dt + 0.5) + 0.5) / n_steps) : 1 (shared)
"""
# Nothing was shown before the first presentation of a run.
_AFTER_ONE = "t_rest_remaining * int(t > 0.5 * dt)"


@dataclass(frozen=True)
class OneRun:
    """The network, and what is done at the end of each presentation, in this order."""

    parts: BuiltNetwork
    at_end: tuple[CodeRunner, ...]


def check(params: DiehlCookParams) -> None:
    """Raise EquispikeError where one run with a fixed timetable cannot do what ``params`` ask for."""
    if params.n_spikes_min > 0:
        raise EquispikeError(
            "GeNN shows each image once and cannot repeat those that drew few spikes: add --set n_spikes_min=0"
        )
    if float(params.delay_max) > 0:
        raise EquispikeError(
            "GeNN has one delay for all synapses of a kind: leave delay_max at 0*ms, or use --backend cpp"
        )
    if params.part("rule").at_reward:
        raise EquispikeError(f"GeNN runs diehl-cook without rewards, which {params.rule} waits for: use --backend cpp")
    if params.n_exc < 2 or params.n_input < 2:
        raise EquispikeError("GeNN needs at least two input and two excitatory neurons: raise n_exc or n_input")


def build(
    params: DiehlCookParams,
    n_images: int,
    *,
    drive: str = "poisson",
    record_spikes: bool = False,
    resets_first: bool = False,
) -> OneRun:
    """Build the network for chunks of up to ``n_images`` images, on Brian2's default clock.

    Parameters
    ----------
    drive, record_spikes : as for the ordinary network
    resets_first : synapses hear of a spike only after the neuron was reset, as in GeNN: what they read of its traces is
        then what these were before
    """
    check(params)
    defaultclock.dt = params.dt
    rule, neuron = params.part("rule"), params.part("neuron")
    name, rows = ("pixels", n_images) if drive == "poisson" else ("raster", n_images * params.n_steps_present)
    array = TimedArray(np.zeros((rows, params.n_input)), dt=1 * second, name=name)
    namespace = params.namespace() | DRAW_CONSTANTS | {"learning": 1.0, "n_images": n_images, name: array}
    common = {"namespace": namespace}
    presentation = params.n_steps * params.dt

    # reset() runs the whole of the group's spikes: with "drawn" the step's row of the raster
    shown = "step < n_steps_present - 0.5"
    if drive == "poisson":
        threshold, drawing = f"step > step_next - 0.5 and {shown}", f"step_next = step + 1 + floor({FAILURES})\n"
    else:
        threshold, drawing = f"drawn > 0.5 and {shown}", ""
    inputs = NeuronGroup(
        params.n_input,
        f"{rule.pre_traces}\n{_seen(rule.pre_traces)}\nlog_p_silent : 1\nstep_next : 1\ndrawn : 1\n{_CLOCK}",
        threshold=threshold,
        reset=f"{drawing}{rule.at_pre_spike}",
        method="exact",
        name="inputs",
        **common,
    )
    exc = NeuronGroup(
        params.n_exc,
        f"{neuron.equations}\n{rule.post_traces}\n{_seen(rule.post_traces)}\nn_spikes : 1\nn_spikes_shown : 1",
        threshold=excitatory_threshold(params),
        reset=f"{neuron.reset}\nn_spikes += 1\n{rule.at_post_spike}",
        refractory=neuron.refractory,
        dtype=neuron.dtype,
        method="exponential_euler",
        name="exc",
        **common,
    )
    on_pre, on_post = rule.on_pre, rule.on_post
    if resets_first:
        on_pre, on_post = (re.sub(r"\b([xy])_(pre|post)\b", r"\1_seen_\2", text) for text in (on_pre, on_post))
    namespace["shown_total"] = _shown_total(exc)
    synapses = Synapses(
        inputs, exc, "w : 1", on_pre=f"ge_post += w\n{on_pre}", on_post=on_post, name="inputs_exc", **common
    )
    synapses.connect()
    synapses.post.order = -2  # before pre, whose default is -1
    objects = [inputs, exc, synapses]
    state = ["inputs_exc.w", *_state(inputs, rule.pre_traces), *_state(exc, neuron.equations, rule.post_traces)]

    source, delay = exc, {"delay": params.dt}
    at_end: list[CodeRunner] = []

    def end(group, statements: str, order: int) -> None:
        if statements.strip():
            statements = statements.replace("t_rest_remaining", f"({_AFTER_ONE})")
            at_end.append(group.run_regularly(statements, dt=presentation, order=order))

    end(exc, "n_spikes_shown = n_spikes\nn_spikes = 0", 1)
    end(synapses, f"w_sum = shown_total(i, j, w, w_total)\n{NORMALISE.replace('w_sum_post', 'w_sum')}", 2)
    end(inputs, rest_of(rule.pre_traces), 3)
    end(exc, rest_of(f"{neuron.equations}\n{rule.post_traces}"), 4)
    if params.inhibition == "neurons":
        inh = NeuronGroup(
            params.n_exc,
            INHIBITORY.equations,
            threshold=INHIBITORY.threshold,
            reset=INHIBITORY.reset,
            refractory=INHIBITORY.refractory,
            method="exponential_euler",
            name="inh",
            **common,
        )
        partners = Synapses(exc, inh, on_pre="ge_post += w_exc_inh", name="exc_inh", **common)
        partners.connect(j="i")
        end(inh, rest_of(INHIBITORY.equations), 5)
        objects += [inh, partners]
        state += _state(inh, INHIBITORY.equations)
        source, delay = inh, {}
    inhibition = Synapses(source, exc, on_pre="gi_post += w_inh_exc", name="inhibition", **delay, **common)
    inhibition.connect(condition="i != j")
    objects.append(inhibition)

    if drive == "poisson":
        inputs.run_regularly(
            f"""
            p_spike = {P_SPIKE.format(intensity="intensity_init")}
            log_p_silent = log1p(-p_spike)
            step_next = floor({FAILURES})
            """,
            dt=presentation,
            order=6,
        )
    else:
        row = f"(image * n_steps_present + step) * int({shown})"
        inputs.run_regularly(f"drawn = raster(({row} + 0.5) * second, i)", dt=params.dt, order=6)

    monitors = {"exc_spikes": SpikeMonitor(exc, name="exc_spikes")}
    if record_spikes:
        monitors["input_spikes"] = SpikeMonitor(inputs, name="input_spikes")
        if params.inhibition == "neurons":
            monitors["inh_spikes"] = SpikeMonitor(source, name="inh_spikes")
    objects += monitors.values()
    return OneRun(BuiltNetwork(tuple(objects), namespace, tuple(state), {name: array}, monitors), tuple(at_end))


def records(
    params: DiehlCookParams, n_images: int, recorded: dict[str, dict[str, np.ndarray]]
) -> dict[str, dict[str, np.ndarray]]:
    """What the ordinary network would have recorded, from what this one did."""
    i, t = recorded["exc_spikes"]["i"], recorded["exc_spikes"]["t"]
    dt, n_steps = float(params.dt), params.n_steps
    ends = (np.arange(1, n_images + 1) * n_steps - 1) * dt
    counts = np.zeros((n_images, params.n_exc))
    np.add.at(counts, (np.rint(t / dt).astype(int) // n_steps, i), 1)
    image, neuron = np.nonzero(counts)
    presentations = {
        "i": np.zeros(n_images, dtype=np.int32),
        "t": ends,
        "image": np.arange(n_images, dtype=np.int32),
        "intensity": np.full(n_images, params.intensity_init),
        "n_spikes": counts.sum(axis=1),
    }
    responses = {"i": neuron.astype(np.int32), "t": ends[image], "n_spikes": counts[image, neuron]}
    return {**recorded, "presentations": presentations, "responses": responses}


def _seen(equations: str) -> str:
    """For each trace x of ``equations`` x_seen: x as it stands in this step before the neuron's own spike."""
    return "\n".join(
        f"{name}_seen = {decay(name, expression.code, 'dt')} : 1 (constant over dt)"
        for name, expression in sorted(Equations(equations).diff_eq_expressions)
    )


def _state(group: NeuronGroup, *equations: str) -> list[str]:
    return [f"{group.name}.{name}" for text in equations for name in sorted(Equations(text).diff_eq_names)]


def _shown_total(exc: NeuronGroup) -> Function:
    """``shown_total(i, j, w, w_total)``: sum of neuron j's weights if it spiked in the presentation, else w_total.

    The first synapse's call adds up all: synapses are in the order of i, then j, and none was changed yet.
    """

    def python(i, j, w, w_total):
        totals = np.bincount(j, w, minlength=len(exc))
        return np.where(exc.variables["n_spikes_shown"].get_value() > 0, totals, w_total)[j]

    function = Function(python, arg_units=[1, 1, 1, 1], return_unit=1, auto_vectorise=False, stateless=False)
    function.implementations.add_implementation(
        "cpp",
        """
        static std::vector<double> _totals;
        double shown_total(const int i, const int j, const double weight, const double otherwise)
        {
            if (i == 0 && j == 0) {
                _totals.assign(%N%, 0.0);
                for (size_t k = 0; k < brian::_dynamic_array_inputs_exc_w.size(); k++)
                    _totals[k % %N%] += brian::_dynamic_array_inputs_exc_w[k];
                for (int k = 0; k < %N%; k++)
                    if (!(brian::_array_exc_n_spikes_shown[k] > 0)) _totals[k] = otherwise;
            }
            return _totals[j];
        }
        """.replace("%N%", str(len(exc))),
    )
    return function
