"""Writes a checked expression as DuckDB's SQL: the closed list of what `obverse.tape.expression` allows."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

import duckdb
from sqlglot import exp

from obverse.errors import QuestionError, unknown

Path = tuple[str, ...]
Kind = Literal["any", "text", "number", "boolean", "time"]
Parameter = str | float | int

COLUMNS: dict[str, Kind] = {
    "event": "text",
    "touchpoint": "text",
    "type": "text",
    "source": "text",
    "time": "time",
    "value": "number",
    "currency": "text",
    "user_id": "text",
    "anonymous_id": "text",
    "account_id": "text",
    "session_id": "text",
}
"""Columns of the lake that an expression may name, with their kinds."""

_COMPARE = {exp.EQ: "=", exp.NEQ: "<>", exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<="}
_CONDITIONS = (
    *(exp.And, exp.Or, exp.Not, exp.Boolean, exp.Is, exp.In, exp.Between, exp.Like, exp.ILike),
    *_COMPARE,
)
_ARITHMETIC = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}
_TEXT_CALLS: dict[type[exp.Expr], str] = {exp.Lower: "lower", exp.Upper: "upper", exp.Trim: "trim"}
_NUMBER_CALLS: dict[type[exp.Expr], str] = {
    exp.Abs: "abs",
    exp.Floor: "floor",
    exp.Ceil: "ceil",
    exp.Round: "round",
}
_SHAPE: dict[type[exp.Expr], set[str]] = {
    exp.In: {"this", "expressions", "negate"},
    exp.Between: {"this", "low", "high", "negate"},
    exp.Like: {"this", "expression", "negate"},
    exp.ILike: {"this", "expression", "negate"},
    exp.Coalesce: {"this", "expressions", "is_nvl"},
    exp.Length: {"this"},
    exp.DPipe: {"this", "expression", "safe"},
    exp.RegexpExtract: {"this", "expression", "group", "null_if_pos_overflow"},
    exp.Literal: {"this", "is_string"},
    exp.Div: {"this", "expression", "typed", "safe"},
}


def wrong(text: str, why: str) -> QuestionError:
    """Word the error for a text that is no expression."""
    shown = text if len(text) <= 80 else text[:77] + "…"
    return QuestionError(f"expression {shown!r}: {why}")


class Writer:
    """Writes a tree as SQL: `condition`, `number`, `words` and `instant` write a node as that kind."""

    def __init__(self, text: str, place: Callable[[Path], Path]) -> None:
        self._text = text
        self._place = place
        self.params: dict[str, Parameter] = {}
        self._names: dict[tuple[type, Parameter], str] = {}
        self.fields: list[Path] = []

    # -- kinds ------------------------------------------------------------------------------------------

    def kind(self, node: exp.Expr) -> Kind:
        """Tell what a node is by itself; a JSON field may be anything."""
        node = node.unnest()
        if isinstance(node, exp.Column) and len(path := self._path(node)) == 1:
            return COLUMNS.get(path[0], "any")
        if isinstance(node, exp.Literal):
            return "text" if node.is_string else "number"
        if type(node) in _TEXT_CALLS or isinstance(node, (exp.DPipe, exp.RegexpExtract)):
            return "text"
        if (
            type(node) in _NUMBER_CALLS
            or type(node) in _ARITHMETIC
            or isinstance(node, (exp.Neg, exp.Length))
        ):
            return "number"
        if isinstance(node, exp.Coalesce):
            kinds = [self.kind(part) for part in (node.this, *node.expressions)]
            return next((kind for kind in kinds if kind != "any"), "any")
        if isinstance(node, (exp.Column, exp.Dot)):
            return "any"
        if isinstance(node, _CONDITIONS):
            return "boolean"
        raise self._forbidden(node)

    def label(self, node: exp.Expr) -> str:
        """Write a value to split by as text."""
        kind = self.kind(node)
        if kind == "time":
            raise wrong(self._text, "time has too many values to split by")
        if kind == "boolean":
            return f"CAST({self.condition(node)} AS VARCHAR)"
        if kind == "number":
            number = self.number(node)
            return (
                f"CASE WHEN abs({number}) < 1e15 AND {number} = floor({number}) "
                f"THEN CAST(CAST({number} AS BIGINT) AS VARCHAR) ELSE CAST({number} AS VARCHAR) END"
            )
        return self.words(node)

    # -- conditions -------------------------------------------------------------------------------------

    def condition(self, node: exp.Expr) -> str:
        """Write a node as true, false or null."""
        node = node.unnest()
        shape = type(node)
        if isinstance(node, (exp.And, exp.Or)):
            word = " AND " if isinstance(node, exp.And) else " OR "
            return "(" + word.join(self.condition(part) for part in node.flatten()) + ")"
        if isinstance(node, exp.Not):
            return f"(NOT {self.condition(node.this)})"
        if isinstance(node, exp.Boolean):
            return "TRUE" if node.this else "FALSE"
        if shape in _COMPARE:
            return self._compare(_COMPARE[shape], node.this, node.expression)
        if isinstance(node, exp.Is):
            return self._is(node)
        if isinstance(node, (exp.In, exp.Between, exp.Like, exp.ILike)):
            self._only(node)
            written = self._test(node)
            return f"(NOT {written})" if node.args.get("negate") else written
        if self.kind(node) == "any":
            return f"(CASE {self.words(node)} WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END)"
        if self.kind(node) != "boolean":
            raise wrong(self._text, f"{self._shown(node)} is not a condition; compare it with something")
        raise self._forbidden(node)

    def _test(self, node: exp.Expr) -> str:
        if isinstance(node, exp.Between):
            low = self._compare(">=", node.this, node.args["low"])
            return f"({low} AND {self._compare('<=', node.this, node.args['high'])})"
        if isinstance(node, exp.In):
            if not node.expressions:
                raise wrong(self._text, "IN needs a list of values in parentheses")
            return "(" + " OR ".join(self._compare("=", node.this, one) for one in node.expressions) + ")"
        pattern = node.expression
        if not (isinstance(pattern, exp.Literal) and pattern.is_string):
            raise wrong(self._text, "LIKE needs a text in quotes, with % and _ for what may be anything")
        word = "ILIKE" if isinstance(node, exp.ILike) else "LIKE"
        return f"({self.words(node.this)} {word} {self._bind(str(pattern.this))})"

    def _is(self, node: exp.Is) -> str:
        if isinstance(node.expression, exp.Null):
            kind = self.kind(node.this)
            if kind == "boolean":
                return f"({self.condition(node.this)} IS NULL)"
            written = self._as(kind if kind != "any" else "text", node.this)
            return f"({written} IS NULL)"
        if isinstance(node.expression, exp.Boolean):
            return f"({self.condition(node.this)} IS {'TRUE' if node.expression.this else 'FALSE'})"
        raise wrong(self._text, "IS goes with null, true or false")

    def _compare(self, sign: str, left: exp.Expr, right: exp.Expr) -> str:
        left, right = left.unnest(), right.unnest()
        if isinstance(left, exp.Null) or isinstance(right, exp.Null):
            raise wrong(self._text, "nothing equals null; write IS NULL or IS NOT NULL")
        kind = self._common(sign, left, right)
        return f"({self._as(kind, left)} {sign} {self._as(kind, right)})"

    def _common(self, sign: str, left: exp.Expr, right: exp.Expr) -> Kind:
        kinds = {self.kind(left), self.kind(right)} - {"any"}
        if not kinds:
            return "text" if sign in ("=", "<>") else "number"
        if "time" in kinds:
            return "time"
        if kinds == {"text", "number"}:
            number, text = (left, right) if self.kind(left) == "number" else (right, left)
            if isinstance(text, exp.Literal):
                raise wrong(
                    self._text,
                    f"{self._shown(number)} is a number and {self._shown(text)} a text; "
                    "write a number without quotes",
                )
            return "number"
        if len(kinds) > 1:
            raise wrong(self._text, f"{self._shown(left)} cannot be compared with {self._shown(right)}")
        return kinds.pop()

    def _as(self, kind: Kind, node: exp.Expr) -> str:
        if kind == "number":
            return self.number(node)
        if kind == "boolean":
            return self.condition(node)
        return self.instant(node) if kind == "time" else self.words(node)

    # -- values -----------------------------------------------------------------------------------------

    def number(self, node: exp.Expr) -> str:
        """Write a node as a number; what is none is null.

        NULLIF stands once around all arithmetic, not at each sign: the database writes what is in it twice.
        """
        node = node.unnest()
        if isinstance(node, exp.Coalesce):
            self._only(node)
            return self._coalesce(node, self.number)
        return f"nullif({self._arithmetic(node)}, 'nan'::DOUBLE)"

    def _arithmetic(self, node: exp.Expr) -> str:
        """Write a node as a number; what is none is null or NaN, which no arithmetic makes a number again."""
        node = node.unnest()
        shape = type(node)
        self._only(node)
        if isinstance(node, exp.Literal) and not node.is_string:
            return self._bind(self._literal_number(node))
        if isinstance(node, exp.Neg):
            return f"(- {self._arithmetic(node.this)})"
        if shape in _ARITHMETIC:
            left, right = self._arithmetic(node.this), self._arithmetic(node.expression)
            return f"({left} {_ARITHMETIC[shape]} {right})"
        if isinstance(node, exp.Coalesce):
            return self.number(node)
        if shape in _NUMBER_CALLS:
            return f"{_NUMBER_CALLS[shape]}({self._arithmetic(node.this)})"
        if isinstance(node, exp.Length):
            return f"CAST(length({self.words(node.this)}) AS DOUBLE)"
        if self.kind(node) == "number":
            return self._field(self._path(node))
        return f"TRY_CAST({self.words(node)} AS DOUBLE)"

    def words(self, node: exp.Expr) -> str:
        """Write a node as text."""
        node = node.unnest()
        self._only(node)
        if isinstance(node, exp.Literal) and node.is_string:
            return self._bind(str(node.this))
        if isinstance(node, (exp.Column, exp.Dot)) and self.kind(node) in ("any", "text"):
            return self._field(self._path(node))
        if isinstance(node, exp.Coalesce):
            return self._coalesce(node, self.words)
        if type(node) in _TEXT_CALLS:
            return f"{_TEXT_CALLS[type(node)]}({self.words(node.this)})"
        if isinstance(node, exp.DPipe):
            return f"({self.label(node.this)} || {self.label(node.expression)})"
        if isinstance(node, exp.RegexpExtract):
            return self._extract(node)
        if self.kind(node) != "text":
            raise wrong(self._text, f"{self._shown(node)} is a {self.kind(node)}, not a text")
        raise self._forbidden(node)

    def _extract(self, node: exp.RegexpExtract) -> str:
        """Write what a group of a pattern finds in a text; null where there is none or it finds nothing."""
        pattern, group = node.expression, node.args.get("group")
        if not (isinstance(pattern, exp.Literal) and pattern.is_string):
            raise wrong(self._text, "REGEXP_EXTRACT needs a pattern in quotes")
        number = str(group.this) if isinstance(group, exp.Literal) and not group.is_string else ""
        if number not in tuple("0123456789"):
            raise wrong(self._text, "the third part of REGEXP_EXTRACT is the number of a group, 0 to 9")
        if error := _pattern_error(str(pattern.this)):
            raise wrong(self._text, f"the pattern {str(pattern.this)!r} cannot be used; {error}")
        text, its = self.words(node.this), self._bind(str(pattern.this))
        return f"nullif(regexp_extract({text}, {its}, {self._bind(int(number))}), {self._bind('')})"

    def instant(self, node: exp.Expr) -> str:
        """Write the time column, or an ISO 8601 text (UTC where it names no zone), as µs since 1970 UTC."""
        node = node.unnest()
        if self.kind(node) == "time" and isinstance(node, exp.Column):
            self.fields.append(("time",))
            return "epoch_us(time)"
        if not (isinstance(node, exp.Literal) and node.is_string):
            raise wrong(
                self._text, f"time can be compared with a text such as '2026-01-31', not {self._shown(node)}"
            )
        try:
            at = datetime.fromisoformat(str(node.this))
        except ValueError:
            raise wrong(
                self._text, f"{node.this!r} is no time; write one such as '2026-01-31T12:00'"
            ) from None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        since = at - datetime(1970, 1, 1, tzinfo=UTC)
        return self._bind((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)

    def _coalesce(self, node: exp.Coalesce, write: Callable[[exp.Expr], str]) -> str:
        return "coalesce(" + ", ".join(write(part) for part in (node.this, *node.expressions)) + ")"

    def _literal_number(self, node: exp.Literal) -> float:
        try:
            number = float(node.this)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise wrong(self._text, f"{node.this!r} is no number")
        return number

    # -- fields -----------------------------------------------------------------------------------------

    def _path(self, node: exp.Expr) -> Path:
        parts = node.parts if isinstance(node, (exp.Column, exp.Dot)) else ()
        if not parts or not all(type(part) is exp.Identifier and part.this for part in parts):
            raise self._forbidden(node)
        return tuple(str(part.this) for part in parts)

    def _field(self, path: Path) -> str:
        if len(path) == 1 and path[0] in COLUMNS:
            self.fields.append(path)
            return path[0]
        if len(path) == 1 and path[0] in ("properties", "context"):
            raise wrong(self._text, f"{path[0]} holds fields; name one of them: {path[0]}.price")
        path = self._place(path)
        column = path[0]
        if column not in ("properties", "context") or len(path) < 2:
            raise QuestionError(unknown("field", ".".join(path), COLUMNS))
        self.fields.append(path)
        pointer = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path[1:])
        return f"json_extract_string({column}, {self._bind(pointer)})"

    # -- the closed list --------------------------------------------------------------------------------

    def _bind(self, value: Parameter) -> str:
        """Name a value; the same value has one name, so that the database sees what is computed twice."""
        name = self._names.setdefault((type(value), value), f"p{len(self.params)}")
        self.params[name] = value
        return f"${name}"

    def _only(self, node: exp.Expr) -> None:
        """Refuse a node that carries more than what is written of it."""
        allowed = _SHAPE.get(type(node))
        if allowed is None:
            if type(node) in _NUMBER_CALLS or type(node) in _TEXT_CALLS:
                allowed = {"this"}
            elif type(node) in _ARITHMETIC:
                allowed = {"this", "expression"}
            else:
                return
        extra = {name for name, value in node.args.items() if value not in (None, False, [])} - allowed
        if extra:
            raise self._forbidden(node)

    def _shown(self, node: exp.Expr) -> str:
        if isinstance(node, exp.Literal):
            return repr(str(node.this)) if node.is_string else str(node.this)
        if isinstance(node, (exp.Column, exp.Dot)):
            return ".".join(self._path(node))
        return type(node).__name__.upper()

    def _forbidden(self, node: exp.Expr) -> QuestionError:
        return wrong(
            self._text,
            f"{type(node).__name__.upper()} is not allowed here; there are and, or, not, = != < <= > >=, in, "
            "between, like, ilike, is null, + - * / % ||, lower, upper, trim, length, coalesce, "
            "regexp_extract, abs, round, floor, ceil",
        )


@lru_cache(maxsize=1_000)
def _pattern_error(pattern: str) -> str:
    """Say why the database would refuse a pattern; empty where it would not."""
    with duckdb.connect(config={"threads": 1}) as con:
        try:
            con.execute("SELECT regexp_extract('', $pattern)", {"pattern": pattern})
        except duckdb.Error as error:
            return str(error).splitlines()[0]
    return ""
