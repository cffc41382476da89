"""Less of a network: without changes that change nothing, and without what leads to nothing that is wanted.

Frozen weights are the reason: with ``learning`` 0 a plasticity rule leaves a weight as it is, its traces are then for nothing,
and weights that stay as they are can be shared by all images that are shown at the same time.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from brian2.codegen.statements import Statement
from brian2.utils.stringtools import get_identifiers

from equispike.models.codegen.jax.expressions import inlined, parsed
from equispike.models.codegen.jax.extraction import Code, Extract

_NEUTRAL = {"+=": 0, "-=": 0, "*=": 1, "/=": 1}


def with_constants(network: Extract, constants: Mapping[str, float | int]) -> Extract:
    """With other numbers of the namespace in the equations."""
    return replace(
        network,
        codes=tuple(
            replace(code, constants=code.constants | {name: constants[name] for name in code.numbers})
            for code in network.codes
        ),
    )


def unchanging(network: Extract, values: Mapping[str, np.ndarray]) -> frozenset[str]:
    """Variables of synapses, of those in ``values``, that keep the values they have there whatever happens."""
    held = set(values)
    for code in network.codes:
        local = {s.var: s.expr for s in code.statements if s.op == ":="}
        for statement in code.statements:
            array = code.arrays.get(statement.var)
            if array is None or statement.op == ":=" or array.key not in held:
                continue
            if array.side != "syn" or array.index or not _keeps(statement, local, code, values[array.key]):
                held.discard(array.key)
        held -= {code.summed} if code.summed else set()
    return frozenset(held)


def _keeps(statement: Statement, local: Mapping[str, str], code: Code, values: np.ndarray) -> bool:
    """Whether a statement gives its variable the ``values`` that it has."""
    tree = _simplified(inlined(parsed(statement.expr), local), code.constants)
    if statement.op in _NEUTRAL:
        return isinstance(tree, ast.Constant) and tree.value == _NEUTRAL[statement.op]
    text = ast.unparse(tree)
    if statement.op != "=" or not set(get_identifiers(text)) <= {statement.var, "clip"}:
        return False
    return bool(np.array_equal(eval(text, {"clip": np.clip, statement.var: values}), values))


def _simplified(tree: ast.expr, constants: Mapping[str, float | int | bool]) -> ast.expr:
    """With numbers for constants, and arithmetic with them done; what is multiplied by 0 is taken to be finite."""

    class Simplified(ast.NodeTransformer):
        def visit_Name(self, name):
            return ast.Constant(constants[name.id]) if name.id in constants else name

        def visit_BinOp(self, node):
            self.generic_visit(node)
            left, right = (each.value if isinstance(each, ast.Constant) else None for each in (node.left, node.right))
            if left is not None and right is not None:
                return ast.Constant(eval(ast.unparse(node)))
            match node.op:
                case ast.Mult() if left == 0 or right == 0:
                    return ast.Constant(0)
                case ast.Div() if left == 0:
                    return ast.Constant(0)
                case ast.Pow() if right == 0:
                    return ast.Constant(1)
                case ast.Add() | ast.Sub() if right == 0:
                    return node.left
                case ast.Add() if left == 0:
                    return node.right
                case ast.Mult() | ast.Div() | ast.Pow() if right == 1:
                    return node.left
                case ast.Mult() if left == 1:
                    return node.right
            return node

    return Simplified().visit(tree)


def pruned(network: Extract, held: Iterable[str], wanted: Iterable[str]) -> Extract:
    """What the variables ``wanted``, the monitors and the end of the run depend on, where those ``held`` do not change."""
    held, keys = set(held), set(wanted)
    events: set[str] = set()
    codes = [replace(code, statements=_without_writing(code, held)) for code in network.codes]
    size = -1
    while size != len(keys) + len(events):
        size = len(keys) + len(events)
        for code in codes:
            effects = _effects(code, keys, events)
            if not effects and code.kind != "monitor":
                continue
            if code.event and code.kind != "threshold":
                events.add(code.event)
            names = _read(code, effects) if effects else set(code.arrays)
            for array in (code.arrays[name] for name in names if name in code.arrays):
                keys |= {array.key} | ({array.index} if array.index else set())
            if code.refractory:
                keys |= {f"{code.group}.lastspike", f"{code.group}.not_refractory"}
    kept = []
    for code in codes:
        effects = _effects(code, keys, events)
        if effects or code.kind == "monitor":
            needed = _read(code, effects) | {s.var for s in effects}
            kept.append(replace(code, statements=tuple(s for s in code.statements if s in effects or
                                                       (s.op == ":=" and s.var in needed))))  # fmt: skip
    return replace(network, codes=tuple(kept))


def _without_writing(code: Code, held: set[str]) -> tuple[Statement, ...]:
    return tuple(
        s for s in code.statements if s.op == ":=" or s.var not in code.arrays or code.arrays[s.var].key not in held
    )


def _effects(code: Code, keys: set[str], events: set[str]) -> list[Statement]:
    """The statements of a piece of code for whose sake it is there."""
    if code.kind == "threshold":
        return [s for s in code.statements if s.var == "_cond"] if code.event in events else []
    if code.kind == "sum":
        return [s for s in code.statements if s.var == "_synaptic_var"] if code.summed in keys else []
    return [s for s in code.statements
            if s.var == "_stop" or (s.op != ":=" and s.var in code.arrays and code.arrays[s.var].key in keys)]  # fmt: skip


def _read(code: Code, effects: list[Statement]) -> set[str]:
    """Names that statements depend on, intermediate values included."""
    names: set[str] = set()
    for statement in reversed(code.statements):
        if statement in effects or (statement.op == ":=" and statement.var in names):
            names |= set(get_identifiers(statement.expr))
            names |= {code.conditions[statement.var]} if statement.var in code.conditions else set()
            names |= {statement.var} if statement.op not in ("=", ":=") or statement.var in code.conditions else set()
    return names
