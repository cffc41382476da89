"""The runs of a sweep: what each is, the commands that make it, and where it lies."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from equispike.models import own_files
from equispike.models.codegen import BACKENDS
from equispike.models.errors import EquispikeError
from equispike.models.params import Params
from equispike.protocols import limits
from equispike.protocols.atomic_write import atomic_write
from equispike.protocols.beginning import fitted, source_for
from equispike.protocols.data import Dataset, absolute, load
from equispike.protocols.procedures.base import ProcedureParams
from equispike.protocols.sources import Source
from equispike.protocols.spec import TrainingSpec
from equispike.protocols.system import System
from equispike.scripts.workflow import code
from equispike.scripts.workflow.axes import OPTIONS, Point
from equispike.scripts.workflow.checks import check_evaluation, check_figures
from equispike.scripts.workflow.located import Located
from equispike.scripts.workflow.sweep_file import Resources, Sweep, system_of

#: In the folder of a sweep.
PLAN = "plan.json"


_LOAD = cache(load)


@dataclass(frozen=True)
class Step:
    """A command of a run; ``key`` changes with its words and with the code that it depends on."""

    name: str
    words: list[str]
    key: str


@dataclass(frozen=True)
class Run:
    """A run of a sweep.

    Attributes
    ----------
    id : its name, of what differs, the seed, and a hash of what it is trained on and how
    settings : of all axes, as text
    build : the compiled programs that it shares with others; empty where it needs none
    size : what its cost depends on: system, size of the network, data, backend
    images : that are presented for training
    """

    id: str
    settings: dict[str, str]
    seed: int
    steps: list[Step]
    build: str
    size: list[str]
    images: int

    @property
    def key(self) -> str:
        """Changes with anything that the run depends on."""
        return _hash([step.key for step in self.steps])

    @property
    def folder(self) -> str:
        """Below the folder of the sweep."""
        return f"runs/{self.id}"


@dataclass(frozen=True)
class Plan:
    """All runs of a sweep, with what is made of them.

    Attributes
    ----------
    builds : by name, the id of a run that needs these programs
    axes : names of the settings that differ
    analysis : hash of the code of tables and figures
    """

    name: str
    runs: dict[str, Run]
    builds: dict[str, str]
    axes: list[str]
    resources: Resources
    figures: list[dict[str, Any]] = field(default_factory=list)
    analysis: str = ""

    def write(self, folder: Path) -> None:
        with atomic_write(folder / PLAN) as temporary:
            temporary.write_text(json.dumps(asdict(self)))

    @classmethod
    def open(cls, folder: Path) -> Plan:
        try:
            content = json.loads((folder / PLAN).read_text())
        except OSError:
            raise EquispikeError(f"{folder} is not the folder of a sweep: it has no {PLAN}") from None
        except ValueError:
            raise EquispikeError(f"{folder / PLAN} is damaged: start the sweep again to write it anew") from None
        runs = {
            name: Run(**{**run, "steps": [Step(**step) for step in run["steps"]]})
            for name, run in content["runs"].items()
        }
        return cls(**{**content, "runs": runs, "resources": Resources(**content["resources"])})


def plan(sweep: Sweep) -> Plan:
    """Check every run of a sweep, and plan them all.

    Raises
    ------
    EquispikeError
        A run cannot work, or two are the same; names the line.
    """
    runs: dict[str, Run] = {}
    builds: dict[str, str] = {}
    trained: dict[str, str] = {}
    checked: set[str] = set()
    for point in sweep.points:
        for run, words in _runs(sweep, point, checked):
            again = _hash(words)
            if again in trained:
                where = next(iter(point.values()), next(iter(sweep.options.values())))
                raise where.error(f"this run is planned twice (as {trained[again]}): omit one of them")
            trained[again] = run.id
            runs[run.id] = run
            if run.build:
                builds.setdefault(run.build, run.id)
    figures = [{name: value for name, value in figure.items() if name != "where"} for figure in sweep.figures]
    return Plan(sweep.path.stem, runs, builds, sweep.axes, sweep.resources, figures, code.of_analysis())


def _runs(sweep: Sweep, point: Point, checked: set[str]) -> Iterable[tuple[Run, list[str]]]:
    """The runs of all seeds at a point, with what tells each from others: settings as the model reads them, and the seed."""
    for name in point.keys() & (sweep.options.keys() | sweep.fixed.keys()):
        raise point[name].error(f"{name} is on an axis and fixed as well: keep one of them")
    options = sweep.options | {name: node for name, node in point.items() if name in OPTIONS}
    settings = sweep.fixed | {name: node for name, node in point.items() if name not in OPTIONS}
    system = system_of(options["system"])
    source = _source(options, system)
    dataset = _loaded(options["data"])
    params, own = _checked(system, settings, point, source, dataset)
    values = params.as_text() | own.as_text()
    structure = _structure(params, values)
    _check_run(
        sweep, options, system, params, own, source, dataset, structure, [*point.values(), *settings.values()], checked
    )
    words = _train_words(options, settings)
    steps = [Step("train", words, ""), Step("evaluate", _evaluate_words(sweep), "")]
    if sweep.measure:
        steps.append(Step("measure", [f"--what={name}" for name in sweep.measure], ""))
    text = {name: node.text(name) for name, node in point.items()}
    label = "_".join(f"{name}={text[name]}" for name in sweep.axes if name in text)
    label = re.sub(r"[^A-Za-z0-9.,=_+-]", "", label)[:80]
    backend = options["backend"].text("backend") if "backend" in options else "auto"
    size = [system.name, params.structure(), absolute(options["data"].text("data")), backend]
    words_of_params = sorted(f"{key}={value}" for key, value in values.items())
    for seed in sweep.seeds:
        seeded = [Step("train", [*words, f"--seed={seed}"], ""), *steps[1:]]
        keyed = [Step(step.name, step.words, _hash([*step.words, code.of_step(step.name, system)])) for step in seeded]
        name = f"{label}_s{seed}-{_hash(seeded[0].words)[:6]}".lstrip("_")
        told_by = [*words_of_params, str(seed), *(f"{key}={node.value}" for key, node in sorted(options.items()))]
        built = system.is_spiking and not (backend in BACKENDS and BACKENDS[backend].stepwise)
        build = _hash([*size, *structure])[:12] if built else ""
        yield Run(name, text, seed, keyed, build, size, _images(options)), told_by


def _loaded(node: Located) -> Dataset:
    try:
        return _LOAD(node.text("data"))
    except EquispikeError as error:
        raise node.error(str(error)) from None


def _source(options: dict[str, Located], system: System) -> Source | None:
    if "source" not in options:
        return None
    path = Path(os.path.abspath(options["source"].text("source")))
    try:
        return source_for(system.name, options["data"].text("data"), path)
    except EquispikeError as error:
        raise options["source"].error(str(error)) from None


def _checked(
    system: System, settings: dict[str, Located], point: Point, source: Source | None, dataset: Dataset
) -> tuple[Params, ProcedureParams]:
    """Return parameters of network and training with ``settings``; raises EquispikeError that names the line at fault."""
    try:
        return system.settled(
            fitted(system, {name: node.text(name) for name, node in settings.items()}, source, dataset)
        )
    except EquispikeError as error:
        for name, node in settings.items():  # the first that is wrong by itself
            try:
                system.settled({name: node.text(name)})
            except EquispikeError as own:
                raise node.error(str(own)) from None
        where = next(iter([*point.values(), *settings.values()]))
        raise where.error(str(error)) from None


def _check_run(
    sweep: Sweep, options: dict[str, Located], system: System, params: Params, own: ProcedureParams, source: Source | None,
    dataset: Dataset, structure: list[str], blamed: list[Located], checked: set[str],
) -> None:  # fmt: skip
    """Raise EquispikeError where the network cannot be trained on the data, or with so few images, or not evaluated and drawn
    as the sweep asks; names the line.
    """
    data, images = options["data"].text("data"), _images(options)
    holdout = options["holdout"].whole("holdout", 0) if "holdout" in options else 0
    chunk = options["chunk-images"].whole("chunk-images") if "chunk-images" in options else None
    if "backend" in options:
        _check_backend(options["backend"], system)
    kind = _hash([data, str(images), str(holdout), str(chunk), str(source), system.name, *structure])
    if kind in checked:
        return
    checked.add(kind)
    n_train = len(dataset.train_images) - holdout
    spec = TrainingSpec(
        system, params, own, data, images or n_train * own.epochs, n_train, max(sweep.seeds), "auto", holdout,
        chunk or system.trained_by.chunk_samples or max(1, n_train), None if source is None else str(source.run.path),
    )  # fmt: skip
    try:
        spec.check(dataset if source is None else source.blank(dataset))
        if fault := limits.training_fault(spec):
            raise EquispikeError(fault)
    except EquispikeError as error:
        raise [*blamed, options["data"]][0].error(str(error)) from None
    check_evaluation(sweep, spec)
    check_figures(sweep, spec)


def _check_backend(node: Located, system: System) -> None:
    name = node.text("backend")
    if name not in (*BACKENDS, "auto", system.trained_by.default_backend):
        raise node.error(f"unknown backend '{name}'; the backends are: auto, {', '.join(BACKENDS)}")


def _images(options: dict[str, Located]) -> int:
    """0 where it depends on the size of the training set alone."""
    return options["images"].whole("images") if "images" in options else 0


def _structure(params: Params, values: dict[str, str]) -> list[str]:
    """Parameters that may change the code of a network: its size, and those that are words."""
    keys = params.structure_keys()
    return sorted(
        f"{key}={value}" for key, value in values.items() if key in keys or not value[:1].lstrip("-").isdigit()
    )


def _train_words(options: dict[str, Located], settings: dict[str, Located]) -> list[str]:
    words = [_absolute(options["system"].text("system"))]
    for name, node in options.items():
        if name == "source":
            words.append(f"--source={os.path.abspath(node.text(name))}")
        elif name == "data":
            words.append(f"--data={absolute(node.text(name))}")
        elif name != "system":
            words.append(f"--{name}={node.text(name)}")
    return words + [f"--set={name}={node.text(name)}" for name, node in sorted(settings.items())]


def _absolute(system: str) -> str:
    """Return a system's name as it holds on other machines and in other folders."""
    return own_files.absolute(system) if own_files.is_own(system) else system


def _evaluate_words(sweep: Sweep) -> list[str]:
    return [f"--{name}={node.text(name)}" for name, nodes in sweep.evaluate.items() for node in nodes]


def _hash(words: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:16]
