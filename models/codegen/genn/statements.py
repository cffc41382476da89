"""Brian2's expressions and statements, rewritten by the names in them."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Iterator

#: What a name is replaced by; None: nothing.
type Replace = Callable[[str], str | None]


class _Names(ast.NodeTransformer):
    def __init__(self, replace: Replace) -> None:
        self._replace = replace

    def visit_Name(self, node: ast.Name) -> ast.expr:
        text = self._replace(node.id)
        return node if text is None else ast.parse(text, mode="eval").body

    def visit_Call(self, node: ast.Call) -> ast.expr:
        node.args = [self.visit(each) for each in node.args]
        return node


def parsed(expression: str) -> ast.expr:
    return ast.parse(expression.strip(), mode="eval").body


def renamed(expression: str, replace: Replace) -> str:
    """An expression with other names; those of functions stay."""
    return ast.unparse(_Names(replace).visit(parsed(expression)))


def names_in(text: str) -> set[str]:
    """Names in an expression or in statements, those of functions included."""
    return {node.id for node in ast.walk(ast.parse(textwrap.dedent(text).strip())) if isinstance(node, ast.Name)}


def conjuncts(condition: str) -> list[str]:
    """Conditions that hold together where ``condition`` does."""
    node = parsed(condition)
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        return [part for value in node.values for part in conjuncts(ast.unparse(value))]
    return [ast.unparse(node)]


_SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**"}


def assignments(code: str) -> Iterator[tuple[str, str, str]]:
    """Yield each statement as variable, operator ("" for a plain assignment) and expression."""
    for node in ast.parse(textwrap.dedent(code).strip()).body:
        if isinstance(node, ast.Assign):
            yield ast.unparse(node.targets[0]), "", ast.unparse(node.value)
        else:
            assert isinstance(node, ast.AugAssign)  # Brian2 knows no other statements
            yield ast.unparse(node.target), _SIGNS[type(node.op)], ast.unparse(node.value)


def calls_of(expression: str, function: str) -> list[list[str]]:
    """Arguments of each call of a function."""
    return [
        [ast.unparse(each) for each in node.args]
        for node in ast.walk(parsed(expression))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function
    ]


class _Calls(ast.NodeTransformer):
    def __init__(self, function: str, replace: Callable[[str], str]) -> None:
        self._function, self._replace = function, replace

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if isinstance(node.func, ast.Name) and node.func.id == self._function:
            return ast.parse(self._replace(ast.unparse(node)), mode="eval").body
        return self.generic_visit(node)  # type: ignore[return-value]


def calls_replaced(expression: str, function: str, replace: Callable[[str], str]) -> str:
    """An expression with another one in place of each call of a function."""
    return ast.unparse(_Calls(function, replace).visit(parsed(expression)))
