"""Brian2's standalone devices with constants and seed read when the program starts.

Stock Brian2 compiles the numbers of the namespace and the seed into the program. Here they come from a file at run time,
so that one program serves every seed and every parameter that does not change the structure of the network.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from brian2.core.variables import Constant

from equispike.models.codegen.constants import is_read, numbers_of

_INCLUDE = Path(__file__).parent / "include"

#: What stands in generated code where a number is to be read at run time, with the number's place in the run file.
_PLACE = "_equispike_constant_{}"


class _ReadAtRunTime:
    """A constant's value whose place in the run file is written where Brian2 would write the number."""

    def __init__(self, place: int) -> None:
        self._place = place

    def __repr__(self) -> str:
        return _PLACE.format(self._place)


class RunFileDevice:
    """To be mixed into a device of Brian2's that is a CPPStandaloneDevice.

    Attributes
    ----------
    include : folder of the device's own headers and sources; it has an ``equispike.h``, which includes ``run_file.h``
    seeding : statements that set up the random numbers once the program has started
    run_time_constants : names of the numbers that are read at run time, in the order of the run file
    kept : arrays, by name in the code, that are read after a run, and so must exist although no code may use them
    """

    include: Path
    seeding: str
    headers: list[str]
    insert_code: Any
    code_objects: dict[str, Any]

    def __init__(self) -> None:
        super().__init__()
        self.run_time_constants: tuple[str, ...] = ()
        self._namespace: Mapping[str, object] = {}
        self.kept: set[str] = set()

    def read_constants_at_run_time(self, namespace: Mapping[str, object], directory: Path) -> list[str]:
        """Arrange for the run file with the numbers of ``namespace`` to be read; returns the source files that the build
        must include."""
        self._namespace = namespace
        self.run_time_constants = tuple(sorted(numbers_of(namespace)))
        sources = []
        for path in sorted(path for folder in (_INCLUDE, self.include) for path in folder.iterdir()):
            text = path.read_text()
            if path.name == "run_file.h":
                text = f"#define N_CONSTANTS {len(self.run_time_constants)}\n{text}"
            directory.joinpath(path.name).write_text(text)
            if path.suffix != ".h":
                sources.append(path.name)
        self.headers.append('"equispike.h"')
        self.insert_code("before_start", "equispike::end_with_parent();")
        self.insert_code("before_start", "equispike::read_run_file(args.back()); args.pop_back();")
        self.insert_code("after_start", self.seeding)
        return sources

    def note_places(self, floating: type = np.float64) -> None:
        """Let generated code name places in the run file, where it was resolved to numbers of the namespace.

        Floating-point numbers become ``floating`` constants.
        """
        places = {name: k for k, name in enumerate(self.run_time_constants)}
        for codeobj in self.code_objects.values():
            for name, variable in codeobj.variables.items():
                if is_read(self._namespace, codeobj.owner, name, variable):
                    constant = Constant(name, variable.value, variable.dim)
                    if np.issubdtype(constant.dtype, np.floating):
                        constant.dtype = floating
                    constant.value = _ReadAtRunTime(places[name])
                    codeobj.variables[name] = constant

    @staticmethod
    def with_places_read(code: str, value: str) -> str:
        """Generated code that takes ``value`` (a format of the number) for each place that it names."""
        return re.sub(_PLACE.format(r"(\d+)"), lambda match: value.format(match[1]), code)

    def writing_only_kept(self, code: str) -> str:
        """Brian2's arrays with a program end that writes only what someone will read, and says where it could not."""

        def if_kept(match: re.Match) -> str:
            return (
                f"{match[0]}    if (!outfile_{match[1]}) equispike::cannot_write();\n" if match[1] in self.kept else ""
            )

        block = r"    ofstream outfile_(\w+);\n.*?Error writing output file for \1\.\" << endl;\n    \}\n"
        code, count = re.subn(block, if_kept, code, flags=re.DOTALL)
        assert count
        return code
