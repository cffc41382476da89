"""Writes the GeNN program of a plan. Run by the GeNN environment's Python, which has an older Brian2:
``python generate.py FOLDER cpu`` or ``gpu``, where the plan is.

FOLDER gets the source and layout.json: which files the program reads and leaves.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import brian2
import numpy as np
from brian2 import DEFAULT_FUNCTIONS, Network, Synapses, second
from brian2.core.variables import DynamicArrayVariable
from brian2.devices.device import all_devices
from brian2genn.device import GeNNDevice
from brian2genn.genn_generator import GeNNCodeGenerator

from equispike.models.codegen.genn.assembling import Assembled, assemble
from equispike.models.codegen.genn.plan import Plan

_HEADER = Path(__file__).parent / "include" / "equispike.h"

#: Brian2GeNN's own clip() takes single precision, its int() truth values; it has none of the others.
_FUNCTIONS = {
    "clip": ("_clip", """
SUPPORT_CODE_FUNC double _clip(const double value, const double a_min, const double a_max)
{
    return (value < a_min) ? a_min : ((value > a_max) ? a_max : value);
}
"""),
    "int": ("int_", "template <typename T> SUPPORT_CODE_FUNC int int_(const T value) { return (int)value; }"),
    "exprel": ("_exprel", """
SUPPORT_CODE_FUNC double _exprel(const double x)
{
    return (fabs(x) < 1e-16) ? 1.0 : ((x > 717) ? INFINITY : expm1(x) / x);
}
"""),
    "log1p": ("log1p", None),
    "expm1": ("expm1", None),
}  # fmt: skip
_SEED = """
if (const char *given = std::getenv("EQUISPIKE_SEED")) {
    const unsigned long seed = std::strtoul(given, nullptr, 10);
    srand(seed);
    rk_seed(seed, brian::_mersenne_twister_states[0]);
}
"""
#: GeNN hands on at the next time step what spikes brought in the last one; what runs between them is to see it.
_DELIVERY = """
      pull{variable}{target}FromDevice();
      pullinSyn{synapses}FromDevice();
      for (int k = 0; k < {n}; k++) {{
        {variable}{target}[k] += inSyn{synapses}[k];
        inSyn{synapses}[k] = 0;
      }}
      push{variable}{target}ToDevice();
      pushinSyn{synapses}ToDevice();
"""


class _Device(GeNNDevice):
    """Brian2GeNN's device; GeNN itself lets on_post read variables of the postsynaptic neuron, on_pre of the presynaptic."""

    def collect_synapses_variables(self, synapse_model, pathway, codeobj):
        super().collect_synapses_variables(synapse_model, "either", codeobj)

    def process_synapses(self, synapse_groups, objects):
        """Give GeNN the variables that blocks alone use, too."""
        super().process_synapses(synapse_groups, objects)
        owners = {group.name: group for group in synapse_groups}
        for model in self.synapse_models:
            for name, equation in owners[model.name].equations.items():
                if name not in model.variables and "constant" not in equation.flags:
                    self.add_array_variable(model, name, owners[model.name].variables[name])


def generate(plan: Plan, folder: Path, *, use_gpu: bool) -> dict:
    """Write the source of a network; returns the layout."""
    for name, (theirs, code) in _FUNCTIONS.items():
        DEFAULT_FUNCTIONS[name].implementations.add_implementation(GeNNCodeGenerator, code=code, name=theirs)
    all_devices["genn"] = _Device()
    brian2.prefs.devices.genn.connectivity = "DENSE"
    brian2.prefs.codegen.cpp.headers = ["<cstdlib>", "<cmath>", "<vector>", '"equispike.h"']
    brian2.set_device("genn", build_on_run=False)
    device = brian2.get_device()

    parts = assemble(plan)
    net = Network(*parts.objects)
    begins = {name: _begin(device, net, name, values) for name, values in _values(plan)}
    net.run(1 * second, namespace={})  # the program is told how long at each start

    device.insert_code("after_start", _SEED)
    noted = {name: f"results/{name}" for name in plan.recorders}
    for number, file in enumerate(noted.values()):
        device.insert_code("before_end", f'equispike::save({number}, "{file}");')
    device.run_statement_used = False  # it takes a build after run() for the code of a second run
    device.build(directory=str(folder), compile=False, run=False, use_GPU=use_gpu)
    shutil.copy(_HEADER, folder)
    _mend(folder / "magicnetwork_model.cpp")
    _end_with_a_step(folder / "engine.cpp", plan, parts)
    return {
        "state": {name: begins[name] for name in plan.state},
        "inputs": {name: f"{name}_values" for name in plan.inputs},
        "numbers": plan.numbers,
        "recorders": {name: ["i", "t", *columns] for name, columns in plan.recorders.items()},
        "results": {
            full: _file(device, net, full)
            for full in [*plan.state, *(f"{name}.{key}" for name in plan.spike_monitors for key in ("i", "t"))]
        },
    }


