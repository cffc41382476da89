"""Trained networks as graphs of the Neuromorphic Intermediate Representation, for other simulators.

NIR (Pedersen et al. 2024, Nat. Commun. 15:8122, doi:10.1038/s41467-024-52259-9) describes neurons in continuous time:
tau dv/dt = v_leak - v + R I, and leaves time steps to simulators. They take a spike as 1 for a time step dt, so that with
R = tau / dt a spike raises a potential by its weight. docs/exchange.md says how to set a simulator.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

from equispike.models.errors import EquispikeError
from equispike.models.extras import need
from equispike.models.references import resolve
from equispike.protocols.atomic_write import atomic_write, check_replaceable
from equispike.protocols.derived import checksum
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.sources import feature_scale
from equispike.protocols.spec import TrainingSpec


def export(run: RunFolder, out: Path) -> Any:
    """Write the network of a trained ``run`` to ``out`` and return it, a nir.NIRGraph.

    Raises EquispikeError where the run is not fully trained, has a network that NIR cannot describe, or ``out`` cannot be
    written.
    """
    check_replaceable(out)
    record = run.read_json("run.json")
    spec = TrainingSpec.of_run(run)
    network, name = spec.network, spec.system.name
    if not network.nir_nodes:
        raise EquispikeError(
            f"{run.path} cannot be exported: {name} has {network.beyond_nir}, which NIR cannot describe"
        )
    need("exchange", "nir")
    import nir

    arrays = run.trained_arrays()
    nodes, discretisation = resolve(network.nir_nodes)(spec.params, arrays)
    origin = {
        "run": run.path.resolve().name,
        "system": name,
        "commit": record["commit"],
        "seed": spec.seed,
        "data": spec.data,
        "data_checksum": record["data"]["checksum"],
        "weights": checksum(arrays),
    }
    if spec.source is not None:  # the simulator gets what the network saw
        origin |= {"features": spec.source, "features_divided_by": float(feature_scale(run, spec))}
    graph = nir.NIRGraph(nodes, list(pairwise(nodes)), metadata=origin | discretisation)
    with atomic_write(out) as temporary:
        nir.write(temporary, graph)
    return graph
