"""Data that is in memory becomes a file that a training names; without labels, and events of cameras."""

import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import equispike
from equispike.models.errors import EquispikeError
from equispike.protocols.data import load

IMAGES = np.random.default_rng(1).integers(0, 256, (20, 6, 6)).astype(np.uint8)
LABELS = np.tile([1, 0], 10)
PAIRS = [(Image.fromarray(image), int(label)) for image, label in zip(IMAGES, LABELS, strict=True)]


class Vision(list):
    """As torchvision's data sets are: pairs by number, and names of classes."""

    classes = ("cat", "dog")


class Columns:
    """As a Hugging Face Dataset is."""

    column_names = ("id", "image", "label")
    features = {"label": SimpleNamespace(names=["cat", "dog"])}  # noqa: RUF012

    def __getitem__(self, key: str) -> list:
        return [pair[("image", "label").index(key)] for pair in PAIRS]


@pytest.mark.parametrize(
    "data", [(IMAGES, LABELS), PAIRS, Vision(PAIRS), Columns()], ids=["arrays", "pairs", "vision", "columns"]
)
def test_data_in_memory(tmp_path: Path, data: object) -> None:
    found = load(str(equispike.save_data(data, tmp_path / "mine.npz")))
    assert found.classes == (("cat", "dog") if hasattr(data, "classes") or hasattr(data, "features") else ("0", "1"))
    known = {image.tobytes(): label for image, label in zip(IMAGES, LABELS, strict=True)}
    for images, labels in ((found.train_images, found.train_labels), (found.test_images, found.test_labels)):
        assert [known[image.tobytes()] for image in images] == labels.tolist()


def test_both_parts_stay_apart(tmp_path: Path) -> None:
    for path in (
        equispike.save_data({"train": Columns(), "test": Vision(PAIRS[:4])}, tmp_path / "a.npz"),
        equispike.save_data(PAIRS, tmp_path / "b.npz", test=(IMAGES[:4], LABELS[:4])),
    ):
        with np.load(path) as file:
            np.testing.assert_array_equal(file["train_images"], IMAGES)
            np.testing.assert_array_equal(file["test_images"], IMAGES[:4])


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (7, "a int is no data set"),
        ([(IMAGES[0], 1), (IMAGES[0, :3], 0)], r"shapes \(3, 6\), \(6, 6\): scale them"),
        ((IMAGES, LABELS[:3]), "20 images, but 3 labels"),
        ((IMAGES.astype(object), LABELS), "images are of type object, not numbers"),
        (([IMAGES[0], IMAGES[0, :3]], [0, 1]), "images differ in size"),
        ((IMAGES - 300.0, LABELS), "below 0 or not finite"),
        ((IMAGES, 0 * LABELS), "has one class"),
        ([(IMAGES[0], 0.5)], "a whole number or a word"),
        ([], "is empty"),
        ([IMAGES[0]], "pairs of an image and a label"),
        (Vision([(PAIRS[0][0], -1)]), "beyond the 2 names"),
        ({"train": PAIRS}, "needs train and test, but has train"),
        (SimpleNamespace(column_names=("text",)), "needs image and label, but has text"),
    ],
)
def test_what_is_no_data_set(tmp_path: Path, data: object, sentence: str) -> None:
    with pytest.raises(EquispikeError, match=sentence):
        equispike.save_data(data, tmp_path / "mine.npz")
    assert not list(tmp_path.iterdir())


def _folder(path: Path) -> Path:
    path.mkdir()
    for number, image in enumerate(IMAGES):
        Image.fromarray(image).save(path / f"{number}.png")
    return path


def _npz(path: Path) -> Path:
    np.savez(path.with_suffix(".npz"), images=IMAGES)
    return path.with_suffix(".npz")


@pytest.mark.parametrize("write", [_folder, _npz])
def test_images_without_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write) -> None:
    """They are learned from without labels; whatever needs labels says so, and no accuracy is made up."""
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path / "images")
    data = load(str(path))
    assert not data.labelled and (len(data.train_images), len(data.test_images)) == (16, 4)
    with pytest.raises(EquispikeError, match="has no labels"):
        equispike.train("mlp", path)
    if write is _folder:
        return
    run = equispike.train(
        "diehl-cook",
        path,
        {"n_exc": 4, "t_present": "20*ms", "n_spikes_min": 0},
        images=4,
        chunk_images=2,
        backend="numpy",
        out="run",
    )
    assert set(run.read_metrics().metric) >= {"spikes_per_image"}
    assert "running_accuracy" not in set(run.read_metrics().metric)
    for refused in (equispike.evaluate, equispike.measure):
        with pytest.raises(EquispikeError, match="has no labels"):
            refused(run)
    assert [path.name for path in equispike.figures(run, only=["weights"]) if path.name == "weights.png"]


def test_an_archive_of_something_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("images", b"no array")
    with pytest.raises(EquispikeError, match=r"a\.npz: images is no array"):
        load(str(tmp_path / "a.npz"))


def test_events_of_a_camera(tmp_path: Path) -> None:
    """Four recordings, in an order of their own, each with one event at a place of its own and a last one at a corner."""
    t = np.array([5, 905, 5, 905, 1005, 1905, 5, 905])
    x, y = np.array([0, 3, 1, 3, 2, 3, 3, 3]), np.array([0, 2, 0, 2, 0, 2, 0, 2])
    sample = np.repeat([3, 0, 2, 1], 2)
    np.savez(tmp_path / "e.npz", t=t, x=x, y=y, p=np.tile([1, -1], 4), sample=sample, labels=np.array([0, 1, 0, 1]))
    data = load(f"{tmp_path / 'e.npz'}#test=0.5")
    assert data.kind == "events" and data.train_images.shape[1:] == (3, 4, 2)
    first = {3: 0, 0: 1, 2: 2, 1: 3}  # the place of each recording's first event
    bins = data.train_images.binned(2)
    assert bins.sum() == 4
    for image, label in zip(bins, data.train_labels, strict=True):
        place = int(image[0, 0, :, 1].argmax())
        assert [0, 1, 0, 1][{place: number for number, place in first.items()}[place]] == label
        assert image[1, 2, 3, 0] == 1
    with pytest.raises(EquispikeError, match="outside of 2 x 2 pixels"):
        load(f"{tmp_path / 'e.npz'}#size=2x2")


@pytest.mark.parametrize(
    "lie",
    [{"x": np.full(4, 2**40)}, {"x": np.full(4, np.inf)}, {"sample": np.full(4, 2**31)}, {"t": np.full(4, 2.0**63)}],
)
def test_events_beyond_any_camera_are_refused(tmp_path: Path, lie: dict[str, np.ndarray]) -> None:
    np.savez(tmp_path / "e.npz", **(dict.fromkeys(("t", "x", "y", "sample"), np.arange(4)) | lie))
    with pytest.raises(EquispikeError, match=f"{next(iter(lie))} has values up to"):
        load(str(tmp_path / "e.npz"))
