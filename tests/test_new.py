"""What ``equispike new`` writes runs as it is."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from equispike.models import get_of_kind
from equispike.protocols.catalogue import get_system
from equispike.scripts.workflow.plan import plan
from equispike.scripts.workflow.sweep_file import open_sweep

FAST = ("--set", "n_exc=4", "--set", "n_spikes_min=0", "--set", "t_present=10*ms", "--set", "t_rest_simulated=5*ms")


@pytest.fixture
def written(equispike):
    """``written(kind, file)``: the first words of what to try next."""

    def write(kind: str, file: str) -> list[str]:
        done = equispike("new", kind, file)
        assert done.code == 0, done.err
        said, _, command = done.out.strip().partition(". Next: equispike ")
        assert said == f"Wrote {file}" or kind == "data"
        return command.split()

    return write


def test_a_neuron(equispike, written) -> None:
    first = written("neuron", "my_cell.py")
    assert first == ["experiment", "fi-curve", "my_cell.py:MY_CELL"]
    assert get_of_kind("neuron", "my_cell.py:MY_CELL").name == "my-cell"
    words = ("--set", "current=[0,3]*nA", "--set", "settling=20*ms", "--backend", "numpy", "--out", "run")
    done = equispike(*first, *words)
    assert done.code == 0, done.err
    rates = [float(line.split(",")[1]) for line in Path("run/fi_curve.csv").read_text().splitlines()[1:]]
    assert rates[0] == 0 and rates[1] > 10


def test_a_rule(equispike, written) -> None:
    first = written("rule", "triplets-of-mine.py")
    assert first[:4] == ["train", "diehl-cook", "--set", "rule=triplets-of-mine.py:TRIPLETS_OF_MINE"]
    done = equispike(*first[:4], *FAST, "--images", 2, "--chunk-images", 1, "--backend", "numpy", "--out", "run")
    assert done.code == 0, done.err
    assert json.loads(Path("run/run.json").read_text())["config"]["params"]["rule.a_plus"] == "0.01"


def test_a_network_and_a_data_set_for_it(equispike, written) -> None:
    first = written("network", "nets/2nd.py")
    assert first[:2] == ["train", "nets/2nd.py:MY_2ND"] and get_system(first[1]).summary
    written("data", "shapes.py")
    subprocess.run([sys.executable, "shapes.py"], check=True)
    done = equispike(*first[:2], "--data", "shapes.npz", "--images", 100, "--backend", "numpy", "--out", "run")
    assert done.code == 0, done.err
    (row,) = json.loads(equispike("evaluate", "run", "--json").out)
    assert row["images"] == 80 and row["accuracy"] > 0.6  # of three classes
    shown = equispike("data", "shapes.npz", "--json")
    assert json.loads(shown.out)["classes"] == ["bar", "column", "ring"] and "Warning" not in shown.err


def test_a_sweep(written) -> None:
    """tests/test_sweeps.py carries sweeps out; that this one can be is checked as a whole before anything runs."""
    assert written("sweep", "sizes.yaml") == ["sweep", "sizes.yaml"]
    assert len(plan(open_sweep(Path("sizes.yaml"))).runs) == 4


def test_what_to_try_next_is_for_a_shell(equispike) -> None:
    assert equispike("new", "neuron", "my cell.py").out.strip().endswith(" fi-curve 'my cell.py':MY_CELL")


def test_what_is_there_stays(equispike, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("mine")
    assert "mine.py is there already" in equispike("new", "rule", "mine.py").sentence
    assert (tmp_path / "mine.py").read_text() == "mine"
    assert "name it a.yaml" in equispike("new", "sweep", "a.txt").sentence
    assert "neuron" in equispike("new", "synapse", "a.py").sentence
    assert "name it my_neuron.py" in equispike("new", "neuron", ".").sentence
    assert "hide the Python package numpy" in equispike("new", "data", "numpy.py").sentence
    assert "choose another name" in equispike("new", "neuron", 'a"""b.py').sentence
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]
