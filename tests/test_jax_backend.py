"""Simulation with JAX against compiled C++, spike for spike; frozen weights; random numbers; runs side by side."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from brian2 import Clock, NeuronGroup, ms
from numpy.testing import assert_allclose, assert_array_equal
from small_runs import small_spec

from equispike.models import conv_stdp, diehl_cook
from equispike.models.built_network import BuiltNetwork, RunResult
from equispike.models.codegen import BACKENDS, ParallelProgram, Run
from equispike.models.codegen.jax import rows
from equispike.models.codegen.jax.connections import rounds
from equispike.models.codegen.jax.operations import _threefry
from equispike.models.codegen.jax.simulation import JaxProgram
from equispike.models.errors import EquispikeError
from equispike.models.layered import SpikingMlpParams, build, initial_state
from equispike.protocols.data import load
from equispike.protocols.encoding.on_off_cells import encode
from equispike.protocols.procedures.base import TESTING
from equispike.protocols.procedures.online import Online
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import train, train_side_by_side


def assert_same_records(found: RunResult, expected: RunResult, *, events: int) -> None:
    """The same events at the same steps, at least so many of them; variables to 10 digits."""
    assert sum(len(record["i"]) for record in expected.records.values()) >= events
    for name, record in expected.records.items():
        orders = [np.lexsort((each["i"], np.round(each["t"], 9))) for each in (found.records[name], record)]
        for key, values in record.items():
            ours, theirs = found.records[name][key][orders[0]], values[orders[1]]
            assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12, err_msg=f"{name}.{key}")


@pytest.mark.parametrize("settings", [
    {}, {"inhibition": "neurons", "rule": "diehl-cook-power-law"}, {"rule": "diehl-cook-pre-and-post", "t_isi_min": "7*ms"},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("learning", [1.0, 0.0])
def test_diehl_cook_has_the_spikes_and_weights_of_cpp(tiny, network, settings: dict, learning: float) -> None:
    params, n = tiny.updated(settings), 3
    state = diehl_cook.initial_state(params, 5)
    state["exc.theta"] = np.full(params.n_exc, 0.02)
    raster = (np.random.default_rng(1).random((n * params.n_steps_present, params.n_input)) < 0.05).astype(float)
    results = [network(name, params, n, "raster").run(state, raster, learning=learning) for name in ("jax", "cpp")]
    assert_same_records(*results, events=300)
    for key, values in results[1].state.items():
        assert_allclose(results[0].state[key], values, rtol=1e-9, atol=1e-12, err_msg=key)
    changed = not np.array_equal(results[1].state["inputs_exc.w"], state["inputs_exc.w"])
    assert changed == bool(learning)


def test_all_plastic_synapses_at_once_or_neuron_by_neuron(tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a GPU and as on a CPU."""
    import jax

    state = diehl_cook.initial_state(tiny, 5)
    raster = (np.random.default_rng(1).random((2 * tiny.n_steps_present, tiny.n_input)) < 0.05).astype(float)

    def run() -> RunResult:
        program = BACKENDS["jax"].compile(lambda: diehl_cook.build(tiny, 2, drive="raster", record_spikes=True))
        return program.run(state, {"raster": raster}, {}, 0)

    by_row = run()
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    rows.is_compiled.cache_clear()
    assert_same_records(run(), by_row, events=200)
    rows.is_compiled.cache_clear()


def test_convolutions_compete_as_in_cpp() -> None:
    """Of potentials that arrive at a place the largest wins, the first of those that are alike."""
    params = conv_stdp.ConvStdpParams().updated({
        "layers": [
            {"conv": {"maps": 4, "size": "5", "threshold": 3, "n_winners": 3, "padding": 1}},
            {"pool": {"size": 3, "stride": 2}},
            {"conv": {"maps": 6, "size": 3, "threshold": 2, "n_winners": 4, "inhibition_radius": 1}},
        ]
    })  # fmt: skip
    # Eighths add up exactly, in any order: many potentials are alike to the last digit.
    state = {key: np.round(8 * w) / 8 for key, w in conv_stdp.initial_state(params, 0).items()}
    latencies = encode(params, load("digits").train_images[:3]).astype(float)
    results = [
        BACKENDS[name]
        .compile(lambda: conv_stdp.build(params, 3, grid=2, record_spikes=True))
        .run(state, {"latencies": latencies}, {}, 0)
        for name in ("jax", "cpp")
    ]
    assert_same_records(*results, events=300)


