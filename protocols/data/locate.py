"""Where the IDX files of a data set are looked for.

A place is a folder that holds `mnist/` or `fashion-mnist/`, each with the four files named in STEMS.
"""

import os
from pathlib import Path

from equispike.models.errors import EquispikeError

STEMS = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
"""The four files, each as it stands or with `.gz` appended, and under any name of :func:`_names`."""

NMNIST_LISTS = ("train1K.txt", "test100.txt")
"""What names the recordings of the N-MNIST subset that SLAYER ships, each a file NUMBER.bs2 beside them."""

SYSTEM_FOLDERS = {"fashion-mnist": Path("/usr/share/datasets/fashion-mnist")}
"""Where a Linux distribution installs a data set (Debian: dataset-fashion-mnist)."""

DataDir = str | os.PathLike[str] | None


def cache_folder(name: str) -> Path:
    """The folder of the user's cache for this data set, where downloads go; it need not exist."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(cache, "equispike", "data", name)


def find(name: str, data_dir: DataDir = None) -> Path:
    """The folder to read: the first that holds any file of the data set, otherwise the last one looked in.

    One file is enough: somebody who put three of four files there wants to hear of the fourth, not to get a
    download or other data instead. So does somebody whose EQUISPIKE_DATA has a folder of that name with other files.
    """
    folders = _folders(name, data_dir)
    chosen = os.environ.get("EQUISPIKE_DATA")
    if data_dir is None and chosen and _holds_something(folders[0]):
        return folders[0]
    return next((folder for folder in folders if len(missing(folder)) < len(STEMS)), folders[-1])


def _holds_something(folder: Path) -> bool:
    try:
        return bool(os.listdir(folder))
    except OSError:
        return False


def find_recordings(data_dir: DataDir = None) -> Path:
    """The folder of the N-MNIST subset.

    Raises EquispikeError where there is none: it is not downloaded.
    """
    folders = _folders("nmnist_small", data_dir)
    for folder in folders:
        if any(os.path.exists(folder / name) for name in NMNIST_LISTS):
            return folder
    raise EquispikeError(
        f"{folders[0] / NMNIST_LISTS[0]} is missing: put the recordings that SLAYER ships there (bamsumit/slayerPytorch, "
        "test/test_files/NMNISTsmall), or point --data-dir or EQUISPIKE_DATA to a folder that has them in its subfolder "
        "'nmnist_small'."
    )


def missing(folder: Path) -> list[str]:
    """The stems of the files that this folder lacks, in the order of STEMS."""
    return [stem for stem in STEMS if _existing(folder, stem) is None]


def files_in(folder: Path) -> list[Path]:
    """The paths of the four files, in the order of STEMS.

    Raises EquispikeError that names the first file that is not there.
    """
    for stem in missing(folder):
        raise EquispikeError(
            f"{folder / stem}.gz is missing: put it there (packed or not), or point --data-dir or EQUISPIKE_DATA "
            f"to a folder that has all four files in its subfolder '{folder.name}'."
        )
    return [path for stem in STEMS if (path := _existing(folder, stem))]


def _folders(name: str, data_dir: DataDir) -> list[Path]:
    """Folders to look in, best first; a data_dir that was asked for is the only one."""
    if data_dir is not None:
        return [Path(data_dir, name)]
    folders = [cache_folder(name)]
    if name in SYSTEM_FOLDERS:
        folders.insert(0, SYSTEM_FOLDERS[name])
    if chosen := os.environ.get("EQUISPIKE_DATA"):
        folders.insert(0, Path(chosen, name))
    return folders


def _existing(folder: Path, stem: str) -> Path | None:
    """The file, unpacked or packed, or None."""
    candidates = [folder / f"{name}{suffix}" for name in _names(stem) for suffix in ("", ".gz")]
    # Not Path.exists, which raises where a folder may not be entered.
    return next((path for path in candidates if os.path.exists(path) and not os.path.isdir(path)), None)


def _names(stem: str) -> list[str]:
    """What a file is called here and there: as published, with a dot as Windows unpacks it, in a folder of its own name, and
    with `test` for `t10k`.
    """
    names = []
    for each in dict.fromkeys((stem, stem.replace("t10k", "test"))):
        dotted = each.replace("-idx", ".idx")
        names += [each, dotted, f"{each}/{each}", f"{dotted}/{dotted}"]
    return names
