"""GeNN, through Brian2GeNN in an environment of its own."""

from models.codegen.genn.backend import GennBackend

__all__ = ["GennBackend"]
