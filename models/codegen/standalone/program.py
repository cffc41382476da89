"""A built program: what it reads, how it is called, what it leaves."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from equispike.models.built_network import BuiltNetwork, RunResult
from equispike.models.codegen.constants import numbers_for_run
from equispike.models.errors import EquispikeError


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
        try:
            with tempfile.TemporaryDirectory(prefix="equispike-") as folder:
                arguments = [self._write_input(folder, name, values) for name, values in inputs.items()]
                arguments += [self._write(folder, name, values, self._files[name][1]) for name, values in state.items()]
                lines = [repr(float(numbers[name])) for name in self._constants] + [str(seed)]
                run_file = Path(folder, "run.txt")
                run_file.write_text("\n".join(lines) + "\n")
                self._execute([*arguments, str(run_file)], Path(folder, "results"))
                result = self._read(Path(folder, "results"))
        except OSError as error:
            raise EquispikeError(
                f"cannot use the temporary folder {tempfile.gettempdir()} ({error}): free some space or set TMPDIR"
            ) from None
        if any(len(result.state[name]) != len(values) for name, values in state.items()):
            raise EquispikeError(
                f"the results of the compiled network are incomplete: is {tempfile.gettempdir()} full? (TMPDIR sets another)"
            )
        return result

    def _execute(self, arguments: list[str], results: Path) -> None:
        results.mkdir()
        command = ["./main", "--results_dir", f"{results}/", *arguments]
        done = subprocess.run(command, cwd=self._directory, capture_output=True, text=True)
        if done.returncode != 0:
            message = (done.stderr or done.stdout).strip()[-500:]
            raise EquispikeError(f"the compiled network stopped with code {done.returncode}: {message}")

    def _write_input(self, folder: str, name: str, values: np.ndarray) -> str:
        if values.shape != self._shapes[name]:
            raise ValueError(f"{name} has shape {values.shape}, the program needs {self._shapes[name]}")
        return self._write(folder, f"{name}.values", values, np.dtype(float))

    @staticmethod
    def _write(folder: str, name: str, values: np.ndarray, dtype: np.dtype) -> str:
        path = os.path.join(folder, name)
        np.asarray(values, dtype=dtype).tofile(path)
        return f"{name}={path}"

    def _read(self, results: Path) -> RunResult:
        def array(name: str) -> np.ndarray:
            filename, dtype = self._files[name]
            return np.fromfile(results / filename, dtype=dtype)

        records = {monitor: {key: array(f"{monitor}.{key}") for key in keys} for monitor, keys in self._records.items()}
        return RunResult({name: array(name) for name in self._state}, records)
