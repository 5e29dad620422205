"""What a column is computed from: an expression made ready."""

from __future__ import annotations

from dataclasses import dataclass

from obverse.tape.expression import Expression, Form
from obverse.tape.expression_sql import Parameter


@dataclass(frozen=True)
class Wanted:
    """A column to compute.

    Attributes:
        form: ``mask``: does the condition hold; ``key``: 63-bit hash of a text, -1 for none; ``number``: NaN
            for none.
        text: the expression as asked, which tells columns apart.
        sql: its SQL.
        params: values of its parameters.
    """

    form: Form
    text: str
    sql: str
    params: tuple[tuple[str, Parameter], ...] = ()

    @classmethod
    def of(cls, form: Form, expression: Expression) -> Wanted:
        """Want an expression's column."""
        return cls(form, expression.text, expression.sql, tuple(expression.params.items()))
