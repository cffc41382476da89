"""Reading and checking a sweep file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from equispike.models.errors import EquispikeError
from equispike.protocols.catalogue import get_system
from equispike.protocols.system import System
from equispike.scripts.workflow.axes import OPTIONS, Point, Range, check_number, points, ranges
from equispike.scripts.workflow.located import Located, read

#: All entries of a sweep file.
ENTRIES = (*OPTIONS, "fixed", "grid", "list", "random", "latin-hypercube", "search", "seeds", "evaluate", "measure",
           "resources", "figures")  # fmt: skip
SPLITS = ("test", "validation")
EVALUATE = ("split", "label-images", "test-images", "readout", "set")
MEASURES = ("workload", "anytime", "robustness", "responses")
#: By kind of figure: the entries that it needs, and those that it may have.
FIGURES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "lines": (("x", "y"), ("lines", "readout")),
    "map": (("x", "y", "z"), ("readout",)),
    "scatter": (("y",), ("readout",)),
    "robustness": ((), ()),
    "anytime": ((), ()),
}


@dataclass(frozen=True)
class Resources:
    """What a run asks a scheduler for; ``partition`` and ``account`` where a cluster wants them."""

    cpus: int = 1
    memory_mb: int = 2000
    minutes: int = 60
    partition: str = ""
    account: str = ""

    def of_slurm(self) -> dict[str, str]:
        """What Snakemake's Slurm executor calls them."""
        named = {"slurm_partition": self.partition, "slurm_account": self.account}
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True)
class Search:
    """Settings that Optuna proposes.

    Attributes
    ----------
    at_a_time : trials that are proposed together, before their results are known
    maximise : the readout whose accuracy on held-out training images decides
    """

    trials: int
    at_a_time: int
    seed: int
    maximise: str
    axes: tuple[Range, ...]


@dataclass(frozen=True)
class Sweep:
    """A checked sweep file.

    Attributes
    ----------
    options, fixed : of every run: what to train on and how, and parameters
    points : settings that differ, of options and parameters alike
    axes : names of what differs
    evaluate : options of ``equispike evaluate`` by name, each with one or more values
    figures : entries by name, each with its ``kind`` and ``name``
    """

    path: Path
    options: dict[str, Located]
    fixed: dict[str, Located]
    points: list[Point]
    axes: list[str]
    seeds: list[int]
    evaluate: dict[str, list[Located]]
    measure: list[str]
    resources: Resources
    figures: list[dict[str, Any]]
    search: Search | None


def open_sweep(path: Path) -> Sweep:
    """Read a sweep file.

    Raises
    ------
    EquispikeError
        Something in it cannot work; names the line.
    """
    root = read(path)
    content = root.mapping("a sweep file", ENTRIES)
    for name in ("system", "data"):
        if name not in content:
            raise root.error(f"the sweep file needs a line '{name}: ...'")
    options = {name: content[name] for name in OPTIONS if name in content}
    system = system_of(options["system"])
    fixed = content["fixed"].mapping("fixed") if "fixed" in content else {}
    found = points(content, system)
    search = _search(content["search"], system) if "search" in content else None
    if search is not None and "holdout" not in options:
        raise content["search"].error(
            "a search chooses by images held out of the training set: add a line 'holdout: 10000'"
        )
    for name in ("grid", "list", "random", "latin-hypercube"):
        if search is not None and name in content:
            raise content[name].error(f"a search proposes all settings: omit {name} or search")
    axes = list(dict.fromkeys(name for point in found for name in point))
    if search is not None:
        axes += [axis.name for axis in search.axes]
    seeds = [item.whole("seeds", 0) for item in content["seeds"].list("seeds")] if "seeds" in content else [0]
    if len(set(seeds)) < len(seeds):
        raise content["seeds"].error("a seed is there twice: omit one of them")
    check_number(content.get("seeds", root), len(found) * len(seeds), "runs")
    return Sweep(
        path=path,
        options=options,
        fixed=fixed,
        points=found,
        axes=axes,
        seeds=seeds,
        evaluate=_evaluate(content),
        measure=_measure(content),
        resources=_resources(content),
        figures=_figures(content),
        search=search,
    )


def system_of(node: Located) -> System:
    """Return the system of that name; raises EquispikeError that names the line."""
    try:
        return get_system(node.text("system"))
    except EquispikeError as error:
        raise node.error(str(error)) from None


