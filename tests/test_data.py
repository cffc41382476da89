"""Data sets: what is found is read exactly, what is wrong is said in one sentence, what is downloaded is verified."""

import gzip
import hashlib
import os
import re
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image, ImageDraw

from equispike.models.errors import EquispikeError
from equispike.protocols import data
from equispike.protocols.data import image_file, locate
from equispike.protocols.data.idx import read_idx, read_pair
from equispike.protocols.data.image_file import read_digit

REAL_DATA = os.environ.get("EQUISPIKE_DATA")
RNG = np.random.default_rng(0)


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


IMAGES = RNG.integers(0, 256, (7, 28, 28), np.uint8)
LABELS = np.arange(7, dtype=np.uint8)
CONTENT = dict(zip(locate.STEMS, map(idx, (IMAGES, LABELS, IMAGES[:3], LABELS[:3])), strict=True))
PACKED = {f"{stem}.gz": gzip.compress(content, mtime=0) for stem, content in CONTENT.items()}
FIRST = next(iter(PACKED))


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No data set anywhere and an empty cache, whatever this machine holds; no proxy before the local server."""
    monkeypatch.delenv("EQUISPIKE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(locate, "SYSTEM_FOLDERS", {})
    for name in ("mnist", "fashion-mnist"):
        monkeypatch.setitem(data.DATASETS, name, replace(data.DATASETS[name], mirrors=("http://127.0.0.1:9/",)))


def put(folder: Path, files: dict[str, bytes] = PACKED) -> Path:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def refusal(action: Callable[[], object]) -> str:
    """The message of the error, which must be one sentence."""
    with pytest.raises(EquispikeError) as caught:
        action()
    message = str(caught.value)
    assert message.endswith(".") and "\n" not in message and not re.search(r"\.\s+[A-Z]", message), message
    return message


# Reading IDX files


@given(arrays(np.uint8, array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5)), st.booleans())
def test_idx_round_trip(tmp_path_factory: pytest.TempPathFactory, array: np.ndarray, packed: bool) -> None:
    path = tmp_path_factory.getbasetemp() / "round-trip"
    path.write_bytes(gzip.compress(idx(array)) if packed else idx(array))
    read = read_idx(path, array.ndim)
    assert read.dtype == np.uint8 and read.shape == array.shape and (read == array).all()


def damaged(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


GZ = gzip.compress(idx(IMAGES))


@pytest.mark.parametrize(
    ("images", "complaint"),
    [
        (b"", "not an IDX file"),
        (b"<html>404</html>", "not an IDX file"),
        (idx(LABELS), "with 3 dimensions"),
        (damaged(idx(IMAGES), 2), "not an IDX file of bytes"),
        (idx(IMAGES)[:10], "cut short"),
        (idx(IMAGES)[:-1], "cut short"),
        (idx(IMAGES) + b"x", "too long"),
        (bytes.fromhex("00000803") + b"\xff" * 12, "cut short"),
        (GZ[: len(GZ) // 2], "damaged or incomplete"),
        (damaged(GZ, 2), "damaged or incomplete"),
        (damaged(GZ, len(GZ) // 2), "damaged or incomplete"),
        (damaged(GZ, len(GZ) - 6), "damaged or incomplete"),
        (GZ + b"x", "damaged or incomplete"),
        (idx(IMAGES[:, 1:]), "27 x 28"),
        (idx(IMAGES[:0]), "no images"),
        (idx(IMAGES[:6]), "6 images but .* 7 labels"),
    ],
)
def test_bad_image_file(tmp_path: Path, images: bytes, complaint: str) -> None:
    put(tmp_path / "set", {"images": images, "labels": idx(LABELS)})
    message = refusal(lambda: read_pair(tmp_path / "set" / "images", tmp_path / "set" / "labels"))
    assert re.search(complaint, message) and str(tmp_path / "set" / "images") in message


def test_label_beyond_nine(tmp_path: Path) -> None:
    folder = put(tmp_path / "mnist", CONTENT | {locate.STEMS[3]: idx(np.array([0, 10, 2], np.uint8))})
    message = refusal(lambda: data.load("mnist", tmp_path))
    assert "label 10" in message and str(folder / locate.STEMS[3]) in message


# Finding a data set


@pytest.mark.parametrize("files", [CONTENT, PACKED], ids=["plain", "gzip"])
def test_load_from_folder(tmp_path: Path, files: dict[str, bytes]) -> None:
    folder = put(tmp_path / "fashion-mnist", files)
    assert data.available("fashion-mnist", tmp_path) == str(folder)
    loaded = data.load("fashion-mnist", tmp_path)
    found = (loaded.train_images, loaded.train_labels, loaded.test_images, loaded.test_labels)
    for array, expected in zip(found, (IMAGES, LABELS, IMAGES[:3], LABELS[:3]), strict=True):
        assert array.dtype == np.uint8 and np.array_equal(array, expected) and not array.flags.writeable
    assert loaded.checksum == hashlib.sha256(b"".join(a.tobytes() for a in found)).hexdigest()
    assert (loaded.name, loaded.source) == ("fashion-mnist", str(folder))


@pytest.mark.parametrize("form", ["{dotted}", "{dotted}.gz", "{stem}/{stem}", "{test}", "{dotted}/{dotted}"])
def test_other_usual_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """As unpacked on Windows, as from Kaggle, and with test in place of t10k; nothing is downloaded."""
    for stem, content in CONTENT.items():
        name = form.format(stem=stem, dotted=stem.replace("-idx", ".idx"), test=stem.replace("t10k", "test"))
        path = tmp_path / "chosen" / "mnist" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert np.array_equal(data.load("mnist", tmp_path / "chosen").train_images, IMAGES)
    monkeypatch.setenv("EQUISPIKE_DATA", str(tmp_path / "chosen"))
    assert data.load("mnist").source == data.available("mnist") == str(tmp_path / "chosen" / "mnist")


def test_a_chosen_folder_with_other_files_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "mnist", {"images.npy": b""})
    monkeypatch.setenv("EQUISPIKE_DATA", str(tmp_path))
    assert f"{tmp_path / 'mnist' / locate.STEMS[0]}.gz is missing" in refusal(lambda: data.load("mnist"))


def test_order_of_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert data.available("fashion-mnist") is None
    cached = put(locate.cache_folder("fashion-mnist"))
    assert data.available("fashion-mnist") == str(cached)
    system = put(tmp_path / "system")
    monkeypatch.setitem(locate.SYSTEM_FOLDERS, "fashion-mnist", system)
    assert data.available("fashion-mnist") == str(system)
    monkeypatch.setenv("EQUISPIKE_DATA", str(tmp_path / "chosen"))
    assert data.available("fashion-mnist") == str(system)
    chosen = put(tmp_path / "chosen" / "fashion-mnist")
    assert data.load("fashion-mnist").source == str(chosen)
    assert data.available("fashion-mnist", tmp_path / "empty") is None


def test_missing_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(tmp_path / "none" / "mnist" / FIRST) in refusal(lambda: data.load("mnist", tmp_path / "none"))
    folder = put(tmp_path / "mnist")
    (folder / "t10k-images-idx3-ubyte.gz").unlink()
    monkeypatch.setenv("EQUISPIKE_DATA", str(tmp_path))
    assert f"{folder / 't10k-images-idx3-ubyte.gz'} is missing" in refusal(lambda: data.load("mnist"))
    assert data.available("mnist") is None


def test_folder_in_place_of_file(tmp_path: Path) -> None:
    folder = put(tmp_path / "mnist")
    (folder / locate.STEMS[0]).mkdir()
    assert np.array_equal(data.load("mnist", tmp_path).train_images, IMAGES)  # the packed file beside it
    (folder / FIRST).unlink()
    assert f"{folder / FIRST} is missing" in refusal(lambda: data.load("mnist", tmp_path))


def test_unknown_name() -> None:
    assert "choose one of mnist, fashion-mnist, nmnist-small, digits" in refusal(lambda: data.load("cifar"))
    assert "no data set 'cifar'" in refusal(lambda: data.available("cifar"))


def test_digits_are_embedded() -> None:
    digits = data.load("digits")
    assert digits.train_images.shape == (1437, 28, 28) and digits.test_images.shape == (360, 28, 28)
    assert digits.train_labels[:12].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    assert set(digits.test_labels.tolist()) == set(range(10))
    assert digits.train_images.dtype == digits.train_labels.dtype == np.uint8
    assert digits.train_images.max() == 255 and not digits.train_images[:, :4].any()
    assert digits.checksum == data.load("digits").checksum
    assert data.available("digits") == digits.source == "scikit-learn"


@pytest.mark.skipif(not REAL_DATA, reason="EQUISPIKE_DATA does not name a folder with the real MNIST")
def test_real_mnist_is_intact() -> None:
    mnist = data.load("mnist", REAL_DATA)
    assert (len(mnist.train_images), len(mnist.test_images)) == (60_000, 10_000)
    found = (mnist.train_images, mnist.train_labels, mnist.test_images, mnist.test_labels)
    md5 = {stem: hashlib.md5(idx(array)).hexdigest() for stem, array in zip(locate.STEMS, found, strict=True)}
    assert md5 == data.DATASETS["mnist"].md5


# Downloading


class Mirror(ThreadingHTTPServer):
    """Serves `files`; cuts the connection of as many answers as `cuts` says, half way through what was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = dict(PACKED)
        self.cuts = 0
        self.knows_ranges = True
        self.requests: list[tuple[str, str | None]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"


class _Handler(BaseHTTPRequestHandler):
    server: Mirror

    def do_GET(self) -> None:
        name, wanted = self.path.removeprefix("/"), self.headers["Range"]
        self.server.requests.append((name, wanted))
        if name not in self.server.files:
            self.send_error(404)
            return
        content = self.server.files[name]
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and self.server.knows_ranges else 0
        if start >= len(content):
            self.send_error(416)
            return
        body = content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.server.cuts:
            self.server.cuts -= 1
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """A local mirror of a small 'mnist', the only one that the catalogue knows."""
    with Mirror() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        use_mirrors(monkeypatch, server.url)
        yield server
        server.shutdown()
        thread.join()


def use_mirrors(monkeypatch: pytest.MonkeyPatch, *urls: str) -> None:
    md5 = {stem: hashlib.md5(content).hexdigest() for stem, content in CONTENT.items()}
    monkeypatch.setitem(data.DATASETS, "mnist", replace(data.DATASETS["mnist"], mirrors=urls, md5=md5))


def cached() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in locate.cache_folder("mnist").iterdir()}


