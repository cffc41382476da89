"""What looks wrong with a set of images before anything is trained on it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def oddities(train: np.ndarray, test: np.ndarray, labels: np.ndarray, classes: tuple[str, ...]) -> Iterator[str]:
    """Say, in a sentence each, what looks wrong with training and test images, and labels (n,) of training images."""
    flat = [images.reshape(len(images), -1) for images in (train, test)]
    for images, name in zip(flat, ("training", "test"), strict=True):
        if n := int((np.ptp(images, axis=1) == 0).sum()):
            yield f"{n} {name} images are of one colour throughout"
    known = {each.tobytes() for each in flat[0]}
    if n := sum(each.tobytes() in known for each in flat[1]):
        yield f"{n} test images are among the training images, too"
    if n := len(flat[0]) - len(known):
        yield f"{n} training images are copies of others"
    if (brightest := int(flat[0].max())) < 64:
        yield f"no training image is brighter than {brightest} of 255: save fractions, or multiply bytes until white is 255"
    if float(np.mean(flat[0])) > 127:
        yield "images are mostly bright: networks here take bright pixels for ink, invert dark digits on a bright ground"
    counts = np.bincount(labels, minlength=len(classes))
    if counts.min() * 5 <= counts.max():
        few, many = classes[int(counts.argmin())], classes[int(counts.argmax())]
        yield f"class {many} has {counts.max()} training images, class {few} only {counts.min()}"