def test_a_deep_network_has_the_scores_of_cpp() -> None:
    params = SpikingMlpParams().updated({"layers": "784,30,10", "init_scale": 3})
    state, frames = initial_state(params, 0), np.random.default_rng(0).random((2, 784))
    results = [
        BACKENDS[name].compile(lambda: build(params, 2, record_spikes=True)).run(state, {"frames": frames}, {}, 0)
        for name in ("jax", "cpp")
    ]
    assert_same_records(*results, events=50)


def test_single_precision_learns_as_double_does(tiny, network) -> None:
    state = diehl_cook.initial_state(tiny, 5)
    raster = (np.random.default_rng(1).random((3 * tiny.n_steps_present, tiny.n_input)) < 0.05).astype(float)
    single, double = (network(name, tiny, 3, "raster").run(state, raster) for name in ("jax-float32", "jax"))
    assert_allclose(single.state["inputs_exc.w"], double.state["inputs_exc.w"], atol=2e-2)
    assert_allclose(single.state["exc.theta"], double.state["exc.theta"], rtol=1e-2)


def test_runs_side_by_side_are_those_alone(tiny, network) -> None:
    """Of different states, inputs and seeds; also where fewer run than the program was compiled for."""
    pixels = np.random.default_rng(0).integers(0, 256, (5, 2, tiny.n_input)).astype(float)
    program = network("jax", tiny, 2, "poisson").program
    assert isinstance(program, ParallelProgram)
    runs = [Run(diehl_cook.initial_state(tiny, seed), {"pixels": pixels[seed]}, seed) for seed in range(5)]
    together = program.run_each(runs, {"n_images": 2})
    for each, found in zip(runs[:2], together, strict=False):
        alone = program.run(each.state, each.inputs, {"n_images": 2}, each.seed)
        assert_same_records(found, alone, events=50)
        assert_allclose(found.state["inputs_exc.w"], alone.state["inputs_exc.w"], rtol=1e-10)
    fewer = program.run_each(runs[:3], {"n_images": 2})
    assert_same_records(fewer[2], together[2], events=50)


def test_input_is_drawn_with_the_rates_of_the_pixels(tiny, network) -> None:
    """Counts of 10 000 independent trains: mean n p and variance n p (1 - p)."""
    params = tiny.updated({"n_input": 1000, "w_total": 1, "theta_init": "1*volt"})
    pixels = np.tile(np.repeat([255.0, 85.0], 500), (10, 1))
    found = network("jax", params, 10, "poisson").run(diehl_cook.initial_state(params, 0), pixels, learning=0.0, seed=7)
    spikes = found.records["input_spikes"]
    image = np.round(spikes["t"] / float(params.dt)).astype(int) // params.n_steps
    counts = np.zeros((10, 1000))
    np.add.at(counts, (image, spikes["i"]), 1)
    n = params.n_steps_present
    for part, rate in ((counts[:, :500], 63.75), (counts[:, 500:], 21.25)):
        p = rate * float(params.dt)
        assert abs(part.mean() - n * p) < 4 * np.sqrt(n * p * (1 - p) / part.size)
        assert abs(part.var() / (n * p * (1 - p)) - 1) < 4 * np.sqrt(2 / part.size)
    assert np.abs(np.corrcoef(counts[:, :500].T)[np.triu_indices(500, 1)].mean()) < 0.01


def test_threefry_is_that_of_its_authors() -> None:
    """Known answers of Random123 for Threefry-2x32 of 20 rounds (Salmon et al. 2011)."""
    known = {
        (0, 0, 0, 0): (0x6B200159, 0x99BA4EFE),
        (2**32 - 1,) * 4: (0x1CB996FC, 0xBB002BE7),
        (0x13198A2E, 0x03707344, 0x243F6A88, 0x85A308D3): (0xC4923A9C, 0x483DF7A0),
    }
    for (key_0, key_1, *counter), expected in known.items():
        found = _threefry(*(np.array([x], np.uint32) for x in (key_0, key_1, *counter)))
        assert tuple(int(x[0]) for x in found) == expected


