"""The part of the pause between images that is not simulated: every variable decays in closed form."""

from __future__ import annotations

import re
from functools import cache

from brian2 import Equations
from brian2.parsing.sympytools import str_to_sympy, sympy_to_str
from sympy import Expr, Symbol, diff, simplify

from equispike.models.neurons import Neuron
from equispike.models.plasticity import Rule


def rest_of(equations: str) -> str:
    """Statements that move all variables of differential ``equations`` on by ``t_rest_remaining``."""
    return "\n".join(f"{name} = {after}" for name, after in _moved_on(equations)) + "\n"


def never_at_rest(part: Neuron | Rule) -> str | None:
    """Return a variable whose equation has no closed form here, if there is one."""
    texts = (part.equations,) if isinstance(part, Neuron) else (part.pre_traces, part.post_traces, part.synapse)
    return next((name for text in texts for name, after in _moved_on(text) if not after), None)


@cache
def _moved_on(equations: str) -> tuple[tuple[str, str], ...]:
    """Each variable and what it is after the pause, "" where that is not known.

    Exact for variables whose equation is dx/dt = -x / tau, and for those that relax to a constant once such others, the
    conductances, have gone; these come first.
    """
    decaying, relaxing = {}, {}
    for name, expression in sorted(Equations(equations).diff_eq_expressions):
        x, f = Symbol(name, real=True), str_to_sympy(expression.code)
        if _is_constant(-diff(f, x), x) and f.subs(x, 0) == 0:
            rate = re.sub(rf"\b{name}\b", "1", expression.code)
            decaying[name] = f"{name} * exp(t_rest_remaining * ({rate}))"
        else:
            relaxing[name] = (x, f)
    gone = {Symbol(name, real=True): 0 for name in decaying}
    ends: dict[str, str] = {}
    for name, (x, f) in relaxing.items():
        f = f.subs(gone)
        rate, after = -diff(f, x), ""
        if _is_constant(rate, x) and not {Symbol(other, real=True) for other in relaxing} - {x} & f.free_symbols:
            end, tau = (sympy_to_str(simplify(each)) for each in (f.subs(x, 0) / rate, 1 / rate))
            after = f"{end} + ({name} - {end}) * exp(-t_rest_remaining / {tau})"
        ends[name] = after
    return (*ends.items(), *decaying.items())


def _is_constant(rate: Expr, x: Symbol) -> bool:
    return simplify(rate) != 0 and x not in rate.free_symbols
