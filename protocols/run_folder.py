"""The run folder: what one training leaves behind. A file at its final name is whole, and one process writes at a time.

run.json            configuration, seed, versions, commit, backend, data checksum, host, times, status, all commands, and the
                    checksum of what was learned (``weights``)
metrics.csv         tidy: images, metric, value
arrays.npz          what training leaves, by the names of the network
checkpoint/         state.npz: everything needed to go on
features-*.npz      of the images of a split, where the run learns from features of another run
.writer             while a process writes: which one

Derived from arrays.npz, each with the checksum of the arrays that it was made from; it is void where they are others now:

evaluation-*.json   of an evaluation, by split, images, label images, backend and settings: accuracies and how they were
                    obtained; evaluation-*.npz: predictions
readouts-*.npz      what readouts have learned, by label images, backend and settings, as vote.class_rates
activity.npz        after evaluation: spikes of a training sample, and how many and when in several
verification-*.json spikes in Brian2, by backend, beside those of the differentiable program
workload.json, anytime.csv, robustness.csv, responses.npz: after equispike measure
"""

from __future__ import annotations

import io
import json
import os
import stat
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from equispike.models.errors import EquispikeError
from equispike.protocols import run_schema
from equispike.protocols.one_writer import LEFTOVER, explained, one_writer
from equispike.protocols.run_schema import FORMAT

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FORMAT", "RunFolder"]


