"""Damage does what it says, and the same to all."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from equispike.protocols.measuring.perturbations import (
    occluded,
    quantised,
    with_noise,
    without_synapses,
    without_units,
)
from equispike.protocols.structure import Units


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@given(bits=st.integers(2, 8), low=st.sampled_from([-1.0, 0.0]), seed=st.integers(0, 99))
def test_quantised_weights_lie_on_a_grid(bits: int, low: float, seed: int) -> None:
    weights = np.random.default_rng(seed).uniform(low, 1, 500)
    weights[:5] = 0
    rounded = quantised(weights, bits)
    values = np.unique(rounded)
    most = 2**bits - 1 if low == 0 else 2 * (2 ** (bits - 1) - 1) + 1
    assert len(values) <= most + (low == 0)
    assert not rounded[:5].any() and (low < 0 or (rounded >= 0).all())
    steps = values / np.diff(values).min() if len(values) > 1 else np.zeros(1)
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-6)


def test_more_bits_err_less() -> None:
    weights = rng().normal(size=2000)
    errors = [np.abs(quantised(weights, bits) - weights).mean() for bits in (2, 3, 4, 8)]
    assert errors == sorted(errors, reverse=True) and errors[-1] < 0.02
    assert not quantised(np.zeros(3), 4).any()


@given(side=st.integers(1, 28), seed=st.integers(0, 99))
def test_a_square_is_black_and_all_else_stays(side: int, seed: int) -> None:
    images = np.full((4, 28, 28), 200, np.uint8)
    seen = occluded(images, side, np.random.default_rng(seed))
    assert seen.dtype == np.uint8 and ((seen == 0).sum(axis=(1, 2)) == side**2).all() and (seen[seen > 0] == 200).all()


def test_noise_has_its_standard_deviation_and_stays_in_range() -> None:
    grey = np.full((50, 28, 28), 128, np.uint8)
    noisy = with_noise(grey, 0.1, rng())
    assert noisy.dtype == np.uint8 and abs(noisy.std() / 255 - 0.1) < 0.002
    assert (with_noise(grey, 0.1, rng()) == noisy).all()
    assert with_noise(grey, 5.0, rng()).min() == 0


def test_lost_units_lose_all_their_weights() -> None:
    arrays = {"a": np.ones(12), "b": np.ones((2, 6)), "c": np.ones(3)}
    units = [Units("a", (6, 2), 0, "layer"), Units("b", (2, 6), 1, "layer")]
    damaged = without_units(arrays, units, 1 / 3, rng())
    lost = ~damaged["a"].reshape(6, 2).any(axis=1)
    assert lost.sum() == 2 and (~damaged["b"].any(axis=0) == lost).all()
    assert damaged["a"].sum() == damaged["b"].sum() == 8 and damaged["c"].sum() == 3 and arrays["a"].all()


def test_a_part_of_the_synapses_is_lost() -> None:
    damaged = without_synapses({"a": np.ones(10_000), "b": np.ones(3)}, ["a"], 0.25, rng())
    assert abs(damaged["a"].mean() - 0.75) < 0.02 and damaged["b"].all()
