"""The unsupervised STDP network of Diehl & Cook 2015 (Front. Comput. Neurosci. 9:99, doi:10.3389/fncom.2015.00099).

Poisson input -> excitatory neurons (all-to-all, plastic), which inhibit one another through one inhibitory neuron each.
One run presents many images: a one-neuron controller accepts an image that drew enough spikes or repeats it at a higher
intensity. Within a time step the order is: draw input (start), integrate, threshold, post- then presynaptic plasticity
and propagation, reset (traces are set there, so coincident spikes do not see each other), and after the last step of a
presentation (end): record, decide, normalise weights, rest.
"""

from __future__ import annotations

import re
from dataclasses import replace

from brian2 import Equations, NeuronGroup, Quantity, Synapses, get_device, linked_var
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice

from equispike.models.building import Builder
from equispike.models.built_network import BuiltNetwork
from equispike.models.diehl_cook.params import DiehlCookParams
from equispike.models.diehl_cook.rest import rest_of
from equispike.models.neurons import CONDUCTANCE_LIF, Neuron
from equispike.models.plasticity import Rule

_STEP = "step = t_in_timesteps % n_steps : integer (shared)"
_LAST_STEP = "step == n_steps - 1"
# Nothing happens to frozen weights, nor to a neuron whose weights are all zero.
TO_TOTAL = "w_total / (w_sum_post + int(w_sum_post == 0))"
NORMALISE = f"w *= ({TO_TOTAL})**learning"
#: Numbers of the draw of input spikes, of which results do not depend on the last two: a white pixel of images; least
#: probability of a spike in a time step, so that a silent input's logarithm is not zero; time steps that a silent input
#: waits, longer than any presentation.
DRAW_CONSTANTS = {"pixel_white": 255, "p_spike_min": 1e-12, "wait_max": 1e6}
# Failures before a success: geometric intervals give the same trains as a Bernoulli draw at every step.
FAILURES = "clip(log(rand()) / log_p_silent, 0, wait_max)"
_DRAW = f"int({FAILURES})"
P_SPIKE = "clip(pixels((image + 0.5) * second, i) / pixel_white * {intensity} * rate_scale * dt, p_spike_min, 1)"
INHIBITORY = CONDUCTANCE_LIF.renamed(
    "inh", frozenset({"v_rest", "v_reset", "v_threshold", "tau_mem", "t_refractory", "e_inh"})
)


def build(
    params: DiehlCookParams, n_images: int, *, drive: str = "poisson", record_spikes: bool = False
) -> BuiltNetwork:
    """Build the network for chunks of up to ``n_images`` images; the constants say how many a chunk has.

    A rule that waits for rewards has an input ``rewards`` (n_images, n_exc): the time step of an image's presentations,
    counted from 1, in which the synapses of a neuron are rewarded; 0, as long as nobody gives any: in none.

    Parameters
    ----------
    drive : ``poisson``: spikes are drawn from input ``pixels`` (n_images, n_input), 0 to 255; ``raster``: they are given
        as input ``raster`` (n_images * n_steps_present, n_input), 0 or 1
    record_spikes : also record every spike (monitors ``input_spikes``, ``exc_spikes``; ``inh_spikes`` of inhibitory neurons)
    """
    return DiehlCook(params, n_images, drive=drive).assembled(record_spikes=record_spikes)


