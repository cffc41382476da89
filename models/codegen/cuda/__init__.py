"""CUDA standalone programs from Brian2's equations, by Brian2CUDA."""

from equispike.models.codegen.cuda.backend import CudaBackend

__all__ = ["CudaBackend"]
