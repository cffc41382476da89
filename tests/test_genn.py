"""GeNN: the same spikes and weights as C++; what it cannot do is said in one sentence."""

import re
from collections.abc import Callable
from pathlib import Path

import brian2
import numpy as np
import pytest
from brian2 import Network
from sectioned import sectioned

from equispike.models import diehl_cook
from equispike.models.build_request import BuildRequest
from equispike.models.built_network import RunResult
from equispike.models.codegen import BACKENDS
from equispike.models.codegen.genn import environment
from equispike.models.codegen.genn.backend import post_before_pre
from equispike.models.diehl_cook import DiehlCookParams, one_run
from equispike.models.errors import EquispikeError

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

needs_genn = pytest.mark.skipif(GENN.why_not() is not None, reason=str(GENN.why_not()))


def params(**settings: object) -> DiehlCookParams:
    return DiehlCookParams().updated(sectioned(SMALL | settings))


def raster(shown: DiehlCookParams, n_images: int = N_IMAGES) -> np.ndarray:
    return (np.random.default_rng(1).random((n_images * shown.n_steps_present, N_INPUT)) < 0.03).astype(float)


def run(backend: str, given: DiehlCookParams, spikes: np.ndarray, n_images: int = N_IMAGES, seed: int = 0) -> RunResult:
    recipe = BuildRequest(DIEHL_COOK, given, n_images, {"drive": "raster", "record_spikes": True})
    state = diehl_cook.initial_state(given, 0)
    return BACKENDS[backend].compile(recipe).run(state, {"raster": spikes}, {"n_images": n_images}, seed)


@pytest.mark.parametrize(
    ("rule", "inhibition"),
    [("diehl-cook-triplet", "relay"), ("diehl-cook-pre-and-post", "neurons"), ("triplet-stdp", "relay")],
)
def test_fixed_timetable_gives_the_spikes_of_the_controller(rule: str, inhibition: str) -> None:
    given = params(rule=rule, inhibition=inhibition)
    shown = raster(given)
    with_controller = run("numpy", given, shown).records
    brian2.set_device("runtime")
    brian2.prefs.codegen.target = "numpy"
    parts = one_run.build(given, N_IMAGES, drive="raster", record_spikes=True).parts
    network = Network(*parts.objects)
    parts.inputs["raster"].values[...] = shown
    for name, values in diehl_cook.initial_state(given, 0).items():
        group, variable = name.split(".")
        if group != "controller":
            network[group].variables[variable].set_value(values)
    network.run(N_IMAGES * given.n_steps * given.dt, namespace={})
    recorded = {name: {"i": np.array(monitor.i), "t": np.array(monitor.t_)} for name, monitor in parts.monitors.items()}
    assert len(recorded["exc_spikes"]["i"]) > 40
    for monitor, found in one_run.records(given, N_IMAGES, recorded).items():
        for key, values in found.items():
            np.testing.assert_allclose(values, with_controller[monitor][key], rtol=0, atol=1e-9, err_msg=monitor)


@needs_genn
@pytest.mark.parametrize(
    ("rule", "inhibition"), [("diehl-cook-triplet", "relay"), ("diehl-cook-pre-and-post", "neurons")]
)
def test_genn_gives_the_spikes_and_weights_of_cpp(rule: str, inhibition: str) -> None:
    """Coincident spikes and weights at their bounds included: single precision would show as 1e-8."""
    given = params(rule=rule, inhibition=inhibition, nu_pre=0.03, nu_post=0.1)
    ours, genn = (run(backend, given, raster(given)) for backend in ("cpp", "genn-cpu"))
    assert _coincidences(genn) > 0
    if rule == "diehl-cook-triplet":  # its bounds are hard
        assert (genn.state["inputs_exc.w"] == 0).any()
    for monitor, found in ours.records.items():
        for key, values in found.items():
            np.testing.assert_array_equal(genn.records[monitor][key], values, err_msg=f"{monitor}.{key}")
    for name, values in ours.state.items():
        np.testing.assert_allclose(genn.state[name], values, rtol=1e-12, atol=1e-14, err_msg=name)


def _coincidences(result: RunResult) -> int:
    pairs = [set(result.records[name]["t"].round(7)) for name in ("input_spikes", "exc_spikes")]
    return len(pairs[0] & pairs[1])


@needs_genn
def test_events_of_the_last_step_stay_undelivered() -> None:
    """With no rest at all, three inputs spike in the last step: cpp ends with their weights as conductance, GeNN without."""
    given = params(t_rest="0*ms", t_rest_simulated="0*ms", t_refractory="0*ms", t_refractory_inh="0*ms", n_exc=N_EXC)
    shown = np.zeros((given.n_steps_present, N_INPUT))
    shown[-1, [3, 7, 20]] = 1
    ours, genn = (run(backend, given, shown, n_images=1) for backend in ("cpp", "genn-cpu"))
    w = diehl_cook.initial_state(given, 0)["inputs_exc.w"].reshape(N_INPUT, N_EXC)
    np.testing.assert_allclose(ours.state["exc.ge"], w[[3, 7, 20]].sum(axis=0), rtol=1e-12)
    assert not genn.state["exc.ge"].any()
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


@pytest.mark.parametrize(
    ("settings", "change"),
    [
        ({"n_spikes_min": 5}, "--set n_spikes_min=0"),
        ({"delay_max": "10*ms", "rest": "full"}, "leave delay_max at 0*ms"),
        ({"n_exc": 1}, "raise n_exc"),
    ],
)
def test_what_one_run_cannot_do_is_refused(settings: dict, change: str) -> None:
    with pytest.raises(EquispikeError, match=re.escape(change)):
        GENN.compile(BuildRequest(DIEHL_COOK, params(**settings), 2))


def test_other_networks_are_refused() -> None:
    with pytest.raises(EquispikeError, match="cannot run this network"):
        GENN.compile(lambda: diehl_cook.build(params(), 2))


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
