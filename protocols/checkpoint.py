"""The checkpoint of a training: all that is needed to go on with it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from equispike.protocols import metrics
from equispike.protocols.procedures.base import Arrays, Procedure
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.run_schema import differing

CHECKPOINT = "checkpoint/state.npz"


@dataclass
class Progress:
    """A training between two chunks, and all that a checkpoint holds.

    Attributes
    ----------
    state : what the procedure carries on
    stage : number of the stage that is trained
    seen, total : samples shown in this stage, and in all
    metrics : columns images (seen in the stage), metric, value
    images_per_s : of the last chunk, compilation excluded; no part of the checkpoint
    """

    state: Arrays
    stage: int = 0
    seen: int = 0
    total: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    metrics: pd.DataFrame = field(default_factory=metrics.none_yet)
    images_per_s: float = 0.0

    def save(self, run: RunFolder) -> None:
        """Write the checkpoint."""
        arrays = {f"state:{name}": values for name, values in self.state.items()}
        arrays |= metrics.as_arrays(self.metrics)
        arrays["counts"] = np.array([self.stage, self.seen, self.total])
        arrays["seconds"] = np.array([self.wall_s, self.cpu_s])
        run.write_arrays(CHECKPOINT, arrays)

    @classmethod
    def load(cls, run: RunFolder, procedure: Procedure) -> Progress:
        """Read the checkpoint; raises EquispikeError where ``procedure`` cannot go on with it."""
        arrays = run.read_arrays(CHECKPOINT)
        if wrong := cls._wrong(arrays, procedure):
            raise run.damaged(CHECKPOINT, wrong)
        stage, seen, total = map(int, arrays["counts"])
        wall_s, cpu_s = map(float, arrays["seconds"])
        return cls(_state(arrays), stage, seen, total, wall_s, cpu_s, metrics.from_arrays(arrays))

    @staticmethod
    def _wrong(arrays: Arrays, procedure: Procedure) -> str | None:
        own = {name: values for name, values in arrays.items() if not name.startswith("state:")}
        begun = metrics.as_arrays(metrics.none_yet())
        values = own.get("metrics:value", np.zeros(0))  # some may be of nothing, and none
        numbers = (
            {"metrics:value": np.nan_to_num(values)} if "metrics:value" in own and values.dtype.kind == "f" else {}
        )
        if wrong := differing({"counts": np.zeros(3, int), "seconds": np.zeros(2), **begun}, own | numbers):
            return wrong
        if len({len(own[name]) for name in begun}) > 1:
            return "its metrics are not of the same length"
        stage, seen, total = own["counts"]
        if not (0 <= stage < len(procedure.stages) and 0 <= seen <= total < 2**40 and (own["seconds"] >= 0).all()):
            return "its arrays counts and seconds have values that cannot be"
        like, state = procedure.state_like(), _state(arrays)
        for name in [name for name in state if name not in like and "." in name]:  # variables that begin at 0
            lengths = {values.size for key, values in like.items() if key.startswith(f"{name.partition('.')[0]}.")}
            whole = state[name].dtype.kind in "iub"
            like[name] = np.zeros(lengths.pop() if len(lengths) == 1 else 0, int if whole else float)
        return differing(like, state, finite=False) or procedure.wrong_state(state)

    def latest(self) -> dict[str, float]:
        """Return the metrics of the last chunk by name."""
        last = self.metrics.iloc[len(self.metrics) - self.chunk_length() :]
        return dict(zip(last["metric"], last["value"], strict=True))

    def chunk_length(self) -> int:
        """Return how many metrics the last chunk has: those at its end with its number of images."""
        same = self.metrics["images"].to_numpy()[::-1] == self.seen
        return len(same) if same.all() else int(np.argmin(same))


def _state(arrays: Arrays) -> Arrays:
    return {name.removeprefix("state:"): values for name, values in arrays.items() if name.startswith("state:")}