def test_frozen_counts_do_not_depend_on_what_runs_beside(tiny, network) -> None:
    images = np.random.default_rng(3).integers(0, 256, (60, 4, 5), dtype=np.uint8)
    state = diehl_cook.frozen_state(tiny, np.full(60, 0.7), np.full(3, 0.02))
    counts = {}
    for name in ("jax", "cpp"):
        procedure = Online(small_spec("diehl-cook", {}, 60, seed=1, chunk_images=60).replaced(params=tiny), name)
        procedure.__dict__["program"] = network(name, tiny, 60, "poisson").program  # compiled already
        counts[name] = procedure.respond(state, images, phase=TESTING, jobs=2)
        if name == "jax":
            fewer = procedure.respond(state, images[:50], phase=TESTING)
    assert counts["jax"].shape == counts["cpp"].shape == (60, 3)
    assert_allclose(counts["jax"].mean(axis=0), counts["cpp"].mean(axis=0), rtol=0.1)
    assert_array_equal(fewer, counts["jax"][:50])


def test_seeds_side_by_side_are_trained_as_alone(tmp_path) -> None:
    data = load("digits")
    settings = {"n_exc": 6, "t_present": "50*ms"}
    specs = [small_spec("diehl-cook", settings, 6, seed=seed, backend="jax", chunk_images=3) for seed in (0, 1)]
    runs = [RunFolder.create(tmp_path / f"together-{seed}") for seed in (0, 1)]
    train_side_by_side(specs, data, runs, [lambda state: None] * 2)
    alone = RunFolder.create(tmp_path / "alone")
    train(specs[1], data, alone)
    assert_allclose(runs[1].read_arrays("arrays.npz")["w"], alone.read_arrays("arrays.npz")["w"], rtol=1e-10)
    assert not np.allclose(runs[0].read_arrays("arrays.npz")["w"], alone.read_arrays("arrays.npz")["w"])


def test_without_a_compiler_the_results_are_the_same(tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    state = diehl_cook.initial_state(tiny, 5)
    raster = (np.random.default_rng(1).random((tiny.n_steps_present, tiny.n_input)) < 0.05).astype(float)

    def run() -> RunResult:
        program = BACKENDS["jax"].compile(lambda: diehl_cook.build(tiny, 1, drive="raster", record_spikes=True))
        return program.run(state, {"raster": raster}, {"learning": 0.0}, 0)

    compiled = run()
    assert rows.is_compiled()
    monkeypatch.setenv("CXX", "no-such-compiler")
    rows.is_compiled.cache_clear()
    assert not rows.is_compiled()
    assert_same_records(run(), compiled, events=100)
    rows.is_compiled.cache_clear()


def test_compiled_loops_leave_small_numbers_alone() -> None:
    """A library linked with -ffast-math would round them to zero in the whole process that loads it."""
    if BACKENDS["cpp"].why_not():
        pytest.skip("no compiler")
    code = "from equispike.models.codegen.jax import rows; assert rows.is_compiled(); assert float('5e-324') * 1.0 > 0"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_rounds_take_the_synapses_of_each_neuron_in_order() -> None:
    assert_array_equal(rounds(np.array([1, 0, 1, 3, 1]), 4), [[1, 0, 5, 3], [5, 2, 5, 5], [5, 4, 5, 5]])


def test_a_network_without_presentations_is_refused() -> None:
    def free():
        group = NeuronGroup(1, "dv/dt = -v / (10*ms) : 1", namespace={"ms": ms}, clock=Clock(1 * ms), method="exact")
        return BuiltNetwork((group,), {}, (f"{group.name}.v",), {})

    with pytest.raises(EquispikeError, match="presentations have n_steps"):
        JaxProgram(free, single_precision=False).check()


def test_delays_that_a_run_would_change_are_refused(tiny) -> None:
    delayed = tiny.updated({"delay_max": "5*ms", "rest": "full"})
    with pytest.raises(EquispikeError, match="delays is read when the network is built"):
        BACKENDS["jax"].compile(lambda: diehl_cook.build(delayed, 1))
