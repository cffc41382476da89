"""The data sets: what there is, where it lies, and loading it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equispike.models.errors import EquispikeError
from equispike.protocols.data import locate, own
from equispike.protocols.data.array_files import UNLABELLED
from equispike.protocols.data.download import download
from equispike.protocols.data.idx import SIDE, read_pair
from equispike.protocols.data.locate import DataDir
from equispike.protocols.data.recordings import Recordings, read_nmnist

__all__ = ["DATASETS", "DataSpec", "Dataset", "Recordings", "absolute", "available", "label_of", "load"]

Array = NDArray[np.uint8]


@dataclass(frozen=True)
class Dataset:
    """Samples and labels, split for training and test; arrays are read-only.

    Samples are images (n, height, width[, 3]) uint8, 0 for background to 255, or recordings of events, or features
    (n, n_features) float32 of images; labels are (n,) uint8 from 0 on, and `classes` names them. `checksum` is
    the SHA-256, in hex, of the raw bytes of the four arrays in the order of the fields; `source` is the folder they were
    read from or the package they come with.
    """

    name: str
    train_images: Any
    train_labels: Array
    test_images: Any
    test_labels: Array
    checksum: str
    source: str
    classes: tuple[str, ...] = ()

    @property
    def n_classes(self) -> int:
        """Return one more than the largest label."""
        return int(max(self.train_labels.max(), self.test_labels.max())) + 1

    @property
    def class_names(self) -> tuple[str, ...]:
        """Return what the classes are called: by their numbers where nobody says otherwise."""
        return self.classes or tuple(map(str, range(self.n_classes)))

    @property
    def labelled(self) -> bool:
        """Return whether samples have classes: those of one's own need not."""
        return self.classes != (UNLABELLED,)

    def need_labels(self) -> None:
        """Raise EquispikeError where there are none."""
        if not self.labelled:
            raise EquispikeError(
                f"{self.name} has no labels: name data with labels (docs/your-data.md), or train a system that needs none, such "
                "as diehl-cook, and look at what it learned with equispike figures"
            )

    @property
    def kind(self) -> str:
        """Return what samples are: images or events."""
        return "events" if isinstance(self.train_images, Recordings) else "images"


@dataclass(frozen=True)
class DataSpec:
    """What a data set is and whom to credit; `mirrors` (URLs) and `md5` (by file stem) only if it is downloaded."""

    description: str
    citation: str
    licence: str
    mirrors: tuple[str, ...] = ()
    md5: Mapping[str, str] = field(default_factory=dict)


DATASETS: dict[str, DataSpec] = {
    "mnist": DataSpec(
        description="60 000 + 10 000 handwritten digits, 28 x 28",
        citation="Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (1998), Gradient-based learning applied to document "
        "recognition, Proceedings of the IEEE 86(11), 2278-2324, doi:10.1109/5.726791",
        licence="CC BY-SA 3.0",
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        # Of the unpacked files: the packed ones differ from mirror to mirror.
        md5={
            "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
            "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
            "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
            "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
        },
    ),
    "fashion-mnist": DataSpec(
        description="60 000 + 10 000 pieces of clothing of 10 kinds, 28 x 28",
        citation="H. Xiao, K. Rasul and R. Vollgraf (2017), Fashion-MNIST: a novel image dataset for benchmarking "
        "machine learning algorithms, arXiv:1708.07747",
        licence="MIT",
        mirrors=(
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        ),
        # Of the packed files, as their authors publish them.
        md5={
            "train-images-idx3-ubyte": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "train-labels-idx1-ubyte": "25c81989df183df01b3e8a0aad5dffbe",
            "t10k-images-idx3-ubyte": "bef4ecab320f06d8554ea6380940ec79",
            "t10k-labels-idx1-ubyte": "bb300cfdad3c16e7a12a480ee83cd310",
        },
    ),
    "nmnist-small": DataSpec(
        description="1 000 + 100 recordings of N-MNIST: digits before a moving event camera, 34 x 34 x 2; a subset",
        citation="G. Orchard, A. Jayawant, G. K. Cohen and N. Thakor (2015), Converting static image datasets to spiking "
        "neuromorphic datasets using saccades, Frontiers in Neuroscience 9:437, doi:10.3389/fnins.2015.00437",
        licence="CC BY-SA 4.0",
    ),
    "digits": DataSpec(
        description="1 437 + 360 handwritten digits, 8 x 8 enlarged to 28 x 28; comes with scikit-learn",
        citation="E. Alpaydin and C. Kaynak (1998), Optical recognition of handwritten digits, UCI Machine Learning "
        "Repository, doi:10.24432/C50P49",
        licence="CC BY 4.0",
    ),
}

