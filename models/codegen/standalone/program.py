"""A built program: what it reads, how it is called, what it leaves."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from equispike.models.built_network import BuiltNetwork, RunResult
from equispike.models.codegen import children, disk
from equispike.models.codegen.constants import numbers_for_run
from equispike.models.codegen.disk import temporary_folder
from equispike.models.codegen.standalone import checksums
from equispike.models.errors import EquispikeError

#: What a program ends with that could not write its results.
_CANNOT_WRITE = 28


@dataclass(frozen=True)
class Generated:
    """A network whose code was written.

    Attributes
    ----------
    parts : the network
    files : file and type of each array that a run may exchange, by ``object.variable``
    constants : names of the numbers that a run reads, in the order in which it reads them
    """

    parts: BuiltNetwork
    files: dict[str, tuple[str, np.dtype]]
    constants: tuple[str, ...]


class StandaloneProgram:
    """A compiled network: each run is one process that reads its inputs from files and writes its results to files."""

    def __init__(self, directory: Path, generated: Generated) -> None:
        parts = generated.parts
        self._directory = directory
        self._namespace: dict[str, Any] = dict(parts.namespace)
        self._state = parts.state
        self._shapes = {name: array.values.shape for name, array in parts.inputs.items()}
        self._records = {name: ("i", "t", *monitor.record_variables) for name, monitor in parts.monitors.items()}
        self._files = generated.files
        self._constants = generated.constants

    def run(
        self,
        state: Mapping[str, np.ndarray],
        inputs: Mapping[str, np.ndarray],
        constants: Mapping[str, object],
        seed: int,
    ) -> RunResult:
        numbers = numbers_for_run(self._namespace, constants)
        check_program(self._directory)
        with temporary_folder() as folder:
            arguments = [self._write_input(folder, name, values) for name, values in inputs.items()]
            arguments += [self._write(folder, name, values, self._files[name][1]) for name, values in state.items()]
            lines = [repr(float(numbers[name])) for name in self._constants] + [str(seed)]
            run_file = folder / "run.txt"
            run_file.write_text("\n".join(lines) + "\n")
            results = folder / "results"
            results.mkdir()
            execute(["./main", "--results_dir", f"{results}/", *arguments, str(run_file)], self._directory)
            try:
                result = self._read(results)
            except FileNotFoundError:
                raise incomplete() from None
        if any(len(result.state[name]) != len(values) for name, values in state.items()):
            raise incomplete()
        return result

    def _write_input(self, folder: Path, name: str, values: np.ndarray) -> str:
        if values.shape != self._shapes[name]:
            raise ValueError(f"{name} has shape {values.shape}, the program needs {self._shapes[name]}")
        return self._write(folder, f"{name}.values", values, np.dtype(float))

    @staticmethod
    def _write(folder: Path, name: str, values: np.ndarray, dtype: np.dtype) -> str:
        path = folder / name
        with path.open("wb") as file:  # NumPy's own errors do not say whether the disk is full
            file.write(np.ascontiguousarray(values, dtype=dtype).data)
        return f"{name}={path}"

    def _read(self, results: Path) -> RunResult:
        def array(name: str) -> np.ndarray:
            filename, dtype = self._files[name]
            return np.fromfile(results / filename, dtype=dtype)

        records = {monitor: {key: array(f"{monitor}.{key}") for key in keys} for monitor, keys in self._records.items()}
        return RunResult({name: array(name) for name in self._state}, records)


def check_program(directory: Path) -> None:
    """Raise EquispikeError where a built program is not what it was when it was built."""
    if fault := checksums.damage(directory):
        raise EquispikeError(
            f"the built program {directory} is damaged ({fault}): the same command again, or --resume, builds it anew"
        )


def execute(command: list[str], folder: Path, **environment: str) -> None:
    """Run a built program in a folder; raises EquispikeError where it does not end well."""
    try:
        done = children.run(command, cwd=folder, env=os.environ | environment)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM):
            raise EquispikeError(
                f"programs in {folder} may not be run (noexec): set EQUISPIKE_CACHE to a folder on another disk"
            ) from None
        raise EquispikeError(
            f"the built program in {folder} cannot be run ({error.strerror}): delete {folder}, so that it is built anew"
        ) from None
    if done.returncode == _CANNOT_WRITE:
        raise incomplete()
    if done.returncode != 0:
        raise EquispikeError(f"the compiled network did not end well: {children.how_it_ended(done)}")


def incomplete() -> EquispikeError:
    """The sentence for results that a program could not write in full."""
    return disk.full(tempfile.gettempdir(), "TMPDIR")
