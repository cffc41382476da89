"""The CUDA backend: what it generates for every model, on a processor in place of a GPU, with NVIDIA's compiler where there
is one, and on a GPU where there is one."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cuda_emulator
import numpy as np
import pytest
from brian2 import Synapses
from numpy.testing import assert_allclose, assert_array_equal
from small_runs import small_spec

from equispike.models import conv_stdp, diehl_cook, layered
from equispike.models.built_network import BuiltNetwork, RunResult
from equispike.models.codegen import BACKENDS, get_backend
from equispike.models.codegen.cuda import CudaBackend, toolkit
from equispike.models.errors import EquispikeError
from equispike.protocols.catalogue import SYSTEMS
from equispike.protocols.data import load
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import train

CUDA = BACKENDS["cuda"]
assert isinstance(CUDA, CudaBackend)
needs_brian2cuda = pytest.mark.skipif(CUDA.why_not_generate() is not None, reason=str(CUDA.why_not_generate()))
needs_nvcc = pytest.mark.skipif(CUDA.why_not_build() is not None, reason=str(CUDA.why_not_build()))
needs_gpu = pytest.mark.skipif(CUDA.why_not() is not None, reason=str(CUDA.why_not()))

DELAYS = {"delay_max": "10*ms", "rest": "full"}
#: Networks of every model that has equations, as it is trained, and what each may be set to that changes its structure.
NETWORKS = {
    "diehl-cook": ("diehl-cook", {"n_exc": 20}, {}),
    "diehl-cook-raster": ("diehl-cook", {"n_exc": 20}, {"drive": "raster", "record_spikes": True}),
    "diehl-cook-neurons": ("diehl-cook", {"n_exc": 20, "inhibition": "neurons"}, {}),
    "diehl-cook-delays": ("diehl-cook", {"n_exc": 20} | DELAYS, {}),
    **{
        f"diehl-cook-{rule}": ("diehl-cook", {"n_exc": 20, "rule": f"diehl-cook-{rule}"}, {})
        for rule in ("power-law", "exponential", "pre-and-post", "pair")
    },
    "spiking-mlp": ("spiking-mlp", {"layers": "784,20,10"}, {}),
    "spiking-mlp-latency": ("spiking-mlp", {"layers": "784,20,10", "encoding": "latency"}, {"record_spikes": True}),
    "spiking-mlp-poisson": ("spiking-mlp", {"layers": "784,20,10", "encoding": "poisson"}, {}),
    "spiking-cnn": ("spiking-cnn", {"layers": "28x28,3C5S2,4C3,10"}, {}),
    "spiking-rnn": ("spiking-rnn", {"layers": "28,20,10"}, {"record_scores": True}),
    "lif-readout": ("lif-readout", {"layers": "60,10"}, {}),
}
REFUSED = {
    "conv-stdp": ({}, "conv1_stand_conv1_places_stand"),
    "conv-stdp-features": ({"grid": 1}, "conv1_stand_conv1_places_stand"),
    "conv-stdp-learning": ({"learning": "conv1"}, "conv1_stand_conv1_places_stand"),
}


def network(name: str) -> Callable[[], BuiltNetwork]:
    model, settings, options = NETWORKS[name]
    chosen = SYSTEMS[model].built_by
    params = chosen.params().updated(settings)
    return lambda: chosen.build(params, 3, **options)


def test_every_model_with_equations_is_here() -> None:
    with_equations = {name for name, system in SYSTEMS.items() if system.is_spiking}
    assert {model for model, _, _ in NETWORKS.values()} | {"conv-stdp"} == with_equations


# Generated code


@needs_brian2cuda
@pytest.mark.parametrize("name", NETWORKS)
def test_generated_code(name: str, tmp_path: Path) -> None:
    """No number of the namespace and no seed is in it, every object is, in order; the host looks whether to stop last."""
    generated = CUDA.generate(network(name), tmp_path)
    sources = {path.name: path.read_text() for path in tmp_path.rglob("*.cu")}
    declared: dict[str, set[str]] = {constant: set() for constant in generated.constants}
    for text in sources.values():
        for constant, value in re.findall(r"^\s*const (?:double|int64_t) (\w+) = ([^;\n]+);", text, flags=re.MULTILINE):
            if constant in declared:
                declared[constant].add(value.split(") ")[-1])
    used = {constant: values for constant, values in declared.items() if values}
    assert used == {c: {f"equispike::constant({generated.constants.index(c)})"} for c in used}
    assert "n_images" in used and len(used) > 4

    main = sources["main.cu"]
    assert "random_number_buffer.set_seed(equispike::seed)" in main
    assert main.index("equispike::upload_constants()") < main.index("synapses_create_generator_codeobject();")
    steps = re.findall(r"network\.add\(&(\w+), (\S+)\);", main)
    assert len({clock for clock, _ in steps}) == 1 and steps[-1][1] == "equispike::stop_if_asked"
    synapses = [part for part in generated.parts.objects if isinstance(part, Synapses)]
    pathways = sorted(
        (path for each in synapses for path in each._pathways), key=lambda path: (path.when, path.order, path.name)
    )
    at = {when: [path.name for path in pathways if path.when == when] for when in ("start", "synapses", "end")}
    run = [step.removeprefix("_run_").removesuffix("_codeobject") for _, step in steps]
    names = [path.name for path in pathways]
    assert [each for each in run if each in names] == at["start"] + at["synapses"] + at["end"] != []
    assert sum(map(len, at.values())) == len(names)
    assert not any("defaultclock.timestep" in text for text in sources.values())
    assert set(re.findall(r'"(.+)"', sources["program.cu"])) == {
        "equispike.h", "run_file.cpp", *(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.cu"))
    } - {"program.cu"}  # fmt: skip


@needs_brian2cuda
@pytest.mark.parametrize("name", REFUSED)
def test_what_depends_on_the_order_of_synapses_is_refused(name: str, tmp_path: Path) -> None:
    options, culprit = REFUSED[name]
    model = conv_stdp.NETWORK
    with pytest.raises(EquispikeError, match=rf"^backend cuda: what {culprit}\w* does depends on the "
                       r"order of synapses, which a GPU does not keep: use --backend cpp$"):  # fmt: skip
        CUDA.generate(lambda: model.build(model.params(), 3, **options), tmp_path)
    assert not (tmp_path / "main.cu").exists() or not (tmp_path / "main").exists()


# On a processor, with threads in any order


@pytest.fixture
def emulated(monkeypatch: pytest.MonkeyPatch) -> CudaBackend:
    """The backend with g++ and an emulator in place of nvcc and a GPU; in the cache its programs have names of their own."""
    if reason := CUDA.why_not_generate() or BACKENDS["cpp"].why_not():
        pytest.skip(reason)
    monkeypatch.setattr(CudaBackend, "why_not", lambda self: None)
    monkeypatch.setattr(CudaBackend, "_toolchain", lambda self: cuda_emulator.VERSION)
    monkeypatch.setattr(CudaBackend, "_make", lambda self, source: cuda_emulator.build(source))
    return CUDA


def assert_same(ours: RunResult, theirs: RunResult) -> None:
    """Spikes and decisions are identical; sums are, up to the order of their terms."""
    assert sum(len(record["i"]) for record in theirs.records.values()) > 50
    for name, record in theirs.records.items():
        assert_array_equal(ours.records[name]["i"], record["i"], err_msg=name)
        for key, values in record.items():
            assert_allclose(ours.records[name][key], values, rtol=1e-10, err_msg=f"{name}.{key}")
    for name, values in theirs.state.items():
        assert_allclose(ours.state[name], values, rtol=1e-10, atol=1e-60, err_msg=name)


def on_raster(backend, params, state, seed=0, **constants) -> RunResult:
    """Three images of the tiny network, from given input spikes."""
    program = backend.compile(lambda: diehl_cook.build(params, 3, drive="raster", record_spikes=True))
    rng = np.random.default_rng(0)
    inputs = {"raster": (rng.random((3 * params.n_steps_present, params.n_input)) < 0.03).astype(float)}
    if float(params.delay_max) > 0:
        inputs["delays"] = rng.random((params.n_input, params.n_exc))
    return program.run(state, inputs, constants, seed)


@pytest.mark.parametrize(
    "settings", [{"inhibition": "neurons", "rule": "diehl-cook-power-law"}, DELAYS | {"delay_max": "20*ms"}], ids=str
)
def test_diehl_cook_has_the_spikes_of_cpp(emulated: CudaBackend, tiny, settings: dict) -> None:
    params = tiny.updated(settings)
    state = diehl_cook.initial_state(params, 5)
    assert_same(on_raster(emulated, params, state), on_raster(BACKENDS["cpp"], params, state))
    changed = {"nu_post": 0.05, "theta_plus": 2e-4, "n_images": 2}
    first, other = (on_raster(each, params, state, **changed) for each in (emulated, BACKENDS["cpp"]))
    assert_same(first, other)
    assert len(first.records["presentations"]["i"]) == 2


def test_convolution_has_the_spikes_of_cpp(emulated: CudaBackend) -> None:
    """Its weights are kernels that synapses are linked to."""
    params = layered.SpikingCnnParams().updated({"layers": "28x28,3C5S2,10", "init_scale": 6, "input_gain": 6})
    state = layered.initial_state(params, 0)
    frames = np.random.default_rng(0).random((2 * params.n_frames, params.n_input))
    ours, theirs = (
        each.compile(lambda: layered.build(params, 2, record_spikes=True)).run(state, {"frames": frames}, {}, 0)
        for each in (emulated, BACKENDS["cpp"])
    )
    assert_same(ours, theirs)


def test_random_spikes_follow_from_the_seed(emulated: CudaBackend, tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the order of threads; and as many as Poisson's law has them."""
    program = emulated.compile(lambda: diehl_cook.build(tiny, 40, record_spikes=True))
    pixels = np.full((40, tiny.n_input), 200.0)
    state = diehl_cook.initial_state(tiny, 5)
    runs = []
    for order, seed in ((1, 7), (2, 7), (2, 8)):
        monkeypatch.setenv("EMULATED_ORDER", str(order))
        runs.append(program.run(state, {"pixels": pixels}, {}, seed).records["input_spikes"])
    first, again, other = runs
    assert_array_equal(first["i"], again["i"])
    assert_array_equal(first["t"], again["t"])
    assert first["t"].tolist() != other["t"].tolist()
    p_spike = 200 / 255 * tiny.intensity_init * float(tiny.rate_scale) * float(tiny.dt)
    n_draws = 40 * tiny.n_steps_present * tiny.n_input
    assert abs(len(first["i"]) - n_draws * p_spike) < 4 * np.sqrt(n_draws * p_spike * (1 - p_spike))