def _values(plan: Plan) -> Iterator[tuple[str, np.ndarray]]:
    """What variables start from; without synapses' neurons."""
    for name, values in plan.arrays.items():
        if name.split(".")[1] not in ("i", "j"):
            yield name, values


def _begin(device, net: Network, full: str, values: np.ndarray) -> str:
    """Let a variable start from a file; returns its name."""
    owner, name = full.split(".")
    variable = net[owner].variables[name]
    array = device.get_array_name(variable, access_data=False)
    file = device.static_array(array, np.asarray(values, dtype=float))
    device.main_queue.append(("set_by_array", (array, file, isinstance(variable, DynamicArrayVariable))))
    return file


def _mend(model: Path) -> None:
    """What Brian2GeNN writes for dense connections and GeNN 4.9 does not take: a comma before the first variable of those
    that have none of their own, and a setting of sparse ones."""
    text = re.sub(r"(SET_VARS\(\{)\s*,", r"\1", model.read_text())
    text = re.sub(r"\(\s*,\s*uninitialisedVar", "(uninitialisedVar", text)
    model.write_text(re.sub(r"syn->setSpanType\(.*?\);", "", text))


def _end_with_a_step(engine: Path, plan: Plan, parts: Assembled) -> None:
    """Let the run end when the network says so: after what ends a time step, before what begins the next one."""
    text = engine.read_text()
    due = " || ".join(f"i % {every} == 0" for every in sorted({block.every for block in plan.blocks})) or "false"
    text = _put_before(
        "    // The StateMonitor and run_regularly", f"    if ({due}) {{{_deliveries(parts)}    }}\n", text
    )
    for block, runner in zip(plan.blocks, parts.blocks, strict=True):
        if not block.ends:
            text = _put_before(f"      _run_{runner.codeobj.name}();", "      if (!equispike::stopped())\n", text)
    engine.write_text(_put_before("    stepTime();", "    if (equispike::stopped()) break;\n", text))


def _deliveries(parts: Assembled) -> str:
    return "".join(
        _DELIVERY.format(
            variable=each._genn_post_write_var.removesuffix("_post"),
            target=each.target.name,
            synapses=each.name,
            n=len(each.target),
        )
        for each in parts.objects
        if isinstance(each, Synapses) and hasattr(each, "_genn_post_write_var")
    )


def _put_before(line: str, more: str, text: str) -> str:
    assert text.count(line) == 1, line
    return text.replace(line, more + line)


def _file(device, net: Network, full: str) -> list[str]:
    owner, name = full.split(".")
    variable = net[owner].variables[name]
    return [os.path.basename(device.get_array_filename(variable)), np.dtype(variable.dtype).str]


def main(folder: str, processor: str) -> None:
    for name in ("base", "numpy_generator"):  # the order of synapses is the same in all our backends
        logging.getLogger(f"brian2.codegen.generators.{name}").setLevel(logging.ERROR)
    layout = generate(Plan.read(Path(folder)), Path(folder), use_gpu=processor == "gpu")
    Path(folder, "layout.json").write_text(json.dumps(layout))


if __name__ == "__main__":
    main(*sys.argv[1:])
