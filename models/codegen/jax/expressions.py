"""Expressions of Brian2's statements: as text for a program, taken apart, or with comparisons that have a gradient."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from brian2.parsing.rendering import NumpyNodeRenderer
from brian2.utils.stringtools import get_identifiers

_COMPARED = {ast.Gt: "crossing_({0}, {1})", ast.Lt: "crossing_({1}, {0})",
             ast.GtE: "reached_({0}, {1})", ast.LtE: "reached_({1}, {0})"}  # fmt: skip


class _Renderer(NumpyNodeRenderer):
    def render_func(self, node):
        return node.id if node.id in ("True", "False") or node.id.endswith("_") else f"{node.id}_"

    def render_Call(self, node):
        return f"{self.render_func(node.func)}({', '.join(self.render_node(each) for each in node.args)})"


def parsed(expression: str) -> ast.expr:
    return ast.parse(expression, mode="eval").body


def rendered(node: ast.expr) -> str:
    """As Python, with an underscore after the names of functions."""
    return _Renderer().render_node(node)


def with_look_ups(node: ast.expr, timed: Mapping[str, tuple[str, float]]) -> ast.expr:
    """With calls of timed arrays made look-ups; ``timed``: by the name in the expression, the array's name and time step."""

    class Timed(ast.NodeTransformer):
        def visit_Call(self, call):
            self.generic_visit(call)
            if not isinstance(call.func, ast.Name) or call.func.id not in timed:
                return call
            name, step = timed[call.func.id]
            time, *rest = call.args
            return ast.Call(ast.Name("look_up_"), [ast.Name(f"timed_{name}_"), time, ast.Constant(step), *rest], [])

    return Timed().visit(node)


def soft(condition: ast.expr, floats: set[str]) -> str:
    """A condition, rendered, with comparisons of real numbers that have a surrogate gradient; its value is 0 or 1."""
    match condition:
        case ast.BoolOp(op=ast.And(), values=values):
            return " * ".join(f"({soft(value, floats)})" for value in values)
        case ast.BoolOp(op=ast.Or(), values=values):
            return "1 - " + " * ".join(f"(1 - ({soft(value, floats)}))" for value in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return f"1 - ({soft(operand, floats)})"
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARED and floats & set(
            get_identifiers(ast.unparse(condition))
        ):
            return _COMPARED[type(op)].format(rendered(left), rendered(right))
    return f"number_({rendered(condition)})"


def inlined(node: ast.expr, local: Mapping[str, str]) -> ast.expr:
    """Without the names of intermediate values, of which ``local`` has the expressions."""

    class Inline(ast.NodeTransformer):
        def visit_Name(self, name):
            return self.visit(parsed(local[name.id])) if name.id in local else name

    return Inline().visit(node)


def factored(node: ast.expr, inverted: bool = False) -> list[tuple[ast.expr, bool]]:
    """What is multiplied, and whether it is divided by instead."""
    match node:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return factored(left, inverted) + factored(right, inverted)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return factored(left, inverted) + factored(right, not inverted)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return [(ast.Constant(-1), False), *factored(operand, inverted)]
    return [(node, inverted)]


def conjunction(condition: ast.expr) -> list[ast.expr]:
    """The conditions that are all to hold."""
    match condition:
        case ast.BoolOp(op=ast.And(), values=values):
            return [part for value in values for part in conjunction(value)]
    return [condition]
