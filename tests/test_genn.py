"""GeNN: what is derived from a network does the same, and so does GeNN; what it cannot do is said in one sentence."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import brian2
import numpy as np
import pytest
from brian2 import Network, ms, second
from sectioned import sectioned

from equispike.models import diehl_cook
from equispike.models.build_request import BuildRequest
from equispike.models.building import Builder
from equispike.models.built_network import BuiltNetwork, RunResult
from equispike.models.codegen import BACKENDS
from equispike.models.codegen.genn import environment
from equispike.models.codegen.genn.assembling import assemble
from equispike.models.codegen.genn.derivation import derive
from equispike.models.codegen.genn.reordering import post_before_pre, synapses_after_neurons
from equispike.models.codegen.runtime import described
from equispike.models.conv_stdp import ConvStdpParams
from equispike.models.diehl_cook import DiehlCookParams
from equispike.models.errors import EquispikeError
from equispike.models.layered import SpikingCnnParams, SpikingRnnParams, initial_state
from equispike.models.plasticity import ALL_RULES, pairing

DIEHL_COOK = "equispike.models.diehl_cook:NETWORK"
GENN = BACKENDS["genn-cpu"]
N_IMAGES, N_INPUT, N_EXC = 4, 60, 8
SMALL = {
    "n_input": N_INPUT,
    "n_exc": N_EXC,
    "n_spikes_min": 0,
    "w_total": 12.0,
    "theta_plus": "0.5*mV",
    "theta_init": "2*mV",
    "theta_offset": "2*mV",
}
SMALL_CONV = ConvStdpParams().updated({"width": 8, "height": 8, "layers": "conv", "conv1.maps": "2"})
#: Images that draw too few spikes are shown three times.
REPEATED = {"n_spikes_min": 1000, "intensity_max": 4.0}

needs_genn = pytest.mark.skipif(GENN.why_not() is not None, reason=str(GENN.why_not()))


def params(**settings: object) -> DiehlCookParams:
    return DiehlCookParams().updated(sectioned(SMALL | settings))


def raster(shown: DiehlCookParams, n_images: int = N_IMAGES) -> np.ndarray:
    return (np.random.default_rng(1).random((n_images * shown.n_steps_present, N_INPUT)) < 0.03).astype(float)


def run(backend: str, given: DiehlCookParams, spikes: np.ndarray, n_images: int = N_IMAGES, seed: int = 0) -> RunResult:
    recipe = BuildRequest(DIEHL_COOK, given, n_images, {"drive": "raster", "record_spikes": True})
    state = diehl_cook.initial_state(given, 0)
    return BACKENDS[backend].compile(recipe).run(state, {"raster": spikes}, {"n_images": n_images}, seed)


@dataclass
class Case:
    """A network and a run of it."""

    build: Callable[[], BuiltNetwork]
    state: dict[str, np.ndarray]
    inputs: dict[str, np.ndarray]
    constants: dict[str, float]


def digits(given: DiehlCookParams) -> Case:
    given = given.updated({"t_present": "60*ms", "t_rest_simulated": "5*ms"})
    recipe = BuildRequest(DIEHL_COOK, given, N_IMAGES, {"drive": "raster", "record_spikes": True})
    state = diehl_cook.initial_state(given, 0)
    return Case(recipe, state, {"raster": 1 - (1 - raster(given)) ** 3}, {"n_images": N_IMAGES})


def another_neuron() -> DiehlCookParams:
    """Neurons without an adaptive threshold, another rule, and inhibitory neurons."""
    parts = {"neuron": "conductance-lif", "rule": "triplet-stdp", "inhibition": "neurons", "n_spikes_min": 0}
    return DiehlCookParams().updated(parts | {"n_input": N_INPUT, "n_exc": N_EXC, "w_total": 20.0, "t_isi_min": "4*ms"})


def layers(kind: type, **settings: object) -> Case:
    given = kind().updated(settings)
    name = {SpikingCnnParams: "SPIKING_CNN", SpikingRnnParams: "SPIKING_RNN"}[kind]
    recipe = BuildRequest(f"equispike.models.layered:{name}", given, 3, {"record_spikes": True, "record_scores": True})
    shown = np.random.default_rng(0).random((3 * given.n_frames, given.n_input))
    return Case(recipe, initial_state(given, 0), {"frames": shown}, {"n_images": 3})


def pairs() -> Case:
    """A pair of spikes before and after each other, and one at the same time."""
    rule = replace(ALL_RULES["pair-stdp"], on_post="w = clip(w + learning * a_plus * x_pre * (1 + x_post), 0, w_max)")
    state = {"pre.next_step": [3, 5, 20], "post.next_step": [13, 5, 10], "synapses.w": [0.3, 0.5, 0.6]}
    for side in ("pre", "post"):
        state |= {f"{side}.n_left": [4, 4, 4], f"{side}.period": [50, 50, 50]}
    build = lambda: pairing.build(rule, rule.params().namespace(), 3, 0.1 * ms)  # noqa: E731
    return Case(build, {name: np.array(values, dtype=float) for name, values in state.items()}, {}, {"n_steps": 250})


def derived_run(case: Case, n_steps: int) -> RunResult:
    """A run of the derived network, step by step, in the Brian2 of this environment."""
    plan = derive(described(case.build))
    brian2.set_device("runtime")
    brian2.prefs.codegen.target = "numpy"
    parts = assemble(plan)
    network = Network(*parts.objects)

    def variable(full: str):
        group, name = full.split(".")
        return network[group].variables[name]

    values = {name: array for name, array in plan.arrays.items() if name.split(".")[1] not in "ij"}
    for name, array in (values | case.state).items():
        variable(name).set_value(array)
    for name, array in case.inputs.items():
        parts.inputs[name].values[...] = array
    parts.numbers.update({name: value for name, value in case.constants.items() if name in parts.numbers})
    network.run(n_steps * plan.dt * second, namespace={})
    for block, runner in zip(plan.blocks, parts.blocks, strict=True):
        if block.ends:  # of the last time step
            runner.codeobj()
    records = {
        name: {key: np.array(getattr(network[name], key)[:]) for key in ("i", "t_")} for name in plan.spike_monitors
    }
    records = {name: {"i": found["i"], "t": found["t_"]} for name, found in records.items()}
    for name, rows in parts.records.items():
        keys = ["i", "t", *plan.recorders[name]]
        records[name] = dict(zip(keys, np.array(rows).reshape(-1, len(keys)).T, strict=True))
    return RunResult({name: np.array(variable(name).get_value()) for name in plan.state}, records)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(lambda: digits(params(**REPEATED)), id="repeated images"),
        pytest.param(lambda: digits(another_neuron()), id="another neuron"),
        pytest.param(lambda: layers(SpikingCnnParams, layers="10x10,4C5S2,3"), id="convolution"),
        pytest.param(lambda: layers(SpikingRnnParams, layers="6,12,3", n_rows=6, n_steps=12), id="recurrent"),
        pytest.param(pairs, id="a rule of one's own"),
    ],
)
def test_what_is_derived_does_what_the_network_does(case: Callable[[], Case]) -> None:
    """Events, repeats, copies and all: every record and every variable, with no bit of difference."""
    this = case()
    ours = BACKENDS["numpy"].compile(this.build).run(this.state, this.inputs, this.constants, 0)
    ends = [found["t"][-1] for name, found in ours.records.items() if name in ("presentations", "answers")]
    dt = float(described(this.build).objects[0].clock.dt)
    derived = derived_run(this, round(ends[0] / dt) + 1 if ends else this.constants["n_steps"])
    assert ours.records.keys() == derived.records.keys()
    for monitor, found in ours.records.items():
        assert len(found["i"]) > 3
        for key, values in found.items():
            np.testing.assert_array_equal(derived.records[monitor][key], values, err_msg=f"{monitor}.{key}")
    for name, values in ours.state.items():
        np.testing.assert_array_equal(derived.state[name], values, err_msg=name)


@needs_genn
@pytest.mark.parametrize(
    ("rule", "inhibition", "more"),
    [("diehl-cook-triplet", "relay", {}), ("diehl-cook-pre-and-post", "neurons", REPEATED)],
)
def test_genn_gives_the_spikes_and_weights_of_cpp(rule: str, inhibition: str, more: dict) -> None:
    """Coincident spikes, weights at their bounds and repeated images included: single precision would show as 1e-8."""
    given = params(rule=rule, inhibition=inhibition, nu_pre=0.03, nu_post=0.1, **more)
    ours, genn = (run(backend, given, raster(given)) for backend in ("cpp", "genn-cpu"))
    assert _coincidences(genn) > 0
    if rule == "diehl-cook-triplet":  # its bounds are hard
        assert (genn.state["inputs_exc.w"] == 0).any()
    _assert_same(genn, ours)


@needs_genn
@pytest.mark.parametrize("case", [pytest.param(lambda: layers(SpikingCnnParams, layers="10x10,4C5S2,3"), id="convolution"),
                                  pytest.param(pairs, id="a rule of one's own")])  # fmt: skip
def test_genn_runs_other_networks(case: Callable[[], Case]) -> None:
    this = case()
    ours, genn = (
        BACKENDS[name].compile(this.build).run(this.state, this.inputs, this.constants, 0)
        for name in ("cpp", "genn-cpu")
    )
    _assert_same(genn, ours)


def _assert_same(genn: RunResult, ours: RunResult) -> None:
    assert genn.records.keys() == ours.records.keys()
    for monitor, found in ours.records.items():
        for key, values in found.items():
            np.testing.assert_allclose(genn.records[monitor][key], values, rtol=1e-12, err_msg=f"{monitor}.{key}")
            assert genn.records[monitor][key].dtype == values.dtype
    for name, values in ours.state.items():
        np.testing.assert_allclose(genn.state[name], values, rtol=1e-12, atol=1e-14, err_msg=name)


def _coincidences(result: RunResult) -> int:
    pairs = [set(result.records[name]["t"].round(7)) for name in ("input_spikes", "exc_spikes")]
    return len(pairs[0] & pairs[1])


@needs_genn
def test_spikes_of_the_last_step_arrive() -> None:
    """With no rest at all, three inputs spike in the last step: their weights are the conductance that is left."""
    given = params(t_rest="0*ms", t_rest_simulated="0*ms", t_refractory="0*ms", t_refractory_inh="0*ms")
    shown = np.zeros((given.n_steps_present, N_INPUT))
    shown[-1, [3, 7, 20]] = 1
    genn = run("genn-cpu", given, shown, n_images=1)
    w = diehl_cook.initial_state(given, 0)["inputs_exc.w"].reshape(N_INPUT, N_EXC)
    np.testing.assert_allclose(genn.state["exc.ge"], w[[3, 7, 20]].sum(axis=0), rtol=1e-12)
    np.testing.assert_array_equal(genn.records["input_spikes"]["i"], [3, 7, 20])


@needs_genn
def test_random_input_has_its_rate_and_follows_the_seed() -> None:
    given = params(rate_scale="60*Hz")
    program = GENN.compile(BuildRequest(DIEHL_COOK, given, 20, {"record_spikes": True}))
    state, pixels = diehl_cook.initial_state(given, 0), np.tile(np.linspace(0, 255, N_INPUT), (20, 1))

    def spikes(seed: int) -> np.ndarray:
        return program.run(state, {"pixels": pixels}, {"n_images": 20}, seed).records["input_spikes"]["i"]

    first, again, other = spikes(1), spikes(1), spikes(2)
    np.testing.assert_array_equal(first, again)
    assert len(first) != len(other) or (first != other).any()
    p = pixels[0] / 255 * 2 * 60 * 0.5e-3
    trials = 20 * given.n_steps_present
    z = (np.bincount(first, minlength=N_INPUT) - trials * p)[1:] / np.sqrt(trials * p * (1 - p))[1:]
    assert abs(z).max() < 4.5 and 0.7 < z.std() < 1.3 and abs(z.mean()) < 4 / np.sqrt(N_INPUT)


def small(
    threshold: str = "v > 1", reset: str = "v = 0", more: str = "", **events: str
) -> tuple[Builder, brian2.NeuronGroup]:
    network = Builder({"tau": 10 * ms}, 1 * ms)
    model = f"dv/dt = -v / tau : 1\nu : 1\n{more}"
    return network, network.group("cells", 3, model, threshold=threshold, reset=reset, events=events, method="exact")


def _reset_by_spikes() -> BuiltNetwork:
    network, cells = small()
    network.project("synapses", cells, cells, operation="AC", on_pre="v_post += 1")
    return network.built()


def _read_by_spikes() -> BuiltNetwork:
    network, cells = small(reset="u = 0")
    network.project("synapses", cells, cells, "w : 1", operation="AC", on_pre="v_post += w\nw = v_post")
    return network.built()


def _set_by_spikes() -> BuiltNetwork:
    network, cells = small()
    network.project("synapses", cells, cells, operation="AC", on_pre="u_post = 1")
    return network.built()


def _delayed() -> BuiltNetwork:
    network, cells = small(reset="u += 1")
    network.project("synapses", cells, cells, "w : 1", operation="AC", on_pre="w += u_pre", delay=2 * ms)
    return network.built()


def _in_the_midst() -> BuiltNetwork:
    network, cells = small(silence="v < 0")
    cells.run_on_event("silence", "v = 0", when="resets")
    network.at(cells, "silence", when="thresholds")
    return network.built()


def _later() -> BuiltNetwork:
    network, cells = small(silence="v < 0")
    cells.run_on_event("silence", "v = 0", when="start")
    network.at(cells, "silence", when="end")
    return network.built()


def _with_parts_of_a_group() -> BuiltNetwork:
    network, cells = small()
    network.project("synapses", cells[:2], cells, operation="AC", on_pre="u_post += 1")
    return network.built()


def _with_other_monitors() -> BuiltNetwork:
    network, cells = small()
    built = network.built()
    return replace(built, objects=(*built.objects, brian2.StateMonitor(cells, "v", record=True, name="potentials")))


def _linked_to_the_moving() -> BuiltNetwork:
    network, cells = small()
    others = network.group("others", 3, "v : 1 (linked)")
    others.v = brian2.linked_var(cells, "v")
    return network.built()


def _late_by_input() -> BuiltNetwork:
    network, cells = small()
    network.input("delays", (3, 3))
    synapses = network.project("synapses", cells, cells, operation="AC", on_pre="u_post += 1")
    synapses.pre.delay = "delays((i + 0.5) * second, j) * ms"
    return network.built()


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (_reset_by_spikes, "the reset of cells depends on v or sets it"),
        (_read_by_spikes, "spikes change v of cells and read it"),
        (_set_by_spikes, "synapses_pre changes u of cells"),
        (_delayed, "synapses has a delay and reads u of its presynaptic neurons"),
        (_in_the_midst, "silence_thresholder has a place of its own in the midst of a time step"),
        (_later, "until the next time step"),
        (_with_parts_of_a_group, "synapses connects parts of groups"),
        (_with_other_monitors, "potentials is a StateMonitor"),
        (_late_by_input, "nothing in the course of a run reads delays"),
        (_linked_to_the_moving, "linked to v of cells, which changes within a time step"),
        (
            BuildRequest(DIEHL_COOK, params(rule="reward-modulated", rest="full"), 2),
            "differential equations of synapses",
        ),
        (BuildRequest(DIEHL_COOK, params(delay_max="10*ms", rest="full"), 2), "differential equations of synapses"),
        (BuildRequest("equispike.models.conv_stdp:NETWORK", SMALL_CONV, 2), "in the midst of a time step"),
    ],
)
def test_what_genn_cannot_do_is_refused_in_one_sentence(build: Callable[[], BuiltNetwork], reason: str) -> None:
    said = GENN.refuses(build)
    assert said is not None
    assert reason in said and said.endswith("use --backend cpp") and "\n" not in said
    with pytest.raises(EquispikeError, match=re.escape(said)):
        GENN.compile(build)


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def reason(check: Callable[[], str | None]) -> str:
        found = check()
        assert found is not None
        assert "\n" not in found
        return found

    monkeypatch.delenv("GENN_PATH", raising=False)
    assert "GENN_PATH is not set" in reason(environment.genn_missing)
    monkeypatch.setenv("GENN_PATH", str(tmp_path))
    assert "no bin/genn-buildmodel.sh" in reason(environment.genn_missing)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/genn-buildmodel.sh").touch()
    (tmp_path / "version.txt").write_text("5.1.0\n")
    assert "holds GeNN 5.1.0" in reason(environment.genn_missing)
    (tmp_path / "version.txt").write_text("4.9.0\n")
    assert environment.genn_missing() is None

    python = tmp_path / "python"
    monkeypatch.setenv("EQUISPIKE_GENN_PYTHON", str(python))
    assert "make genn-env" in reason(environment.environment_missing)
    python.write_text('#!/bin/sh\necho \'{"brian2": "2.10.1", "brian2genn": "1.7.0", "numpy": "1.26.4"}\'\n')
    python.chmod(0o755)
    assert "has brian2 2.10.1, but 2.5.4 is needed" in reason(environment.environment_missing)


@pytest.mark.parametrize(
    ("pre", "post"),
    [
        ("// merged presynaptic update group 0", "// merged postsynaptic update group 0"),
        ("updatePresynapticKernel<<<grid, threads>>>(t);", "updatePostsynapticKernel<<<grid, threads>>>(t);"),
    ],
)
def test_post_is_moved_before_pre(tmp_path: Path, pre: str, post: str) -> None:
    file = tmp_path / "synapseUpdate.cc"
    block = "     {{\n        {}\n    }}\n"
    file.write_text("before\nvoid updateSynapses(double t) {\n" + block.format(pre) + block.format(post) + "}\n")
    post_before_pre(file)
    assert file.read_text() == (
        "before\nvoid updateSynapses(double t) {\n" + block.format(post) + block.format(pre) + "}\n"
    )
    file.write_text("void updateSynapses(double t) {\n" + block.format(pre) + "}\n")
    with pytest.raises(EquispikeError, match="unchanged copy"):
        post_before_pre(file)


def test_synapses_are_moved_after_neurons(tmp_path: Path) -> None:
    file = tmp_path / "runner.cc"
    head, synapses, pointer, neurons = (
        "void stepTime() {\n",
        "    updateSynapses(t);\n",
        "    spkQuePtrexc = (spkQuePtrexc + 1) % 2;\n",
        "    updateNeurons(t); \n",
    )
    file.write_text(head + synapses + pointer + neurons + "    iT++;\n}\n")
    synapses_after_neurons(file)
    assert file.read_text() == head + pointer + neurons + synapses + "    iT++;\n}\n"
    file.write_text(head + pointer + neurons + "}\n")
    with pytest.raises(EquispikeError, match="unchanged copy"):
        synapses_after_neurons(file)
