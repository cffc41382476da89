"""The recipes of docs/recipes run as they stand on their pages, and come to what can be checked by hand."""

import ast
import dataclasses
import runpy
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import snakemake_executor_plugin_slurm as slurm
import yaml
from recipes import PAGES, drawn, pictures, steps
from snakemake_executor_plugin_slurm.submit_string import get_submit_command

from equispike import load_data, load_run
from equispike.protocols.evaluations import chosen


@pytest.fixture
def carry_out(equispike, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """``carry_out(page)`` in an empty folder: what its commands print."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def call(name: str) -> str:
        (page,) = (page for page in PAGES if page.stem == name)
        said = []
        for file, text in steps(page):
            if file:
                Path(file).parent.mkdir(parents=True, exist_ok=True)
                Path(file).write_text(text)
                continue
            program, *words = shlex.split(text, comments=True)
            if program == "equispike":
                done = equispike(*words)
                assert done.code == 0, done.err
                said.append(done.out)
            else:
                assert program == "python"
                monkeypatch.setattr(sys, "argv", words)
                runpy.run_path(words[0], run_name="__main__")
        for picture in pictures(page):
            assert picture.exists() and drawn(tmp_path, picture).read_bytes()[:4] == b"\x89PNG"
        return "".join(said)

    return call


def test_limited_inhibition(carry_out) -> None:
    carry_out("limited-inhibition")
    spared, everywhere = (pd.read_csv(f"{name}.csv", index_col="distance")["similarity"] for name in ("map", "all"))
    assert spared[1] > 0.3 and spared[1] > spared[2] > spared[4]
    assert abs(everywhere).max() < 0.1


def test_two_layers(carry_out) -> None:
    carry_out("two-layer-stdp")
    w = load_run("layers").trained_arrays()["w_out"]
    assert accuracy("layers")["vote"] > 0.4  # chance is 0.1
    np.testing.assert_allclose(w.sum(axis=0), 10, atol=0.2)
    assert np.median(w.max(axis=0)) > 0.5  # 0.1 where all were alike


def test_balanced_network(carry_out) -> None:
    carry_out("balanced-network")
    found = pd.read_csv("balance.csv", index_col="g")
    np.testing.assert_allclose(found["rate_Hz"], found["predicted_Hz"], rtol=0.1)
    assert found["rate_Hz"].is_monotonic_decreasing
    assert 0.9 < found["cv"][6] < 1.1


def test_neuron(carry_out) -> None:
    carry_out("neuron")
    steps = pd.read_csv("steps/step_current.csv", index_col="current_nA")["spikes"]
    assert steps[:2.0].to_list() == [0, 0, 0] and steps[2.5] > 10
    traces = pd.read_csv("steps/traces.csv").set_index("step")
    weak = traces.loc[1].query("20 < t_ms < 220")["v_mV"]
    assert abs(weak.iloc[-1] + 67) < 0.05 and weak.max() > -66.5  # it settles at -70 + 9 / 3, and was higher
    rates = pd.read_csv("rates/fi_curve.csv", index_col="current_nA")
    assert rates["spikes"][1.5] == 1 and rates["rate_Hz"][2.0] == 0 and rates["rate_Hz"][2.5] > 70


def test_rule(carry_out) -> None:
    carry_out("rule")
    pairs = pd.read_csv("pairs/window.csv")
    d, w = pairs["delta_t_ms"], pairs["w_start"]
    trace = np.where(d > 0, np.exp(-d / 20), 0)
    np.testing.assert_allclose(pairs["w_end"] - w, 0.05 * (trace - w), atol=1e-9)
    assert accuracy("digits")["vote"] > 0.3


def test_readout(carry_out) -> None:
    carry_out("readout")
    found = accuracy("run")
    assert next(iter(found)) == "angle" and found["angle"] > 0.5


def test_figure(carry_out) -> None:
    carry_out("figure")
    drawn = pd.read_csv("by-digit.csv")
    assert len(drawn) == 3 * 2 * 10 and drawn["accuracy"].mean() > 0.4


def test_data(carry_out) -> None:
    carry_out("data")
    data = load_data("machine.npz")
    assert data.train_images.shape == (360, 16, 16) and data.test_images.shape == (90, 16, 16)
    assert accuracy("run")["vote"] > 0.6  # of three


def test_cluster(carry_out) -> None:
    """What Slurm's plugin makes of the profile, as far as its text goes: no job is submitted."""
    assert "4" in carry_out("cluster")
    profile = yaml.safe_load(Path("my-cluster/config.yaml").read_text())
    options = {f"slurm-{field.name.replace('_', '-')}" for field in dataclasses.fields(slurm.ExecutorSettings)}
    assert {name for name in profile if name.startswith("slurm-")} < options
    wanted = {name: ast.literal_eval(text) for name, text in profile["default-resources"].items()}
    job = SimpleNamespace(threads=1, resources=Resources(wanted))
    places = dict.fromkeys(("run_uuid", "slurm_logfile", "comment_str", "account", "partition", "workdir"), "-")
    words = shlex.split(get_submit_command(job, places))
    assert words[words.index("-C") + 1] == "avx2" and {"--qos=normal", "--nice=100", "--export=ALL"} < {*words}


class Resources(dict[str, Any]):
    """Resources of a job, as attributes and as items."""

    __getattr__ = dict.__getitem__


def accuracy(folder: str) -> dict[str, float]:
    """Return what the evaluation of a run on the test set came to, by readout."""
    return chosen(load_run(folder), "test").record["accuracy"]
