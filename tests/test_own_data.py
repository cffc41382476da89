"""Data of one's own: folders of pictures and files of arrays, of any size and number of classes, read as they are."""

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.io import savemat

import equispike
from equispike.models.errors import EquispikeError
from equispike.protocols.data import label_of, load
from equispike.protocols.data.oddities import oddities
from equispike.scripts.workflow.plan import plan
from equispike.scripts.workflow.sweep_file import open_sweep

KINDS = ("png", "jpg", "tiff", "bmp", "gif", "webp", "ppm")
CLASSES = ("ant", "bee", "cat", "dog", "elk", "fox", "gnu")


def pictures(folder: Path, *, n: int = 10, size: tuple[int, int] = (32, 32), colour: bool = False) -> Path:
    """Seven classes: a bright bar at a height of the class's own, with noise; each class in files of another kind."""
    random = np.random.default_rng(0)
    for k, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for number in range(n):
            image = random.integers(0, 40, size).astype(np.uint8)
            image[4 * k : 4 * k + 4] = random.integers(180, 256, (4, size[1]))
            pixels = np.stack([image, image // 2, 255 - image], axis=2) if colour else image
            Image.fromarray(pixels).save(folder / name / f"{number}.{KINDS[k % len(KINDS)] if not colour else 'png'}")
    return folder


def test_a_folder_by_class_is_split_in_each_class(tmp_path: Path) -> None:
    data = load(str(pictures(tmp_path / "animals")))
    assert data.classes == CLASSES and data.n_classes == 7
    assert data.train_images.shape == (56, 32, 32) and data.test_images.shape == (14, 32, 32)
    assert data.train_images.dtype == np.uint8 and not data.train_images.flags.writeable
    assert np.bincount(data.test_labels).tolist() == [2] * 7
    for image, label in zip(data.train_images, data.train_labels, strict=True):
        assert image.mean(axis=1).argmax() // 4 == label  # each image kept its label
    assert (np.diff(data.train_labels.astype(int)) != 0).sum() > 30  # not class after class
    again, other = load(str(tmp_path / "animals")), load(f"{tmp_path / 'animals'}#seed=1,test=0.5")
    assert again.checksum == data.checksum != other.checksum
    assert len(other.test_images) == 35


def test_a_split_that_is_given_is_kept(tmp_path: Path) -> None:
    pictures(tmp_path / "set" / "train", n=4)
    pictures(tmp_path / "set" / "test", n=3)
    data = load(str(tmp_path / "set"))
    assert (len(data.train_images), len(data.test_images)) == (28, 21)


def test_colours_stay_and_sizes_are_made_alike_where_asked(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "set", n=3, colour=True)
    assert load(str(folder)).train_images.shape[1:] == (32, 32, 3)
    Image.fromarray(np.zeros((20, 40), np.uint8)).save(folder / "ant" / "0.png")
    with pytest.raises(EquispikeError, match=r"is 32 x 32, but .*0.png is 20 x 40: add #size=20x40"):
        load(str(folder))
    assert load(f"{folder}#size=16x24").train_images.shape[1:] == (16, 24, 3)


IMAGES = np.random.default_rng(1).integers(0, 256, (12, 6, 5)).astype(np.uint8)
IMAGES[:, 0, 0] = 255  # the largest value is in each
LABELS = np.tile([3, 1, 2], 4)


def _csv(path: Path) -> None:
    pd.DataFrame(np.column_stack([LABELS, IMAGES.reshape(12, 30)])).to_csv(path, header=False, index=False)


def _kaggle(path: Path) -> None:
    table = pd.DataFrame(IMAGES.reshape(12, 30), columns=[f"pixel{k}" for k in range(30)])
    table.insert(0, "label", LABELS)
    table.to_csv(path, index=False)


def _hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["images"], file["labels"] = IMAGES, LABELS


def _npy(path: Path) -> None:
    np.save(path, IMAGES)
    np.save(path.with_name("labels.npy"), LABELS)


FILES = {
    "a.npz": lambda path: np.savez(path, images=IMAGES, labels=LABELS),
    "b.npz": lambda path: np.savez(path, X=IMAGES / 255, y=LABELS.astype(float)),
    "c.npz": lambda path: np.savez(path, data=IMAGES.astype(np.int16) * 16, target=LABELS),
    "d.npz": lambda path: np.savez(path, image=IMAGES[:, None], label=np.eye(4)[LABELS]),
    "images.npy": _npy,
    "e.mat": lambda path: savemat(path, {"X": np.moveaxis(IMAGES[..., None], 0, 3), "y": LABELS}),
    "f.csv": _csv,
    "g.csv": _kaggle,
    "h.h5": _hdf5,
}


@pytest.mark.parametrize("name", FILES)
def test_files_of_arrays(tmp_path: Path, name: str) -> None:
    FILES[name](tmp_path / name)
    data = load(f"{tmp_path / name}#test=0.25" + (",size=6x5" if name.endswith("csv") else ""))
    assert data.classes == ("1", "2", "3")
    assert (len(data.train_images), len(data.test_images)) == (9, 3)
    # int16: the largest training value is white, 16 times as much here
    expected = IMAGES if name != "c.npz" else np.rint(IMAGES * (255 / IMAGES.max())).astype(np.uint8)
    known = {image.tobytes(): label - 1 for image, label in zip(expected, LABELS, strict=True)}
    for images, labels in ((data.train_images, data.train_labels), (data.test_images, data.test_labels)):
        assert [known[image.tobytes()] for image in images] == labels.tolist()


def test_white_is_of_training_images_alone(tmp_path: Path) -> None:
    """A test image brighter than all training images changes none of these."""
    dark, bright = IMAGES.astype(int) // 17, IMAGES[:1].astype(int) * 4
    np.savez(tmp_path / "s.npz", train_images=dark, train_labels=LABELS, test_images=bright, test_labels=LABELS[:1])
    data = load(str(tmp_path / "s.npz"))
    np.testing.assert_array_equal(data.train_images, dark * 17)  # the largest is 15: 255 / 15
    assert data.test_images.max() == 255


def test_validation_images_are_no_test_set(tmp_path: Path) -> None:
    pictures(tmp_path / "set" / "train", n=2)
    pictures(tmp_path / "set" / "val", n=2)
    with pytest.raises(EquispikeError, match="has a folder train but no folder test"):
        load(str(tmp_path / "set"))


def test_arrays_with_a_split(tmp_path: Path) -> None:
    np.savez(tmp_path / "s.npz", x_train=IMAGES[:8], y_train=LABELS[:8], x_test=IMAGES[8:], y_test=LABELS[8:])
    data = load(str(tmp_path / "s.npz"))
    np.testing.assert_array_equal(data.test_images, IMAGES[8:])
    np.testing.assert_array_equal(data.train_labels, LABELS[:8] - 1)


BAD = {
    "nothing": (lambda path: None, "there is no data set"),
    "e.npz": (lambda path: np.savez(path, a=IMAGES), r"it has a|has a: name its arrays images and labels"),
    "l.npz": (lambda path: np.savez(path, images=IMAGES, labels=LABELS[:5]), "12 images, but 5 labels"),
    "n.npz": (lambda path: np.savez(path, images=IMAGES - 200.0, labels=LABELS), "below 0 or not finite"),
    "f.npz": (lambda path: np.savez(path, images=IMAGES, labels=LABELS + 0.5), "labels are fractions"),
    "i.npz": (lambda path: np.savez(path, images=IMAGES, labels=LABELS + np.inf), "not finite, not classes"),
    "j.npz": (lambda path: np.savez(path, images=IMAGES, labels=LABELS * 1j), "labels are of type complex128"),
    "z.npz": (lambda path: np.savez(path, images=np.array(3), labels=LABELS), r"images have shape \(\)"),
    "m.npz": (lambda path: np.savez(path, images=IMAGES, labels=np.stack([LABELS, LABELS + 1], 1)), "no one-hot rows"),
    "u.npz": (lambda path: np.savez(path, images=np.array(3)), r"images have shape \(\)"),
    "w.npz": (
        lambda path: np.savez(path, x_train=IMAGES, y_train=LABELS, x_test=IMAGES / 255, y_test=LABELS),
        "up to 255 and are uint8, test images up to 1 and are float64: scale them alike",
    ),
    "o.npz": (lambda path: np.savez(path, images=IMAGES, labels=np.zeros(12, int)), "has one class"),
    "p.npz": (lambda path: np.savez(path, images=np.array([{}] * 12), labels=LABELS), "cannot be read as npz"),
    "t.npz": (lambda path: path.write_bytes(b"PK\3\4 and no more"), "cannot be read as npz"),
    "s.csv": (_csv, "30 pixels make no square: add #size=ROWSxCOLUMNS"),
    "v.csv": (lambda path: path.write_text("label,a\n1,\n2,3\n"), "has empty cells"),
    "h.csv": (lambda path: path.write_text("a,b\n1,0\n1,1\n"), "words in place of pixels"),
    "two.csv": (lambda path: path.write_text("label,Class,a\n1,0,2\n1,1,2\n"), "has 2 columns of labels"),
    "semicolons.csv": (lambda path: path.write_text("label;a\n1;0\n"), "has no pixels"),
    "x" * 300 + ".npz": (lambda path: None, "there is no data set"),
    "x.xyz": (lambda path: path.write_text(""), "is of no kind that is read"),
    "empty": (lambda path: path.mkdir(), "has no pictures"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, name: str) -> None:
    make, sentence = BAD[name]
    make(tmp_path / name)
    with pytest.raises(EquispikeError, match=sentence) as error:
        load(str(tmp_path / name))
    assert "\n" not in str(error.value) and name in str(error.value)


@pytest.mark.parametrize(
    ("shape", "mapping", "sentence"),
    [
        (IMAGES.shape, "1 65\n3 67\n", "does not name label 2"),
        (IMAGES.shape, "1 65\n2 65\n3 67\n", "is no list of labels and codes"),
        (IMAGES.shape, "1 65\n2 9999999999\n3 67\n", "is no list of labels and codes"),
        ((1,) * 64 + (IMAGES.size,), "1 65\n2 66\n3 67\n", "names 65 dimensions"),
    ],
)
def test_idx_files_that_lie(tmp_path: Path, shape: tuple[int, ...], mapping: str, sentence: str) -> None:
    """No two labels become one class, and no header of a file is believed."""
    for what, sizes, array in (("images", shape, IMAGES), ("labels", LABELS.shape, LABELS.astype(np.uint8))):
        header = bytes((0, 0, 8, len(sizes))) + b"".join(size.to_bytes(4, "big") for size in sizes)
        (tmp_path / f"emnist-train-{what}-idx3-ubyte").write_bytes(header + array.tobytes())
    (tmp_path / "emnist-mapping.txt").write_text(mapping)
    with pytest.raises(EquispikeError, match=sentence):
        load(str(tmp_path))


@pytest.mark.parametrize("options", ["test=2", "seed=-1", "size=28", "fraction=0.2", "test"])
def test_options_that_say_nothing_are_refused(tmp_path: Path, options: str) -> None:
    with pytest.raises(EquispikeError, match=r"#|says nothing"):
        load(f"{pictures(tmp_path / 'a', n=2)}#{options}")


def test_options_that_would_change_nothing_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=IMAGES, labels=LABELS)
    np.savez(tmp_path / "b.npz", x_train=IMAGES, y_train=LABELS, x_test=IMAGES, y_test=LABELS)
    for name, sentence in (
        ("a.npz#size=3x3", "images are 6 x 5, and #size"),
        ("b.npz#test=0.2", "test set of its own"),
    ):
        with pytest.raises(EquispikeError, match=sentence):
            load(f"{tmp_path / name}")
    pictures(tmp_path / "a#1", n=2)
    with pytest.raises(EquispikeError, match="has # in its name"):
        load(str(tmp_path / "a#1"))


def test_names_of_classes_are_words_as_they_are_written(tmp_path: Path) -> None:
    """Bytes are text, NA is a word, and nan, which has no place among numbers, comes after them."""
    np.savez(tmp_path / "a.npz", images=IMAGES, labels=np.array([b"", b"nan", b"inf", b"1"])[LABELS])
    assert load(str(tmp_path / "a.npz")).classes == ("1", "inf", "nan")
    (tmp_path / "b.csv").write_text("label,a\nNA,1\nNA,2\n7,1\n7,3\n")
    assert load(str(tmp_path / "b.csv")).classes == ("7", "NA")


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(EquispikeError, match="cannot be read: Permission denied"):
        load(str(tmp_path))


def test_data_that_was_moved_is_found_in_its_new_folder(tmp_path: Path) -> None:
    name = f"{pictures(tmp_path / 'a', n=2)}#test=0.5"
    before = load(name)
    (tmp_path / "new").mkdir()
    (tmp_path / "a").rename(tmp_path / "new" / "a")
    with pytest.raises(EquispikeError, match="with --data-dir"):
        load(name)
    after = load(name, tmp_path / "new")
    assert (after.checksum, after.name, after.source) == (before.checksum, name, str(tmp_path / "new" / "a"))


def test_oddities() -> None:
    bright, copied = np.full((6, 2, 2), 255, np.uint8), np.arange(24, dtype=np.uint8).reshape(6, 2, 2)
    said = list(oddities(bright, copied, np.array([0, 0, 0, 0, 0, 1]), ("a", "b")))
    assert [word in " ".join(said) for word in ("one colour", "mostly bright", "copies", "only 1")] == [True] * 4
    assert "brighter than 23 of 255" in " ".join(oddities(copied, copied, np.zeros(6, int), ("a",)))
    assert "among the training images" in " ".join(oddities(copied, copied, np.zeros(6, int), ("a",)))


def test_the_label_is_part_of_a_file_name() -> None:
    assert label_of("my pictures/#test=0.3") == "my-pictures" and label_of("mnist") == "mnist"


def test_six_lines_of_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks of several kinds are fitted to 32 x 32 pictures of 7 classes."""
    pictures(tmp_path / "animals", n=12)
    monkeypatch.chdir(tmp_path)
    run = equispike.train("mlp", "animals", {"layers": "1024,20,7", "epochs": 30}, seed=0)
    assert max(equispike.evaluate(run).accuracy.values()) > 0.9
    assert run.path.name == "mlp-animals-s0"
    monkeypatch.chdir("/")  # its data is found from anywhere
    assert equispike.predict(
        tmp_path / "runs" / "mlp-animals-s0", load(str(tmp_path / "animals")).test_images
    ).shape == (14, 7)


@pytest.mark.parametrize("system", equispike.systems())
def test_every_system_that_takes_images_is_fitted(tmp_path: Path, system: str) -> None:
    from equispike.protocols.beginning import new_spec

    folder = str(pictures(tmp_path / "animals", n=3))
    try:
        spec, data, _ = new_spec(system, folder, {}, images=10)
    except EquispikeError as error:
        assert any(words in str(error) for words in ("features of another run", "is for 784 inputs"))
        return
    spec.params.check_images("animals", data.train_images.shape[1:])
    assert getattr(spec.params, "n_classes", 7) == 7


def test_from_a_folder_of_pictures_to_predictions(equispike, tmp_path: Path) -> None:
    folder = pictures(tmp_path / "animals", n=12)
    done = equispike("data", folder, "--out", "look")
    assert done.code == 0 and "\nshape\t32, 32\n" in done.out and "\nclasses\tant, bee, cat" in done.out
    assert {path.name for path in (tmp_path / "look").iterdir()} == {
        "samples.png",
        "samples.pdf",
        "samples-numbers.csv",
    }
    words = ("--set", "layers=1024,20,7", "--set", "epochs=30", "--out", "run")
    assert equispike("train", "mlp", "--data", folder, *words).code == 0
    assert "\tlargest output\ttest\t" in equispike("evaluate", "run").out
    said = equispike("predict", "run", folder / "elk" / "3.gif", folder / "bee" / "1.jpg").out
    assert [line.split("\t")[1] for line in said.splitlines()[1:]] == ["elk", "bee"]


def test_a_sweep_finds_it_from_the_folder_of_its_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pictures(tmp_path / "mine", n=3)
    (tmp_path / "s.yaml").write_text("system: softmax\ndata: mine\nseeds: [0]\n")
    (run,) = plan(open_sweep(Path("s.yaml"))).runs.values()
    assert run.size[2] == str(tmp_path / "mine") and f"--data={tmp_path / 'mine'}" in run.steps[0].words
