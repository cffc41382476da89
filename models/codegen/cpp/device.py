"""Brian2's C++ standalone device with our templates, and with constants and seed read when the program starts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice
from brian2.devices.device import all_devices

from equispike.models.codegen.cpp.connectivity import Connectivity, Layout
from equispike.models.codegen.cpp.rewriting import FUNCTIONS, stored
from equispike.models.codegen.standalone.device import RunFileDevice
from equispike.models.errors import EquispikeError

DEVICE_NAME = "equispike_cpp"

#: So many of the files that Brian2 writes an object are compiled at once: what they include, the standard library above all,
#: takes longer than they do.
_AT_ONCE = 32
_MAKEFILE = """
main: {units}
\t$(CXX) $^ -o $@ {linker_flags}
%.o: %.cpp
\t$(CXX) -I. {flags} -c $< -o $@
"""
#: In every step Brian2 collects the clocks that are due and looks each object's up; with one clock it is always that one.
_ONE_CLOCK = {
    "if (curclocks.find(obj_clock) != curclocks.end())": (
        "if (clocks.size() == 1 || curclocks.find(obj_clock) != curclocks.end())"
    ),
    "std::set<BaseClock*>::iterator i=curclocks.begin(); i!=curclocks.end(); i++)\n            (*i)->tick();": (
        "std::set<BaseClock*>::iterator i=(clocks.size() == 1 ? clocks : curclocks).begin(); "
        "i!=(clocks.size() == 1 ? clocks : curclocks).end(); i++)\n            (*i)->tick();"
    ),
    "    // find minclock,": "    if (clocks.size() == 1)\n        return *clocks.begin();\n    // find minclock,",
}


class CppCodeObject(CPPStandaloneCodeObject):
    """C++ code from our templates, where there is one, else from Brian2's."""

    templater = CPPStandaloneCodeObject.templater.derive("equispike.models.codegen.cpp", env_globals=FUNCTIONS)


@dataclass(frozen=True)
class Decision:
    """Which template an object's code came from, and why."""

    name: str
    template: str
    is_ours: bool
    reason: str


class _Sources:
    """A writer that lets namespace constants be read at run time, leaves out arrays that nothing reads, and names each
    file's helpers, which several files have, so that the files can be compiled as one."""

    def __init__(self, writer, device: CppDevice, needed: Iterable[str]) -> None:
        self._writer, self._device, self._needed = writer, device, set(needed)

    def write(self, filename: str, contents: str) -> None:
        contents = self._device.with_places_read(contents, "equispike::constants[{}]")
        contents = re.sub(r"\bNEEDED\((\w+)\)", lambda match: str(int(match[1] in self._needed)), contents)
        own = f"in_{Path(filename).stem}"
        contents = contents.replace("namespace {", f"namespace {own} {{", 1)
        contents = contents.replace("using namespace brian;", f"using namespace brian;\n    using namespace {own};")
        self._writer.write(filename, contents)


class _ForOneClock:
    """A writer of the network's source with a short cut for networks of one clock."""

    def __init__(self, writer) -> None:
        self._writer = writer

    def write(self, filename: str, contents) -> None:
        for brian2s, ours in _ONE_CLOCK.items():
            assert brian2s in contents.cpp_file
            contents.cpp_file = contents.cpp_file.replace(brian2s, ours)
        self._writer.write(filename, contents)


class _KeepingOnly:
    """A writer of Brian2's arrays with a program end that writes only what someone will read."""

    def __init__(self, writer, device: CppDevice) -> None:
        self._writer, self._device = writer, device

    def write(self, filename: str, contents) -> None:
        contents.cpp_file = self._device.writing_only_kept(contents.cpp_file)
        self._writer.write(filename, contents)


