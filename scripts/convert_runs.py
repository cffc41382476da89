"""Run folders of earlier formats become those of this one, in place:

python -m equispike.scripts.convert_runs RUN_OR_FOLDER_OF_RUNS...
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd

from equispike.models.errors import EquispikeError
from equispike.protocols.catalogue import get_system
from equispike.protocols.data import load
from equispike.protocols.derived import WEIGHTS, checksum
from equispike.protocols.evaluations import SPLITS, evaluation_name
from equispike.protocols.learned import LearnedFrom
from equispike.protocols.run_folder import FORMAT, RunFolder
from equispike.protocols.spec import TrainingSpec
from equispike.protocols.system import System

#: Parameters by their earlier names; those of layers stand behind a dot.
RENAMED = {
    "w_gain": "init_scale",
    "adaptive_part": "adaptive_fraction",
    "winners": "n_winners",
    "radius": "inhibition_radius",
    "doubling": "doubling_interval",
}
#: Training sets that need not be read for their size.
N_TRAIN = {"mnist": 60_000, "fashion-mnist": 60_000, "digits": 1_437, "nmnist-small": 1_000}
N_TEST = {"mnist": 10_000, "fashion-mnist": 10_000, "digits": 360, "nmnist-small": 100}
#: In the first and second format: what all readouts have learned.
READOUTS = "readouts.npz"


def convert(run: RunFolder) -> bool:
    """Convert a run folder of an earlier format; returns whether it was one.

    Raises EquispikeError where it is damaged; run.json, which says the format, is written last by each step, so that what was
    interrupted is done again.
    """
    with run.writing():
        found = run.read_object("run.json").get("format")
        if found not in (1, 2):
            return False
        try:
            if found == 1:
                _second(run, run.read_object("run.json"))
            _third(run, run.read_object("run.json"))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise EquispikeError(f"{run.path} is damaged: its files are not whole ({error})") from None
    return True


def _second(run: RunFolder, record: dict[str, Any]) -> None:
    """Convert the first format to the second."""
    config = record.get("config")
    if not isinstance(config, dict):
        raise EquispikeError(f"{run.path / 'run.json'} is damaged: it has no whole configuration")
    if "protocol" in config:
        config["experiment"] = config.pop("protocol")
        config["experiment_params"] = config.pop("protocol_params")
        run.write_json("run.json", record | {"format": 2})
        return
    spec = _spec(config)
    record["config"] = spec.as_json()
    if "features" in record:
        record["source"] = record.pop("features")
    _readouts(run, spec, record)
    for name in ("raster.npz", "activity.npz"):
        (run.path / name).unlink(missing_ok=True)
    if run.has("stopping.csv"):
        (run.path / "stopping.csv").replace(run.path / "anytime.csv")
    for name in run.names("evaluation-*.json"):
        run.write_json(name, _evaluation(run.read_object(name), spec))
    for name in run.names("evaluation-*.npz"):
        with np.load(run.path / name) as arrays:
            truth, guesses = arrays["truth"], arrays.get("guesses")
        if guesses is not None:
            headline = next(iter(spec.procedure().readouts))
            run.write_arrays(name, {"truth": truth, headline: guesses}, compress=True)
    if run.has("checkpoint/state.npz"):
        run.write_arrays("checkpoint/state.npz", _checkpoint(run.read_arrays("checkpoint/state.npz"), spec))
    run.write_json("run.json", record | {"format": 2})


def _spec(config: dict[str, Any]) -> TrainingSpec:
    system = get_system(config["model"])
    params, own = system.settled(_settings(system, config["params"]))
    data, holdout = config["data"], config["holdout"]
    n_train = N_TRAIN[data] if data in N_TRAIN else len(load(data).train_images)
    return TrainingSpec(
        system=system,
        params=params,
        procedure_params=own,
        data=data,
        n_images=config["n_images"],
        n_train=n_train - holdout,
        seed=config["seed"],
        backend=config["backend"],
        holdout=holdout,
        chunk_images=config["chunk_images"],
        source=config.get("features"),
    )


def _settings(system: System, old: dict[str, str]) -> dict[str, str]:
    """Return parameters under the names they have now; those of a part that fills a slot stand behind the slot's name."""
    found = {}
    for key, value in old.items():
        section, dot, name = key.rpartition(".")
        found[section + dot + RENAMED.get(name, name)] = value
    if "rule" in found:
        found["rule"] = f"diehl-cook-{found['rule']}"
    known = {*system.settled({"rule": found["rule"]} if "rule" in found else {})[0].as_text()}
    own = set(system.procedure_params().keys())
    placed = {}
    for key, value in found.items():
        slots = [each for each in (key, f"neuron.{key}", f"rule.{key}") if each in known or each in own]
        # Layers are known once their number is.
        placed[slots[0] if slots else key] = value
    return placed


