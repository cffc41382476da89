"""How alike layers of different networks see the same images, and how selective their neurons are."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd

from equispike.analysis.comparison import labelled
from equispike.analysis.statistics import lifetime_sparseness
from equispike.protocols.derived import WEIGHTS, why_void
from equispike.protocols.measuring import MEASURES
from equispike.protocols.readouts.votes import class_rates
from equispike.protocols.run_folder import RunFolder


def _centred_kernel(responses: np.ndarray) -> np.ndarray:
    centred = responses.astype(np.float64) - responses.mean(axis=0, dtype=np.float64)
    return centred @ centred.T


def similarities(layers: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Linear centred kernel alignment of every pair of layers' responses (n, n_neurons) to the same n images.

    1 where they are the same but for rotation, scale and mean, 0 where nothing of one follows linearly from the other
    (Kornblith et al. 2019, arXiv:1905.00414, equation 4); NaN where a layer responds to all images alike.

    Returns
    -------
    columns one, other, cka; each layer with itself as well
    """
    kernels = {name: _centred_kernel(responses) for name, responses in layers.items()}
    norms = {name: float(np.linalg.norm(kernel)) for name, kernel in kernels.items()}
    rows = []
    for one, other in itertools.product(layers, repeat=2):
        norm = norms[one] * norms[other]
        value = float((kernels[one] * kernels[other]).sum() / norm) if norm > 0 else float("nan")
        rows.append({"one": one, "other": other, "cka": value})
    return pd.DataFrame(rows)


def layers_of(table: pd.DataFrame) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Responses (n, n_neurons) of all layers of one run of each setting in a table of :func:`analysis.comparison.compare`,
    by setting and layer, and the labels (n,) of the images; of runs whose responses were measured.
    """
    responses: dict[str, np.ndarray] = {}
    labels: dict[str, np.ndarray] = {}
    measured = table[table["folder"].map(lambda folder: why_void(RunFolder(folder), MEASURES["responses"]) is None)]
    for label, _, rows in labelled(measured):
        found = RunFolder.open(rows["folder"].iloc[0]).read_arrays(MEASURES["responses"])
        of_run = found.pop("labels")
        found.pop(WEIGHTS, None)
        for layer, values in found.items():
            responses[f"{label}: {layer}"], labels[f"{label}: {layer}"] = values, of_run
    return responses, labels


def similarity_table(table: pd.DataFrame) -> pd.DataFrame:
    """:func:`similarities` of the layers of :func:`layers_of` that saw the same images as the first."""
    responses, labels = layers_of(table)
    same = [name for name in responses if np.array_equal(labels[name], next(iter(labels.values())))]
    return similarities({name: responses[name] for name in same})


def selectivity_table(table: pd.DataFrame) -> pd.DataFrame:
    """:func:`selectivity` of the layers of :func:`layers_of`: columns layer, neurons, lifetime, population, silent."""
    responses, labels = layers_of(table)
    return pd.DataFrame(
        [
            {"layer": name, "neurons": values.shape[1], **selectivity(values, labels[name])}
            for name, values in responses.items()
            if values.min() >= 0  # sparseness is of rates; scores have signs
        ]
    )


def selectivity(responses: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Of a layer's responses (n, n_neurons) to images of classes ``labels`` (n,).

    Returns
    -------
    ``lifetime``: median over neurons of lifetime sparseness over classes, 0 to 1; ``population``: mean over images of the
    same measure over neurons (Vinje & Gallant 2000); ``silent``: fraction of the neurons that responded to no image
    """
    lifetime = lifetime_sparseness(class_rates(responses, labels, int(labels.max()) + 1))
    population = lifetime_sparseness(responses.T)
    return {
        "lifetime": float(np.nanmedian(lifetime)) if np.isfinite(lifetime).any() else float("nan"),
        "population": float(np.nanmean(population)) if np.isfinite(population).any() else float("nan"),
        "silent": float((responses == 0).all(axis=0).mean()),
    }
