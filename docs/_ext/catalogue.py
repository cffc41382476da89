"""Pages of the catalogue, written when the site is built: every system, neuron, synapse, rule, experiment and data set."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

from brian2 import NeuronGroup, Synapses
from sphinx.application import Sphinx

from equispike import models
from equispike.models.build_request import BuildRequest
from equispike.models.codegen.runtime import described
from equispike.models.neurons import Neuron
from equispike.models.params import Params
from equispike.models.plasticity import Rule
from equispike.models.synapses import Synapse
from equispike.protocols.beginning import undated_spec
from equispike.protocols.catalogue import SYSTEMS
from equispike.protocols.data import DATASETS
from equispike.protocols.experiments import EXPERIMENTS, Experiment
from equispike.protocols.system import System

#: Below the folder of the sources; nothing in it is committed.
FOLDER = "catalogue"
#: Titles of the kinds of parts, by the folder that their pages are in.
PARTS = {"neurons": "neuron", "synapses": "synapse", "rules": "plasticity"}
TITLES = {
    "systems": "Systems",
    "neurons": "Neurons",
    "synapses": "Synapses",
    "rules": "Plasticity rules",
    "experiments": "Experiments",
}


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the pages before Sphinx looks for sources."""
    app.connect("builder-inited", lambda app: write(Path(app.srcdir)))
    return {"parallel_read_safe": True}


def write(source: Path) -> None:
    """Write all pages below ``source``; those that say the same stay, so that they are not read again."""
    wanted = dict(pages(source))
    for path in (source / FOLDER).rglob("*.md"):
        if path.relative_to(source / FOLDER).as_posix() not in wanted:
            path.unlink()
    for name, text in wanted.items():
        path = source / FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def pages(source: Path) -> Iterator[tuple[str, str]]:
    """Yield name and Markdown of each page; figures are looked for below ``source``."""
    entries: dict[str, dict[str, Any]] = {
        "systems": SYSTEMS,
        **{folder: models.KINDS[kind] for folder, kind in PARTS.items()},
        "experiments": EXPERIMENTS,
    }
    for folder, of_kind in entries.items():
        for name, entry in of_kind.items():
            yield f"{folder}/{name}.md", _page(folder, entry, source)
        rows = [
            (f"[{name}]({name}.md)", plain(entry.summary), plain(entry.citation)) for name, entry in of_kind.items()
        ]
        names = "\n".join(of_kind)
        toctree = f"```{{toctree}}\n:hidden:\n\n{names}\n```"
        yield f"{folder}/index.md", _joined(f"# {TITLES[folder]}", toctree, table(("name", "what", "citation"), rows))
    yield "data-sets.md", _data_sets()


def _page(folder: str, entry: Any, source: Path) -> str:
    sections = {"systems": _system, "experiments": _experiment}.get(folder, _part)
    return _joined(f"# {entry.name}", f"{plain(entry.summary[:1].upper() + entry.summary[1:])}.",
                   plain(entry.citation), *sections(entry, source))  # fmt: skip


# Systems.


def _system(system: System, source: Path) -> Iterator[str]:
    if system.headline:
        found = system.headline
        yield plain(f"The paper reports {100 * found.accuracy:g} % of {found.data} with {found.of} ({found.where}).")
    yield commands(f"equispike train {system.name}", f"equispike list {system.name}")
    yield "## Parameters"
    yield parameters(system.params())
    yield "## Parameters of its training"
    yield parameters(system.procedure_params())
    if system.is_spiking:
        yield "## Equations"
        yield from _objects(system)


def _objects(system: System) -> Iterator[str]:
    """Yield what the network's Brian2 objects say, of a small version; an object that is alike in all programs once."""
    yield (
        "As Brian2 holds them when the network is built, object by object. `i` is a neuron's number, `_pre` and `_post` are "
        "variables of the neurons before and after a synapse."
    )
    shown = set()
    for purpose, request in undated_spec(system.name, dict(system.small)).procedure().programs().items():
        built = described(BuildRequest(request.reference, request.params, 1, request.options))
        blocks = [(each.name, text) for each in built.objects if (text := _object(each))]
        if new := [block for block in blocks if block not in shown]:
            yield f"### Program: {plain(purpose)}"
            yield from (f"**{name}**\n\n{code(text)}" for name, text in new)
            shown.update(new)


def _object(thing: Any) -> str:
    if isinstance(thing, NeuronGroup):
        parts = [("", str(thing.user_equations))]
        for event, condition in thing.events.items():
            name = "threshold" if event == "spike" else f"event {event}"
            parts += [(f"{name}: {condition}", thing.event_codes.get(event, ""))]
    elif isinstance(thing, Synapses):
        parts = [(f"from {thing.source.name} to {thing.target.name}", str(thing.equations))]
        parts += [(f"at {each.event} of {each.prepost}", each.code) for each in thing._pathways]
    else:
        return ""
    return "\n".join(line for title, text in parts for line in (f"# {title}" if title else "", _lines(text)) if line)


