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

DEVICE_NAME = "equispike_cpp"

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
    """The device; :attr:`run_time_constants` names the numbers to be read at run time."""

    run_time_constants: tuple[str, ...] = ()

    def code_object_class(self, codeobj_class=None, fallback_pref=None):
        return CppCodeObject if codeobj_class is None else codeobj_class

    def read_constants_at_run_time(self, names: Iterable[str], directory: Path) -> list[str]:
        """Arrange for the run file to be read; returns the source files that the build must include."""
        self.run_time_constants = tuple(sorted(names))
        count = len(self.run_time_constants)
        directory.joinpath("run_file.h").write_text(_HEADER)
        directory.joinpath("run_file.cpp").write_text(_SOURCE % {"count": count, "size": max(count, 1)})
        self.headers = [*self.headers, '"run_file.h"']
        self.insert_code("before_start", "equispike::read_run_file(args.back()); args.pop_back();")
        self.insert_code("after_start", "brian::_random_generators[0].seed(equispike::seed);")
        return ["run_file.cpp"]

    def generate_codeobj_source(self, writer) -> None:
        super().generate_codeobj_source(_ConstantsFromFile(writer, self.run_time_constants))


all_devices[DEVICE_NAME] = CppDevice()