def test_download_once(mirror: Mirror) -> None:
    loaded = data.load("mnist")
    assert np.array_equal(loaded.train_images, IMAGES) and cached() == PACKED
    assert loaded.source == str(locate.cache_folder("mnist")) == data.available("mnist")
    assert data.load("mnist").checksum == loaded.checksum and len(mirror.requests) == 4


def test_cut_connection_is_resumed(mirror: Mirror) -> None:
    mirror.cuts = 2
    data.load("mnist")
    half = len(PACKED[FIRST]) // 2
    three_quarters = half + (len(PACKED[FIRST]) - half) // 2
    assert mirror.requests[:3] == [(FIRST, None), (FIRST, f"bytes={half}-"), (FIRST, f"bytes={three_quarters}-")]
    assert cached() == PACKED


@pytest.mark.parametrize(
    ("left_over", "requests"),
    [
        (PACKED[FIRST][:100], 1),
        (PACKED[FIRST], 1),  # complete, but stopped before it was put in place
        (b"x" * 100, 2),
        (b"x" * 10_000, 2),
    ],
    ids=["partial", "complete", "wrong", "wrong and long"],
)
def test_left_over_of_an_earlier_run(mirror: Mirror, left_over: bytes, requests: int) -> None:
    put(locate.cache_folder("mnist"), {f"{FIRST}.part": left_over})
    data.load("mnist")
    asked = [wanted for name, wanted in mirror.requests if name == FIRST]
    assert asked == [f"bytes={len(left_over)}-", None][:requests] and cached() == PACKED


