"""All figures of a run, drawn from its folder alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from analysis.figures import gradients, layerwise, presenting, style
from analysis.figures.sources import Source
from models import get_model
from models.errors import EquispikeError
from protocols.run_folder import RunFolder

#: Figures by the protocol of the model.
FIGURES: dict[str, Callable[[RunFolder], Iterable[Source]]] = {
    "presenting": presenting.figures,
    "layerwise": layerwise.figures,
    "gradients": gradients.figures,
}


def draw(run_path: Path, out: Path | None = None) -> tuple[list[Path], list[str]]:
    """Draw every figure that the run has the numbers for, as PNG and PDF.

    Parameters
    ----------
    out : folder of the figures; ``figures`` in the run folder if not given

    Returns
    -------
    The files written, and one sentence for each figure that could not be drawn.

    Raises
    ------
    EquispikeError
        ``run_path`` is not a run folder, or ``out`` cannot be written.
    """
    run = RunFolder.open(run_path)
    folder = run.path / "figures" if out is None else Path(out)
    record = run.read_json("run.json")
    metadata = _metadata(run, record)
    protocol = get_model(record["config"].get("model", "diehl-cook")).protocol
    written, skipped = [], []
    for name, make in FIGURES[protocol](run):
        try:
            figure = make(run)
        except EquispikeError as reason:
            skipped.append(f"no {name} figure: {reason}")
            continue
        written += style.save(figure, folder, name, metadata)
    return written, skipped


def _metadata(run: RunFolder, record: dict) -> dict[str, str]:
    """What goes into every file: which run, which code, which seed."""
    return {"Run": run.path.resolve().name, "Commit": str(record.get("commit")), "Seed": str(record["config"]["seed"])}


__all__ = ["draw"]
