"""Reads IDX files, the format of MNIST and of its successors, and believes nothing that a file says of itself.

An IDX file is: 0, 0, the code of a type (8 for uint8), the number of dimensions, each dimension as a big-endian uint32,
then the values, big-endian, in C order.
"""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from equispike.models.errors import EquispikeError

SIDE = 28
"""Height and width of every image, in pixels."""

CLASSES = 10
"""Labels run from 0 to CLASSES - 1."""

#: The third byte of a file: of which type, big-endian, its values are.
_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP_MAGIC = b"\x1f\x8b"


def read_pair(images_path: Path, labels_path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images (n, 28, 28) and their labels (n,), both uint8 and read-only, n >= 1.

    Raises EquispikeError if either file is unreadable or invalid, or if they disagree about n.
    """
    images = _read_images(images_path)
    labels = _read_labels(labels_path)
    if len(images) != len(labels):
        raise EquispikeError(
            f"{images_path} holds {len(images)} images but {labels_path} holds {len(labels)} labels: "
            "take both files from the same data set."
        )
    return images, labels


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """The array in an IDX file of uint8, gzipped or not, with exactly so many dimensions; read-only.

    Raises EquispikeError if the file is missing, damaged, of another type or of another number of dimensions.
    """
    content = _read_bytes(path)
    if content[:4] != bytes((0, 0, 8, dimensions)):
        raise EquispikeError(
            f"{path} is not an IDX file of bytes with {dimensions} dimension{'s' * (dimensions > 1)} "
            f"(it begins with '{content[:4].hex(' ')}'): replace it with the file that belongs under this name."
        )
    return _array(path, content)


def read_any_idx(path: Path) -> np.ndarray:
    """The array in an IDX file of any type and number of dimensions, gzipped or not; read-only.

    Raises EquispikeError if the file is missing, damaged or no IDX file.
    """
    content = _read_bytes(path)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _TYPES or not content[3]:
        raise EquispikeError(
            f"{path} is not an IDX file (it begins with '{content[:4].hex(' ')}'): replace it with the file that belongs "
            "under this name."
        )
    return _array(path, content)


def _array(path: Path, content: bytes) -> np.ndarray:
    dtype, dimensions = np.dtype(_TYPES[content[2]]), content[3]
    header = 4 + 4 * dimensions
    if len(content) < header:
        raise _wrong_length(path, header, len(content))
    shape = struct.unpack(f">{dimensions}I", content[4:header])
    if len(content) != header + dtype.itemsize * math.prod(shape):
        raise _wrong_length(path, header + dtype.itemsize * math.prod(shape), len(content))
    try:
        return np.frombuffer(content, dtype, offset=header).reshape(shape)
    except ValueError:  # NumPy has no arrays of so many dimensions, or of so many rows of nothing
        raise EquispikeError(
            f"{path} is damaged: its header names {dimensions} dimensions of {shape[0]} and so on"
        ) from None


def _read_images(path: Path) -> NDArray[np.uint8]:
    images = read_idx(path, dimensions=3)
    if images.shape[1:] != (SIDE, SIDE):
        height, width = images.shape[1:]
        raise EquispikeError(
            f"{path} holds images of {height} x {width} pixels: replace it with images of {SIDE} x {SIDE}."
        )
    if len(images) == 0:
        raise EquispikeError(f"{path} holds no images: replace it with a file that does.")
    return images


def _read_labels(path: Path) -> NDArray[np.uint8]:
    labels = read_idx(path, dimensions=1)
    if labels.max(initial=0) >= CLASSES:
        raise EquispikeError(f"{path} holds the label {labels.max()}: replace it with labels from 0 to {CLASSES - 1}.")
    return labels


def _read_bytes(path: Path) -> bytes:
    """What the file holds, unpacked if it is gzipped."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EquispikeError(f"{path} cannot be read ({error.strerror}): put a readable file there.") from error
    # By content, not by name: browsers unpack a download and leave its name as it was.
    if not content.startswith(_GZIP_MAGIC):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise EquispikeError(f"{path} is damaged or incomplete ({error}): delete it and fetch it again.") from error


def _wrong_length(path: Path, expected: int, actual: int) -> EquispikeError:
    return EquispikeError(
        f"{path} is {'cut short' if actual < expected else 'too long'} ({actual} bytes unpacked, where its header "
        f"asks for {expected}): delete it and fetch it again."
    )
