"""The spiking readout: its rates are those of the closed form, its classes those of its weights."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from models import lif_readout
from models.codegen import BACKENDS
from models.lif_readout import LifReadoutParams
from protocols.layerwise.lif import LifReadout


def test_rates_follow_the_closed_form():
    """Gerstner & Kistler 2002, eq. 4.9: interval = t_refractory + tau log(RI / (RI - threshold above rest))."""
    params = LifReadoutParams().updated({"n_features": 2, "n_classes": 3, "t_present": "1000*ms", "dt": "0.05*ms"})
    program = BACKENDS["numpy"].compile(lambda: lif_readout.build(params, 2))
    features = np.array([[1.0, 0.0], [0.0, 2.0]])
    w = np.array([[-2.0, 0.0, 1.0], [0.5, 1.0, 0.0]])
    state = {"weights.w": w.ravel(), "classes.score_offset": np.array([0.0, 0.2, 0.0])}
    answers = program.run(state, {"features": features}, {}, 0).records["answers"]
    scores = features @ w + [0.0, 0.2, 0.0]
    drive = 1e8 * (0.3e-9 + 0.15e-9 * scores)  # volt
    with np.errstate(invalid="ignore", divide="ignore"):
        interval = 2e-3 + 20e-3 * np.log(drive / (drive - 15e-3))
    expected = np.where(drive > 15e-3, 1 / interval, 0)
    assert expected.min() == 0 and expected.max() > 50
    np.testing.assert_allclose(answers["n_spikes"].reshape(2, 3), expected, atol=1 + 0.01 * expected.max())


def test_it_answers_as_its_regression_does():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 300)
    features = rng.random((300, 6)) + np.eye(4, 6)[labels] * 1.5
    readout = LifReadout(LogisticRegression(), "numpy").fit(features[:250], labels[:250])
    guesses = readout.predict(features[250:])
    regression = LogisticRegression().fit(features[:250], labels[:250])
    assert (guesses == labels[250:]).mean() == pytest.approx(regression.score(features[250:], labels[250:]), abs=0.05)
