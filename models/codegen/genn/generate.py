"""Writes the GeNN program of a network. Run by the GeNN environment's Python, which has an older Brian2:
``python generate.py JOB FOLDER``; JOB is a JSON file with recipe, constants and use_gpu.

FOLDER gets the source and layout.json: which files the program reads and leaves.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import brian2
import numpy as np
from brian2 import DEFAULT_FUNCTIONS, Network, Quantity, second
from brian2.devices.device import all_devices
from brian2genn.device import GeNNDevice
from brian2genn.genn_generator import GeNNCodeGenerator

from equispike.models.build_request import BuildRequest

# Brian2GeNN's own takes and compares single precision.
_CLIP = """
SUPPORT_CODE_FUNC double _clip(const double value, const double a_min, const double a_max)
{
    return (value < a_min) ? a_min : ((value > a_max) ? a_max : value);
}
"""
_SEED = """
if (const char *given = std::getenv("EQUISPIKE_SEED")) {
    const unsigned long seed = std::strtoul(given, nullptr, 10);
    srand(seed);
    rk_seed(seed, brian::_mersenne_twister_states[0]);
}
"""


class _Device(GeNNDevice):
    """Brian2GeNN's device; GeNN itself lets on_post read variables of the postsynaptic neuron, on_pre of the presynaptic."""

    def collect_synapses_variables(self, synapse_model, pathway, codeobj):
        super().collect_synapses_variables(synapse_model, "either", codeobj)


def generate(recipe: BuildRequest, constants: Mapping[str, float], folder: Path, *, use_gpu: bool) -> dict:
    """Write the source of a network with some ``constants`` (SI units) changed; returns the layout."""
    DEFAULT_FUNCTIONS["clip"].implementations.add_implementation(GeNNCodeGenerator, code=_CLIP, name="_clip")
    all_devices["genn"] = _Device()
    brian2.prefs.devices.genn.connectivity = "DENSE"
    brian2.prefs.codegen.cpp.headers = ["<cstdlib>", "<cmath>", "<vector>"]
    brian2.set_device("genn", build_on_run=False)
    device = brian2.get_device()

    one_run = recipe.network.one_run
    assert one_run is not None
    network = one_run.build(recipe.params, recipe.n_samples, resets_first=True, **recipe.options)
    parts = network.parts
    for name, value in constants.items():
        parts.namespace[name] = Quantity(value, dim=brian2.get_dimensions(parts.namespace[name]))
    net = Network(*parts.objects)
    state = {}
    for name in parts.state:
        owner, variable = (net[name.split(".")[0]], name.split(".")[1])
        size = len(owner.source) * len(owner.target) if hasattr(owner, "target") else len(owner)
        known = set(device.static_arrays)
        owner.variables[variable].set_value(np.arange(size, dtype=float))  # of no meaning: each run replaces it
        (state[name],) = set(device.static_arrays) - known
    net.run(1 * second, namespace={})  # the program is told how long at each start

    device.insert_code("after_start", _SEED)
    device.insert_code("before_end", "brian::_array_defaultclock_t[0] = t;")
    for runner in network.at_end:
        device.insert_code("before_end", f"_run_{runner.codeobj.name}();")
    device.run_statement_used = False  # it takes a build after run() for the code of a second run
    device.build(directory=str(folder), compile=False, run=False, use_GPU=use_gpu)
    _mend(folder / "magicnetwork_model.cpp")
    return {
        "state": state,
        "inputs": {name: f"{name}_values" for name in parts.inputs},
        "results": {
            full: _file(device, net, full)
            for full in [
                *parts.state,
                *(f"{name}.{key}" for name, monitor in parts.monitors.items() for key in ("i", "t")),
            ]
        },
    }


def _mend(model: Path) -> None:
    """What Brian2GeNN writes for dense connections and GeNN 4.9 does not take: a comma before the first variable of those
    that have none of their own, and a setting of sparse ones."""
    text = re.sub(r"(SET_VARS\(\{)\s*,", r"\1", model.read_text())
    text = re.sub(r"\(\s*,\s*uninitialisedVar", "(uninitialisedVar", text)
    model.write_text(re.sub(r"syn->setSpanType\(.*?\);", "", text))


def _file(device, net: Network, full: str) -> list[str]:
    owner, name = full.split(".")
    variable = net[owner].variables[name]
    return [os.path.basename(device.get_array_filename(variable)), np.dtype(variable.dtype).str]


def main(job_file: str, folder: str) -> None:
    job = json.loads(Path(job_file).read_text())
    for name in ("base", "numpy_generator"):  # the order of synapses is the same in all our backends
        logging.getLogger(f"brian2.codegen.generators.{name}").setLevel(logging.ERROR)
    layout = generate(BuildRequest.from_json(job["recipe"]), job["constants"], Path(folder), use_gpu=job["use_gpu"])
    Path(folder, "layout.json").write_text(json.dumps(layout))


if __name__ == "__main__":
    main(*sys.argv[1:])
