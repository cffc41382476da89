"""Code whose outcome depends on the order in which synapses are gone through: right on backends that go by their number,
wrong on those that go through many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from brian2.codegen.permutation_analysis import OrderDependenceError, check_for_order_independence
from brian2.codegen.translation import make_statements
from brian2.core.variables import ArrayVariable
from brian2.groups.group import CodeRunner

from equispike.models.built_network import BuiltNetwork


def order_dependent(parts: BuiltNetwork) -> str | None:
    """Name of the first object of a network whose outcome depends on the order of synapses, None where there is none.

    The network has been described (:func:`models.codegen.runtime.described`), so that its code exists.
    """
    every = [part for whole in parts.objects for part in (whole, *whole.contained_objects)]
    for runner in every:
        if isinstance(runner, CodeRunner) and runner.codeobj is not None:
            code, found = runner.abstract_code, runner.codeobj
            if depends_on_order(
                code if isinstance(code, Mapping) else {None: code}, found.variables, found.variable_indices
            ):
                return runner.name
    return None


def depends_on_order(code: Mapping, variables: Mapping, indices: Mapping[str, str]) -> bool:
    """Brian2's own check, which it makes of code that writes where several elements of its loop may write, and that sums
    are not mixed with products, which it lets pass.

    Parameters
    ----------
    code : statements by block
    variables : what the names in them stand for
    indices : the index of each variable
    """
    for name, block in code.items():
        _, statements = make_statements(block, variables, np.float64, optimise=True, blockname=name)
        written = {each.var for each in statements if isinstance(variables.get(each.var), ArrayVariable)}
        if all(indices[each] in ("_idx", "0") or variables[indices[each]].unique for each in written):
            continue
        if _mixed(statements, indices):
            return True
        try:
            check_for_order_independence(statements, variables, indices)
        except OrderDependenceError:
            return True
    return False


def _mixed(statements: Iterable, indices: Mapping[str, str]) -> bool:
    """Whether something is added to a variable that something is multiplied with, too."""
    kinds: dict[str, set[bool]] = {}
    for each in statements:
        if each.inplace and indices.get(each.var, "_idx") not in ("_idx", "0"):
            kinds.setdefault(each.var, set()).add(each.op in ("*=", "/="))
    return any(len(kind) > 1 for kind in kinds.values())
