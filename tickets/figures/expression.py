"""The small language of definitions: atoms joined by `and`, `or`, `not` and brackets; read with Python's own parser.

One text has two meanings that must agree: a test of a row's flags here, and SQL over the column.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache

from tickets.figures.atoms import BIT


@dataclass(frozen=True, slots=True)
class Expression:
    """A condition on a row's flags. `text` is what the definition says; equal texts are equal conditions."""

    text: str
    _tree: ast.expr

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and self.text == other.text

    def holds(self, flags: int) -> bool:
        """Whether it is true of a row with these flags."""
        return _holds(self._tree, flags)

    def sql(self, column: str = "flags") -> str:
        """The condition as SQL over `column`; holds no parameters, so it may stand in any statement."""
        return _sql(self._tree, column)


@lru_cache(maxsize=512)
def read(text: str) -> Expression:
    """Raises `ValueError` for what is no such condition or names an unknown atom."""
    tree = ast.parse(text.strip() or "True", mode="eval").body
    _check(tree, text)
    return Expression(ast.unparse(tree), tree)


def both(one: str, other: str) -> Expression:
    """One condition and the other."""
    return read(f"({one or 'True'}) and ({other or 'True'})")


def _check(tree: ast.expr, text: str) -> None:
    if isinstance(tree, ast.BoolOp):
        for part in tree.values:
            _check(part, text)
    elif isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not):
        _check(tree.operand, text)
    elif not (isinstance(tree, ast.Constant) and tree.value is True) and not (
        isinstance(tree, ast.Name) and tree.id in BIT
    ):
        raise ValueError(f"no condition of a figure: {ast.unparse(tree)!r} in {text!r}")


def _holds(tree: ast.expr, flags: int) -> bool:
    if isinstance(tree, ast.Name):
        return flags & BIT[tree.id] != 0
    if isinstance(tree, ast.BoolOp):
        every = all if isinstance(tree.op, ast.And) else any
        return every(_holds(part, flags) for part in tree.values)
    return not _holds(tree.operand, flags) if isinstance(tree, ast.UnaryOp) else True


def _sql(tree: ast.expr, column: str) -> str:
    if isinstance(tree, ast.Name):
        return f"{column} & {BIT[tree.id]} <> 0"
    if isinstance(tree, ast.BoolOp):
        word = " AND " if isinstance(tree.op, ast.And) else " OR "
        return "(" + word.join(_sql(part, column) for part in tree.values) + ")"
    return f"NOT ({_sql(tree.operand, column)})" if isinstance(tree, ast.UnaryOp) else "TRUE"
