"""Filters and splits: a small language over an event's fields, checked node by node, run by DuckDB.

``country = 'DE' and properties.price > 50``, ``properties.plan in ('a', 'b')``, ``coupon is null``, ``not
context.page.path like '/shop/%'``, ``properties.price * properties.quantity >= 100``, ``lower(city) = 'x'``.

Texts are joined with ``||``; ``regexp_extract(page, '^/([a-z]+)', 1)`` is what a group of a pattern (RE2's)
finds, or null.

Fields are columns of the lake (`COLUMNS`) and paths into the two JSON columns: ``properties.a.b`` and
``context.a.b``; a name that is neither is looked for in properties, then in context. Quote what is not a
plain word: ``properties."total price"``.

A JSON field has no type of its own, so what it is compared with decides: with a number it is read as a
number, with a text as text, with true or false as a truth value. What is missing, or cannot be read as that,
is null, and null is not selected. Two fields are compared as text with = and !=, as numbers with < <= > >=.

The text is parsed with sqlglot; every node is looked up in a closed list and written anew
(`obverse.tape.expression_sql`), and each path and literal becomes a bound parameter, so nothing of the text
itself ever reaches the database.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

from obverse.errors import QuestionError
from obverse.tape.expression_sql import COLUMNS, Kind, Parameter, Path, Writer, wrong

__all__ = ["COLUMNS", "Expression", "Form", "Kind", "Path", "parse"]

Form = Literal["mask", "key", "number"]
"""What an expression is for: a condition, a value to tell apart by, a number."""

MAX_CHARS = 4_000
MAX_TOKENS = 1_000
MAX_DEPTH = 24


@dataclass(frozen=True)
class Expression:
    """A checked expression.

    Attributes:
        text: as it was asked.
        sql: a condition (true, false or null), a text to tell apart by, or a number; DuckDB's SQL over a row
            of the lake, with parameters ``$p0``, ``$p1``, …
        params: the parameters by name.
        fields: paths of the fields it reads: ``("event",)``, ``("properties", "price")``.
    """

    text: str
    sql: str
    params: dict[str, Parameter]
    fields: tuple[Path, ...]


def parse(text: str, place: Callable[[Path], Path] | None = None, form: Form = "mask") -> Expression:
    """Check an expression and write it as SQL.

    Args:
        text: the expression.
        place: says where a field lies that is not a column: takes its path as written, gives it with
            ``properties`` or ``context`` in front, or raises `QuestionError`. Without it a bare name lies in
            properties.
        form: what the expression is for: a condition (``mask``), a value of any kind (``key``) or a number.

    Raises:
        QuestionError: it is not an expression, is too long or too deep, uses what is not allowed, compares
            what cannot be compared, or names an unknown field.

    >>> parse("country = 'DE'").sql
    '(json_extract_string(properties, $p0) = $p1)'
    """
    try:
        node = _tree(text)
        writer = Writer(text, place or _in_properties)
        write = {"mask": writer.condition, "key": writer.label, "number": writer.number}[form]
        sql = write(node)
    except RecursionError:
        raise wrong(text, "it is too deep") from None
    return Expression(text, sql, writer.params, tuple(dict.fromkeys(writer.fields)))


def _in_properties(path: Path) -> Path:
    return path if path[0] in ("properties", "context") else ("properties", *path)


def _tree(text: str) -> exp.Expr:
    if not text.strip():
        raise wrong(text, "it is empty")
    if len(text) > MAX_CHARS:
        raise wrong(text, f"it has more than {MAX_CHARS} characters")
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise wrong(text, "it has characters that are no text")
    dialect = DuckDB()
    try:
        tokens = dialect.tokenize(text)
        depth = deepest = 0
        for token in tokens:
            if token.comments or token.token_type.name in ("SEMICOLON", "HINT"):
                raise wrong(text, "comments and semicolons are not allowed")
            depth += (token.token_type.name == "L_PAREN") - (token.token_type.name == "R_PAREN")
            deepest = max(deepest, depth)
        if len(tokens) > MAX_TOKENS or deepest > MAX_DEPTH:
            raise wrong(text, f"it has more than {MAX_TOKENS} words or {MAX_DEPTH} nested parentheses")
        trees = dialect.parser().parse(tokens, text)
    except (QuestionError, RecursionError):
        raise
    except Exception as error:  # whatever the parser trips over, the text is what is wrong
        raise wrong(text, "it cannot be read; " + _first_line(error)) from None
    if len(trees) != 1 or trees[0] is None or not all(map(_whole, trees[0].walk())):
        raise wrong(text, "it is not one expression")
    return trees[0]


def _whole(node: exp.Expr) -> bool:
    """Tell whether nothing is missing from a node: the parser lets some through."""
    return all(node.args.get(name) is not None for name, needed in node.arg_types.items() if needed)


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].split(". Line")[0]
