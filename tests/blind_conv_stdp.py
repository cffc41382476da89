"""A second implementation of the convolutional STDP network, written from its rules alone, in plain NumPy.

Source: S. R. Kheradpisheh, M. Ganjtabesh, S. J. Thorpe and T. Masquelier, "STDP-based spiking deep convolutional
neural networks for object recognition", Neural Networks 99 (2018), doi:10.1016/j.neunet.2017.12.005.

Image time is in bins 0 .. n_bins - 1; an input cell with latency v fires in bin v, and never if v >= n_bins. Arrays of
neurons are indexed [y, x, map]. The spikes of a bin go through all the layers in that same bin.

- Conv: stride 1; neuron (y, x, m) gets w[c, dy, dx, m] from input (c, y + dy - padding, x + dx - padding), inputs
  outside the image do not exist. Non-leaky integration from 0 at the start of the image, the spikes of a bin added one
  after the other in the order (y * width + x) * maps + c of their sources. After the spikes of the bin, at each place
  (y, x) that has not fired, the neuron with the largest v > threshold fires (lowest map if equal), and the place, in
  all its maps, is silent for the rest of the image.
- Pool: neuron (y, x, m) fires once, with the first spike of map m in its size x size window; stride `stride`.
- Learning, after the last bin of an image: up to `n_winners` rounds; the winner is the fired and not excluded place with
  the earliest latency, then the largest potential, then the lowest place index. For its inputs inside the image
  w += rate * (a_plus if latency_pre <= latency_post else -a_minus) * w * (1 - w). It then excludes all the places whose
  spike is in its map, and all those within `inhibition_radius` of it in both directions.
- rate = min(2 ** (n // doubling_interval), a_plus_max / a_plus), n being the images shown before; no growth where it is 0.
- Features: the last layer integrates and does not fire; the largest final v of a map in each cell of a grid, from 0.

Sums are done in the floating-point type of the weights. Nothing here was taken from the implementation under test.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Conv:
    maps: int
    size: int
    threshold: float
    padding: int = 0
    n_winners: int = 5
    inhibition_radius: int = 2
    a_plus: float = 0.004
    a_minus: float = 0.003
    a_plus_max: float = 0.15
    doubling_interval: int = 0


@dataclass(frozen=True)
class Pool:
    size: int
    stride: int


class ConvState:
    """A conv layer during one image."""

    def __init__(self, layer, w, in_shape, n_bins, fires=True):
        in_height, in_width, in_maps = in_shape
        assert w.shape == (in_maps, layer.size, layer.size, layer.maps), (w.shape, in_shape)
        self.layer, self.n_bins, self.fires = layer, n_bins, fires
        self.flipped = w[:, ::-1, ::-1, :]
        height = in_height + 2 * layer.padding - layer.size + 1
        width = in_width + 2 * layer.padding - layer.size + 1
        self.shape = (height, width, layer.maps)
        self.v = np.zeros(self.shape, dtype=w.dtype)
        self.latency = np.full(self.shape, n_bins)
        self.place_latency = np.full((height, width), n_bins)
        self.place_map = np.full((height, width), -1)
        self.place_potential = np.zeros((height, width), dtype=w.dtype)

    def step(self, spikes, time_bin):
        height, width, _ = self.shape
        size, padding = self.layer.size, self.layer.padding
        for in_y, in_x, in_map in np.argwhere(spikes).tolist():  # argwhere lists them in the order of the source index
            top, left = in_y + padding - size + 1, in_x + padding - size + 1
            y0, y1 = max(top, 0), min(top + size, height)
            x0, x1 = max(left, 0), min(left + size, width)
            if y0 < y1 and x0 < x1:
                self.v[y0:y1, x0:x1] += self.flipped[in_map, y0 - top : y1 - top, x0 - left : x1 - left]
        out = np.zeros(self.shape, dtype=bool)
        if self.fires:
            fired_now = (self.v.max(axis=2) > self.layer.threshold) & (self.place_latency == self.n_bins)
            ys, xs = np.nonzero(fired_now)
            maps = self.v[ys, xs].argmax(axis=1)  # the first of equals
            out[ys, xs, maps] = True
            self.latency[ys, xs, maps] = time_bin
            self.place_latency[ys, xs] = time_bin
            self.place_map[ys, xs] = maps
            self.place_potential[ys, xs] = self.v[ys, xs, maps]
        return out


class PoolState:
    """A pool layer during one image."""

    def __init__(self, layer, in_shape, n_bins):
        self.layer, self.n_bins = layer, n_bins
        in_height, in_width, maps = in_shape
        self.shape = ((in_height - layer.size) // layer.stride + 1, (in_width - layer.size) // layer.stride + 1, maps)
        self.latency = np.full(self.shape, n_bins)

    def step(self, spikes, time_bin):
        stride = self.layer.stride
        y_span, x_span = (self.shape[0] - 1) * stride + 1, (self.shape[1] - 1) * stride + 1
        reached = np.zeros(self.shape, dtype=bool)
        for dy in range(self.layer.size):
            for dx in range(self.layer.size):
                reached |= spikes[dy : dy + y_span : stride, dx : dx + x_span : stride]
        out = reached & (self.latency == self.n_bins)
        self.latency[out] = time_bin
        return out


def run_image(layers, weights, latencies, n_bins, last_fires=True):
    """One image through all of `layers`; the state of each layer after the last bin."""
    states, shape = [], latencies.shape
    for position, layer in enumerate(layers):
        if isinstance(layer, Pool):
            states.append(PoolState(layer, shape, n_bins))
        else:
            fires = last_fires or position < len(layers) - 1
            states.append(ConvState(layer, weights[position], shape, n_bins, fires))
        shape = states[-1].shape
    for time_bin in range(n_bins):
        spikes = latencies == time_bin
        for state in states:
            spikes = state.step(spikes, time_bin)
    return states


def choose_winners(state):
    """The neurons (y, x, m) of a conv layer that learn from the image it has just seen."""
    layer = state.layer
    height, width, _ = state.shape
    eligible = state.place_latency < state.n_bins
    rows, columns = np.arange(height)[:, None], np.arange(width)[None, :]
    chosen = []
    for _ in range(layer.n_winners):
        if not eligible.any():
            break
        earliest = state.place_latency[eligible].min()
        candidates = eligible & (state.place_latency == earliest)
        largest = state.place_potential[candidates].max()
        candidates &= state.place_potential == largest
        y, x = divmod(int(np.flatnonzero(candidates)[0]), width)
        m = int(state.place_map[y, x])
        chosen.append((y, x, m))
        near = (abs(rows - y) <= layer.inhibition_radius) & (abs(columns - x) <= layer.inhibition_radius)
        eligible &= (state.place_map != m) & ~near
    return chosen


def learning_rate(layer, images_seen):
    """The factor on a_plus and a_minus for the image that comes after `images_seen` others."""
    doublings = images_seen // layer.doubling_interval if layer.doubling_interval else 0
    return max(0.0, min(2.0 ** min(doublings, 1000), layer.a_plus_max / layer.a_plus))


def learn(layer, w, pre_latency, post_latency, winner, rate):
    """Change, in place, the weights of one winner."""
    y, x, m = winner
    height, width, _ = pre_latency.shape
    top, left = y - layer.padding, x - layer.padding
    y0, y1 = max(top, 0), min(top + layer.size, height)
    x0, x1 = max(left, 0), min(left + layer.size, width)
    before = pre_latency[y0:y1, x0:x1].transpose(2, 0, 1) <= post_latency
    kernel = w[:, y0 - top : y1 - top, x0 - left : x1 - left, m]  # a view
    step = np.where(before, rate * layer.a_plus, -rate * layer.a_minus).astype(w.dtype)
    kernel += step * kernel * (1 - kernel)


def train_layer(layers, weights, index, latencies, n_bins, images_seen=0):
    """Train layers[index] on latencies (n, height, width, maps); its new weights and the winners of each image."""
    layer, used = layers[index], layers[: index + 1]
    w = np.array(weights[index])
    current = {**weights, index: w}
    spikes = []
    for number, image in enumerate(np.minimum(latencies, n_bins)):
        states = run_image(used, current, image, n_bins)
        state = states[index]
        pre_latency = states[index - 1].latency if index else image
        rate = learning_rate(layer, images_seen + number)
        winners = choose_winners(state)
        for winner in winners:
            learn(layer, w, pre_latency, state.place_latency[winner[:2]], winner, rate)
        spikes.append(winners)
    return w, spikes


def features(layers, weights, latencies, n_bins, grid):
    """The features (n, grid * grid * maps) of the last layer, which integrates to the end of the image."""
    rows = []
    for image in latencies:
        v = run_image(layers, weights, image, n_bins, last_fires=False)[-1].v
        height, width, maps = v.shape
        pooled = np.zeros((grid, grid, maps), dtype=v.dtype)
        for y in range(height):
            for x in range(width):
                cell = pooled[(y * grid) // height, (x * grid) // width]
                np.maximum(cell, v[y, x], out=cell)
        rows.append(pooled.ravel())
    return np.array(rows)