# Neurons, synapses and rules.


def _part(part: Neuron | Synapse | Rule, source: Path) -> Iterator[str]:
    yield commands(f"equispike list {part.name}")
    yield "## Equations"
    yield code("\n".join(f"# {title}\n{_lines(text)}" for title, text in _texts(part) if text.strip()))
    if part.params is None:
        yield "Its numbers belong to the parameters of the network that it is part of."
        return
    yield "## Parameters"
    yield parameters(part.params())
    fitting = [each for each in EXPERIMENTS.values() if part in _models(each)]
    if fitting:
        yield "## Experiments"
        links = [f"[{each.name}](../experiments/{each.name}.md)" for each in fitting]
        yield f"{', '.join(links)}:"
        yield commands(*(f"equispike experiment {each.name} {part.name}" for each in fitting))
        yield from (picture for each in fitting for picture in _figures(source, each.name, part.name))


def _texts(part: Neuron | Synapse | Rule) -> list[tuple[str, str]]:
    match part:
        case Neuron():
            return [
                ("equations", part.equations),
                ("threshold", part.threshold),
                ("reset", part.reset),
                ("refractory", str(part.refractory or "")),
                ("at the beginning", "\n".join(f"{name} = {value}" for name, value in part.rest.items())),
            ]
        case Synapse():
            return [("equations", part.equations), ("at a presynaptic spike", part.on_pre)]
        case Rule():
            return [
                ("traces of a presynaptic neuron", part.pre_traces),
                ("traces of a postsynaptic neuron", part.post_traces),
                ("synapse", part.synapse),
                ("at a presynaptic spike, to the weight", part.on_pre),
                ("at a postsynaptic spike, to the weight", part.on_post),
                ("then, to the traces of the presynaptic neuron", part.at_pre_spike),
                ("then, to the traces of the postsynaptic neuron", part.at_post_spike),
                ("at a reward", part.at_reward),
            ]


# Experiments.


def _models(experiment: Experiment) -> list[Any]:
    return [
        each
        for each in models.KINDS[experiment.takes].values()
        if each.params is not None and experiment.why_not(each, each.params()) is None
    ]


def _experiment(experiment: Experiment, source: Path) -> Iterator[str]:
    fitting = _models(experiment)
    example = fitting[0]
    yield commands(f"equispike experiment {experiment.name} {example.name}")
    yield from _figures(source, experiment.name)
    yield "## Parameters"
    yield f"With the defaults for `{example.name}`; currents have the unit and the scale of the neuron."
    yield parameters(experiment.params(example, example.params()))
    yield "## Models"
    folder = next(folder for folder, kind in PARTS.items() if kind == experiment.takes)
    yield table(("name", "what"), [(f"[{m.name}](../{folder}/{m.name}.md)", plain(m.summary)) for m in fitting])


def _figures(source: Path, experiment: str, model: str = "") -> Iterator[str]:
    """Yield the committed figures of an experiment, on one model or on all: ``EXPERIMENT/MODEL.png``."""
    for path in sorted((source / "figures/experiments" / experiment).glob(f"{model or '*'}.png")):
        yield f"![{experiment} of {path.stem}](../../{path.relative_to(source).as_posix()})"


# Data sets.


def _data_sets() -> str:
    rows = [
        (f"`{name}`", plain(each.description), plain(each.licence), plain(each.citation))
        for name, each in DATASETS.items()
    ]
    return _joined(
        "# Data sets",
        "Data of your own, pictures or arrays: [Data of your own](../your-data.md). Where these lie: "
        "[What you can do](../commands.md#data-sets).",
        table(("name", "what", "licence", "citation"), rows),
    )


# Markdown.


def parameters(params: Params) -> str:
    """Return the table of a parameter set."""
    rows = [
        (f"`{row['name']}`", f"`{row['default']}`", *(plain(row[key]) for key in ("permitted", "meaning", "source")))
        for row in params.rows()
    ]
    columns = ("parameter", "default", "permitted", "meaning", "source")
    return f":::{{container}} parameters\n{table(columns, rows)}\n:::"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def plain(text: str) -> str:
    """Return text in which nothing is markup; what is a DOI becomes a link."""
    escaped = re.sub(r"([\\*_\[\]<>`$#])", r"\\\1", text)
    return re.sub(
        r"\bdoi:(10\.[^\s,;)]+)", lambda m: f"[doi:{m[1]}](https://doi.org/{m[1]})".replace("\\", ""), escaped
    )


def code(text: str) -> str:
    return f"```python\n{text.strip()}\n```"


def commands(*lines: str) -> str:
    return "```bash\n" + "\n".join(lines) + "\n```"


def _lines(text: str) -> str:
    """Return lines without those that are empty, and without the indentation they share."""
    return dedent("\n".join(line for line in text.splitlines() if line.strip()))


def _joined(*blocks: str) -> str:
    return "\n\n".join(blocks) + "\n"