class DiehlCook(Builder):
    """The objects of one network while they are being put together: a network that differs in one of them overrides that."""

    def __init__(self, params: DiehlCookParams, n_images: int, *, drive: str = "poisson") -> None:
        self.params, self.drive = params, drive
        self.neuron: Neuron = params.part("neuron")
        self.rule: Rule = params.part("rule")
        own = DRAW_CONSTANTS | {"learning": 1.0, "n_images": n_images}
        super().__init__(params.namespace(), params.dt, own=own, counters=_STEP)
        rows = n_images if drive == "poisson" else n_images * params.n_steps_present
        self.input("pixels" if drive == "poisson" else "raster", (rows, params.n_input))
        # With delays each synapse sees a presynaptic spike at another time, so the trace has to live on the synapse.
        self.delayed = float(params.delay_max) > 0
        if self.rule.at_reward:
            self.input("rewards", (n_images, params.n_exc))
        if self.delayed:
            self.input("delays", (params.n_input, params.n_exc))

    def assembled(self, *, record_spikes: bool = False) -> BuiltNetwork:
        self.add_controller()
        self.add_inputs()
        self.add_excitatory_neurons()
        self.add_plastic_synapses()
        self.add_inhibition()
        self.add_monitors(record_spikes)
        return self.built()

    def add_controller(self) -> None:
        """Add one neuron that counts excitatory spikes and decides: next image, or the same one at a higher intensity."""
        self.controller = self.group(
            "controller", 1, "image : integer\nintensity : 1\nn_spikes : 1", events={"presentation_end": _LAST_STEP}
        )
        self.at(
            self.controller,
            "presentation_end",
            """
            accepted = int(n_spikes >= n_spikes_min or intensity >= intensity_max)
            image += accepted
            intensity = accepted * intensity_init + (1 - accepted) * (intensity + intensity_step)
            n_spikes = 0
            _ = stop_when(image >= n_images)
            """,
            when="end",
            order=2,
        )
        self.carry(self.controller, "intensity")

    def add_inputs(self) -> None:
        traces = "" if self.delayed else self.rule.pre_traces
        set_traces = "" if self.delayed else self.rule.at_pre_spike
        if self.drive == "poisson":
            threshold = "step >= step_next and step < n_steps_present"
            reset = f"step_next = step + 1 + {_DRAW}\n{set_traces}"
        else:
            threshold = "step < n_steps_present and raster((image * n_steps_present + step + 0.5) * second, i) > 0.5"
            reset = set_traces
        self.inputs = self.group(
            "inputs",
            self.params.n_input,
            f"{traces}\nlog_p_silent : 1\nstep_next : integer\nimage : integer (linked)\nintensity : 1 (linked)",
            threshold=threshold,
            reset=reset,
            method="exact",
            events={"presentation_start": "step == 0", "presentation_end": _LAST_STEP},
        )
        self.inputs.image = linked_var(self.controller, "image")
        self.inputs.intensity = linked_var(self.controller, "intensity")
        if self.drive == "poisson":
            self.at(
                self.inputs,
                "presentation_start",
                f"""
                p_spike = {P_SPIKE.format(intensity="intensity")}
                log_p_silent = log1p(-p_spike)
                step_next = {_DRAW}
                """,
                when="start",
            )
        self.rest(self.inputs, rest_of(traces))
        self.carry_equations(self.inputs, traces)

    def add_excitatory_neurons(self) -> None:
        self.exc = self.answering = self.excitatory("exc", self.params.n_exc)

    def excitatory(self, name: str, n: int) -> NeuronGroup:
        """Add a layer of excitatory neurons, which count their spikes and come to rest at the end of a presentation."""
        neuron, model = self.neuron, f"{self.neuron.equations}\n{self.rule.post_traces}\nn_spikes : 1\nw_sum : 1"
        events = {"presentation_end": _LAST_STEP, "responded": f"{_LAST_STEP} and n_spikes > 0"}
        if self.rule.at_reward:
            model += "\nimage : integer (linked)"
            events["rewarded"] = "step + 1 == rewards((image + 0.5) * second, i)"
        group = self.group(
            name,
            n,
            model,
            threshold=excitatory_threshold(self.params),
            reset=f"{neuron.reset}\nn_spikes += 1\n{self.rule.at_post_spike}",
            refractory=neuron.refractory,
            dtype=neuron.dtype,
            method=neuron.method,
            events=events,
        )
        if self.rule.at_reward:
            group.image = linked_var(self.controller, "image")
        self.at(group, "responded", when="end")
        decaying = rest_of(f"{neuron.equations}\n{self.rule.post_traces}")
        self.rest(group, f"{decaying}n_spikes = 0\nw_sum = 0")
        self.carry_equations(group, neuron.equations, self.rule.post_traces)
        return group

    def add_plastic_synapses(self) -> None:
        rule = with_arriving_traces(self.rule) if self.delayed else self.rule
        synapses = self.learn_normalised("inputs_exc", self.inputs, self.exc, rule, arrives="ge_post += w")
        if self.delayed:
            if isinstance(get_device(), CPPStandaloneDevice):
                get_device().apply_run_args()
            synapses.pre.delay = "delay_max * delays((i + 0.5) * second, j)"

    def learn_normalised(
        self, name: str, source: NeuronGroup, target: NeuronGroup, rule: Rule, *, arrives: str, total: str = "w_total"
    ) -> Synapses:
        """Add synapses that learn, and whose weights to a neuron that responded add up to ``total`` after a presentation."""
        normalise = NORMALISE.replace("w_total", total)
        synapses = self.learn(
            name,
            source,
            target,
            rule,
            arrives=arrives,
            on_post={"weight_sum": "w_sum_post += w", "normalise": normalise},
            on_event={"weight_sum": "responded", "normalise": "responded"},
        )
        # Only the columns of neurons that spiked: the others lost at most what depression of their last spikes took.
        for order, pathway in ((3, synapses.weight_sum), (4, synapses.normalise)):
            pathway.when, pathway.order = "end", order
        return synapses

    def add_inhibition(self) -> None:
        self.note("exc_controller", self.exc, self.controller, on_pre="n_spikes_post += 1")
        if self.params.inhibition == "relay":
            # An inhibitory neuron fires in the step after its excitatory partner, always, and does nothing else.
            self.inhibit(self.exc, delay=self.params.dt)
            return
        neuron = INHIBITORY
        inh = self.group(
            "inh",
            self.params.n_exc,
            neuron.equations,
            threshold=neuron.threshold,
            reset=neuron.reset,
            refractory=neuron.refractory,
            method="exponential_euler",
            events={"presentation_end": _LAST_STEP},
        )
        self.rest(inh, rest_of(neuron.equations))
        self.carry_equations(inh, neuron.equations)
        self.project("exc_inh", self.exc, inh, operation="AC", on_pre="ge_post += w_exc_inh", connect={"j": "i"})
        self.inhibit(inh)

    def inhibit(self, source: NeuronGroup, **delay: Quantity) -> None:
        """Let the spikes of ``source``, a neuron for each excitatory one, inhibit excitatory neurons."""
        self.project("inhibition", source, self.exc, operation="AC", on_pre="gi_post += w_inh_exc",
                     connect={"condition": "i != j"}, **delay)  # fmt: skip

    def rest(self, group: NeuronGroup, statements: str) -> None:
        """Run ``statements`` at the end of each presentation, after weights were normalised."""
        self.at(group, "presentation_end", statements, when="end", order=5)

    def add_monitors(self, record_spikes: bool) -> None:
        self.monitor("responses", self.answering, "responded", ["n_spikes"], order=1)
        self.monitor("presentations", self.controller, "presentation_end", ["image", "intensity", "n_spikes"], order=1)
        if record_spikes:
            self.record_spikes(self.inputs, "input_spikes")
            for name in ("exc", "inh"):
                if name in self.groups:
                    self.record_spikes(self.groups[name])


def excitatory_threshold(params: DiehlCookParams) -> str:
    """Condition for an excitatory neuron's spike."""
    apart = " and t - lastspike > t_isi_min - 0.5 * dt" if float(params.t_isi_min) > 0 else ""
    return params.part("neuron").threshold + apart


def with_arriving_traces(rule: Rule) -> Rule:
    """The rule with presynaptic traces kept by the synapses, which spikes reach later than others."""
    names = "|".join(Equations(rule.pre_traces).diff_eq_names)
    traces = re.sub(rf"\b(d?)({names})\b", r"\1\2_arrived", rule.pre_traces)
    return replace(
        rule,
        synapse="\n".join([rule.synapse, *(f"{line} (event-driven)" for line in traces.splitlines() if line.strip())]),
        on_pre=f"{_arrived(names, rule.on_pre)}\n" + re.sub(rf"\b({names})\b", r"\1_arrived", rule.at_pre_spike),
        on_post=_arrived(names, rule.on_post),
    )


def _arrived(names: str, statements: str) -> str:
    return re.sub(rf"\b({names})_pre\b", r"\1_arrived", statements)
