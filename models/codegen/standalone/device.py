"""Brian2's standalone devices with constants and seed read when the program starts.

Stock Brian2 compiles the numbers of the namespace and the seed into the program. Here they come from a file at run time,
so that one program serves every seed and every parameter that does not change the structure of the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_INCLUDE = Path(__file__).parent / "include"


class RunFileDevice:
    """To be mixed into a device of Brian2's that is a CPPStandaloneDevice.

    Attributes
    ----------
    include : folder of the device's own headers and sources; it has an ``equispike.h``, which includes ``run_file.h``
    seeding : statements that set up the random numbers once the program has started
    run_time_constants : names of the numbers to be read at run time
    kept : arrays, by name in the code, that are read after a run, and so must exist although no code may use them
    """

    include: Path
    seeding: str
    headers: list[str]
    insert_code: Any

    def __init__(self) -> None:
        super().__init__()
        self.run_time_constants: tuple[str, ...] = ()
        self.kept: set[str] = set()

    def read_constants_at_run_time(self, names: Iterable[str], directory: Path) -> list[str]:
        """Arrange for the run file to be read; returns the source files that the build must include."""
        self.run_time_constants = tuple(sorted(names))
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

    def with_run_time_constants(self, code: str, value: str, double: str = "double") -> str:
        """Generated code whose declarations of constants take their ``value`` (a format of the number) from the run file."""
        index = {name: k for k, name in enumerate(self.run_time_constants)}

        def from_file(match: re.Match) -> str:
            if match[3] not in index:
                return match[0]
            kind = double if match[2] == "double" else match[2]
            return f"{match[1]}const {kind} {match[3]} = ({kind}) {value.format(index[match[3]])};"

        return re.sub(r"^(\s*)const (double|int64_t) (\w+) = [^;\n]+;$", from_file, code, flags=re.MULTILINE)

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
