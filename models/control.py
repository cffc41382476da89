"""Functions that let a network govern its own run on every code generation target."""

from __future__ import annotations

import brian2
import numpy as np
from brian2 import Function


def _stop_when(condition):
    if np.any(condition):
        brian2.stop()
    return 0.0


#: ``_ = stop_when(condition)`` ends the run after the current time step.
stop_when = Function(_stop_when, arg_units=[bool], return_unit=1, auto_vectorise=False, stateless=False)
stop_when.implementations.add_implementation(
    "cpp",
    """
    inline double stop_when(const bool condition)
    {
        if (condition) Network::_globally_stopped = true;
        return 0.0;
    }
    """,
)
stop_when.implementations.add_implementation(
    "cython",
    """
    cdef double stop_when(bint condition):
        if condition:
            import brian2
            brian2.stop()
        return 0.0
    """,
)
stop_when.implementations.add_implementation(
    "cuda",  # the host looks at the flag after each time step
    """
    __device__ inline double stop_when(const bool condition)
    {
        if (condition) equispike::stop_asked = 1;
        return 0.0;
    }
    """,
)
