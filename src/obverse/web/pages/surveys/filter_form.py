"""A moment's filter as the builder's form shows it: rows to choose in, made from its expression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from obverse.web.pages.known import Offered
from obverse.web.pages.surveys.conditions import COMPARISONS, Condition, rows_of
from obverse.web.pages.surveys.draft import Draft, Problems
from obverse.web.pages.surveys.fields import Choice, Control, Field


@dataclass(frozen=True)
class RowForm:
    """A row: its path, and the fields for what is compared, how, and with what."""

    path: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class FilterForm:
    """What a moment's event must be like.

    Attributes:
        was: the expression that the rows were read from.
        rows: an empty one at the end to go on with; none where rows cannot say what the expression says.
        examples: id of the list of values that are proposed.
        values: values that such events have, with the field that has them.
    """

    was: str
    rows: tuple[RowForm, ...]
    examples: str
    values: tuple[tuple[str, str], ...]


def filter_of(moment: Draft, path: str, problems: Problems, offered: Sequence[Offered]) -> FilterForm:
    """Lay the filter of a moment out as rows."""
    was, rows = str(moment.get("where", "")), rows_of(moment)
    examples = f"values-{path.replace('.', '-')}"
    shown = () if rows is None else (*rows, Condition("", "=", ""))
    names = [one.name for one in offered]
    return FilterForm(
        was,
        tuple(
            _row(one, f"{path}.conditions.{at}", problems, names, examples) for at, one in enumerate(shown)
        ),
        examples,
        tuple((value, one.name) for one in offered for value in one.examples if not value.endswith("…")),
    )


def _row(row: Condition, path: str, problems: Problems, names: Sequence[str], examples: str) -> RowForm:
    known = dict.fromkeys(("", row.field, *names))

    def field(name: str, label: str, control: Control, value: str, choices: dict[str, str]) -> Field:
        chosen = tuple(Choice(one, text, one == value) for one, text in choices.items())
        wrong, where = problems.get(f"{path}.{name}", ""), f"{path}.{name}"
        return Field(where, name, label, control, value, chosen, "", wrong, (), "" if choices else examples)

    return RowForm(
        path,
        (
            field("field", "What", "choice", row.field, {one: one for one in known}),
            field("compared", "How", "choice", row.compared, COMPARISONS),
            field("value", "With", "line", row.value, {}),
        ),
    )
