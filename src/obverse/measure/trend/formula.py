"""Formulas over series: ``100 * A / (A + B) as Share``, read by a closed grammar.

Numbers, the letters of series, ``+ - * /`` and parentheses, nothing else. The text is parsed with Python's
own parser, and every node is looked up in a list of what is allowed; nothing of it is ever run.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np

from obverse.errors import QuestionError
from obverse.tape.layout import Floats

MAX_CHARS = 200

_Operation = Callable[[Floats, Floats], Floats]
_OPERATIONS: dict[type[ast.operator], _Operation] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
}


@dataclass(frozen=True)
class Formula:
    """A formula, read and checked.

    Attributes:
        text: how it was written.
        name: what to call it.
        tree: what it computes.
    """

    text: str
    name: str
    tree: ast.expr

    @property
    def letters(self) -> frozenset[str]:
        """The series that it uses."""
        return frozenset(node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name))

    @property
    def line(self) -> tuple[float, float] | None:
        """What it multiplies its one series by, and then adds; None where that is not all that it does.

        >>> read_formula("(A - 32) / 2", "A").line
        (0.5, -16.0)
        """
        return _line(self.tree) if len(self.letters) == 1 else None

    def value(self, series: Mapping[str, Floats]) -> Floats:
        """Compute the formula of arrays of one shape.

        Args:
            series: the numbers of each series by its letter; NaN for none.

        Returns:
            as many numbers; NaN where one is missing, or something would be divided by zero.
        """
        shape = np.zeros(np.broadcast_shapes(*(one.shape for one in series.values())))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            found = _computed(self.tree, series) + shape
        found[~np.isfinite(found)] = np.nan
        return found


def read_formula(text: str, letters: Collection[str]) -> Formula:
    """Read a formula over series of some letters.

    Raises:
        QuestionError: it cannot be read, or uses what is not allowed.

    >>> read_formula("100 * A / B as Share", "AB").name
    'Share'
    """
    body, _, name = (part.strip() for part in text.rpartition(" as ")) if " as " in text else (text, "", text)
    if len(text) > MAX_CHARS:
        raise _wrong(text, f"it has more than {MAX_CHARS} characters")
    if not name:
        raise _wrong(text, "the name after ' as ' is missing")
    try:
        tree = ast.parse(body.strip(), mode="eval").body
        _check(tree, text, letters)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise _wrong(text, "it cannot be read; write letters, numbers, + - * / and parentheses") from None
    return Formula(text, name, tree)


def _check(node: ast.expr, text: str, letters: Collection[str]) -> None:
    match node:
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATIONS:
            _check(left, text, letters)
            _check(right, text, letters)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            _check(operand, text, letters)
        case ast.Constant(value=bool()):
            raise _wrong(text, "a truth value is no number")
        case ast.Constant(value=int() | float()):
            pass
        case ast.Name(id=letter):
            if letter not in letters:
                raise _wrong(text, f"there is no series {letter!r}; series are {', '.join(letters)}")
        case _:
            raise _wrong(text, "only letters, numbers, + - * / and parentheses are allowed")


def _computed(node: ast.expr, series: Mapping[str, Floats]) -> Floats:
    match node:
        case ast.BinOp(left=left, op=operator, right=right):
            return _OPERATIONS[type(operator)](_computed(left, series), _computed(right, series))
        case ast.UnaryOp(operand=operand):
            return -_computed(operand, series)
        case ast.Constant(value=int() | float() as number):
            return np.float64(number) + np.zeros(())
        case ast.Name(id=letter):
            return series[letter]
    raise ValueError(ast.dump(node))  # `_check` lets no other node through


def _line(node: ast.expr) -> tuple[float, float] | None:
    """Read slope and shift of what is a line in one series; a number has no slope."""
    match node:
        case ast.Name():
            return 1.0, 0.0
        case ast.Constant(value=int() | float() as number):
            return 0.0, float(number)
        case ast.UnaryOp(operand=operand) if found := _line(operand):
            return -found[0], -found[1]
        case ast.BinOp(left=left, op=operator, right=right):
            one, other = _line(left), _line(right)
            return None if one is None or other is None else _joined(type(operator), one, other)
    return None


def _joined(
    operator: type[ast.operator], one: tuple[float, float], other: tuple[float, float]
) -> tuple[float, float] | None:
    (slope, shift), (by, number) = one, other
    if operator is ast.Add:
        return slope + by, shift + number
    if operator is ast.Sub:
        return slope - by, shift - number
    if operator is ast.Mult and 0.0 in (slope, by):
        return slope * number + by * shift, shift * number
    if operator is ast.Div and by == 0.0 and number != 0.0:
        return slope / number, shift / number
    return None


def _wrong(text: str, why: str) -> QuestionError:
    return QuestionError(f"formulas: {why}, in {text!r}")
