"""The part of the pause between images that is not simulated: every variable decays in closed form."""

from __future__ import annotations

import re
from functools import cache

from brian2 import Equations
from brian2.parsing.sympytools import str_to_sympy, sympy_to_str
from sympy import Symbol, diff, simplify

from equispike.models.neurons import Neuron
from equispike.models.plasticity import Rule


def rest_of(equations: str) -> str:
    """Statements that move all variables of differential ``equations`` on by ``t_rest_remaining``."""
    return "\n".join(f"{name} = {after}" for name, after in _moved_on(equations)) + "\n"


def never_at_rest(part: Neuron | Rule) -> str | None:
    """Return a variable whose equation has no closed form here, if there is one."""
    texts = (part.equations,) if isinstance(part, Neuron) else (part.pre_traces, part.post_traces, part.synapse)
    return next((name for text in texts for name, after in _moved_on(text) if not after), None)


def decay(name: str, derivative: object, duration: str) -> str:
    """``name`` after ``duration``, if its equation is dx/dt = -x / tau."""
    return f"{name} * exp({duration} * ({re.sub(rf'\b{name}\b', '1', str(derivative))}))"


@cache
def _moved_on(equations: str) -> tuple[tuple[str, str], ...]:
    """Each variable and what it is after the pause, "" where that is not known; what relaxes comes first.

    Exact for variables whose equation is dx/dt = -x / tau, and for those that relax to a constant once all others, which
    are conductances, have gone.
    """
    expressions = {name: expression.code for name, expression in sorted(Equations(equations).diff_eq_expressions)}
    decaying, relaxing = {}, {}
    for name, code in expressions.items():
        x = Symbol(name, real=True)
        f = str_to_sympy(code)
        others = [symbol for symbol in f.free_symbols if str(symbol) in expressions and str(symbol) != name]
        f, x = f.subs(dict.fromkeys(others, 0)), next((each for each in f.free_symbols if str(each) == name), x)
        rate = simplify(-diff(f, x))
        if rate == 0 or x in rate.free_symbols or (others and _writes(expressions, others)):
            relaxing[name] = ""
        elif not others and simplify(f.subs(x, 0)) == 0:
            decaying[name] = decay(name, code, "t_rest_remaining")
        else:
            end, tau = sympy_to_str(simplify(f.subs(x, 0) / rate)), sympy_to_str(simplify(1 / rate))
            relaxing[name] = f"{end} + ({name} - {end}) * exp(-t_rest_remaining / {tau})"
    return (*relaxing.items(), *decaying.items())
