"""What a file's columns are: the mapping, and its spelling in TOML, JSON and single lines.

A mapping may leave anything open; `obverse.surveys.importing.guessing` gives one that leaves nothing open,
which can be saved and used again.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, get_args

import msgspec

from obverse.errors import NotFoundError, QuestionError, unknown
from obverse.surveys.question import Id
from obverse.surveys.survey import Language

MISSING = "missing"
"""What a value becomes that is no answer: a code for "not used", "blank", "refused"."""

Type = Literal[
    "nps",
    "csat",
    "ces",
    "rating",
    "seq",
    "sus",
    "umux_lite",
    "single",
    "multiple",
    "matrix",
    "ranking",
    "short_text",
    "long_text",
    "consent",
]
TYPES: tuple[Type, ...] = get_args(Type)
"""Kinds of question that columns can hold."""

SEVERAL: tuple[Type, ...] = ("sus", "umux_lite", "multiple", "matrix", "ranking")
"""Kinds whose answer may lie in several columns."""


class QuestionMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One question and the columns that hold its answers.

    Attributes:
        id: names it in answers; the same in all files of a survey.
        columns: names of columns, in order; ``*`` stands for any characters, and ``A | B`` for whichever of
            them a file has, as where the years of a survey name them differently.
        type: guessed where None.
        text: what was asked; the column's where empty.
        values: what a value of the file becomes: ``missing`` for no answer; guessed where None.
        points: of a scale.
        reverse: answers count from the other end: a value v of n points becomes n + 1 - v.
        names: words of each column, of a multiple choice or a ranking the options, of a matrix the rows.
        separator: what stands between options where one column holds several.
        mentions: each column of a multiple choice or a ranking holds an option, the one that was named first,
            second and so on; else each column is an option, and holds whether it was chosen, or its place.
    """

    id: Id
    columns: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    type: Type | None = None
    text: str = ""
    values: dict[str, str] | None = None
    points: Annotated[int, msgspec.Meta(ge=2, le=10)] | None = None
    reverse: bool = False
    names: tuple[str, ...] = ()
    separator: str = ""
    mentions: bool = False


