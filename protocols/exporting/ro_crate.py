"""A run folder as a research object: its files with what they are, which command made them of which data, in one archive.

RO-Crate (Soiland-Reyes et al. 2022, Data Sci. 5:97-138, doi:10.3233/DS-210053), profile Process Run Crate 0.5.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from equispike.models.errors import EquispikeError
from equispike.models.extras import need
from equispike.protocols.atomic_write import atomic_write
from equispike.protocols.derived import checksum
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.spec import TrainingSpec

_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
#: What files are, by the beginning of their name.
_ABOUT = {
    "run.json": "configuration, seed, versions, host, times and commands",
    "metrics.csv": "metrics by images seen",
    "arrays.npz": "what was learned, in SI units",
    "evaluation-": "accuracy, the images that it is of, and all answers",
    "readouts-": "what readouts learned",
    "activity.npz": "spikes of one presentation",
    "workload.json": "operations, spikes and energy per image",
    "anytime.csv": "accuracy when stopped early",
    "robustness.csv": "accuracy when perturbed",
    "responses.npz": "responses of layers to test images",
    "features-": "features of another run that it learned from",
    "figures/": "a figure, or the numbers that it shows",
    "own_files/": "a file of the user's that the run depends on",
}


def write(run: RunFolder, out: Path) -> None:
    """Write ``run`` to the archive ``out``, a ``.zip``.

    Raises EquispikeError where the run is not fully trained, or ``out`` cannot be written.
    """
    need("exchange", "rocrate")
    from rocrate.model import ContextEntity, SoftwareApplication
    from rocrate.rocrate import ROCrate

    if out.resolve().is_relative_to(run.path.resolve()):
        raise EquispikeError(f"{out} lies in the run folder that goes into it: choose another place")
    record, spec = run.read_json("run.json"), TrainingSpec.of_run(run)
    system, arrays = spec.system, run.trained_arrays()
    crate = ROCrate()
    crate.name = f"{system.name} on {Path(spec.data).name}, seed {spec.seed}"
    crate.description = f"{system.summary}. {system.citation}"
    profile = ContextEntity(crate, _PROFILE, {"@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"})
    crate.add(profile)
    crate.root_dataset["conformsTo"] = profile
    program = SoftwareApplication(
        crate, "#equispike", {"name": "equispike", "softwareVersion": f"{record['versions']['equispike']}, {record['commit']}"}
    )  # fmt: skip
    data = ContextEntity(
        crate, "#data", {"@type": "Dataset", "name": Path(spec.data).name, "sha256": record["data"]["checksum"]}
    )  # fmt: skip
    for entity in (program, data):
        crate.add(entity)
    files = [_added(crate, run.path, path) for path in sorted(run.path.rglob("*")) if _is_kept(run.path, path)]
    for number, each in enumerate(record["commands"], start=1):
        when = {"endTime": each["date"]} if "date" in each else {}
        crate.add_action(program, identifier=f"#command-{number}", object=data, result=files, properties={
            "name": shlex.join(each["command"]), "description": f"at commit {each['commit']}", **when})  # fmt: skip
    crate.root_dataset["weightsSha256"] = checksum(arrays)
    with atomic_write(out) as temporary:
        crate.write_zip(temporary)


def _is_kept(folder: Path, path: Path) -> bool:
    """Checkpoints are for going on, and hidden files for this machine."""
    inside = path.relative_to(folder)
    return path.is_file() and inside.parts[0] != "checkpoint" and not any(part.startswith(".") for part in inside.parts)


def _added(crate: Any, folder: Path, path: Path) -> Any:
    name = path.relative_to(folder).as_posix()
    about = next((words for beginning, words in _ABOUT.items() if name.startswith(beginning)), "")
    return crate.add_file(path, name, properties={"description": about} if about else {})
