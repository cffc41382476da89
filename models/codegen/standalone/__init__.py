"""What programs of Brian2's standalone devices have in common, be they C++ or CUDA: how they are generated, kept and run."""

from equispike.models.codegen.standalone.backend import StandaloneBackend
from equispike.models.codegen.standalone.cache import cache_dir
from equispike.models.codegen.standalone.program import StandaloneProgram

__all__ = ["StandaloneBackend", "StandaloneProgram", "cache_dir"]
