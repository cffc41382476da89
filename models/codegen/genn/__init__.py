"""GeNN, through Brian2GeNN in an environment of its own."""

from equispike.models.codegen.genn.backend import GennBackend

__all__ = ["GennBackend"]
