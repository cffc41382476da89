"""Writes a data set of my own into a file:

    python FILE                                                     # writes STEM.npz
    equispike data STEM.npz                                         # describes and pictures it
    equispike train diehl-cook --set n_exc=25 --data STEM.npz       # any system takes it: equispike list

Put your own images and labels in the place of those below. docs/your-data.md says what else is read: folders of pictures, .npy,
.csv, .mat and HDF5.
"""

from pathlib import Path

import numpy as np

N, SIDE = 400, 16
CLASSES = np.array(["bar", "column", "ring"])


def drawn(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Return a picture (SIDE, SIDE) of a shape somewhere: 0 is the black ground, 255 the brightest ink."""
    place = rng.integers(7, 10, (2, 1, 1))
    rows, columns = np.abs(np.indices((SIDE, SIDE)) - place)
    ink = {
        "bar": (rows <= 1) & (columns <= 5),
        "column": (rows <= 5) & (columns <= 1),
        "ring": np.abs(np.hypot(rows, columns) - 5) <= 1,
    }[kind]
    return np.where(ink, rng.integers(150, 256), 0) + rng.integers(0, 30, (SIDE, SIDE))


rng = np.random.default_rng(0)
labels = rng.choice(CLASSES, N)  # words, or whole numbers
images = np.stack([drawn(label, rng) for label in labels]).clip(0, 255).astype(np.uint8)  # (N, rows, columns[, 3])

# A fifth of each class becomes the test set; for one of your own save train_images, train_labels, test_images and test_labels.
np.savez_compressed(Path(__file__).with_suffix(".npz"), images=images, labels=labels)