_DIGITS_SOURCE = "scikit-learn"
_DIGITS_TRAINING = 1437
_DIGITS_SIDE = 20  # As MNIST: a digit of 20 x 20 pixels amid a border of 4.


def load(name: str, data_dir: DataDir = None) -> Dataset:
    """The data set of this name, from `data_dir`/NAME if given, else from wherever it lies, else downloaded; or one's own
    from its path (:mod:`own`), or from `data_dir`, where it was moved to.

    Looked in: $EQUISPIKE_DATA/NAME, the system's folder, the user's cache; a download goes to that cache.
    Raises EquispikeError if there is no such data set, or its files are missing, damaged or not to be had.
    """
    if _is_own(name):
        found = name if data_dir is None else own.moved(name, data_dir)
        arrays, classes = own.read(found)
        return replace(_dataset(name, arrays, found.partition("#")[0]), classes=classes)
    spec = _spec(name)
    if name == "digits":
        return _dataset(name, _digits(), _DIGITS_SOURCE)
    if name == "nmnist-small":
        folder = locate.find_recordings(data_dir)
        pairs = (read_nmnist(folder, locate.NMNIST_LISTS[0]), read_nmnist(folder, locate.NMNIST_LISTS[1]))
        return _dataset(name, (*pairs[0], *pairs[1]), str(folder))
    folder = locate.find(name, data_dir)
    absent = locate.missing(folder)
    if absent and data_dir is None and folder == locate.cache_folder(name):
        download(spec.mirrors, {f"{stem}.gz": spec.md5[stem] for stem in absent}, folder)
    train_images, train_labels, test_images, test_labels = locate.files_in(folder)
    arrays = (*read_pair(train_images, train_labels), *read_pair(test_images, test_labels))
    return _dataset(name, arrays, str(folder))


def available(name: str, data_dir: DataDir = None) -> str | None:
    """Where `load` would find the data set, as a folder or 'scikit-learn'; None if it would download or fail.

    Only looks for files; neither reads nor downloads them. Raises EquispikeError if there is no such data set.
    """
    if _is_own(name):
        found = name if data_dir is None else own.moved(name, data_dir)
        return path if os.path.exists(path := found.partition("#")[0]) else None
    _spec(name)
    if name == "digits":
        return _DIGITS_SOURCE
    if name == "nmnist-small":
        try:
            return str(locate.find_recordings(data_dir))
        except EquispikeError:
            return None
    folder = locate.find(name, data_dir)
    return None if locate.missing(folder) else str(folder)


def absolute(name: str) -> str:
    """Return the name of a data set so that it holds in other folders and processes: of one's own with the whole path."""
    return own.absolute(name) if _is_own(name) else name


def label_of(name: str) -> str:
    """Return the name of a data set as a part of a file's name."""
    return own.label_of(name) if _is_own(name) else name


def _is_own(name: str) -> bool:
    return name not in DATASETS and own.is_path(name)


def _spec(name: str) -> DataSpec:
    if name not in DATASETS:
        raise EquispikeError(
            f"There is no data set '{name}': choose one of {', '.join(DATASETS)}, or name a folder or file of your own."
        )
    return DATASETS[name]


def _dataset(name: str, arrays: tuple[Any, Any, Any, Any], source: str) -> Dataset:
    digest = hashlib.sha256()
    for array in arrays:
        for part in (array.pixel, array.t, array.stop) if isinstance(array, Recordings) else (array,):
            digest.update(part)
    return Dataset(name, *arrays, checksum=digest.hexdigest(), source=source)


def _digits() -> tuple[Array, Array, Array, Array]:
    """The embedded data set in the order of the fields of Dataset; the last 360 of its 1 797 images are the test."""
    # Imported here: both are slow to import and no other data set needs them.
    from PIL import Image
    from sklearn.datasets import load_digits  # type: ignore[import-untyped]

    bunch = load_digits()
    images = np.zeros((len(bunch.images), SIDE, SIDE), np.uint8)
    inside = slice((SIDE - _DIGITS_SIDE) // 2, (SIDE + _DIGITS_SIDE) // 2)
    for image, small in zip(images, np.rint(bunch.images * (255 / 16)).astype(np.uint8), strict=True):
        enlarged = Image.fromarray(small).resize((_DIGITS_SIDE, _DIGITS_SIDE), Image.Resampling.BICUBIC)
        image[inside, inside] = np.asarray(enlarged)
    labels = bunch.target.astype(np.uint8)
    images.flags.writeable = labels.flags.writeable = False
    split = _DIGITS_TRAINING
    return images[:split], labels[:split], images[split:], labels[split:]
