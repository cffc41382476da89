"""What every system of the catalogue can do, and one of a user's own file: nothing here knows the name of any.

Trained small, killed, resumed to the same bits, evaluated, predicted with, measured, drawn, its spikes and network exported or
refused in one sentence, its sweep planned.
"""

import gzip
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import equispike as front
from equispike.models.errors import EquispikeError
from equispike.protocols.catalogue import SYSTEMS, get_system
from equispike.protocols.data import load
from equispike.protocols.measuring.robustness import LEVELS
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.spec import TrainingSpec
from equispike.scripts.workflow.plan import plan
from equispike.scripts.workflow.sweep_file import open_sweep

OWN = f"{Path(__file__).parents[1] / 'scripts/templates/network.py'}:MY_NAME"
#: Images of training and test, and between checkpoints.
N_TRAIN, N_TEST, CHUNK = 40, 10, 20
#: Images for accuracies of perturbed networks, of which there is one per kind of damage.
N_MEASURED = 4


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory):
    """An empty folder with a small MNIST, which is made of digits."""
    folder, environment = tmp_path_factory.mktemp("contract"), pytest.MonkeyPatch()
    digits = load("digits")
    for stem, images, labels in (
        ("train", digits.train_images[:N_TRAIN], digits.train_labels[:N_TRAIN]),
        ("t10k", digits.test_images[:N_TEST], digits.test_labels[:N_TEST]),
    ):
        for kind, magic, values in (("images-idx3", 3, images), ("labels-idx1", 1, labels)):
            header = np.array([0x0800 + magic, *values.shape], ">u4").tobytes()
            path = folder / "data" / "mnist" / f"{stem}-{kind}-ubyte.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(gzip.compress(header + values.tobytes()))
    environment.setenv("EQUISPIKE_DATA", str(folder / "data"))
    environment.chdir(folder)
    yield folder
    environment.undo()


@pytest.fixture(scope="module")
def trained(places: Path):
    """``trained(name)``: a run that was never interrupted; of what learns from features, with a source that offers them."""
    runs: dict[str, RunFolder] = {}

    def run(name: str) -> RunFolder:
        if name not in runs:
            runs[name] = front.train(name, "mnist", small(name), out=places / f"whole-{label(name)}", seed=3,
                                     backend=backend(name), images=N_TRAIN, source=source(name), **chunks(name))  # fmt: skip
        return runs[name]

    def source(name: str) -> RunFolder | None:
        try:
            get_system(name).params().check_kind(name, "", "images")
        except EquispikeError:
            return run(next(other for other, system in SYSTEMS.items() if system.trained_by.offers_features))
        return None

    run.source = source
    return run


def small(name: str) -> dict:
    return dict(get_system(name).small)


def label(name: str) -> str:
    return get_system(name).label


def backend(name: str) -> str:
    """Brian2's without a build; what runs on none of them has its own."""
    return "numpy" if get_system(name).is_spiking else "auto"


def chunks(name: str) -> dict:
    """Chunks of a third, where a procedure has chunks."""
    return {"chunk_images": CHUNK} if get_system(name).trained_by.chunk_samples or get_system(name).is_spiking else {}


@pytest.fixture(params=[*SYSTEMS, OWN], ids=[*SYSTEMS, "own-file"])
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def left(run: RunFolder) -> dict[str, bytes]:
    """What a training leaves, as bytes; array files by array, because zip files hold the time."""
    arrays = {key: values.tobytes() for key, values in run.trained_arrays().items()}
    return arrays | {"metrics.csv": (run.path / "metrics.csv").read_bytes()}


