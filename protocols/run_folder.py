"""The run folder: what one training leaves behind. A file at its final name is whole.

run.json            configuration, seed, versions, commit, backend, data checksum, host, times, status
metrics.csv         tidy: images, metric, value
arrays.npz          what training leaves, by the names of the network
checkpoint/         state.npz: everything needed to go on
readouts.npz        after evaluation: what readouts have learned, as vote.class_rates
activity.npz        after evaluation: spikes of a training sample, and how many and when in several
features-*.npz      of the images of a split, where the run learns from features of another run
verification-*.json spikes in Brian2, by backend, beside those of the differentiable program
workload.json, anytime.csv, robustness.csv, responses.npz: after equispike measure
evaluation-*.json   after evaluation: accuracies and how they were obtained; evaluation-*.npz: predictions
"""

from __future__ import annotations

import errno
import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from equispike.models.errors import EquispikeError

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 2


class RunFolder:
    """Reads and writes the files of one run."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    @classmethod
    def create(cls, path: Path | str) -> RunFolder:
        """A new, empty run folder.

        Raises
        ------
        EquispikeError
            There is something at ``path`` already, or it cannot be written.
        """
        path = Path(path)
        with _explained(path):
            if path.exists() and (not path.is_dir() or any(path.iterdir())):
                raise EquispikeError(f"{path} exists: resume it by --resume {path}, or choose another --out")
            path.mkdir(parents=True, exist_ok=True)
        return cls(path)

    @classmethod
    def open(cls, path: Path | str) -> RunFolder:
        """An existing run folder of this version's format."""
        run = cls(path)
        if not (run.path / "run.json").is_file():
            raise EquispikeError(
                f"{path} is not a run folder: it has no run.json (equispike train --out {path} makes one)"
            )
        record = run.read_json("run.json")
        found = record.get("format")
        if found != FORMAT:
            if found == 1:
                raise EquispikeError(
                    f"{path} was written by an earlier version: python -m equispike.scripts.convert_runs {path} converts it"
                )
            raise EquispikeError(
                f"{path} was written in run format {found}, this version reads {FORMAT}: use the version of Equispike named "
                "in its run.json, or train anew"
            )
        config = record.get("config")
        if not isinstance(config, dict) or not {"params", "data", "seed"} <= config.keys():
            raise EquispikeError(f"{run.path / 'run.json'} is damaged: it has no whole configuration")
        return run

    def read_json(self, name: str) -> dict[str, Any]:
        try:
            content = json.loads((self.path / name).read_text())
        except (json.JSONDecodeError, UnicodeDecodeError):
            raise EquispikeError(f"{self.path / name} is damaged: it is not JSON") from None
        if not isinstance(content, dict):
            raise EquispikeError(f"{self.path / name} is damaged: it is not a JSON object")
        return content

    def write_json(self, name: str, content: Mapping[str, Any]) -> None:
        self._write(name, (json.dumps(content, indent=2) + "\n").encode())

    def read_arrays(self, name: str) -> dict[str, np.ndarray]:
        """All arrays of an npz file."""
        try:
            with np.load(self.path / name, allow_pickle=False) as arrays:
                return dict(arrays)
        except FileNotFoundError:
            raise EquispikeError(f"{self.path} has no {name}") from None
        except PermissionError:
            raise EquispikeError(f"{self.path / name} cannot be read: you have no permission") from None
        except MemoryError:
            raise EquispikeError(f"{self.path / name} does not fit into memory") from None
        except Exception:  # zipfile, zlib, tokenize and NumPy raise a dozen kinds of errors on damaged files
            of_training = name in ("arrays.npz", "checkpoint/state.npz")
            mend = "delete the run folder and train anew" if of_training else "delete it, and make it anew"
            raise EquispikeError(f"{self.path / name} is damaged: {mend}") from None

    def trained_arrays(self) -> dict[str, np.ndarray]:
        """What training left in arrays.npz; raises EquispikeError where it has not ended."""
        if not self.has("arrays.npz"):
            raise EquispikeError(
                f"{self.path} is not fully trained: resume it with equispike train --resume {self.path}"
            )
        return self.read_arrays("arrays.npz")

    def write_arrays(self, name: str, arrays: Mapping[str, np.ndarray], *, compress: bool = False) -> None:
        buffer = io.BytesIO()
        (np.savez_compressed if compress else np.savez)(buffer, **arrays)  # type: ignore[arg-type]
        self._write(name, buffer.getvalue())  # a memoryview in a traceback crashes the collector of Python 3.12.1

    def write_bytes(self, name: str, content: bytes) -> None:
        self._write(name, content)

    def read_metrics(self) -> pd.DataFrame:
        """Columns images, metric, value."""
        return self.read_table("metrics.csv")

    def read_table(self, name: str) -> pd.DataFrame:
        """Return a table that :meth:`write_table` wrote."""
        import pandas as pd

        try:
            return pd.read_csv(self.path / name)
        except (ValueError, UnicodeDecodeError):
            raise EquispikeError(f"{self.path / name} is damaged: it is no table") from None

    def write_metrics(self, metrics: pd.DataFrame) -> None:
        self.write_table("metrics.csv", metrics)

    def write_table(self, name: str, table: pd.DataFrame) -> None:
        self._write(name, table.to_csv(index=False, lineterminator="\n").encode())

    def discard_results(self) -> None:
        """Remove what was made of weights that are about to change: readers must not mix old and new."""
        names = ("evaluation-*", "verification-*", "readouts.npz", "activity.npz", "arrays.npz")
        measures = ("workload.json", "anytime.csv", "robustness.csv", "responses.npz")
        with _explained(self.path):
            for path in (path for name in (*names, *measures) for path in self.path.glob(name)):
                path.unlink()

    def has(self, name: str) -> bool:
        return (self.path / name).is_file()

    def _write(self, name: str, content: bytes) -> None:
        """Write under a temporary name, then rename: readers see the old file or the new one, never half of one."""
        final = self.path / name
        temporary = final.with_name(f".{final.name}.{os.getpid()}")
        with _explained(self.path):
            final.parent.mkdir(exist_ok=True)
            try:
                with temporary.open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(final)
            finally:
                temporary.unlink(missing_ok=True)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn the ways a disk can refuse into one sentence each."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise EquispikeError(
                f"the disk of {path} is full: free some space, then --resume {path}; what was written before is whole"
            ) from None
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise EquispikeError(f"{path} cannot be written: choose a writable --out folder") from None
        if error.errno in (errno.ENOTDIR, errno.EEXIST):
            raise EquispikeError(f"{path} cannot be a folder, a file is in the way: choose another --out") from None
        raise EquispikeError(f"{path} cannot be written ({error.strerror}): choose another --out folder") from None