class SurveyMapping(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What a file of answers is.

    Attributes:
        name: of the survey; the file's where empty. Files with the same name go into one survey.
        person: column with the id of a known user; each row is a person of its own where there is none, or
            where it is ``=``.
        time: column with the time of the answer, or ``=2026-03-01``, the same for every row.
        time_format: how times are written, in strptime's letters, or iso, s, ms, us, ns.
        zone: time zone of times that name none.
        submission: column with an id of the answer, the same in every file that has it. It is never guessed,
            as numbers of respondents often begin anew in each file.
        touchpoint: where people answered.
        language: of the questions.
        questions: in order.
        values: what values become in columns whose name fits a pattern, before anything is guessed.
        reverse: patterns of columns that count from the other end.
        leave_out: patterns of columns that are not kept at all.
        rest: what becomes of columns that nothing names: questions where they look like some (``guess``),
            ``properties`` of the answer, or ``nothing``.
        sheet: of a workbook.
        delimiter: between the cells of a text.
        header: whether the first row of a text names the columns.
    """

    name: Annotated[str, msgspec.Meta(max_length=100)] = ""
    person: str | None = None
    time: str | None = None
    time_format: str | None = None
    zone: str = "UTC"
    submission: str | None = None
    touchpoint: Annotated[str, msgspec.Meta(max_length=64)] = "web"
    language: Language = "en"
    questions: tuple[QuestionMap, ...] = ()
    values: dict[str, dict[str, str]] = {}
    reverse: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    rest: Literal["guess", "properties", "nothing"] = "guess"
    sheet: str | None = None
    delimiter: str | None = None
    header: bool | None = None

    def to_json(self) -> bytes:
        """Spell the mapping as JSON, to be read by `read_mapping`."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1)


def read_mapping(path: Path) -> SurveyMapping:
    """Read a mapping from a file, in TOML where its name ends in ``.toml``, else in JSON.

    Raises:
        NotFoundError: there is no such file.
        QuestionError: with the path of the field that is wrong.
    """
    try:
        text = path.read_text()
    except OSError as error:
        raise NotFoundError(f"mapping: {path} cannot be read: {error.strerror}") from error
    return parse_mapping(text, toml=path.suffix.lower() == ".toml")


def parse_mapping(text: str, *, toml: bool = False) -> SurveyMapping:
    """Read a mapping from its text.

    Raises:
        QuestionError: with the path of the field that is wrong.
    """
    try:
        read = tomllib.loads(text) if toml else msgspec.json.decode(text)
        return msgspec.convert(read, SurveyMapping)
    except (tomllib.TOMLDecodeError, msgspec.DecodeError, msgspec.ValidationError) as error:
        raise QuestionError(f"mapping: {error}") from error


def parse_values(text: str) -> dict[str, str]:
    """Read what values become, from ``0 = missing, 6 = missing`` or one a line; nothing means missing.

    A text with a comma or an equals sign in it stands in double quotes.

    Raises:
        QuestionError: a part is not of that form.

    >>> parse_values('0 = missing, "Yes, always" = 5')
    {'0': 'missing', 'Yes, always': '5'}
    """
    found: dict[str, str] = {}
    for part in re.split(r'[,\n](?=(?:[^"]*"[^"]*")*[^"]*$)', text):
        if not part.strip():
            continue
        sides = re.split(r'=(?=(?:[^"]*"[^"]*")*[^"]*$)', part)
        if len(sides) != 2 or not sides[0].strip():
            raise QuestionError(f"values: {part.strip()!r} is not of the form value = what it becomes")
        value, becomes = (_unquoted(side) for side in sides)
        found[value] = becomes or MISSING
    return found


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def write_values(values: Mapping[str, str]) -> str:
    r"""Write what `parse_values` reads, one a line.

    >>> write_values({"0": "missing", "Yes, always": "5"})
    '0 = missing\n"Yes, always" = 5'
    """
    return "\n".join(f"{_quoted(value)} = {_quoted(becomes)}" for value, becomes in values.items())


def _quoted(text: str) -> str:
    return f'"{text}"' if set(text) & set(',="\n') or text != text.strip() else text


def parse_map(text: str) -> tuple[str, dict[str, str]]:
    """Read ``PATTERN: 0 = missing, 6 = missing``.

    Raises:
        QuestionError: it is not of that form.
    """
    pattern, colon, values = text.partition(":")
    if not colon or not pattern.strip():
        raise QuestionError(f"map: {text!r} is not of the form COLUMN: value = what it becomes, …")
    return pattern.strip(), parse_values(values)


def parse_question(text: str) -> QuestionMap:
    """Read ``id = COLUMN``, ``id = COLUMN | SAME IN ANOTHER FILE`` or ``id: type = COLUMN``.

    A type may end in its points: ``csat5``.

    Raises:
        QuestionError: it is not of that form.

    >>> found = parse_question("overall: rating5 = Q7ALL | Q6N")
    >>> found.type, found.points, found.columns
    ('rating', 5, ('Q7ALL | Q6N',))
    """
    name, equals, column = text.partition("=")
    key, _, kind = (part.strip() for part in name.partition(":"))
    if not equals or not column.strip():
        raise QuestionError(f"question: {text!r} is not of the form id = COLUMN")
    stem = kind.rstrip("0123456789")
    if kind and stem not in TYPES:
        raise QuestionError(f"question {key}: " + unknown("type", stem, TYPES))
    points = int(kind[len(stem) :] or 0) or None
    said = {"id": key, "columns": [column.strip()], "type": stem or None, "points": points}
    try:
        return msgspec.convert(said, QuestionMap)
    except msgspec.ValidationError as error:
        raise QuestionError(f"question: {error}") from error


def fits(pattern: str, name: str) -> bool:
    """Tell whether a column's name is meant by a pattern.

    >>> fits("Q7*", "Q7FOOD"), fits("a[1]", "a[1]"), fits("Q", "Q7")
    (True, True, False)
    """
    if pattern == name or "*" not in pattern:
        return pattern == name
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL) is not None


def meant(columns: Iterable[str], names: Iterable[str]) -> list[str]:
    """Give the columns of a file that a question's `columns` mean, in order; none twice."""
    names, found = list(names), dict[str, None]()
    for one in columns:
        for choice in [one] if one in names else one.split("|"):
            matching = [name for name in names if fits(choice.strip(), name)]
            found |= dict.fromkeys(matching)
            if matching:
                break
    return list(found)
