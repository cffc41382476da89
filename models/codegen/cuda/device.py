"""Brian2CUDA's device with constants and seed read when the program starts, and with one file for the compiler.

Brian2CUDA 1.0b1 is corrected where its code would not compile, or would be wrong, for our networks; each correction
asserts that what it corrects is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from brian2.devices.device import all_devices
from brian2cuda.device import CUDAStandaloneDevice

from equispike.models.codegen.order import depends_on_order
from equispike.models.codegen.standalone.device import RunFileDevice

DEVICE_NAME = "equispike_cuda"

#: nvcc takes no library by its path, and a wheel's has no name that ``-l`` finds.
_MAKEFILE = """\
main: program.cu
\tln -sf $(CURAND) libcurand.so
\t$(NVCC) -ccbin $(CXX) -w -O3 -std=c++17 -rdc=true $(GPUS) -I. -I$(CURAND_HEADERS) $< -o $@ \\
\t\t-L. -lcurand -Xlinker -rpath,$(dir $(CURAND))
"""
#: Brian2CUDA lower-cases what follows the equals sign in ``name=path``, for the sake of ``True``.
_LOWER_CASING = r"\tstd::for_each\(s_value\.begin\(\), s_value\.end\(\).*?\}\);\n"
#: A random number by place in the list of events, whose order changes from run to run; by neuron it does not.
_BY_EVENT = "_idx = neuron_id;"
_BY_NEURON = "_idx = neuron_id;\n    _vectorisation_idx = neuron_id;"
#: Threads look whether the queues of spikes are there yet, and one of them makes them: not before all have looked.
_LOOKED = "bool initialize_semaphores = (!semaphore);\n"


class CudaDevice(RunFileDevice, CUDAStandaloneDevice):
    """The device.

    Attributes
    ----------
    order_dependent : name of the first object whose outcome depends on the order of synapses
    """

    include = Path(__file__).parent / "include"
    seeding = "equispike::upload_constants(); brian::random_number_buffer.set_seed(equispike::seed);"

    def __init__(self) -> None:
        super().__init__()
        self.order_dependent: str | None = None

    def code_object(self, owner, name, abstract_code, variables, template_name, variable_indices, **options):
        codeobj = super().code_object(owner, name, abstract_code, variables, template_name, variable_indices, **options)
        creates = template_name.startswith("synapses_create")
        if not creates and not self.order_dependent and depends_on_order(abstract_code, variables, variable_indices):
            self.order_dependent = codeobj.name.removesuffix("_codeobject")
        return codeobj

    def network_run(self, net, duration, *args, **kwargs) -> None:
        for clock in {each.clock.name for each in net.sorted_objects}:
            self.insert_code("before_network_run", f"{net.name}.add(&{clock}, equispike::stop_if_asked);")
        super().network_run(net, duration, *args, **kwargs)

    def generate_codeobj_source(self, writer) -> None:
        self.note_places()
        super().generate_codeobj_source(_CodeObjects(writer, self))

    def generate_objects_source(self, writer, *args, **kwargs) -> None:
        super().generate_objects_source(_Arrays(writer, self), *args, **kwargs)

    def copy_source_files(self, writer, directory) -> None:
        super().copy_source_files(writer, directory)
        queue = Path(directory, "brianlib", "spikequeue.h")
        code = queue.read_text()
        assert code.count(_LOOKED) == 1
        queue.write_text(code.replace(_LOOKED, f"{_LOOKED}        __syncthreads();\n"))

    def generate_makefile(self, writer, *args, **kwargs) -> None:
        """One source that includes all others: each of them alone takes nvcc half a minute, nearly all of it for headers."""
        # Kernels are declared in headers without their namespace; what uses one must come after its definition. rand.cu
        # opens a namespace for whatever follows it.
        last = ("code_objects/after_run_", "main.cu", "rand.cu")
        ranks = {
            name: sum(k for k, start in enumerate(last, 1) if name.startswith(start)) for name in writer.source_files
        }
        ordered = sorted(ranks, key=lambda name: (ranks[name], name))
        writer.write("program.cu", "".join(f'#include "{name}"\n' for name in ["equispike.h", *ordered]))
        writer.write("makefile", _MAKEFILE)


class _CodeObjects:
    """A writer of objects' code that can be included in one file."""

    def __init__(self, writer, device: CudaDevice) -> None:
        self._writer, self._device = writer, device

    def write(self, filename: str, contents: str) -> None:
        if filename.endswith(".cu"):
            name = Path(filename).stem
            if "_run_kernel_" in contents:
                contents = self._corrected(contents)
            contents = self._device.with_places_read(contents, "equispike::constant({})")
            contents = in_namespace(contents, "_in_" + name.removeprefix("after_run_"))
        self._writer.write(filename, contents)

    @staticmethod
    def _corrected(code: str) -> str:
        # Brian2CUDA asks the default clock, which our networks do not have.
        if "defaultclock.timestep[0]" in code:
            clocks = set(re.findall(r"(\w+)\.timestep\[0\],", code))
            assert len(clocks) == 1
            code = code.replace("defaultclock.timestep[0]", f"{clocks.pop()}.timestep[0]")
        if _BY_EVENT in code:
            code = code.replace(_BY_EVENT, _BY_NEURON)
        return code


class _Arrays:
    """A writer of Brian2's arrays that takes paths as they are, and writes only what someone will read."""

    def __init__(self, writer, device: CudaDevice) -> None:
        self._writer, self._device = writer, device

    def write(self, filename: str, contents) -> None:
        code, count = re.subn(_LOWER_CASING, "", contents.cu_file, flags=re.DOTALL)
        assert count == 1
        contents.cu_file = self._device.writing_only_kept(code)
        self._writer.write(filename, contents)


def in_namespace(code: str, namespace: str) -> str:
    """The code in a namespace of its own, except for its includes and for the functions that others call."""
    includes = re.findall(r"^#include.*$", code, flags=re.MULTILINE)
    body = re.sub(r"^#include.*$", "", code, flags=re.MULTILINE)
    called = re.findall(r"^void (_(?:before_run|after_run|run|debugmsg)_\w+)\(\)\s*\{", body, flags=re.MULTILINE)
    return "\n".join(
        [
            *includes,
            f"namespace {namespace} {{",
            body,
            "}",
            *(f"void {name}() {{ {namespace}::{name}(); }}" for name in called),
            *(f"#undef {name}" for name in _unique(re.findall(r"^\s*#define (\w+)", body, flags=re.MULTILINE))),
            "",
        ]
    )


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


all_devices[DEVICE_NAME] = CudaDevice()
