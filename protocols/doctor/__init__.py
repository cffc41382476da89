"""What of the suite works on this machine, what does not, and what to do: every fact is tried, not looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from equispike.protocols.doctor import building, cluster, gpu, machine, packages, places
from equispike.protocols.doctor.findings import Check, Finding

__all__ = ["Finding", "examine", "first_to_mend"]

_VITAL = (packages.python, packages.packages, places.build_cache, building.backends)


def examine(
    data_dir: Path | None = None, beginning: Callable[[str], None] = lambda topic: None
) -> dict[str, list[Finding]]:
    """Findings by topic, in the order in which they should be mended; ``beginning`` is told each topic as it begins."""

    def data_sets() -> Iterator[Finding]:
        return places.data_sets(data_dir)

    topics: dict[str, tuple[Check, ...]] = {
        "Python": (packages.python, packages.packages),
        "Folders": (places.build_cache, places.data_cache, places.free_space),
        "Running networks": (building.backends,),
        "Data sets": (data_sets,),
        "Machine": (machine.cores, machine.memory),
        "Cluster": (cluster.slurm,),
        "GPU": (gpu.gpu,),
    }
    findings = {}
    for topic, checks in topics.items():
        beginning(topic)
        findings[topic] = [finding for check in checks for finding in _found(check)]
    return findings


def first_to_mend(findings: dict[str, list[Finding]]) -> Finding | None:
    """The first finding without which the suite runs nowhere, or None: it runs here."""
    every = [finding for topic in findings.values() for finding in topic]
    return next((finding for finding in every if finding.vital and finding.state != "ok"), None)


def _found(check: Check) -> Iterator[Finding]:
    """What a check finds, and that it crashed if it did."""
    try:
        yield from check()
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        what = check.__name__.replace("_", " ")  # type: ignore[attr-defined]
        to_do = "mend Python's packages" if isinstance(error, ImportError) else "report it with equispike doctor --json"
        yield Finding(what, "broken", reason, to_do, vital=check in _VITAL)
