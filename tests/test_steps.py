"""Long first steps are told, and no clock counts them."""

import logging
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from small_runs import small_spec

from equispike.models import timing
from equispike.protocols.data import load
from equispike.protocols.procedures.online import Online
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import train
from equispike.scripts.steps import _Imports

SMALL = {"n_exc": "4", "n_spikes_min": "0", "t_present": "10*ms", "t_rest_simulated": "5*ms"}


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What steps say that take longer than 50 ms."""
    monkeypatch.setattr(timing, "SOON", 0.05)
    caplog.set_level(logging.INFO, "equispike")
    return caplog


def test_a_long_step_is_told_while_it_goes_on_and_when_it_ends(said) -> None:
    watch = timing.Stopwatch()
    with timing.about("a network"), timing.step("compiling"):
        with timing.step("quickly"):
            pass
        time.sleep(0.2)
        assert said.messages == ["a network: compiling ..."]
    assert said.messages[1].startswith("a network: compiling: done in 0.") and len(said.messages) == 2
    assert watch.read()[0] < 0.15  # not the step


def test_jax_traces_once_for_each_shape_and_no_clock_counts_it(said) -> None:
    import jax

    from equispike.models.codegen.jax.compiling import Compiled

    traced = []

    def double(x):
        traced.append(x.shape)
        time.sleep(0.3)
        return 2 * x

    compiled, watch = Compiled(jax.jit(double), "doubling"), timing.Stopwatch()
    for n in (2, 2, 3):
        np.testing.assert_array_equal(compiled(np.arange(n)), 2 * np.arange(n))
    assert traced == [(2,), (3,)] and watch.read()[0] < 0.5
    assert said.messages[0] == "tracing and compiling doubling with JAX ..."


def test_imports_are_steps(said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "takes_long.py").write_text("import time\ntime.sleep(0.2)\nvalue = 3\n")
    monkeypatch.syspath_prepend(tmp_path)
    finder = _Imports()
    finder._names = {"takes_long"}
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    import takes_long

    assert takes_long.value == 3 and said.messages[0] == "importing takes_long ..."


def test_images_per_second_and_times_of_a_training_are_without_steps(tmp_path: Path, monkeypatch) -> None:
    advance, rates = Online.advance, []

    def with_a_step(self, *given, **more):
        timing._spent[0] -= 1000  # s, which no step takes, but a clock that leaves steps out shows it
        return advance(self, *given, **more)

    monkeypatch.setattr(Online, "advance", with_a_step)
    run = RunFolder.create(tmp_path / "run")
    spec = small_spec("diehl-cook", SMALL, 2, chunk_images=1)
    progress = train(spec, load("digits"), run, lambda progress: rates.append(progress.images_per_s))
    assert (
        1900 < progress.wall_s < 2100
        and run.read_json("run.json")["wall_s"] == progress.wall_s
        and max(rates) < 1 / 900
    )
