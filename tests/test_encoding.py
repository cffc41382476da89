"""Contrasts and latencies by closed forms and brute force."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy.ndimage import correlate

from equispike.protocols.encoding import contrasts, dog_filter, latency_code, local_normalisation, rank_order_code

FILTER = {"size": 7, "sigma_center": 1.0, "sigma_surround": 2.0}


def test_the_filter_is_balanced_and_has_maximum_one():
    kernel = dog_filter(7, 1, 2)
    assert_allclose(kernel.mean(), 0, atol=1e-15)
    assert kernel.max() == kernel[3, 3] == 1
    assert_array_equal(kernel, kernel.T[::-1])
    x, y = np.mgrid[-3:4, -3:4]
    gaussians = [np.exp(-(x**2 + y**2) / (2 * s**2)) / s**2 for s in (1, 2)]
    difference = gaussians[0] - gaussians[1]
    assert_allclose(kernel, (difference - difference.mean()) / (difference - difference.mean()).max())


def test_contrasts_are_those_of_the_filters():
    images = np.random.default_rng(0).integers(0, 256, (2, 12, 10)).astype(np.uint8)
    seen = contrasts(images, **FILTER, threshold=50, radius=0)
    for sigmas, cell in (((1, 2), 0), ((2, 1), 1)):
        full = correlate(images[1].astype(float), dog_filter(7, *sigmas), mode="constant")
        sure = np.abs(full - 50) > 1e-3
        assert_allclose(seen[1, ..., cell][sure], np.where(full < 50, 0, full)[sure], atol=2e-3)


def test_uniform_images_have_no_contrast_inside_and_colours_keep_apart():
    images = np.zeros((1, 20, 20, 2), dtype=np.uint8)
    images[..., 1] = 200
    seen = contrasts(images, **FILTER, threshold=1, radius=8)
    assert seen.shape == (1, 20, 20, 4)
    assert not seen[..., [0, 2]].any()  # the ON and OFF cells of the dark channel
    assert not seen[:, 6:14, 6:14].any()
    assert seen.any()  # the edge


def test_normalisation_divides_by_the_local_mean():
    values = np.zeros((1, 9, 9, 1), dtype=np.float32)
    values[0, 4, 4], values[0, 0, 0] = 6, 2
    normal = local_normalisation(values, 1)
    assert_allclose(normal[0, 4, 4], 9, rtol=1e-5)  # alone in its square of nine
    assert_allclose(normal[0, 0, 0], 9, rtol=1e-5)
    assert normal.sum() == normal[0, 4, 4] + normal[0, 0, 0]


def test_ranks_fill_bins_evenly_and_the_first_of_equals_is_earlier():
    values = np.array([[0, 5, 1, 5, 2, 0, 9]], dtype=float)
    assert rank_order_code(values, 5).tolist() == [[5, 1, 4, 2, 3, 5, 0]]
    assert rank_order_code(values, 2).tolist() == [[2, 0, 1, 0, 1, 2, 0]]
    assert rank_order_code(np.zeros((1, 3)), 4).tolist() == [[4, 4, 4]]


def test_latencies_fall_with_intensity():
    assert latency_code(np.array([[8.0, 7.9, 6.0, 4.1, 0.1, 0.0]]), 4).tolist() == [[0, 0, 1, 1, 3, 4]]


@given(
    arrays(np.float32, (3, 12), elements=st.floats(0, 1e4, width=32, allow_subnormal=False)),
    st.integers(1, 20),
)
def test_rank_order_is_that_of_a_stable_sort(values, n_bins):
    for row, latencies in zip(values, rank_order_code(values, n_bins), strict=True):
        firing = np.flatnonzero(row > 0)
        order = firing[np.argsort(-row[firing], kind="stable")]
        expected = np.full(12, n_bins)
        expected[order] = np.arange(len(order)) * n_bins // max(len(order), 1)
        assert_array_equal(latencies, expected)
