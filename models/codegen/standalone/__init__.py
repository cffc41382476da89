"""What programs of Brian2's standalone devices have in common, be they C++ or CUDA: how they are generated, kept and run."""

from models.codegen.standalone.backend import StandaloneBackend
from models.codegen.standalone.cache import cache_dir
from models.codegen.standalone.program import StandaloneProgram

__all__ = ["StandaloneBackend", "StandaloneProgram", "cache_dir"]
