"""How a presynaptic vector passes synapses to become a postsynaptic one, by what the connections are."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

#: Above this density a matrix product is cheaper than gathering and adding synapse by synapse.
_DENSE = 0.05


@dataclass(frozen=True)
class OneToOne:
    """Each neuron to its partner."""

    def weights(self, values):
        return values

    def project(self, x, weights):
        return x * weights


@dataclass(frozen=True)
class Dense:
    """By a matrix; ``pre`` and ``post`` are None where the synapses are all pairs in their order."""

    n_pre: int
    n_post: int
    pre: np.ndarray | None = None
    post: np.ndarray | None = None

    def weights(self, values):
        if self.pre is None:
            return jnp.broadcast_to(values, (self.n_pre * self.n_post,)).reshape(self.n_pre, self.n_post)
        return jnp.zeros((self.n_pre, self.n_post), jnp.result_type(values)).at[self.pre, self.post].add(values)

    def project(self, x, weights):
        return x @ weights


@dataclass(frozen=True)
class AllOthers:
    """Each neuron to all but itself, with weights that are all the same."""

    def weights(self, values):
        return values[0]

    def project(self, x, weights):
        return (x @ jnp.ones(x.shape[0], x.dtype) - x) * weights  # XLA sums up more slowly on a CPU


@dataclass(frozen=True)
class Sparse:
    """Synapse by synapse."""

    pre: np.ndarray
    post: np.ndarray
    n_post: int

    def weights(self, values):
        return values

    def project(self, x, weights):
        return jax.ops.segment_sum(x[self.pre] * weights, self.post, self.n_post)


@dataclass(frozen=True)
class Convolution:
    """Kernels (maps before, rows, columns, maps) shared by all places.

    Attributes
    ----------
    before, after : rows, columns and maps of the layers
    size, stride : of the kernels
    padding : silent rows above and columns left of the image
    turned : the kernels lie turned by 180 degrees
    """

    before: tuple[int, int, int]
    after: tuple[int, int, int]
    size: int
    stride: int
    padding: tuple[int, int]
    turned: bool

    def weights(self, kernels):
        shaped = kernels.reshape(self.before[2], self.size, self.size, self.after[2])
        if self.turned:
            shaped = shaped[:, ::-1, ::-1]
        rows, columns = (
            np.array(axis) for axis in zip(*(pair for block in self._blocks() for pair in block[1]), strict=True)
        )
        return shaped[:, rows, columns].transpose(1, 0, 2).reshape(-1, self.after[2])

    def project(self, x, weights):
        # Windows side by side, then one matrix product: JAX's own convolution was 10 times slower on a CPU with gradients.
        # Pixels are sorted by their place in squares of stride x stride, so that windows are slices without gaps, whose
        # gradients are cheap.
        stride, (height, width, _) = self.stride, self.after
        n = [-(-((number - 1) * stride + self.size) // stride) for number in self.after[:2]]
        padding = [
            (low, max(0, number * stride - low - length))
            for low, number, length in zip(self.padding, n, self.before[:2], strict=True)
        ]
        image = jnp.pad(x.reshape(self.before), [*padding, (0, 0)])[: n[0] * stride, : n[1] * stride]
        squares = image.reshape(n[0], stride, n[1], stride, -1).transpose(0, 2, 1, 3, 4)
        windows = [
            squares[row : row + height, column : column + width, :n_rows, :n_columns].reshape(height, width, -1)
            for (row, column, n_rows, n_columns), _ in self._blocks()
        ]
        return (jnp.concatenate(windows, axis=-1) @ weights).reshape(-1)

    def _blocks(self) -> list[tuple[tuple[int, int, int, int], list[tuple[int, int]]]]:
        """Blocks of a kernel that lie in one square: the square, its rows and columns, and the kernel's rows and columns."""
        stride, blocks = self.stride, []
        for row in range(0, self.size, stride):
            for column in range(0, self.size, stride):
                n_rows, n_columns = (min(stride, self.size - first) for first in (row, column))
                inside = [(row + k, column + m) for k in range(n_rows) for m in range(n_columns)]
                blocks.append(((row // stride, column // stride, n_rows, n_columns), inside))
        return blocks


type Connections = OneToOne | Dense | AllOthers | Sparse | Convolution


def connections(pre: np.ndarray, post: np.ndarray, n_pre: int, n_post: int) -> Connections:
    """The cheapest form for synapses from ``pre`` to ``post`` (n_synapses,)."""
    if len(pre) == n_pre * n_post and np.array_equal(pre.astype(np.int64) * n_post + post, np.arange(len(pre))):
        return Dense(n_pre, n_post)
    if n_pre == n_post == len(pre) and np.array_equal(pre, post) and np.array_equal(pre, np.arange(n_pre)):
        return OneToOne()
    if len(pre) >= _DENSE * n_pre * n_post:
        return Dense(n_pre, n_post, pre, post)
    return Sparse(pre, post, n_post)


def uniform_connections(pre: np.ndarray, post: np.ndarray, n_pre: int, n_post: int) -> Connections:
    """The cheapest form for synapses whose weights are all the same."""
    if n_pre == n_post and len(pre) == n_pre * (n_pre - 1) > 0:
        others = ~np.eye(n_pre, dtype=bool)
        if np.array_equal(np.stack([pre, post]), np.stack(np.nonzero(others))):
            return AllOthers()
    return connections(pre, post, n_pre, n_post)


def rounds(targets: np.ndarray, n_targets: int) -> np.ndarray:
    """Numbers of synapses (n_rounds, n_targets): the first of each target, the second, ...; n_synapses where there is none."""
    order = np.argsort(targets, kind="stable")
    counts = np.bincount(targets, minlength=n_targets)
    number = np.arange(len(targets)) - np.repeat(np.cumsum(counts) - counts, counts)
    result = np.full((counts.max(initial=0), n_targets), len(targets), dtype=np.int32)
    result[number, targets[order]] = order
    return result


def convolution(
    pre: np.ndarray,
    post: np.ndarray,
    kernel: np.ndarray,
    n_kernels: int,
    grids: tuple[dict[str, np.ndarray], dict[str, np.ndarray]],
) -> Convolution | None:
    """The convolution that synapses with weights number ``kernel`` are, every one of them checked; None where they are none.

    ``grids``: y, x and map of each neuron before and after.
    """
    shapes = [_shape(grid) for grid in grids]
    if shapes[0] is None or shapes[1] is None:
        return None
    before, after = shapes[0], shapes[1]
    size = round((n_kernels / (before[2] * after[2])) ** 0.5)
    if before[2] * size * size * after[2] != n_kernels or not len(pre):
        return None
    map_before, row, column, map_after = np.unravel_index(kernel, (before[2], size, size, after[2]))
    if not (np.array_equal(map_before, grids[0]["map"][pre]) and np.array_equal(map_after, grids[1]["map"][post])):
        return None
    for turned in (False, True):
        offsets = [size - 1 - offset if turned else offset for offset in (row, column)]
        fits = [
            _stride(grids[0][axis][pre] - offset, grids[1][axis][post])
            for axis, offset in zip("yx", offsets, strict=True)
        ]
        (stride, top), (other, left) = fits
        if stride is None or stride != other:
            continue
        found = Convolution(before, after, size, stride, (top, left), turned)
        if len(pre) == _count(found):
            return found
    return None


def _shape(grid: dict[str, np.ndarray]) -> tuple[int, int, int] | None:
    if set(grid) != {"y", "x", "map"}:
        return None
    height, width, maps = (int(grid[axis].max()) + 1 for axis in ("y", "x", "map"))
    number = (grid["y"] * width + grid["x"]) * maps + grid["map"]
    return (height, width, maps) if np.array_equal(number, np.arange(height * width * maps)) else None


def _stride(corner: np.ndarray, place: np.ndarray) -> tuple[int | None, int]:
    """Stride and padding with corner = stride * place - padding for all synapses."""
    low, high = place.argmin(), place.argmax()
    span = int(place[high] - place[low])
    stride = int(corner[high] - corner[low]) // span if span else 1
    padding = int(stride * place[low] - corner[low])
    return (stride, padding) if stride >= 1 and np.array_equal(corner, stride * place - padding) else (None, 0)


def _count(found: Convolution) -> int:
    """Synapses of a convolution that leaves none out."""
    axes = []
    for low, n_before, n_after in zip(found.padding, found.before[:2], found.after[:2], strict=True):
        inputs = np.arange(n_after)[:, None] * found.stride - low + np.arange(found.size)
        axes.append(int(((inputs >= 0) & (inputs < n_before)).sum()))
    return axes[0] * axes[1] * found.before[2] * found.after[2]