def test_killed_and_resumed_it_ends_with_the_same_bits(name: str, trained, places: Path):
    whole = trained(name)
    killed = places / f"killed-{label(name)}"
    words = [
        "train",
        name,
        "--data=mnist",
        f"--images={N_TRAIN}",
        "--seed=3",
        f"--backend={backend(name)}",
        f"--out={killed}",
    ]
    words += [f"--set={key}={value}" for key, value in small(name).items()]
    words += [f"--chunk-images={CHUNK}"] if chunks(name) else []
    words += [f"--source={trained.source(name).path}"] if trained.source(name) else []
    process = subprocess.Popen([sys.executable, "-m", "equispike", *words], stderr=subprocess.PIPE, text=True)
    shown = []
    while not any(re.search(r"\d+/\d+ images:", line) for line in shown):
        shown.append(process.stderr.readline())
        assert shown[-1], "".join(shown)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    resumed = front.resume(killed)
    assert left(resumed) == left(whole)
    assert resumed.read_json("run.json")["status"] == "trained"


def test_evaluated_predicted_measured_and_drawn(name: str, trained, places: Path, monkeypatch: pytest.MonkeyPatch):
    for damage, levels in LEVELS.items():
        monkeypatch.setitem(LEVELS, damage, levels[1:2])
    run, data = trained(name), load("mnist")
    outcome = front.evaluate(run)
    assert len(outcome.truth) == N_TEST
    for readout, accuracy in outcome.accuracy.items():
        assert accuracy == (outcome.guesses[readout] == data.test_labels).mean()
    headline = next(iter(TrainingSpec.of_run(run).procedure().readouts))
    shares = front.predict(run, data.test_images)
    assert shares.shape == (N_TEST, data.n_classes)
    total = shares.sum(axis=1)
    assert np.allclose(total[total > 0], 1)
    assert headline in outcome.accuracy
    front.measure(run, images=N_MEASURED)
    load_ = run.read_json("workload.json")
    assert load_["energy"] > 0 and load_["effective_acs"] + load_["effective_macs"] > 0
    whole = run.read_table("anytime.csv").iloc[-1]
    assert whole["n_images"] == N_MEASURED and whole["acs"] + whole["macs"] > 0
    unharmed = run.read_table("robustness.csv").iloc[0]
    assert unharmed["damage"] == "none" and 0 <= unharmed["correct"] <= N_MEASURED
    drawn = {path.stem for path in front.figures(run)}
    assert {"learning", "confusion-test"} <= drawn
    for path in run.path.glob("figures/*.png"):
        assert Image.open(path).size[0] > 100


def test_spikes_and_network_are_exported_or_refused_in_a_sentence(
    name: str, trained, places: Path, equispike, monkeypatch: pytest.MonkeyPatch
):
    pytest.importorskip("neo")
    pytest.importorskip("nir")
    monkeypatch.setenv("EQUISPIKE_DATA", str(places / "data"))
    run, system = trained(name).path, get_system(name)
    done = equispike("spikes", run, "--images", 2, "--out", "spikes.nix")
    if system.is_spiking:
        assert done.code == 0, done.err
    else:
        assert "has no spikes" in done.sentence
    done = equispike("export", run, "--out", "network.nir")
    if system.built_by.nir_nodes:
        assert done.code == 0, done.err
    else:
        assert system.built_by.beyond_nir in done.sentence


def test_its_sweep_is_planned(name: str, trained, places: Path):
    file = places / f"{label(name)}.yaml"
    source = trained.source(name)
    lines = [f"system: {name}", "data: mnist", "images: 40", "seeds: [0, 1]", "grid:", "  epochs: [1]"]
    lines += [f"source: {source.path}"] if source else []
    lines += ["fixed:", *(f"  {key}: {value}" for key, value in small(name).items())] if small(name) else []
    file.write_text("\n".join(lines) + "\n")
    planned = plan(open_sweep(file))
    assert len(planned.runs) == 2
    assert {run.seed for run in planned.runs.values()} == {0, 1}


def test_names_are_shared_by_nothing():
    """What --set reaches is one thing: no parameter of a network is one of its training."""
    for system in SYSTEMS.values():
        assert not set(system.params().as_text()) & set(system.procedure_params().keys()), system.name