class CppDevice(RunFileDevice, CPPStandaloneDevice):
    """The device.

    Attributes
    ----------
    own_templates : use our templates where their conditions are proved; else Brian2's throughout
    single_precision : whether variables are float32
    decisions : what was decided for each object, in the order of their creation
    """

    include = Path(__file__).parent / "include"
    seeding = "brian::_random_generators[0].seed(equispike::seed);"

    def __init__(self) -> None:
        super().__init__()
        self.own_templates = True
        self.single_precision = False
        self.decisions: dict[str, Decision] = {}
        self.connectivity = Connectivity()

    def code_object_class(self, codeobj_class=None, fallback_pref=None):
        if codeobj_class is not None:
            return codeobj_class
        return CppCodeObject if self.own_templates else CPPStandaloneCodeObject

    def fill_with_array(self, var, arr):
        self.connectivity.note_written(var)
        super().fill_with_array(var, arr)

    def variableview_set_with_index_array(self, variableview, item, value, check_units):
        self.connectivity.note_written(variableview.variable)
        super().variableview_set_with_index_array(variableview, item, value, check_units)

    def code_object(self, owner, name, abstract_code, variables, template_name, variable_indices, **options):
        if template_name.startswith("group_variable_set"):
            for variable in variables.values():
                self.connectivity.note_written(variable)
        chosen, reason = template_name, ""
        kwds = options.get("template_kwds") or {}
        if template_name.startswith("synapses_create"):
            creation = self.connectivity.note_connect(owner, abstract_code, kwds)
            if creation.pattern and self.own_templates:
                chosen, reason = "synapses_create_pattern", f"{creation.pattern}: arrays only where they are read"
                options["template_kwds"] = kwds | self._creation(owner, creation.pattern)
        elif template_name in ("synapses", "synapses_push_spikes") and self.own_templates:
            pathway = kwds["pathway"] if template_name == "synapses" else owner
            layout = self.connectivity.layout(pathway)
            reason = layout.reason
            if layout.pattern and template_name == "synapses":
                chosen, options["template_kwds"] = "synapses_pattern", kwds | self._synapses(pathway, layout)
            elif layout.pattern:
                chosen = "synapses_push_nothing"
        codeobj = super().code_object(owner, name, abstract_code, variables, chosen, variable_indices, **options)
        is_ours = self.own_templates and chosen in _OUR_TEMPLATES
        reason = reason or (_explained(chosen, codeobj) if is_ours else "as Brian2 writes it")
        self.decisions[codeobj.name] = Decision(codeobj.name, chosen, is_ours, reason)
        return codeobj

    def _creation(self, synapses, pattern: str) -> dict[str, object]:
        n_pre, n_post = len(synapses.source), len(synapses.target)
        n_outgoing, n_incoming = {
            "all-to-all": (n_post, n_pre),
            "all-but-self": (n_post - 1, n_pre - 1),
            "one-to-one": (1, 1),
        }[pattern]
        return {
            "pattern": pattern,
            "n_pre": n_pre,
            "n_post": n_post,
            "n_outgoing": n_outgoing,
            "n_incoming": n_incoming,
            "n_synapses": n_pre * n_outgoing,
        }

    def _synapses(self, pathway, layout: Layout) -> dict[str, object]:
        own_index = pathway.synapses.variables[f"_synaptic_{pathway.prepost}"]
        return {
            "pathway": pathway,
            "prepost": pathway.prepost,
            "pattern": layout.pattern,
            "eventspace": self.get_array_name(pathway.source.variables[pathway.eventspace_name]),
            "delay": layout.delay and self.get_array_name(layout.delay, access_data=False),
            "dt": self.get_array_name(pathway.source.variables["dt"]),
            "sorted": self.get_array_name(own_index, access_data=False),
            "n_events": len(pathway.source),
            "n_others": len(pathway.target),
            "fixed": self._fixed_arrays(),
        }

    def _fixed_arrays(self) -> set[str]:
        """Names of the arrays that keep their values during a run."""
        return {f"_ptr{name}" for variable, name in self.arrays.items() if variable.constant}

    def _check_constant(self) -> None:
        """Raise EquispikeError where code changes during a run what is declared constant, on which our templates rely."""
        fixed = self._fixed_arrays()
        for codeobj in self.code_objects.values():
            if self.decisions[codeobj.name].template.startswith(("synapses_create", "group_variable_set")):
                continue
            for name in sorted(stored(codeobj.code.cpp_file) & fixed):
                raise EquispikeError(
                    f"{codeobj.name.removesuffix('_codeobject')} changes {name.removeprefix('_ptr_array_')}, which is "
                    "declared (constant): omit (constant) there"
                )

    def generate_makefile(self, writer, compiler, compiler_flags, linker_flags, nb_threads, debug) -> None:
        """A makefile without Brian2's dependency pass, which reads every source once more: each build starts anew."""
        files = sorted(writer.source_files)
        code = [name for name in files if name.startswith("code_objects")]
        parts = {"program": [name for name in files if name not in code]}
        parts |= {f"code_{k}": code[k : k + _AT_ONCE] for k in range(0, len(code), _AT_ONCE)}
        for name, included in parts.items():
            lines = [f'#include "{each}"\n' for each in ("equispike.h", *included)]
            writer.write(f"{name}.cpp", "".join(lines))
        units = " ".join(f"{name}.o" for name in parts)
        writer.write("makefile", _MAKEFILE.format(flags=compiler_flags, units=units, linker_flags=linker_flags))

    def generate_objects_source(self, writer, *args, **kwargs) -> None:
        super().generate_objects_source(_KeepingOnly(writer, self) if self.own_templates else writer, *args, **kwargs)

    def generate_codeobj_source(self, writer) -> None:
        if self.own_templates:
            self._check_constant()
        self.note_places(np.float32 if self.single_precision else np.float64)
        super().generate_codeobj_source(_Sources(writer, self, self._needed_arrays()))

    def _needed_arrays(self) -> set[str]:
        """The dynamic arrays that some code reads or writes, their creation aside, and those to be kept."""
        needed = set(self.kept)
        for codeobj in self.code_objects.values():
            if self.decisions[codeobj.name].template.startswith("synapses_create_pattern"):
                continue
            blocks = [
                codeobj.code.cpp_file,
                *(getattr(codeobj.code, f"{b}_cpp_file") for b in codeobj.before_after_blocks),
            ]
            code = "\n".join(blocks)
            for variable, name in self.dynamic_arrays.items():
                is_index = variable.name in ("_synaptic_pre", "_synaptic_post")
                queues = [f"{pathway.name}.prepare(" for pathway in variable.owner._pathways] if is_index else []
                if any(use in code for use in (f"_ptr{self.arrays[variable]}[", name, *queues)):
                    needed.add(name)
        return needed

    def generate_network_source(self, writer, compiler) -> None:
        super().generate_network_source(_ForOneClock(writer) if self.own_templates else writer, compiler)


_OUR_TEMPLATES = {path.stem for path in (Path(__file__).parent / "templates").glob("*.cpp")}


def _explained(template: str, codeobj) -> str:
    """What our template could make of an object's code."""
    code = str(codeobj.code.cpp_file)
    if template == "stateupdate":
        return "refractory neurons apart from the others" if "_held" in code else "one loop"
    if template == "threshold":
        many = "64 neurons at a time" if "_any" in code else "neuron by neuron: the condition is not a pure function"
        return f"{many}; nothing to do while {shared} is false" if (shared := _shared(code)) else many
    return "leaves at once without events"


def _shared(code: str) -> str | None:
    match = re.search(r"if\(!(_lio_\d+)\) \{", code)
    value = match and re.search(rf"const char {match[1]} = (.+);", code)
    return value[1] if value else None


all_devices[DEVICE_NAME] = CppDevice()
