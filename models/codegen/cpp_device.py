"""Brian2's C++ standalone device with our templates, and with constants and seed read when the program starts.

Stock Brian2 compiles the numbers of the namespace and the seed into the program. Here they come from a file at run time,
so that one program serves every seed and every parameter that does not change the structure of the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice
from brian2.devices.device import all_devices

from models.codegen.connectivity import Connectivity

DEVICE_NAME = "equispike_cpp"

#: What nearly every generated file includes; compiled once a program instead of once a file.
_PREFIX = """
#include <chrono>
#include <climits>
#include <cmath>
#include <ctime>
#include <fstream>
#include <iostream>
#include "objects.h"
#include "network.h"
#include "synapses_classes.h"
#include "brianlib/common_math.h"
#include "brianlib/stdint_compat.h"
#include "run_file.h"
"""
_MAKEFILE = """
FLAGS = -I. {flags}
main: {objects}
\t$(CXX) $^ -o $@ {linker_flags}
prefix.h.gch: prefix.h
\t$(CXX) $(FLAGS) -x c++-header $< -o $@
%.o: %.cpp prefix.h.gch
\t$(CXX) $(FLAGS) -include prefix.h -c $< -o $@
"""
_HEADER = """
#ifndef EQUISPIKE_RUN_FILE_H
#define EQUISPIKE_RUN_FILE_H
#include <string>
namespace equispike {
// Numbers of the namespace, in the order of constants.txt; then the seed.
extern double constants[];
extern unsigned long seed;
void read_run_file(const std::string& path);
}
#endif
"""
_SOURCE = """
#include "run_file.h"
#include <cstdlib>
#include <fstream>
#include <iostream>
namespace equispike {
double constants[%(size)d];
unsigned long seed;
void read_run_file(const std::string& path)
{
    std::ifstream file(path);
    std::string word;
    for (int i = 0; i < %(count)d; i++)
        if (file >> word) constants[i] = std::strtod(word.c_str(), nullptr);
    if (!(file >> seed)) {
        std::cerr << "cannot read the run file " << path << std::endl;
        std::exit(1);
    }
}
}
"""


_INDEX_LOOKUP = re.compile(r"^\s*const int32_t _(pre|post)synaptic_idx = \w*__synaptic_\1\[_idx\];\n", re.MULTILINE)
#: A condition that is a loop invariant, or a conjunction of one with something in a single pair of brackets.
_SCALAR_CONJUNCT = re.compile(
    r"const char _cond = (?:(?P<only>_lio_\d+)|(?P<first>_lio_\d+) && \([^()]*\)|\([^()]*\) && (?P<last>_lio_\d+));"
)


def _guarded(source: str) -> str:
    """Leave a thresholder at once in steps where the part of its condition that all neurons share is false."""
    match = _SCALAR_CONJUNCT.search(source)
    eventspace = re.search(r"(\w+)\[N\] = _count;", source)
    if match is None or eventspace is None:
        return source
    shared = match["only"] or match["first"] or match["last"]
    return source.replace("//// SCALAR GUARD ////", f"if(!{shared}) {{ {eventspace[1]}[N] = 0; return; }}")


class CppCodeObject(CPPStandaloneCodeObject):
    """C++ code from our templates, where there is one, else from Brian2's."""

    templater = CPPStandaloneCodeObject.templater.derive("models.codegen")


class _ConstantsFromFile:
    """A writer that turns ``const double tau = 0.1;`` into a read from the run file's table."""

    def __init__(self, writer, names: Iterable[str]) -> None:
        self._writer = writer
        self._index = {name: k for k, name in enumerate(names)}
        self._pattern = re.compile(r"^(\s*const (double|int64_t) (\w+) = )[^;\n]+;$", re.MULTILINE)

    def write(self, filename: str, contents: str) -> None:
        def replaced(match: re.Match) -> str:
            if match[3] not in self._index:
                return match[0]
            return f"{match[1]}({match[2]}) equispike::constants[{self._index[match[3]]}];"

        self._writer.write(filename, self._pattern.sub(replaced, contents))


class CppDevice(CPPStandaloneDevice):
    """The device.

    Attributes
    ----------
    own_templates : use our templates where their conditions are proved; else Brian2's throughout
    run_time_constants : names of the numbers to be read at run time
    """

    def __init__(self) -> None:
        super().__init__()
        self.own_templates = True
        self.run_time_constants: tuple[str, ...] = ()
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
        if template_name.startswith("synapses_create"):
            self.connectivity.note_connect(owner.name, abstract_code)
        elif template_name.startswith("group_variable_set"):
            for variable in variables.values():
                self.connectivity.note_written(variable)
        elif self.own_templates and template_name == "synapses_push_spikes":
            if self.connectivity.is_all_to_all(owner):
                template_name = "synapses_push_nothing"
        elif self.own_templates and template_name == "synapses":
            pathway = options["template_kwds"]["pathway"]
            if self.connectivity.is_all_to_all(pathway):
                template_name, options["template_kwds"] = "synapses_all_to_all", self._all_to_all(pathway)
        codeobj = super().code_object(owner, name, abstract_code, variables, template_name, variable_indices, **options)
        if template_name == "synapses_all_to_all":
            # Brian2 looks pre- and postsynaptic indices up; here they are the loop's own.
            codeobj.code.cpp_file = _INDEX_LOOKUP.sub("", codeobj.code.cpp_file)
        elif template_name == "threshold":
            codeobj.code.cpp_file = _guarded(codeobj.code.cpp_file)
        return codeobj

    def _all_to_all(self, pathway) -> dict[str, object]:
        events = self.get_array_name(pathway.source.variables[pathway.eventspace_name])
        return {
            "pathway": pathway,
            "prepost": pathway.prepost,
            "eventspace": events,
            "n_sources": len(pathway.source),
            "n_targets": len(pathway.target),
        }

    def read_constants_at_run_time(self, names: Iterable[str], directory: Path) -> list[str]:
        """Arrange for the run file to be read; returns the source files that the build must include."""
        self.run_time_constants = tuple(sorted(names))
        count = len(self.run_time_constants)
        directory.joinpath("run_file.h").write_text(_HEADER)
        directory.joinpath("run_file.cpp").write_text(_SOURCE % {"count": count, "size": max(count, 1)})
        self.headers.append('"run_file.h"')
        self.insert_code("before_start", "equispike::read_run_file(args.back()); args.pop_back();")
        self.insert_code("after_start", "brian::_random_generators[0].seed(equispike::seed);")
        return ["run_file.cpp"]

    def generate_makefile(self, writer, compiler, compiler_flags, linker_flags, nb_threads, debug) -> None:
        """A makefile without Brian2's dependency pass, which reads every source once more: each build starts anew."""
        objects = " ".join(sorted(name.removesuffix(".cpp") + ".o" for name in writer.source_files))
        writer.write("prefix.h", _PREFIX)
        writer.write("makefile", _MAKEFILE.format(flags=compiler_flags, objects=objects, linker_flags=linker_flags))

    def generate_codeobj_source(self, writer) -> None:
        super().generate_codeobj_source(_ConstantsFromFile(writer, self.run_time_constants))


all_devices[DEVICE_NAME] = CppDevice()
