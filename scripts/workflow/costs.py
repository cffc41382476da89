"""What runs will cost, from what runs of the same kind cost on this machine, kept for each host."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from equispike.models.codegen.standalone.cache import cache_dir
from equispike.models.errors import EquispikeError
from equispike.protocols.data import load
from equispike.protocols.run_folder import RunFolder
from equispike.scripts.workflow.job import carry_out
from equispike.scripts.workflow.plan import Plan, Run

#: Images of a benchmark.
N_IMAGES = 1000


@dataclass(frozen=True)
class Cost:
    """Of one run, or of its benchmark.

    Attributes
    ----------
    train_cpu_s, images : CPU time of the training, and the images presented
    other_cpu_s, tested, labelled : CPU time of everything else, the images evaluated, and those that gave labels
    max_rss, bytes : memory, and size of the run folder
    """

    train_cpu_s: float
    images: int
    other_cpu_s: float
    tested: int
    labelled: int
    max_rss: int
    bytes: int

    def of(self, images: int, tested: int, labelled: int) -> Cost:
        """As it would be with so many images; no images give labels where none did."""
        labelled = labelled if self.labelled else 0
        return dataclasses.replace(
            self,
            train_cpu_s=self.train_cpu_s * images / max(1, self.images),
            images=images,
            other_cpu_s=self.other_cpu_s * (tested + labelled) / max(1, self.tested + self.labelled),
            tested=tested,
            labelled=labelled,
        )


def costs_file() -> Path:
    """Where the costs on this host are kept."""
    return cache_dir().parent / "costs" / f"{socket.gethostname()}.jsonl"


def known() -> dict[str, Cost]:
    """Costs on this host by kind of run; the newest counts."""
    found: dict[str, Cost] = {}
    try:
        lines = costs_file().read_text().splitlines()
    except OSError:
        return {}
    for line in lines:
        try:
            entry = json.loads(line)
            kind = entry.pop("kind")
            found[kind] = Cost(**entry)
        except (ValueError, KeyError, TypeError):  # a line that was cut short
            continue
    return found


def kind_of(run: Run) -> str:
    """Runs of the same kind cost the same for each image: model, size, data, backend, and what follows the training."""
    return "|".join(
        [*run.size, *(word for step in run.steps[1:] for word in (step.name, *step.words) if "-images" not in word)]
    )


def keep(run: Run, marker: dict) -> None:
    """Remember what a run that is done has cost; a disk that is full does not matter here."""
    folder = RunFolder(run.folder)
    steps = marker["steps"]
    record = folder.read_json("run.json")
    evaluations = [folder.read_json(path.name) for path in folder.path.glob("evaluation-*.json")]
    cost = Cost(
        train_cpu_s=record["cpu_s"],
        images=record["images_seen"],
        other_cpu_s=sum(step["cpu_s"] for step in steps.values()) - record["cpu_s"],
        tested=sum(each["n_images"] for each in evaluations),
        labelled=sum(each.get("n_label", 0) for each in evaluations),
        max_rss=marker["max_rss"],
        bytes=marker["bytes"],
    )
    try:
        costs_file().parent.mkdir(parents=True, exist_ok=True)
        with costs_file().open("a") as file:
            file.write(json.dumps({"kind": kind_of(run), **dataclasses.asdict(cost)}) + "\n")
    except OSError:
        pass


def estimate(plan: Plan) -> dict[str, Cost | None]:
    """What each run of a plan will cost; None where nothing of its kind was ever measured here."""
    found, costs = known(), {}
    for name, run in plan.runs.items():
        cost = found.get(kind_of(run))
        costs[name] = None if cost is None else cost.of(_images(run), *_to_show(run))
    return costs


def _images(run: Run) -> int:
    return run.images or len(load(run.size[2]).train_images)


def _to_show(run: Run) -> tuple[int, int]:
    """Images that a run evaluates, and that give labels: as its words say, or all test images and 20 000 training images."""
    words = dict(word[2:].split("=", 1) for step in run.steps[1:] for word in step.words if "=" in word)
    data = load(run.size[2])
    test = min(int(words.get("test-images", len(data.test_images))), len(data.test_images))
    return test, min(int(words.get("label-images", 20_000)), len(data.train_images))


def benchmark(plan: Plan, report: Callable[[str, int, int], None]) -> list[str]:
    """Measure one run of each kind that is unknown here, with few images; returns a sentence for each that failed."""
    unknown = {kind_of(run): run for run in plan.runs.values() if kind_of(run) not in known()}
    failures = []
    for done, run in enumerate(unknown.values()):
        report(run.id, done, len(unknown))
        steps = []
        for step in run.steps:
            limit = {"train": ["images"], "evaluate": ["test-images", "label-images"]}.get(step.name, ["images"])
            words = [word for word in step.words if word.split("=")[0][2:] not in limit]
            most = min(N_IMAGES, run.images or N_IMAGES)
            steps.append(dataclasses.replace(step, words=[*words, *(f"--{name}={most}" for name in limit)]))
        here, folder = Path.cwd(), tempfile.mkdtemp(prefix="equispike-benchmark-")
        try:
            os.chdir(folder)
            small = dataclasses.replace(run, steps=steps)
            keep(run, carry_out(plan, small))
        except EquispikeError as error:
            failures.append(f"{run.id}: {error}")
        finally:
            os.chdir(here)
            shutil.rmtree(folder, ignore_errors=True)
    return failures
