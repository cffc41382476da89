"""From counts to classes, on three images and three neurons."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from equispike.protocols.readouts.votes import assignments, class_rates, proportion, vote

COUNTS = np.array([[4, 0, 0], [2, 1, 0], [0, 6, 0]], dtype=np.float32)
LABELS = np.array([7, 7, 2])


def one_hot(rows: dict[int, list[float]], n: int) -> np.ndarray:
    """(10, n) with the given rows and zeros elsewhere."""
    return np.array([rows.get(k, [0.0] * n) for k in range(10)])


def test_rates_are_means_over_the_images_of_a_class():
    assert_allclose(class_rates(COUNTS, LABELS, 10), one_hot({7: [3, 0.5, 0], 2: [0, 6, 0]}, 3))


def test_a_class_with_more_images_has_no_higher_rates():
    many = class_rates(np.repeat(COUNTS, [5, 5, 1], axis=0), np.repeat(LABELS, [5, 5, 1]), 10)
    assert_allclose(many, class_rates(COUNTS, LABELS, 10))


def test_a_neuron_gets_its_strongest_class_and_a_silent_one_none():
    assert assignments(class_rates(COUNTS, LABELS, 10)).tolist() == [7, 2, -1]


def test_a_tie_goes_to_the_lower_class():
    assert assignments(one_hot({4: [2], 6: [2]}, 1)).tolist() == [4]


def test_vote_is_the_mean_count_of_a_classs_neurons():
    """Neurons 0 and 1 stand for class 3, neuron 2 for class 5, neuron 3 for none."""
    rates = one_hot({3: [2, 1, 0, 0], 5: [1, 0, 4, 0]}, 4)
    scores = vote(np.array([[4, 2, 5, 100], [0, 0, 0, 9]]), rates)
    assert_allclose(scores, [[0, 0, 0, 3, 0, 5, 0, 0, 0, 0], [0] * 10])


def test_proportion_shares_each_count_among_the_classes():
    """Neuron 0 votes 2/3 for class 3 and 1/3 for class 5; neuron 1 for class 3 only; neuron 2 never spiked before."""
    rates = one_hot({3: [2, 1, 0], 5: [1, 0, 0]}, 3)
    assert_allclose(proportion(np.array([[6, 1, 7]]), rates), [[0, 0, 0, 5, 0, 2, 0, 0, 0, 0]])


@pytest.mark.parametrize("readout", [vote, proportion])
def test_untrained_network_scores_zero(readout):
    assert_allclose(readout(COUNTS, np.zeros((10, 3))), np.zeros((3, 10)))