def test_server_without_ranges(mirror: Mirror) -> None:
    mirror.knows_ranges = False
    put(locate.cache_folder("mnist"), {f"{FIRST}.part": PACKED[FIRST][:100]})
    data.load("mnist")
    assert cached() == PACKED


def test_cut_for_good_keeps_what_came(mirror: Mirror) -> None:
    mirror.cuts = 99
    message = refusal(lambda: data.load("mnist"))
    assert "the connection was cut" in message
    (name, content), *others = cached().items()
    assert name == f"{FIRST}.part" and PACKED[FIRST].startswith(content) and not others
    mirror.cuts = 0
    data.load("mnist")
    assert cached() == PACKED


def test_wrong_checksum_leaves_nothing(mirror: Mirror) -> None:
    mirror.files[FIRST] = gzip.compress(b"not MNIST")
    message = refusal(lambda: data.load("mnist"))
    assert f"wrong checksum of {mirror.url}{FIRST}" in message and cached() == {}


def test_next_mirror_fills_in(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    use_mirrors(monkeypatch, mirror.url + "elsewhere/", mirror.url)
    data.load("mnist")
    assert cached() == PACKED


def test_no_network_names_the_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    use_mirrors(monkeypatch, f"http://127.0.0.1:{port}/")
    message = refusal(lambda: data.load("mnist"))
    ways_out = (
        "Connection refused",
        str(locate.cache_folder("mnist")),
        "EQUISPIKE_DATA",
        "--data-dir",
        "--data digits",
    )
    assert all(part in message for part in ways_out) and cached() == {}


def test_cache_that_cannot_be_written(mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    message = refusal(lambda: data.load("mnist"))
    assert "Cannot write to" in message and "XDG_CACHE_HOME" in message and not mirror.requests


# Pictures of a digit


def drawing(size: tuple[int, int] = (200, 160)) -> Image.Image:
    """A thick, off-centre 7 in black on white."""
    picture = Image.new("L", size, 255)
    ImageDraw.Draw(picture).line([(20, 20), (70, 20), (40, 110)], fill=0, width=12, joint="curve")
    return picture


def test_image_of_mnist_is_unchanged(tmp_path: Path) -> None:
    image = np.zeros((28, 28), np.uint8)
    image[2:20, 3:9] = RNG.integers(0, 256, (18, 6))
    Image.fromarray(image).save(tmp_path / "7.png")
    assert np.array_equal(read_digit(tmp_path / "7.png"), image)


def test_drawing_becomes_mnist_like(tmp_path: Path) -> None:
    drawing().save(tmp_path / "7.png")
    digit = read_digit(tmp_path / "7.png")
    assert digit.shape == (28, 28) and digit.dtype == np.uint8 and digit.max() > 240
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    assert np.ptp(rows) + 1 == 20 and 10 <= np.ptp(columns) + 1 < 20
    for axis in (0, 1):
        assert np.average(np.arange(28), weights=digit.sum(axis=axis)) == pytest.approx(14, abs=0.5)  # as in MNIST


def same_digit(picture: Image.Image, path: Path, **settings: Any) -> None:
    """The picture gives, up to noise, what the drawing gives."""
    drawing().save(path.parent / "reference.png")
    picture.save(path, **settings)
    difference = read_digit(path).astype(int) - read_digit(path.parent / "reference.png")
    assert abs(difference).mean() < 2


def test_kinds_of_image_agree(tmp_path: Path) -> None:
    black_on_white = drawing()
    white_on_black = black_on_white.point(lambda level: 255 - level)
    transparent = Image.new("RGBA", black_on_white.size, (0, 0, 0, 0))
    transparent.putalpha(white_on_black)
    faint = black_on_white.point(lambda level: 150 + level // 4)
    deep = Image.fromarray(np.asarray(black_on_white).astype(np.uint16) * 257)
    turned = Image.Exif()
    turned[0x0112] = 6  # to be shown turned by 90 degrees clockwise
    for picture in (white_on_black, transparent, faint, deep, black_on_white.convert("P"), black_on_white.convert("1")):
        same_digit(picture, tmp_path / "same.png")
    same_digit(black_on_white.convert("RGB"), tmp_path / "same.jpg", quality=60)
    same_digit(black_on_white.transpose(Image.Transpose.ROTATE_90), tmp_path / "turned.jpg", quality=95, exif=turned)


@pytest.mark.parametrize("bits", [10, 12, 14])
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_values_of_more_than_8_bits_in_files_of_16(tmp_path: Path, bits: int, suffix: str) -> None:
    levels = np.asarray(drawing()).astype(np.uint16) << (bits - 8)
    for picture in (levels, levels.max() - levels):
        same_digit(Image.fromarray(picture), tmp_path / f"same.{suffix}")


@pytest.mark.parametrize("ink", ["white", "black", "yellow"])
def test_ink_of_any_colour_on_transparency(tmp_path: Path, ink: str) -> None:
    drawn = Image.new("RGBA", drawing().size, ink)
    drawn.putalpha(drawing().point(lambda level: 255 - level))
    for suffix, settings in (("png", {}), ("webp", {"lossless": True})):
        same_digit(drawn, tmp_path / f"same.{suffix}", **settings)


@pytest.mark.parametrize("suffix", ["bmp", "gif", "tif", "webp", "ppm"])
def test_files_of_other_formats(tmp_path: Path, suffix: str) -> None:
    same_digit(drawing(), tmp_path / f"same.{suffix}")


def test_very_large_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than Pillow opens by itself; a stroke as thin as a pen's in it is not lost."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    same_digit(drawing().resize((2400, 1920)), tmp_path / "large.png")
    thin = Image.new("L", (2000, 1600), 255)
    ImageDraw.Draw(thin).line([(200, 200), (700, 200), (400, 1100)], fill=0, width=3)
    thin.save(tmp_path / "thin.png")
    assert read_digit(tmp_path / "thin.png").max() == 255 and Image.MAX_IMAGE_PIXELS == 1000
    monkeypatch.setattr(image_file, "_MOST_PIXELS", 3_000_000)
    assert "3,200,000 pixels" in refusal(lambda: read_digit(tmp_path / "thin.png"))


def test_a_row_of_dots_is_no_digit(tmp_path: Path) -> None:
    for length, complaint in ((900, "too little ink"), (100_000, "is blank")):
        row = np.zeros((1, length), np.uint8)
        row[0, :: length // 30] = 255
        Image.fromarray(row).save(tmp_path / "row.png")
        assert complaint in refusal(lambda: read_digit(tmp_path / "row.png"))


def test_invert_overrules_the_border(tmp_path: Path) -> None:
    Image.fromarray(np.pad(np.full((14, 14), 90, np.uint8), 7)).save(tmp_path / "square.png")
    assert read_digit(tmp_path / "square.png", invert=False).max() == 90
    assert "darker than its ground" in refusal(lambda: read_digit(tmp_path / "square.png", invert=True))


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda path: None, "There is no file"),
        (lambda path: path.mkdir(), "There is no file"),
        (lambda path: path.write_text("seven"), "cannot be read as an image"),
        (lambda path: path.write_bytes(b""), "cannot be read as an image"),
        (lambda path: Image.new("L", (28, 28), 0).save(path), "is blank"),
        (lambda path: Image.new("RGB", (90, 90), "white").save(path), "is blank"),
        (lambda path: Image.new("RGBA", (90, 90), (255, 255, 255, 0)).save(path), "is blank"),
    ],
    ids=["missing", "folder", "text", "empty", "black", "white", "transparent"],
)
def test_bad_image(tmp_path: Path, make: Callable[[Path], object], complaint: str) -> None:
    make(tmp_path / "digit.png")
    message = refusal(lambda: read_digit(tmp_path / "digit.png"))
    assert complaint in message and str(tmp_path / "digit.png") in message


@given(st.data())
def test_damaged_png_is_refused_or_read(tmp_path_factory: pytest.TempPathFactory, choice: st.DataObject) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.png"
    drawing((80, 120)).save(path)
    content = path.read_bytes()
    at = choice.draw(st.integers(0, len(content) - 1))
    path.write_bytes(damaged(content, at) if choice.draw(st.booleans()) else content[:at])
    try:
        assert read_digit(path).shape == (28, 28)
    except EquispikeError as error:
        assert str(path) in str(error)