def test_training(emulated: CudaBackend, tmp_path: Path) -> None:
    """In chunks, from the command's function: weights are normalised, and input and responses are as many as with cpp."""
    data, runs = load("digits"), {}
    for backend in ("cuda", "cpp"):
        settings = {"n_exc": 16, "t_present": "50*ms"}
        spec = small_spec("diehl-cook", settings, 21, seed=3, backend=backend, chunk_images=20)
        runs[backend] = RunFolder.create(tmp_path / backend)
        train(spec, data, runs[backend])
    arrays = {backend: run.read_arrays("arrays.npz") for backend, run in runs.items()}
    w = arrays["cuda"]["w"].reshape(-1, 16)
    assert w.shape == (784, 16) and np.isfinite(w).all() and (w >= 0).all()
    assert_plausible(arrays["cuda"], arrays["cpp"])


def assert_plausible(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> None:
    """The same amount of learning from other random spikes."""
    assert 0.5 < np.mean(ours["theta"]) / np.mean(theirs["theta"]) < 2
    assert np.corrcoef(ours["w"].ravel(), theirs["w"].ravel())[0, 1] > 0.5
    assert_allclose(ours["w"].sum(), theirs["w"].sum(), rtol=0.05)


# With NVIDIA's compiler


@needs_nvcc
def test_nvcc_builds_it(tmp_path: Path, tiny) -> None:
    """The network with most features; without a GPU the program says so and fails."""
    params = tiny.updated(DELAYS)
    generated = CUDA.generate(lambda: diehl_cook.build(params, 2, record_spikes=True), tmp_path)
    CUDA.build(tmp_path)
    (tmp_path / "run.txt").write_text("\n".join(["1"] * (len(generated.constants) + 1)))
    (tmp_path / "results").mkdir(exist_ok=True)
    if not toolkit.compute_capabilities():
        ran = subprocess.run(["./main", "run.txt"], cwd=tmp_path, capture_output=True, text=True)
        assert ran.returncode != 0 and "cudaSetDevice(0) failed" in ran.stderr


# On a GPU


@needs_gpu
@pytest.mark.parametrize("settings", [{}, {"inhibition": "neurons"}, DELAYS], ids=str)
def test_gpu_has_the_spikes_of_cpp(tiny, settings: dict) -> None:
    params = tiny.updated(settings)
    state = diehl_cook.initial_state(params, 5)
    assert_same(on_raster(CUDA, params, state), on_raster(BACKENDS["cpp"], params, state))


@needs_gpu
def test_gpu_trains(tmp_path: Path) -> None:
    data, arrays = load("digits"), {}
    for backend in ("cuda", "cpp"):
        spec = small_spec("diehl-cook", {"n_exc": 16}, 200, seed=3, backend=backend, chunk_images=100)
        run = RunFolder.create(tmp_path / backend)
        train(spec, data, run)
        arrays[backend] = run.read_arrays("arrays.npz")
    assert_plausible(arrays["cuda"], arrays["cpp"])


# Where it cannot work


def test_without_brian2cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "brian2cuda", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(
        EquispikeError, match=r"^backend cuda: Brian2CUDA is not installed: pip install 'equispike\[cuda\]'$"
    ):
        get_backend("cuda")


@needs_brian2cuda
def test_without_tools_or_gpu(programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other they are named: the compilers, cuRAND, the GPU."""
    monkeypatch.delenv("CUDA_PATH", raising=False)
    monkeypatch.setattr(toolkit, "USUAL", str(tmp_path / "nowhere"))
    find_spec = toolkit.importlib.util.find_spec
    monkeypatch.setattr(toolkit.importlib.util, "find_spec", lambda name: None if name == "nvidia" else find_spec(name))

    def refusal() -> str:
        with pytest.raises(EquispikeError) as error:
            get_backend("cuda")
        return str(error.value)

    assert "'g++' was not found" in refusal()
    folder = programs(g__="", make="")
    (folder / "g--").rename(folder / "g++")
    assert "nvcc was not found: install NVIDIA's CUDA toolkit (apt-get install nvidia-cuda-toolkit" in refusal()
    toolkit_folder = tmp_path / "cuda"
    (toolkit_folder / "bin").mkdir(parents=True)
    (folder / "make").rename(toolkit_folder / "bin" / "nvcc")
    programs(make="")
    monkeypatch.setenv("CUDA_PATH", str(toolkit_folder))
    assert "cuRAND was not found beside" in refusal() and "pip install nvidia-curand" in refusal()
    for place, name in (("include", "curand_kernel.h"), ("lib64", "libcurand.so.10")):
        (toolkit_folder / place).mkdir()
        (toolkit_folder / place / name).touch()
    assert "there is no NVIDIA GPU here" in refusal() and "--backend cpp" in refusal()
    programs(nvidia_smi="echo No devices were found; exit 6")
    assert "there is no NVIDIA GPU here" in refusal()
    programs(nvidia_smi="echo 9.0; echo 8.0; echo 9.0")
    assert CUDA.why_not() is None and toolkit.compute_capabilities() == ["80", "90"]
