"""A mapping as fields of a form, and back.

A question's fields are ``q0.id``, ``q0.columns`` (one a line), ``q0.use``, ``q0.type`` and so on; a column
that is none has ``c0.name`` and ``c0.use``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from obverse.errors import QuestionError
from obverse.surveys.importing.answers import Answers, slug
from obverse.surveys.importing.mapping import (
    QuestionMap,
    SurveyMapping,
    parse_map,
    parse_values,
    write_values,
)
from obverse.surveys.importing.sheet import Column
from obverse.web.pages.figures import cut

MOST_COLUMNS = 300
"""So many of the columns that are no questions can be changed one by one."""
N_VALUES = 8
"""So many values of a column are shown."""
USES = {"property": "Property", "question": "Question", "nothing": "Leave out"}
TYPE_NAMES = {
    "nps": "NPS, 0–10",
    "csat": "CSAT",
    "ces": "CES",
    "rating": "Rating",
    "seq": "Single Ease Question",
    "sus": "SUS, ten columns",
    "umux_lite": "UMUX-Lite, two columns",
    "single": "Single choice",
    "multiple": "Multiple choice",
    "matrix": "Matrix",
    "ranking": "Ranking",
    "short_text": "Short text",
    "long_text": "Long text",
    "consent": "Consent",
}
"""What the kinds of question are called."""
_PLAIN = ("name", "person", "submission", "zone", "touchpoint", "language", "time_format")


@dataclass(frozen=True)
class QuestionFields:
    """A question as the form shows it.

    Attributes:
        number: of its fields.
        one: the question.
        values: its value map, one a line.
        columns: one a line.
        n: how many answers it has.
        why: what the guess rests on.
        misfits: what does not fit, in words; empty where all does.
        found: the most frequent values of the file, and how often each.
    """

    number: int
    one: QuestionMap
    values: str
    columns: str
    n: int
    why: str
    misfits: str
    found: tuple[tuple[str, int], ...]


def fields_of(
    number: int, one: QuestionMap, answers: Answers, columns: Sequence[Column], why: str
) -> QuestionFields:
    """Give the fields of a question, with what the file has for it."""
    misfits = answers.misfits
    examples = ", ".join(f"“{value}” ({n:,} ×)" for value, n in misfits.examples)
    counts = Counter(cell for column in columns for cell in column.cells if cell is not None)
    return QuestionFields(
        number=number,
        one=one,
        values=write_values(one.values or {}),
        columns="\n".join(one.columns),
        n=sum(value is not None for value in answers.values),
        why=why,
        misfits=f"{misfits.n:,} left out, {misfits.why}: {examples}" if misfits.n else "",
        found=tuple((cut(value, 30), n) for value, n in counts.most_common(N_VALUES)),
    )


def mapping_of(form: Mapping[str, str], sheet: str | None) -> SurveyMapping:
    """Read a mapping from a form's fields.

    Args:
        form: what was sent.
        sheet: of the workbook.

    Raises:
        QuestionError: a field breaks its rule.
    """
    plain = {name: form.get(name, "").strip() for name in _PLAIN}
    day, column = form.get("day", "").strip(), form.get("time", "").strip()
    columns = list(_columns(form))
    said = {
        **{name: value for name, value in plain.items() if value},
        "time": column or (f"={day}" if day else None),
        "person": plain["person"] or None,
        "sheet": sheet,
        "rest": "nothing" if form.get("rest") == "nothing" else "properties",
        "questions": [
            *(msgspec.to_builtins(one) for one in _questions(form)),
            *({"id": slug(name, "q"), "columns": [name]} for name, use in columns if use == "question"),
        ],
        "values": dict(parse_map(line) for line in _lines(form.get("maps", ""))),
        "leave_out": [name for name, use in columns if use == "nothing"],
    }
    try:
        return msgspec.convert(said, SurveyMapping)
    except msgspec.ValidationError as error:
        raise QuestionError(str(error)) from error


def _questions(form: Mapping[str, str]) -> Iterator[QuestionMap]:
    number = 0
    while f"q{number}.id" in form:
        field = {key: form.get(f"q{number}.{key}", "") for key in _QUESTION_FIELDS}
        number += 1
        if not field["use"]:
            continue
        try:
            values = parse_values(field["values"].replace("\r", ""))
        except QuestionError as error:
            raise QuestionError(f"{field['id']}: {error}") from error
        said = {
            "id": field["id"].strip(),
            "columns": _lines(field["columns"]),
            "type": field["type"],
            "text": field["text"].strip(),
            "values": values,
            # A guess that was left as it is gives way to what the values are mapped to now.
            "points": int(field["points"])
            if field["points"].isdigit() and field["points"] != field["guessed"]
            else None,
            "reverse": field["reverse"] == "on",
            "names": _lines(field["names"]),
            "separator": field["separator"],
            "mentions": field["mentions"] == "on",
        }
        try:
            yield msgspec.convert(said, QuestionMap)
        except msgspec.ValidationError as error:
            raise QuestionError(f"{field['id'] or 'a question'}: {error}") from error


_QUESTION_FIELDS = (
    "id", "columns", "type", "text", "values", "points", "reverse", "names", "separator",
    "mentions", "use", "guessed",
)  # fmt: skip


def _lines(text: str) -> list[str]:
    return [line for line in text.replace("\r", "").split("\n") if line.strip()]


def _columns(form: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    number = 0
    while (name := form.get(f"c{number}.name")) is not None:
        yield name, form.get(f"c{number}.use", "property")
        number += 1
