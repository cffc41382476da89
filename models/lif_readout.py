"""A layer of leaky integrate-and-fire neurons, one a class, driven by weighted features: the most spikes say the class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brian2 import Clock, EventMonitor, Mohm, NeuronGroup, Quantity, Synapses, TimedArray, ms, mV, nA, second

from models.control import stop_when
from models.errors import EquispikeError
from models.neurons import LIF
from models.params import Params, param
from models.parts import Parts

OURS = "chosen here: textbook values"


@dataclass(frozen=True)
class LifReadoutParams(Params):
    """Parameters of the readout."""

    n_features: int = param(400, "features of an image", OURS, minimum=1)
    n_classes: int = param(10, "classes, one neuron each", OURS, minimum=2)
    dt: Quantity = param(0.5 * ms, "time step", OURS, unit=ms, minimum=0, exclusive=True)
    t_present: Quantity = param(
        100 * ms, "time an image's features are shown", OURS, unit=ms, minimum=0, exclusive=True
    )
    tau_mem: Quantity = param(20 * ms, "membrane time constant", OURS, unit=ms, minimum=0, exclusive=True)
    t_refractory: Quantity = param(2 * ms, "refractory time", OURS, unit=ms, minimum=0)
    r_mem: Quantity = param(100 * Mohm, "membrane resistance", OURS, unit=Mohm, minimum=0, exclusive=True)
    v_rest: Quantity = param(-65 * mV, "resting potential", OURS, unit=mV)
    v_reset: Quantity = param(-65 * mV, "reset potential", OURS, unit=mV)
    v_threshold: Quantity = param(-50 * mV, "threshold", OURS, unit=mV)
    i_mean: Quantity = param(0.3 * nA, "current of the mean score", OURS, unit=nA)
    i_sd: Quantity = param(0.15 * nA, "current of one standard deviation of scores", OURS, unit=nA, minimum=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_steps < 1:
            raise EquispikeError("t_present is shorter than a time step: raise t_present or lower dt")

    @property
    def n_steps(self) -> int:
        return round(float(self.t_present / self.dt))


def build(params: LifReadoutParams, n_images: int) -> Parts:
    """Build the readout for chunks of up to ``n_images`` images; the constant ``n_images`` says how many a chunk has.

    Input ``features`` (n_images, n_features); state ``weights.w`` (n_features * n_classes,) and ``classes.score_offset``
    (n_classes,): scores, of which one standard deviation is i_sd. Monitor ``answers``: n_spikes and v at the end of images.
    """
    values = TimedArray(np.zeros((n_images, params.n_features)), dt=1 * second, name="features")
    numbers = {key: value for key, value in params.namespace().items() if key != "dt"}
    namespace = numbers | {"features": values, "n_images": n_images, "n_steps": params.n_steps, "stop_when": stop_when}
    common = {"namespace": namespace, "clock": Clock(params.dt, name="step_clock")}
    time = "step = t_in_timesteps % n_steps : integer (shared)\nimage = t_in_timesteps // n_steps : integer (shared)"
    events = {"image_start": "step == 0", "image_end": "step == n_steps - 1"}
    sources = NeuronGroup(params.n_features, f"feature : 1\n{time}", events=events, name="sources", **common)
    neurons = LIF.equations.replace("i_ext : amp", "i_ext = i_mean + i_sd * (score + score_offset) : amp")
    classes = NeuronGroup(
        params.n_classes,
        f"{neurons}\nscore : 1\nscore_offset : 1\nn_spikes : integer\nimages_done : integer\n{time}",
        threshold=LIF.threshold,
        reset=f"{LIF.reset}\nn_spikes += 1",
        refractory=LIF.refractory,
        method="exact",
        events=events,
        name="classes",
        **common,
    )
    weights = Synapses(
        sources,
        classes,
        "w : 1",
        on_pre="score_post += w * feature_pre",
        on_event="image_start",
        name="weights",
        **common,
    )
    weights.connect()
    # At the start of an image: clear, read the features, add them up.
    for group in (sources, classes):
        group.set_event_schedule("image_start", when="start", order=0)
    classes.run_on_event("image_start", "v = v_rest\nn_spikes = 0\nscore = 0", when="start", order=1)
    sources.run_on_event("image_start", "feature = features((image + 0.5) * second, i)", when="start", order=1)
    weights.pre.when, weights.pre.order = "start", 2
    classes.set_event_schedule("image_end", when="end", order=0)
    answers = EventMonitor(classes, "image_end", variables=["n_spikes", "v"], name="answers", when="end", order=1)
    classes.run_on_event("image_end", "images_done += 1\n_ = stop_when(images_done >= n_images)", when="end", order=2)
    state = ("weights.w", "classes.score_offset")
    return Parts((sources, classes, weights, answers), namespace, state, {"features": values}, {"answers": answers})