class RunFolder:
    """Reads and writes the files of one run."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        #: What goes on with work that a full disk has ended.
        self.again = "run the same command again"

    def __repr__(self) -> str:
        return f"RunFolder('{self.path}')"

    @classmethod
    def create(cls, path: Path | str) -> RunFolder:
        """A new, empty run folder; what a killed process has left before its first file was whole does not count.

        Raises
        ------
        EquispikeError
            There is something at ``path`` already, or it cannot be written.
        """
        path = Path(path)
        with explained(path, "choose a writable --out folder"):
            if path.exists() and (
                not path.is_dir() or not all(LEFTOVER.fullmatch(each.name) for each in path.iterdir())
            ):
                begun = path.is_dir() and (path / "run.json").exists()
                resume = f"resume it by --resume {path}, or choose" if begun else "choose"
                raise EquispikeError(f"{path} exists{'' if begun else ' and is no run folder'}: {resume} another --out")
            path.mkdir(parents=True, exist_ok=True)
        return cls(path)

    @classmethod
    def open(cls, path: Path | str) -> RunFolder:
        """An existing run folder of this version's format."""
        run = cls(path)
        if not run.has("run.json"):
            raise EquispikeError(
                f"{path} is not a run folder: it has no run.json (equispike train --out {path} makes one)"
            )
        found = run.read_json("run.json").get("format")
        if found != FORMAT:
            if found in (1, 2):
                raise EquispikeError(
                    f"{path} was written by an earlier version: python -m equispike.scripts.convert_runs {path} converts it"
                )
            raise EquispikeError(
                f"{path} was written in run format {str(found)[:20]}, this version reads {FORMAT}: use the version of "
                "Equispike named in its run.json, or train anew"
            )
        return run

    def writing(self) -> AbstractContextManager[None]:
        """Be the one process that writes here, for the time of a block; raises EquispikeError where another one does."""
        return one_writer(self.path)

    # Reading.

    def has(self, name: str) -> bool:
        """Return whether there is a file of that name; raises EquispikeError where there is something else, or none can tell."""
        return self._check_regular(name)

    def names(self, pattern: str) -> list[str]:
        """Return the names of the files that match a pattern."""
        try:
            found = sorted(path.name for path in self.path.glob(pattern))
        except OSError as error:
            raise EquispikeError(f"{self.path} cannot be read: {error.strerror}") from None
        return [name for name in found if self.has(name)]

    def _check_regular(self, name: str) -> bool:
        path = self.path / name
        try:
            mode = path.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            if path.is_symlink():
                raise EquispikeError(f"{path} is a link to nothing: put the file back, or delete the link") from None
            return False
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise EquispikeError(f"{path} cannot be read ({reason}): mend its permissions, or copy the run") from None
        if not stat.S_ISREG(mode):
            raise EquispikeError(f"{path} is damaged: it is no regular file; move it away")
        return True

    def _content(self, name: str) -> bytes:
        try:
            if not self.has(name):
                raise EquispikeError(f"{self.path} has no {name}")
            return (self.path / name).read_bytes()
        except PermissionError:
            raise EquispikeError(f"{self.path / name} cannot be read: you have no permission") from None
        except MemoryError:
            raise EquispikeError(f"{self.path / name} does not fit into memory") from None
        except OSError as error:
            raise EquispikeError(f"{self.path / name} cannot be read: {error.strerror}") from None

    def damaged(self, name: str, what: str) -> EquispikeError:
        """Return what to raise where something is wrong with a file."""
        of_training = name in ("run.json", "arrays.npz", "checkpoint/state.npz")
        mend = (
            "put a copy back, or delete the run folder and train anew" if of_training else "delete it, and make it anew"
        )
        return EquispikeError(f"{self.path / name} is damaged: {what}; {mend}")

    def read_object(self, name: str) -> dict[str, Any]:
        """Return a JSON object, whatever it says."""
        try:
            content = json.loads(self._content(name))
        except RecursionError:
            raise self.damaged(name, "it is nested too deep") from None
        except ValueError as error:  # not JSON, not UTF-8, or a number of thousands of digits
            raise self.damaged(
                name, "it has a number that is too long" if "digits" in str(error) else "it is not JSON"
            ) from None
        if not isinstance(content, dict):
            raise self.damaged(name, "it is not a JSON object")
        return content

    def read_json(self, name: str) -> dict[str, Any]:
        """Return a JSON object that says what files of its name say."""
        content = self.read_object(name)
        if wrong := run_schema.wrong_object(name, content):
            raise self.damaged(name, wrong)
        return content

    def read_arrays(self, name: str) -> dict[str, np.ndarray]:
        """All arrays of an npz file."""
        self._check_regular(name)
        try:
            with np.load(self.path / name, allow_pickle=False) as file:
                arrays = dict(file)
        except FileNotFoundError:
            raise EquispikeError(f"{self.path} has no {name}") from None
        except PermissionError:
            raise EquispikeError(f"{self.path / name} cannot be read: you have no permission") from None
        except MemoryError:
            raise EquispikeError(f"{self.path / name} does not fit into memory") from None
        except Exception:  # zipfile, zlib, tokenize and NumPy raise a dozen kinds of errors on damaged files
            raise self.damaged(name, "it is no whole file of arrays") from None
        shown = {key: values for key, values in arrays.items() if key != "weights"}
        if wrong := run_schema.wrong_arrays(name, shown):
            raise self.damaged(name, wrong)
        return arrays

    def read_metrics(self) -> pd.DataFrame:
        """Columns images, metric, value."""
        return self.read_table("metrics.csv")

    def read_table(self, name: str) -> pd.DataFrame:
        """Return a table that :meth:`write_table` wrote."""
        import pandas as pd

        content = self._content(name)
        try:
            table = pd.read_csv(io.BytesIO(content))
        except (ValueError, UnicodeDecodeError):
            raise self.damaged(name, "it is no table") from None
        if wrong := run_schema.wrong_table(name, table):
            raise self.damaged(name, wrong)
        return table

    def trained_arrays(self) -> dict[str, np.ndarray]:
        """What training left in arrays.npz; raises EquispikeError where it has not ended, or is not of this network."""
        from equispike.protocols.spec import TrainingSpec

        if self.read_json("run.json").get("status") != "trained" or not self.has("arrays.npz"):
            raise EquispikeError(
                f"{self.path} is not fully trained: resume it with equispike train --resume {self.path}"
            )
        arrays = self.read_arrays("arrays.npz")
        if wrong := run_schema.differing(TrainingSpec.of_run(self).procedure().arrays_like(), arrays):
            raise self.damaged("arrays.npz", wrong)
        return arrays

    # Writing.

    def write_json(self, name: str, content: Mapping[str, Any]) -> None:
        self._write(name, (json.dumps(content, indent=2) + "\n").encode())

    def write_arrays(self, name: str, arrays: Mapping[str, np.ndarray], *, compress: bool = False) -> None:
        buffer = io.BytesIO()
        (np.savez_compressed if compress else np.savez)(buffer, **arrays)  # type: ignore[arg-type]
        self._write(name, buffer.getvalue())  # a memoryview in a traceback crashes the collector of Python 3.12.1

    def write_bytes(self, name: str, content: bytes) -> None:
        self._write(name, content)

    def write_metrics(self, metrics: pd.DataFrame) -> None:
        self.write_table("metrics.csv", metrics)

    def write_table(self, name: str, table: pd.DataFrame) -> None:
        self._write(name, table.to_csv(index=False, lineterminator="\n").encode())

    def _write(self, name: str, content: bytes) -> None:
        """Write under a temporary name, then rename: readers see the old file or the new one, never half of one."""
        final = self.path / name
        temporary = final.with_name(f".{final.name}.{os.getpid()}")
        self._check_regular(name)
        with explained(self.path, again=self.again):
            final.parent.mkdir(exist_ok=True)
            try:
                with temporary.open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(final)
            finally:
                temporary.unlink(missing_ok=True)
