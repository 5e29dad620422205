"""A moment's filter as rows to choose in: a field of the event, how it is compared, and a value.

The filter is kept as the expression that it is. Rows are read out of it where they say all of it, and written
into it when the form is sent; what was typed by hand and says more stays as it is, without rows.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

COMPARISONS = {
    "=": "is",
    "!=": "is not",
    ">=": "is at least",
    "<=": "is at most",
    ">": "is more than",
    "<": "is less than",
    "in": "is one of",
    "ilike": "contains",
    "is not null": "is there",
    "is null": "is missing",
}
"""What each way of comparing is called, by how an expression writes it."""
_ALONE = frozenset({"is not null", "is null"})
_ORDERED = frozenset({">=", "<=", ">", "<"})

_PART = r'(?:[A-Za-z_]\w*|"(?:[^"]|"")+")'
_NUMBER = r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,6})?"
_TEXT = r"'(?:[^']|'')*'"
_LITERAL = rf"(?:{_NUMBER}|true|false|{_TEXT})"
_CONDITION = re.compile(
    rf"(?P<field>{_PART}(?:\.{_PART})*) (?:(?P<alone>is null|is not null)"
    rf"|in \((?P<several>{_LITERAL}(?:, {_LITERAL})*)\)"
    rf"|ilike '%(?P<part>(?:[^']|'')+)%'|(?P<sign>=|!=|>=|<=|>|<) (?P<one>{_LITERAL}))(?: and |$)",
    re.ASCII,
)
_PLAIN = re.compile(rf"{_NUMBER}|true|false", re.ASCII)
_AMOUNT = re.compile(rf"{_NUMBER}|\d{{4}}-\d\d-\d\d(?:[T ][\d:.]+Z?)?", re.ASCII)


class Condition(NamedTuple):
    """A row: the field as an expression names it, a key of `COMPARISONS`, and the value as it is typed."""

    field: str
    compared: str
    value: str

    @property
    def problem(self) -> tuple[str, str]:
        """The part of the row that is wrong, and why; empty where nothing is."""
        if not self.field:
            return "field", "choose what is compared"
        if self.compared in _ALONE:
            return "", ""
        if not self.value.strip(", " if self.compared == "in" else None):
            return "value", "say with what it is compared"
        if self.compared in _ORDERED and not _AMOUNT.fullmatch(self.value):
            return "value", f"{self.value!r} is no number such as 49.5, nor a day such as 2026-03-01"
        return "", ""


def write(conditions: list[Condition]) -> str:
    """Write rows as an expression: all of them hold. What looks like a number, or is true or false, is one.

    >>> write([Condition("properties.total", ">=", "50"), Condition("properties.plan", "in", "Pro, O'Neil")])
    "properties.total >= 50 and properties.plan in ('Pro', 'O''Neil')"
    """
    return " and ".join(map(_written, conditions))


def _written(condition: Condition) -> str:
    field, compared, value = condition
    if compared in _ALONE:
        return f"{field} {compared}"
    if compared == "in":
        return f"{field} in ({', '.join(_literal(one.strip()) for one in value.split(',') if one.strip())})"
    return f"{field} {compared} " + (_quoted(f"%{value}%") if compared == "ilike" else _literal(value))


def _literal(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else _quoted(value)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def read(text: str) -> list[Condition] | None:
    """Read the rows that an expression was written from; None where rows cannot say it just so.

    >>> read("properties.total >= 50")
    [Condition(field='properties.total', compared='>=', value='50')]
    >>> read("properties.total >= 50 or coupon is null") is None
    True
    """
    found, at = [], 0
    while at < len(text):
        condition = _CONDITION.match(text, at)
        if condition is None:
            return None
        found.append(_row(condition))
        at = condition.end()
    same = write(found) == text and _sent([one._asdict() for one in found]) == found
    return found if same and not any(one.problem[0] for one in found) else None


def _row(found: re.Match[str]) -> Condition:
    field = found["field"]
    if found["alone"]:
        return Condition(field, found["alone"], "")
    if found["several"]:
        return Condition(
            field, "in", ", ".join(map(_value, re.findall(_LITERAL, found["several"], re.ASCII)))
        )
    if found["part"]:
        return Condition(field, "ilike", found["part"].replace("''", "'"))
    return Condition(field, found["sign"], _value(found["one"]))


def _value(literal: str) -> str:
    return literal[1:-1].replace("''", "'") if literal.startswith("'") else literal


def rows_of(moment: dict[str, Any]) -> list[Condition] | None:
    """Give the rows of a moment in a draft: those that wait for more, else those of its filter."""
    return _sent(moment.get("conditions")) or read(_typed(moment))


def _typed(moment: dict[str, Any]) -> str:
    return str(moment.get("where", "")).strip()


def settle(moment: dict[str, Any]) -> None:
    """Write the rows that were sent into the filter of their moment.

    A filter that was typed over since its rows were shown is left as it was typed, and so is one whose rows
    were not touched. Rows to which something is missing wait in the draft.
    """
    rows, typed = _sent(moment.pop("conditions", None)), _typed(moment)
    shown = read(typed)
    if typed != moment.pop("was", typed).strip() or shown in (None, rows):
        return
    if any(one.problem[0] for one in rows):
        moment["conditions"] = [one._asdict() for one in rows]
    else:
        moment["where"] = write(rows)


def _sent(rows: Any) -> list[Condition]:
    """Read the rows of a form; one in which nothing was chosen or typed is none."""
    made = []
    for one in rows or ():
        field, compared, value = (_line(str(one.get(name, ""))) for name in Condition._fields)
        if field or value:
            made.append(Condition(field, compared if compared in COMPARISONS else "=", value))
    return made


def _line(text: str) -> str:
    """Give a text as a line of a form sends it."""
    return " ".join(text.splitlines()).strip()


def missing(rows: Any, path: str) -> dict[str, str]:
    """Say what is missing to rows that wait, by the path of the field."""
    wrong = ((at, *one.problem) for at, one in enumerate(_sent(rows)))
    return {f"{path}.{at}.{part}": why for at, part, why in wrong if part}
