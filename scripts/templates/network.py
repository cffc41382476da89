"""A system of my own: a network, and how it is trained. A neuron per class spikes for the mean of the class's images. Try it:

    equispike train FILE:MY_NAME --images 1000 --out RUN              # --data: digits, mnist, or a folder or file of your own
    equispike evaluate RUN                                            # its accuracy on the test set
    equispike measure RUN && equispike figures RUN                    # operations, energy, damage; pictures
    equispike list FILE:MY_NAME                                       # its parameters, which --set changes

docs/systems.md says what the parts are.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from brian2 import Quantity, ms

from equispike.models.build_request import BuildRequest
from equispike.models.building import Builder
from equispike.models.built_network import BuiltNetwork
from equispike.models.network import Network
from equispike.models.params import Params, param
from equispike.protocols.procedures.base import ANSWERS, Arrays, Procedure, ignore, in_chunks
from equispike.protocols.readouts.base import Scores
from equispike.protocols.system import System

MINE = "chosen by me"

# Brian2's equations of a neuron of a class: pixels drive it, times their weights.
EQUATIONS = "dv/dt = (drive - v) / tau_mem : 1\ndrive : 1\nscore : 1\ndone : integer"


# Each number, with what it means and where it is from. A value outside of its limits, or of another dimension, is refused.
@dataclass(frozen=True)
class MyNameParams(Params):
    """A neuron per class, driven by the pixels."""

    n_input: int = param(784, "pixels", MINE, minimum=1)
    n_classes: int = param(10, "neurons", MINE, minimum=2)
    n_steps: int = param(20, "time steps of an image", MINE, minimum=1)
    dt: Quantity = param(1 * ms, "time step", MINE, unit=ms, minimum=0, exclusive=True)
    tau_mem: Quantity = param(10 * ms, "membrane time constant", MINE, unit=ms, minimum=0, exclusive=True)
    v_threshold: float = param(0.1, "threshold", MINE, minimum=0, exclusive=True)

    def fitted_to(self, shape: tuple[int, ...], n_classes: int) -> dict[str, int]:
        """Return the settings with which it takes images of ``shape`` of so many classes."""
        return {"n_input": int(np.prod(shape)), "n_classes": n_classes}


# The network, for runs of up to n_samples images, one after the other. Builder puts Brian2's objects together; project() declares
# the weights beside the synapses, from which operations, energy and damage are read.
def build(params: MyNameParams, n_samples: int, *, record_spikes: bool = False) -> BuiltNetwork:
    step = "step = t_in_timesteps % n_steps : integer (shared)\nimage = t_in_timesteps // n_steps : integer (shared)"
    network = Builder(params.namespace() | {"n_images": n_samples}, params.dt, counters=step)
    network.input("pixels", (n_samples, params.n_input))
    start, end = {"image_start": "step == 0"}, {"image_end": "step == n_steps - 1"}
    shown = network.group("shown", params.n_input, "value : 1", events=start)
    network.at(shown, "image_start", "value = pixels((image + 0.5) * second, i)", when="start")
    classes = network.group(
        "classes",
        params.n_classes,
        EQUATIONS,
        threshold="v > v_threshold",
        reset="v -= v_threshold\nscore += 1",
        method="exact",
        events=start | end,
    )
    network.at(classes, "image_start", "v = 0\ndrive = 0\nscore = 0", when="start")
    synapses = network.project(
        "templates",
        shown,
        classes,
        "w : 1",
        operation="MAC",
        on_pre="drive_post += w * value_pre",
        on_event="image_start",
    )
    synapses.pre.when, synapses.pre.order = "start", 2
    # A run stops itself, by a counter of each neuron's own.
    network.at(classes, "image_end", "done += 1\n_ = stop_when(done >= n_images)", when="end")
    network.monitor("answers", classes, "image_end", ["score"], order=2)
    if record_spikes:
        network.record_spikes(classes)
    return network.built()


# State variables before training, by group.variable.
def initial_state(params: MyNameParams, seed: int) -> Arrays:
    return {"templates.w": np.zeros(params.n_input * params.n_classes)}


# How it is trained: begin() gives a state, advance() takes it through the next samples, arrays() is what is kept. respond() is
# what the trained network answers, and readouts tell the class from that. The loop around these is written once.
class Means(Procedure):
    """Weights are the means of each class's images, less the mean of all, in units of length."""

    supervised = True  # it needs labels
    shown = {"classes_seen": "{:.0f} classes seen"}  # what progress shows
    input_group = first_layer = "shown"
    stops = (0.5, 1.0)  # fractions of a presentation after which accuracy is measured as well

    def programs(self) -> dict[str, BuildRequest]:
        return {ANSWERS: BuildRequest(self.spec.system.network, self.spec.params, self.spec.chunk_images)}

    @property
    def n_steps(self) -> int:
        return self.spec.params.n_steps

    @property
    def dt(self) -> float:
        return float(self.spec.params.dt)

    @property
    def n_answers(self) -> int:
        return self.spec.params.n_classes

    @property
    def readouts(self) -> dict:
        return {"spike count": Scores()}

    def begin(self) -> Arrays:
        params = self.spec.params
        return {"sums": np.zeros((params.n_classes, params.n_input)), "counts": np.zeros(params.n_classes)}

    def advance(self, state: Arrays, samples, labels, *, start: int, stage: int) -> tuple[Arrays, dict[str, float]]:
        sums, counts = state["sums"].copy(), state["counts"].copy()
        np.add.at(sums, labels, samples.reshape(len(samples), -1) / 255)
        np.add.at(counts, labels, 1)
        return {"sums": sums, "counts": counts}, {"classes_seen": (counts > 0).sum()}

    def arrays(self, state: Arrays) -> Arrays:
        means = state["sums"] / np.maximum(state["counts"], 1)[:, None]
        templates = means - state["sums"].sum(axis=0) / state["counts"].sum()
        return {"templates": (templates / np.maximum(np.linalg.norm(templates, axis=1), 1e-9)[:, None]).T}

    def state(self, arrays: Arrays) -> Arrays:
        return {"templates.w": arrays["templates"].ravel()}

    def inputs(self, samples, room: int) -> Arrays:
        pixels = np.zeros((room, self.spec.params.n_input))
        pixels[: len(samples)] = samples.reshape(len(samples), -1) / 255
        return {"pixels": pixels}

    def arriving_numbers(self, samples, state=None) -> Arrays:
        return {"shown": (samples.reshape(len(samples), 1, -1) != 0).mean(axis=0)}

    def respond(
        self,
        state: Arrays,
        samples,
        *,
        phase: int,
        jobs: int = 1,
        steps: int | None = None,
        report: Callable[[int], None] = ignore,
    ) -> np.ndarray:
        program, chunk = self.compile(self.programs()[ANSWERS]), self.spec.chunk_images
        constants = {"n_steps": steps or self.n_steps}

        def run(start: int) -> np.ndarray:
            shown = samples[start : start + chunk]
            result = program.run(state, self.inputs(shown, chunk), constants | {"n_images": len(shown)}, 0)
            return result.records["answers"]["score"].reshape(len(shown), self.n_answers)

        return in_chunks(run, len(samples), chunk, 1, report)


MY_NAME = System(
    name="my-name",
    summary="a neuron per class that spikes for the mean of its images",
    citation="nobody yet",
    network=Network(MyNameParams, build, initial_state, beyond_nir="a drive without leak"),
    procedure=Means,
)
