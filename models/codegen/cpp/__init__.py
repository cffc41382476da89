"""C++ standalone programs from Brian2's equations: Brian2's device with templates that know what is dense."""

from equispike.models.codegen.cpp.backend import CppBackend

__all__ = ["CppBackend"]
