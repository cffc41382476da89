"""Spiking-network models from their papers: the front door.

The rooms of the project's top level are installed as equispike.models, equispike.protocols and so on.
"""

from equispike.models import lazy_pylab  # noqa: F401, before anything imports Brian2
