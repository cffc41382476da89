"""What is asked of runs after their training, checked before any of them begins: evaluation, measures and figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from equispike.models.errors import EquispikeError
from equispike.protocols.evaluating import chosen, named
from equispike.protocols.spec import TrainingSpec
from equispike.scripts.workflow.axes import Point
from equispike.scripts.workflow.located import Located
from equispike.scripts.workflow.sweep_file import Sweep

#: Kinds of figures whose points are means over the seeds of all runs that share these.
_MEANS = {"lines": ("x", "lines"), "map": ("x", "y")}


def check_evaluation(sweep: Sweep, spec: TrainingSpec) -> None:
    """Raise EquispikeError that names the line where a run of ``sweep`` cannot be evaluated as it asks."""
    evaluate = {name: nodes[0] for name, nodes in sweep.evaluate.items()}
    split = evaluate.get("split")
    if split is not None and split.value == "validation" and not spec.holdout:
        raise split.error("nothing is held out for validation: add a line 'holdout: 10000'")
    if "set" in evaluate:
        _named_line(evaluate["set"], lambda: chosen(spec, _pairs(sweep.evaluate["set"])))
    readouts = [node.text("readout") for node in sweep.evaluate.get("readout", [])]
    procedure = spec.procedure()
    found = _named_line(evaluate["readout"], lambda: named(procedure, readouts)) if readouts else named(procedure, ())
    if sweep.search is not None and sweep.search.maximise not in found:
        raise EquispikeError(
            f"{sweep.path}: maximise: there is no readout '{sweep.search.maximise}'; there are: {', '.join(found)}"
        )
    for figure in sweep.figures:
        if figure.get("readout", found[0]) not in found:
            raise EquispikeError(
                f"{figure['where']}: there is no readout '{figure['readout']}'; there are: {', '.join(found)}"
            )


def _pairs(nodes: Iterable[Located]) -> dict[str, str]:
    from equispike.scripts.commands.options import model_settings

    return model_settings(None, tuple(node.text("set") for node in nodes))


def _named_line(node: Located, act: Any) -> Any:
    try:
        return act()
    except EquispikeError as error:
        raise node.error(str(error)) from None


def check_figures(sweep: Sweep, spec: TrainingSpec) -> None:
    """Raise EquispikeError that names the line where a figure could not be drawn of a table that has the run ``spec``."""
    from equispike.analysis.sweeps import numbers_of  # imports pandas, which jobs need not wait for

    for figure in sweep.figures:
        _check_figure(figure, sweep, set(numbers_of(spec, sweep.measure)))


def _check_figure(figure: Mapping[str, str], sweep: Sweep, known: set[str]) -> None:
    def fail(message: str) -> EquispikeError:
        return EquispikeError(f"{figure['where']}: {message}")

    kind, axes = figure["kind"], (*sweep.axes, "readout", "seed")
    for name in ("x", "lines", *(("y",) if kind == "map" else ())):
        if figure.get(name, axes[0]) not in axes:
            raise fail(f"{figure[name]} is no axis of this sweep; there are {', '.join(axes)}")
    value = figure.get("z" if kind == "map" else "y")
    if value is not None and value not in known:
        raise fail(f"{value} is no number of the table; there are {', '.join(sorted(known))}")
    split = sweep.evaluate.get("split")
    if kind in ("robustness", "anytime") and (sweep.search is not None or (split and split[0].value != "test")):
        raise fail(f"a figure of kind {kind} is of the test set, which this sweep does not evaluate")
    if kind in _MEANS and sweep.search is None:
        shown = [figure[key] for key in _MEANS[kind] if key in figure]
        if other := _averaged(sweep.points, shown):
            raise fail(
                f"it would average over {other}, and a mean is over seeds alone: show {other} in it, or choose kind: scatter"
            )


def _averaged(points: Iterable[Point], shown: list[str]) -> str | None:
    """The first axis in which points differ that a figure of the axes ``shown`` would put together."""
    seen: dict[tuple, Point] = {}
    for point in points:
        first = seen.setdefault(tuple(point[key].value if key in point else None for key in shown), point)
        for name in first.keys() | point.keys():
            if name not in shown and (name not in first or name not in point or first[name].value != point[name].value):
                return name
    return None