def _readouts(run: RunFolder, spec: TrainingSpec, record: dict[str, Any]) -> None:
    """Turn labels of neurons into what readouts have learned."""
    if not run.has("labels.npz"):
        return
    labels = run.read_arrays("labels.npz")
    of = np.array(_learned_from(run, int(labels["n_label"]), {}, record["data"]["checksum"]))
    learned = {key: labels[key] for key in ("class_rates", "assignments")} | {"of": of}
    names = spec.procedure().readouts
    arrays = {f"{name}.{key}": values for name in names for key, values in learned.items()}
    run.write_arrays(READOUTS, arrays, compress=True)
    (run.path / "labels.npz").unlink()


def _evaluation(old: dict[str, Any], spec: TrainingSpec) -> dict[str, Any]:
    """Return an evaluation's record: what it answers and costs without labelling."""
    if "settings" in old:  # converted before an interruption
        return old
    new = {
        key: value for key, value in old.items() if key not in ("grid", "accuracy_by_bins", "features_images_per_cpu_s")
    }
    keys = spec.system.trained_by.answer_keys
    new["settings"] = {key: str(old.get(key, spec.procedure_params.as_text()[key])) for key in keys}
    new = {"n_label": 0, "backend": spec.backend, "accuracy_by_labelled_images": {}} | new
    if "features_images_per_cpu_s" in old:
        new["cpu_s"] = old["n_images"] / old["features_images_per_cpu_s"]
        new.pop("wall_s", None)
    for clock in ("wall_s", "cpu_s"):
        if f"labelling_{clock}" in old:
            new[clock] = old[clock] - old[f"labelling_{clock}"]
        elif (
            "n_label" in old and "features_images_per_cpu_s" not in old
        ):  # not told apart: labelling images were shown as the others were
            new[clock] = old[clock] * old["n_images"] / (old["n_images"] + old["n_label"])
    return new


def _third(run: RunFolder, record: dict[str, Any]) -> None:
    """Convert the second format to this one: what is derived carries the checksum of what it was made from, and is kept by how
    it was made."""
    record = _with_commands(record)
    if "experiment" in record["config"]:
        run.write_json("run.json", record | {"format": FORMAT})
        return
    weights = checksum(run.read_arrays("arrays.npz")) if run.has("arrays.npz") else None
    evaluations = {}
    for split in SPLITS:
        if run.has(f"evaluation-{split}.json"):
            found = run.read_object(f"evaluation-{split}.json")
            n_split = record["config"]["holdout"] if split == "validation" else _n_test(record["config"]["data"])
            evaluations[split] = _with_commands({"data": record["data"]} | found) | {"n_split": n_split}
    # Labels of other weights say that nothing here is of the weights that there are now.
    same = _readouts_by_what_they_learned(run, record, weights, evaluations.values())
    weights_then = weights if same else "unknown"
    for split, found in evaluations.items():
        found = found | {WEIGHTS: weights_then}
        name = evaluation_name(found)
        if run.has(f"evaluation-{split}.npz"):
            _mark(run, f"evaluation-{split}.npz", weights_then, f"{name}.npz")
        run.write_json(f"{name}.json", found)
        for ending in ("npz", "json"):
            (run.path / f"evaluation-{split}.{ending}").unlink(missing_ok=True)
    for name in ("activity.npz", "responses.npz"):
        if run.has(name):
            _mark(run, name, weights_then, name)
    for name in run.names("features-*.npz"):
        _mark(run, name, record.get("source"), name)
    for name in (*run.names("workload.json"), *run.names("verification-*.json")):
        run.write_json(name, _with_commands(run.read_object(name)) | {WEIGHTS: weights_then})
    for name in ("anytime.csv", "robustness.csv"):
        if run.has(name) and weights_then is not None:
            run.write_table(name, pd.read_csv(run.path / name).assign(**{WEIGHTS: weights_then}))
    run.write_json("run.json", record | ({} if weights is None else {WEIGHTS: weights}) | {"format": FORMAT})


