"""What no machine has time or memory for is refused before anything is written, and says what it would take."""

from pathlib import Path

import pytest

from equispike.protocols import limits
from equispike.protocols.catalogue import get_system

TRAIN, FI = ("train", "diehl-cook", "--backend", "numpy"), ("experiment", "fi-curve", "lif")
TOO_MUCH = {
    (*TRAIN, "--set", "neuron.dt=1e-300*ms"): "neuron.dt = 1e-300*ms is out of range: more than 1e-06*ms",
    (*TRAIN, "--set", "t_present=1e300*second"): "t_present = 1e+303*ms is out of range: 1e+30 is the most",
    (*TRAIN, "--set", "t_present=31536000*second"): "an image would take 63,072,000,040 time steps, more than 10,000,000",
    (*TRAIN, "--set", "n_exc=100000"): "100000 neurons on numpy would take 163 GB of memory, and this machine has 10 GB",
    (*TRAIN, "--set", "n_spikes_min=1e30"): "n_spikes_min = 1e+30 is out of range: whole numbers go up to 2147483647",
    (*TRAIN, "--images", 10**30): "would never end",
    (*TRAIN, "--chunk-images", 10**9): "--chunk-images must be at most 10000",
    ("train", "conv-stdp", "--chunk-images", 10**9): "--chunk-images must be at most 10000",
    ("train", "mlp", "--set", "layers=784,100000000,10"): "would take 1,270 GB",
    ("train", "mlp", "--set", f"layers=784,{'9' * 5000},10"): "does not look like",
    ("train", "spiking-cnn", "--backend", "numpy", "--set", "layers=28x28,99999C5,10"): "would take 42 GB",
    ("train", "softmax", "--out", "a" * 300): "too long",
    ("train", "--resume", "a" * 300): "too long",
    (*FI, "--set", "fi-curve.duration=1e12*ms"): "fi-curve would take 10,000,000,000,000 time steps",
    ("experiment", "spike-pairing", "pair-stdp", "--set", "rate=1e-9*Hz"): "120,000,000,000,000 time steps",
    ("experiment", "weight-distribution", "additive", "--set", "n_inputs=100000", "--set",
     "input_rate=linspace(1,9,2000)*Hz"): "2000 neurons with 100000 inputs each would take 20 GB",
}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "hint"),
    TOO_MUCH.items(),
    ids=[words[-1][:40] if isinstance(words[-1], str) else str(words[-1]) for words in TOO_MUCH],
)
def test_too_much_is_refused_with_what_it_would_take(
    equispike, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple, hint: str
) -> None:
    monkeypatch.setattr(limits, "memory", lambda: 10 * 10**9)
    assert hint in equispike(*words).sentence
    assert not any(tmp_path.iterdir())


def test_force_begins_it_all_the_same(equispike, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_STEPS", 100)
    words = (*FI, "--set", "fi-curve.duration=21*ms", "--set", "settling=0*ms", "--backend", "numpy", "--out", "new")
    assert "--force" in equispike(*words).sentence
    assert equispike(*words, "--force").code == 0
    monkeypatch.setattr(limits, "memory", lambda: 0)
    words = ("train", "linear-svm", "--out", "svm", "--seed", 8589934592)
    assert "--force" in equispike(*words).sentence
    assert equispike(*words, "--force").code == 0


@pytest.mark.parametrize(
    ("system", "settings", "weights", "synapses"),
    [
        ("diehl-cook", {"n_exc": 3}, 784 * 3, 784 * 3 + 9),
        ("spiking-mlp", {"layers": "784,5,10"}, 784 * 5 + 50, 784 * 5 + 50),
        ("spiking-rnn", {"layers": "28,5,10"}, 28 * 5 + 25 + 50, 28 * 5 + 25 + 50),
        # 12 x 12 places of 2 maps with 5 x 5 kernels.
        ("spiking-cnn", {"layers": "28x28,2C5S2,10"}, 50 + 2880, 144 * 50 + 2880),
        ("mlp", {"layers": "784,5,10"}, 784 * 5 + 50, 784 * 5 + 50),
        # ON and OFF cells; 28 x 28 places.
        ("conv-stdp", {"layers": "conv", "conv1.maps": 3}, 2 * 25 * 3, 784 * 150),
    ],
)
def test_weights_and_synapses_by_hand(system: str, settings: dict, weights: int, synapses: int) -> None:
    assert get_system(system).settled(settings)[0].weights_and_synapses() == (weights, synapses)
