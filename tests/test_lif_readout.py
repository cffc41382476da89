"""The spiking readout: its rates are those of the closed form, its classes those of its weights."""

import numpy as np
import pytest

from equispike.models.codegen import BACKENDS
from equispike.models.layered import LIF_READOUT, LifReadoutParams
from equispike.protocols.readouts.lif import Lif
from equispike.protocols.readouts.linear import Linear, regression


def test_rates_follow_the_closed_form():
    """Gerstner & Kistler 2002, eq. 4.9, without refractory time: interval = tau log(I / (I - 1)), I in thresholds."""
    params = LifReadoutParams().updated({"layers": "2,3", "n_steps": 6000, "dt": "0.05*ms", "tau_out": "20*ms"})
    program = BACKENDS["numpy"].compile(lambda: LIF_READOUT.build(params, 2))
    features = np.array([[1.0, 0.0], [0.0, 2.0]])
    w, b = np.array([[-2.0, 0.0, 1.0], [0.5, 1.0, 0.0]]), np.array([2.0, 2.2, 2.0])
    state = {"classes_in.w": w.ravel(), "classes.b": b}
    answers = program.run(state, {"frames": features}, {}, 0).records["answers"]
    drive = features @ w + b
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = np.where(drive > 1, 0.3 / (20e-3 * np.log(drive / (drive - 1))), 0)
    assert expected.min() == 0 and expected.max() > 45
    np.testing.assert_allclose(answers["score"].reshape(2, 3), expected, atol=1 + 0.01 * expected.max())


def test_it_answers_as_its_regression_does():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 300)
    features = rng.random((300, 6)) + np.eye(4, 6)[labels] * 1.5
    known, new = features[:250], features[250:]
    readout, linear = Lif("numpy"), Linear(regression)
    guesses, others = (each.scores(each.fit(known, labels[:250], 4), new).argmax(axis=1) for each in (readout, linear))
    assert (others == labels[250:]).mean() > 0.6
    assert (guesses == labels[250:]).mean() == pytest.approx((others == labels[250:]).mean(), abs=0.05)