def _n_test(data: str) -> int:
    return N_TEST[data] if data in N_TEST else len(load(data).test_images)


def _with_commands(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with the command that made it, if it has one, as the first of several."""
    if "command" not in record:
        return record
    first = {"command": record["command"]} | ({"commit": record["commit"]} if "commit" in record else {})
    return {key: value for key, value in record.items() if key != "command"} | {"commands": [first]}


def _mark(run: RunFolder, old: str, weights: str | None, new: str) -> None:
    """Write the arrays of the file ``old`` to ``new``, with the checksum of the weights that they are of."""
    arrays = run.read_arrays(old)
    run.write_arrays(new, arrays | ({} if weights is None else {WEIGHTS: np.array(weights)}), compress=True)


def _readouts_by_what_they_learned(
    run: RunFolder, record: dict[str, Any], weights: str | None, evaluations: Iterable[dict[str, Any]]
) -> bool:
    """Move what readouts have learned to where it is looked for; returns False where it is all of other weights."""
    if not run.has(READOUTS):
        return True
    data, kept, moved = record["data"]["checksum"], run.read_arrays(READOUTS), False
    names = {key.rpartition(".")[0] for key in kept if key.endswith(".of")}
    for each in evaluations if weights is not None else ():
        of = _learned_from(run, each["n_label"], each["settings"], data)
        mine = {key: values for key, values in kept.items() for name in names
                if key.startswith(f"{name}.") and key != f"{name}.of" and str(kept[f"{name}.of"]) == of}  # fmt: skip
        if mine:
            LearnedFrom(each["n_label"], each["backend"], each["settings"], data, str(weights)).write(run, mine)
            moved = True
    (run.path / READOUTS).unlink()
    return moved


def _learned_from(run: RunFolder, n_label: int, settings: dict[str, str], data_checksum: str) -> str:
    """Return the hash by which the second format told what readouts had learned from."""
    digest = hashlib.sha256((run.path / "arrays.npz").read_bytes())
    digest.update(repr([n_label, sorted(settings.items()), data_checksum]).encode())
    return digest.hexdigest()


def _checkpoint(old: dict[str, np.ndarray], spec: TrainingSpec) -> dict[str, np.ndarray]:
    """Return a checkpoint of equispike.protocols.training.Progress."""
    new = {name: values for name, values in old.items() if name.startswith(("metrics:", "state:"))}
    new |= {f"state:{name}": values for name, values in old.items() if name.startswith("leaf:")}
    if "recent" in old:  # position in the training set, neuron, count
        position, neuron, count = old["recent"].T
        labels = load(spec.data).train_labels
        number = np.cumsum(np.append(0, position[1:] != position[:-1])) if len(position) else position
        new["state:recent"] = np.stack([number, labels[position], neuron, count], axis=1).astype(np.int32)
    if "counts" in old:
        return new | {"counts": old["counts"], "seconds": old["seconds"]}
    seen, seconds = int(old["images_seen"] if "images_seen" in old else old["numbers"][0]), old.get("seconds")
    return new | {"counts": np.array([0, seen, seen]), "seconds": old["numbers"][1:] if seconds is None else seconds}


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
def main(folders: tuple[Path, ...]) -> None:
    """Convert the runs in FOLDERS that an earlier version has written."""
    n, reasons = 0, []
    for path in (path for folder in folders for path in sorted(folder.rglob("run.json"))):
        try:
            n += convert(RunFolder(path.parent))
        except EquispikeError as error:
            reasons.append(str(error) if str(path.parent) in str(error) else f"{path.parent}: {error}")
    click.echo(f"Converted {n} runs")
    if reasons:
        raise click.ClickException("\n".join(reasons))


if __name__ == "__main__":
    main()