def _evaluate(content: dict[str, Located]) -> dict[str, list[Located]]:
    if "evaluate" not in content:
        return {}
    entries = content["evaluate"].mapping("evaluate", EVALUATE)
    for name in ("split", "label-images", "test-images"):
        if name in entries and len(entries[name].list(name)) > 1:
            raise entries[name].error(f"{name} takes one value")
    for name in entries.keys() & {"label-images", "test-images"}:
        entries[name].list(name)[0].whole(name)
    if "split" in entries:
        (split,) = entries["split"].list("split")
        if split.text("split") not in SPLITS:
            raise split.error(f"split must be one of {', '.join(SPLITS)}, not '{split.value}'")
    for name, node in entries.items():
        for item in node.list(name):
            item.text(name)
    return {name: node.list(name) for name, node in entries.items()}


def _measure(content: dict[str, Located]) -> list[str]:
    if "measure" not in content:
        return []
    items = content["measure"].list("measure")
    for item in items:
        if item.value not in MEASURES:
            raise item.error(f"unknown measure '{item.value}'; the measures are: {', '.join(MEASURES)}")
    return [item.text("measure") for item in items]


def _resources(content: dict[str, Located]) -> Resources:
    if "resources" not in content:
        return Resources()
    entries = content["resources"].mapping("resources", ("cpus", "memory", "time", "partition", "account"))
    values: dict[str, Any] = {name: entries[name].text(name) for name in ("partition", "account") if name in entries}
    for name in values:
        if not re.fullmatch(r"[\w.,@+-]+", values[name]):
            raise entries[name].error(f"{name} is a name as sinfo and sacctmgr show it, not '{values[name]}'")
    if "cpus" in entries:
        values["cpus"] = entries["cpus"].whole("cpus")
    for name, key, units in (
        ("memory", "memory_mb", {"MB": 1, "GB": 1000}),
        ("time", "minutes", {"min": 1, "h": 60, "days": 1440}),
    ):
        if name in entries:
            values[key] = _amount(entries[name], name, units)
    return Resources(**values)


def _amount(node: Located, name: str, units: dict[str, int]) -> int:
    number, _, unit = node.text(name).partition(" ")
    try:
        amount = float(number) * units[unit.strip()]
    except (ValueError, KeyError):
        raise node.error(
            f"{name} needs a number and a unit, such as {', '.join(f'2 {each}' for each in units)}"
        ) from None
    if not 1 <= amount < 1e9:  # nan too is out
        raise node.error(f"{name} is out of range: {node.value}")
    return round(amount)


def _figures(content: dict[str, Located]) -> list[dict[str, Any]]:
    if "figures" not in content:
        return []
    measured = _measure(content)
    found: list[dict[str, Any]] = []
    for item in content["figures"].list("figures"):
        entries = item.mapping("a figure")
        kind = entries["kind"].text("kind") if "kind" in entries else "lines"
        if kind not in FIGURES:
            raise entries["kind"].error(f"unknown kind of figure '{kind}'; the kinds are: {', '.join(FIGURES)}")
        needed, more = FIGURES[kind]
        item.mapping("a figure", ("kind", "name", *needed, *more))
        for name in needed:
            if name not in entries:
                raise item.error(f"a figure of kind {kind} needs an entry '{name}'")
        figure = {name: node.text(name) for name, node in entries.items()} | {"kind": kind, "where": item.where}
        figure.setdefault("name", kind)
        if not re.fullmatch(r"[\w][\w.,=+ -]{0,99}", figure["name"]):
            raise item.error(
                f"a figure cannot be called '{figure['name'][:100]}', its files have that name: take letters and digits"
            )
        if kind in MEASURES and kind not in measured:
            raise item.error(f"a figure of kind {kind} needs a line 'measure: [{kind}]'")
        if figure["name"] in [other["name"] for other in found]:
            raise item.error(f"two figures are called {figure['name']}: give them names")
        found.append(figure)
    return found


def _search(node: Located, system: System) -> Search:
    entries = node.mapping("search", ("trials", "at-a-time", "seed", "maximise", "axes"))
    for name in ("trials", "maximise", "axes"):
        if name not in entries:
            raise node.error(f"search needs an entry '{name}'")
    trials = entries["trials"].whole("trials")
    check_number(entries["trials"], trials, "trials")
    return Search(
        trials=trials,
        at_a_time=entries["at-a-time"].whole("at-a-time") if "at-a-time" in entries else 1,
        seed=entries["seed"].whole("seed", 0) if "seed" in entries else 0,
        maximise=entries["maximise"].text("maximise"),
        axes=tuple(ranges(entries["axes"], system)),
    )
