"""What a file's columns are, where nobody said: guessed from words and values, always with the reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from obverse.collect.importing_guess import Profile, guess, guess_time
from obverse.collect.importing_plan import connect
from obverse.errors import QuestionError, unknown
from obverse.surveys.importing.answers import NO, YES, mapped, number_in, slug
from obverse.surveys.importing.likert import scale_of_words
from obverse.surveys.importing.mapping import MISSING, QuestionMap, SurveyMapping, Type, fits, meant
from obverse.surveys.importing.ranks import holds_options, is_ranking
from obverse.surveys.importing.sheet import Column, ColumnSet, Sheet
from obverse.surveys.question import Question

MAX_QUESTIONS = 100
"""A survey has no more; further columns stay properties."""

_NOTHING = frozenset(
    {"na", "n/a", "#n/a", "nan", "null", "#null!", "blank", "(blank)", "-", ".", "no answer", "refused"}
)
"""Words that stand where nobody answered, whatever was asked."""
_NOT_ON_A_SCALE = frozenset(
    {
        "none",
        "not applicable",
        "prefer not to say",
        "not used",
        "never used",
        "did not use",
        "don't know",
        "dk",
    }
)
"""Words that are an answer to a choice, and none on a scale."""
_ABOUT_PEOPLE = re.compile(
    r"\b(gender|sex|age|education|income|country|region|city|state|zip|postcode|language|lang|weight|wave|"
    r"year|date|time|version|device|browser|platform|ip|email|name|phone|id)\b"
)
_RECOMMEND = re.compile(r"recommend|\bnps\b|net ?promoter|\bnetpro\b")
_SATISFIED = re.compile(r"satisf|\bcsat\b")
_EASY = re.compile(r"\beas(y|ier)\b|effort|\bces\b|made it easy")
_SINGLE_EASE = re.compile(r"overall.*(difficult|easy)|\bseq\b")
_PART = re.compile(
    r"^(?P<stem>.{2,}?)\s*(?:\[(?P<a>[^\]]+)\]|(?:[:>|]|\s[-\u2013\u2014])\s*(?P<b>\S.*)|[_.](?P<c>\d{1,2}))$"
)
_SUS = ("use this system frequently", "unnecessarily complex")
_UMUX = ("meet my requirements", "easy to use")


ValuesOf = Callable[[Sequence[Column]], dict[str, str]]
"""Gives the value map of columns."""


@dataclass(frozen=True)
class Guessed:
    """A mapping that leaves nothing open, and why it is what it is.

    Attributes:
        mapping: complete.
        reasons: by question id, or name of the field: what the guess rests on.
        notices: what the reader of the summary should know.
    """

    mapping: SurveyMapping
    reasons: Mapping[str, str]
    notices: tuple[str, ...]


def complete(sheet: Sheet, said: SurveyMapping, before: Mapping[str, Question]) -> Guessed:
    """Complete a mapping for a file.

    Args:
        sheet: the file.
        said: what is known; stays as it is.
        before: questions that the survey has already, by id: what is not said is as it was.

    Raises:
        QuestionError: it names a column that is not there, or a time is needed.
    """
    return _Guesser(sheet, said, before).guessed()


class _Guesser:
    """What is found out on the way to a complete mapping."""

    def __init__(self, sheet: Sheet, said: SurveyMapping, before: Mapping[str, Question]) -> None:
        self.sheet = sheet
        self.before = before
        self.said = said
        self.reasons: dict[str, str] = {}
        self.notices: list[str] = []
        self.free = {
            name: column
            for name, column in sheet.columns.items()
            if not any(fits(pattern, name) for pattern in said.leave_out)
        }

    def guessed(self) -> Guessed:
        said = self.said
        given = [one for one in (self.given(question) for question in said.questions) if one is not None]
        fields = self.fields()
        found = list(self.found(given)) if said.rest == "guess" else []
        if len(given) + len(found) > MAX_QUESTIONS:
            found = found[: max(MAX_QUESTIONS - len(given), 0)]
            self.notices.append(
                f"a survey has {MAX_QUESTIONS} questions at most: the first are taken, "
                "the other columns are properties"
            )
        mapping = msgspec.structs.replace(
            said, questions=(*given, *found), values={}, reverse=(),
            rest="nothing" if said.rest == "nothing" else "properties", **fields,
        )  # fmt: skip
        if not mapping.questions:
            raise QuestionError(
                "no column looks like a question; name one with --question 'id = COLUMN'; there are: "
                + ", ".join(list(self.free)[:12])
            )
        return Guessed(mapping, self.reasons, tuple(self.notices))

    def given(self, one: QuestionMap) -> QuestionMap | None:
        """Complete a question that was named; None where this file has none of its columns."""
        names = meant(one.columns, self.sheet.columns)
        if not names:
            if "|" not in "".join(one.columns) and one.id not in self.before:
                raise QuestionError(
                    f"questions.{one.id}: " + unknown("column", one.columns[0], self.sheet.columns)
                )
            self.notices.append(f"{one.id}: the file has no column {', '.join(one.columns)}")
            return None
        columns = [self.sheet.columns[name] for name in names]
        for name in names:
            self.free.pop(name, None)
        self.reasons[one.id] = "as given"
        return self.filled(self.as_before(one), columns)

    def as_before(self, one: QuestionMap) -> QuestionMap:
        """Give a question the kind and the points that it has in the survey, unless others are said."""
        old = self.before.get(one.id)
        if old is None:
            return one
        kind = one.type or str(old.__struct_config__.tag)
        points = one.points or (getattr(old, "points", None) if kind == old.__struct_config__.tag else None)
        return msgspec.convert(msgspec.to_builtins(one) | {"type": kind, "points": points}, QuestionMap)

    def filled(self, one: QuestionMap, columns: Sequence[Column]) -> QuestionMap:
        """Complete what a question leaves open: its type, its values and its points."""
        plain = self.values_of(columns) if one.values is None else one.values | self.said_of(columns)
        if one.type is None and len(columns) > 1:
            ticks = all(_ticks(_cells(column, plain)) for column in columns)
            one = msgspec.structs.replace(one, type="multiple" if ticks else "matrix")
        guessed = _kind(columns[0], plain)
        kind = one.type or guessed.type or "short_text"
        values = plain
        if one.values is None and guessed.type == kind:
            values = guessed.values
        elif one.values is None and kind in ("single", "matrix", "multiple", "ranking"):
            values = {**columns[0].labels, **plain}
        if kind == "ranking" and not one.names and holds_options(columns, values):
            one = msgspec.structs.replace(one, mentions=True)
        points = one.points or guessed.points or _points(_cells(columns[0], values))
        reverse = one.reverse or any(fits(pattern, columns[0].name) for pattern in self.said.reverse)
        return msgspec.structs.replace(
            one, type=kind, text=one.text or columns[0].text, values=values, reverse=reverse,
            points=points if kind in ("csat", "ces", "rating") else None,
        )  # fmt: skip

    def values_of(self, columns: Sequence[Column]) -> dict[str, str]:
        """Give the value map of columns as far as it is said, or is plain."""
        found: dict[str, str] = {}
        for column in columns:
            words = {cell for cell in set(column.cells) if cell is not None and cell.lower() in _NOTHING}
            words |= {value for value, label in column.labels.items() if label.lower() in _NOTHING}
            found |= dict.fromkeys(sorted(words), MISSING)
        return found | self.said_of(columns)

    def said_of(self, columns: Sequence[Column]) -> dict[str, str]:
        """Give what is said of columns by patterns."""
        found: dict[str, str] = {}
        for column in columns:
            for pattern, values in self.said.values.items():
                if fits(pattern, column.name):
                    found |= values
        return found

    def fields(self) -> dict[str, str | None]:
        """Give who answered, when, and the id of the answer."""
        found: dict[str, str | None] = {}
        for field in ("person", "time", "submission"):
            value = getattr(self.said, field)
            if value is not None:
                self.reasons[field] = "as given"
                if value and not value.startswith("="):
                    self.need(field, value)
                    self.free.pop(value, None)
            found[field] = value
        profiles = [
            Profile(
                column.name, "VARCHAR", [cell for cell in column.cells[:10_000] if cell], self.sheet.n_rows
            )
            for column in self.free.values()
        ]
        if found["person"] is None:
            by_name = guess(profiles, set(), {"person"}).get("person")
            good = by_name is not None and by_name.why == "by its name"
            found["person"] = self.take("person", by_name.column if good and by_name else None, "its name")
        if found["time"] is None:
            found["time"] = self.time(profiles)
        return found

    def need(self, field: str, name: str) -> None:
        if name not in self.sheet.columns:
            raise QuestionError(f"{field}: " + unknown("column", name, self.sheet.columns))

    def take(self, field: str, name: str | None, why: str) -> str | None:
        if name is not None:
            self.free.pop(name, None)
            self.reasons[field] = why
        return name

    def time(self, profiles: Sequence[Profile]) -> str:
        with connect(self.said.zone) as connection:
            found = guess_time([one for one in profiles if one.name in self.free], set(), connection)
        if found is None:
            raise QuestionError(
                "time: no column says when people answered; name one with --time COLUMN, "
                "or give the same for all with --time =2026-03-01"
            )
        self.take("time", found[0].column, found[0].why)
        return found[0].column

    def found(self, given: Sequence[QuestionMap]) -> Iterator[QuestionMap]:
        """Guess the questions among the columns that nothing names."""
        taken = {one.id for one in given}
        for one in self.of_sets() + self.of_groups():
            key, number = one.id, 2
            while key in taken:
                key, number = f"{one.id[:36]}_{number}", number + 1
            taken.add(key)
            if key != one.id:
                self.reasons[key] = self.reasons.get(one.id, "")
            one = msgspec.structs.replace(one, id=key)
            yield self.as_before(
                one if key not in self.before else msgspec.structs.replace(one, type=None, points=None)
            )

    def of_sets(self) -> list[QuestionMap]:
        """Make the questions of columns of which the file says that they are one."""
        return [
            self.of_set(one, [self.free.pop(name) for name in one.columns])
            for one in self.sheet.sets
            if all(name in self.free for name in one.columns)
        ]

    def of_set(self, one: ColumnSet, columns: Sequence[Column]) -> QuestionMap:
        key, values = slug(one.name, "q"), self.values_of(columns)
        names: tuple[str, ...] = ()
        if one.counted is None:
            words = {value: label for column in columns for value, label in column.labels.items()}
            values = {**words, **values}
        else:
            cells = {cell for column in columns for cell in column.cells if cell is not None}
            values = {cell: "1" if cell == one.counted else "0" for cell in sorted(cells)} | values
            said = [column.labels.get(one.counted) if one.by_value else None for column in columns]
            names = tuple(word or column.text for word, column in zip(said, columns, strict=True))
        self.reasons[key] = f"{len(columns)} columns that the file names as one set"
        return QuestionMap(
            id=key, columns=one.columns, type="multiple", text=(one.label or one.name)[:2000], values=values,
            names=names, mentions=one.counted is None,
        )  # fmt: skip

    def of_groups(self) -> list[QuestionMap]:
        """Make the questions of columns that are named alike, and of each other column."""
        groups = _groups(list(self.free.values()), self.values_of)
        found = (self.question(columns, kind, text) for columns, kind, text in groups)
        return [one for one in found if one is not None]

    def question(self, columns: Sequence[Column], kind: Type | None, text: str) -> QuestionMap | None:
        """Make a question of columns; None where they are none."""
        first = columns[0]
        values = self.values_of(columns)
        if kind is not None:
            key = slug(text, "q")
            if kind in ("matrix", "ranking"):
                values = {**first.labels, **values}
            mentions = kind == "ranking" and holds_options(columns, values)
            parted = kind in ("multiple", "matrix", "ranking") and not mentions
            self.reasons[key] = f"{len(columns)} columns that belong together"
            return QuestionMap(
                id=key, columns=tuple(column.name for column in columns), type=kind, text=text[:2000],
                values=values, names=tuple(_part(column)[1] for column in columns) if parted else (),
                mentions=mentions,
            )  # fmt: skip
        guessed = _kind(first, values)
        if guessed.type is None:
            return None
        key = slug(first.name, "q")
        self.reasons[key] = guessed.why
        return QuestionMap(
            id=key, columns=(first.name,), type=guessed.type, text=first.text[:2000], values=guessed.values,
            points=guessed.points, reverse=any(fits(pattern, first.name) for pattern in self.said.reverse),
        )  # fmt: skip


@dataclass(frozen=True)
class _Kind:
    """What a single column is: None where it is no question."""

    type: Type | None
    why: str
    values: dict[str, str]
    points: int | None = None


def _kind(column: Column, values: dict[str, str]) -> _Kind:
    """Guess what a column is: a scale, beside which some could not tell, a choice or a text."""
    found = _scale(column, values | _beside_a_scale(column, values))
    if found is not None:
        return found
    counts = Counter(_cells(column, values))
    if not counts:
        return _Kind(None, "empty", values)
    if not _asks(column) and 2 < counts.total() == len(counts) and max(map(len, counts)) < 20:
        return _Kind(None, "each row has its own", values)
    return _word_kind(column, counts, {**column.labels, **values})


def _beside_a_scale(column: Column, values: Mapping[str, str]) -> dict[str, str]:
    words = {cell for cell in _cells(column, values) if cell.lower() in _NOT_ON_A_SCALE}
    words |= {value for value, label in column.labels.items() if label.lower() in _NOT_ON_A_SCALE}
    return dict.fromkeys(sorted(words), MISSING)


def _scale(column: Column, values: dict[str, str]) -> _Kind | None:
    said = f"{column.name} {column.label}".lower().replace("_", " ")
    counts = Counter(_cells(column, values))
    if not _asks(column) and 2 < counts.total() == len(counts):
        return None
    if (words := scale_of_words(counts)) is not None:
        kind, points, becomes = words
        return _Kind(kind, "its words are a scale", {**values, **becomes}, points)
    numbers = [number for cell in counts if (number := number_in(cell)) is not None]
    if not numbers or len(numbers) < len(counts) or _is_about_people(column):
        return None
    return _number_kind(column, said, values, sorted(numbers))


def _number_kind(column: Column, said: str, values: dict[str, str], numbers: Sequence[int]) -> _Kind | None:
    """Guess the scale of a column of whole numbers; None where they are none."""
    if _RECOMMEND.search(said) and numbers[0] >= 0 and numbers[-1] <= 99:
        codes = {str(number): MISSING for number in numbers if number > 10}
        return _Kind("nps", "it asks for a recommendation", {**values, **codes})
    if column.labels and not _ends_labelled(column, numbers):
        return None
    low, high = numbers[0], numbers[-1]
    if not 0 <= low <= high <= 10 or high < 3 or (low, high) == (0, 10):
        return None  # no kind but NPS has eleven points
    if not _asks(column) and (high < 5 or len(numbers) < 4):
        return None  # codes of something else are as likely
    codes = {"0": MISSING} if low == 0 else {}
    why = f"whole numbers from {low} to {high}" + (", 0 taken for no answer" if codes else "")
    points = _points([str(number) for number in numbers]) or high
    kind: Type = "rating"
    if _SINGLE_EASE.search(said) and points == 7:
        kind = "seq"
    elif _SATISFIED.search(said):
        kind = "csat"
    elif _EASY.search(said):
        kind = "ces"
    return _Kind(kind, why, {**values, **codes}, None if kind == "seq" else points)


def _ends_labelled(column: Column, numbers: Sequence[int]) -> bool:
    """Tell a scale whose ends have words from options that are numbered."""
    labels = [number_in(value) for value in column.labels]
    words = {label.lower(): 1 for label in column.labels.values()}
    scale = scale_of_words(words) is not None
    return scale or len([one for one in labels if one in numbers]) < max(len(numbers) - 1, 1)


def _word_kind(column: Column, counts: Counter[str], values: dict[str, str]) -> _Kind:
    """Guess among choice, text and no question, by how often texts come again and how long they are."""
    n, n_different = sum(counts.values()), len(counts)
    long = sum(len(cell) for cell in counts) / n_different > 30 or max(map(len, counts)) > 80
    if long and n_different > min(n / 2, 20):
        return _Kind("long_text", "most cells are sentences", values)
    if not _asks(column) or _is_about_people(column):
        return _Kind(None, "about the person, or no question", values)
    if not column.labels and all(number_in(cell) is not None for cell in counts):
        return _Kind(None, "numbers", values)
    if n_different <= 20 and (n >= 2 * n_different or column.labels):
        return _Kind("single", f"{n_different} different answers", values)
    return _Kind("short_text", "short texts", values)


def _asks(column: Column) -> bool:
    """Tell whether a column's words are more than a code."""
    return bool(column.label) or "?" in column.name or len(column.name.split()) > 2


def _is_about_people(column: Column) -> bool:
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", column.name).lower().replace("_", " ")
    return bool(_ABOUT_PEOPLE.search(name)) and len(name.split()) <= 2


def _cells(column: Column, values: Mapping[str, str]) -> list[str]:
    return [cell for cell in mapped(column, values) if cell is not None]


def _points(cells: Sequence[str]) -> int | None:
    """Give the points of a scale from 1, as far as its cells show: 5, 7 and 10 are more usual than others."""
    numbers = [number for cell in set(cells) if (number := number_in(cell)) is not None]
    high = max(numbers, default=0)
    if not 1 <= high <= 10:
        return None
    return {1: 5, 2: 5, 3: 5, 4: 5, 8: 10, 9: 10}.get(high, high) if len(numbers) > 2 else max(high, 2)


def _ticks(cells: Sequence[str]) -> bool:
    """Tell whether cells say chosen or not: 0 and 1, yes and no, or always the same text."""
    words = {cell.lower() for cell in cells}
    return bool(words) and (words <= YES | NO or (len(words) == 1 and not words & {"2", "3"}))


def _part(column: Column) -> tuple[str, str]:
    """Cut what was asked into what columns share and what is this one's own."""
    for text in (column.label, column.name):
        found = _PART.match(text) if text else None
        if found:
            own = found["a"] or found["b"] or (column.label or found["c"])
            return found["stem"].strip(), own.strip()
    return "", column.text


def _groups(
    columns: Sequence[Column], values_of: ValuesOf
) -> Iterator[tuple[list[Column], Type | None, str]]:
    """Give columns that make one question together, and each other column alone."""
    at = 0
    while at < len(columns):
        size, kind, text = _group_at(columns, at, values_of)
        yield list(columns[at : at + size]), kind, text
        at += size


def _group_at(columns: Sequence[Column], at: int, values_of: ValuesOf) -> tuple[int, Type | None, str]:
    first = columns[at].text.lower()
    following = columns[at + 1].text.lower() if at + 1 < len(columns) else ""
    if _SUS[0] in first and _SUS[1] in following and at + 10 <= len(columns):
        return 10, "sus", "System Usability Scale"
    if _UMUX[0] in first and _UMUX[1] in following:
        return 2, "umux_lite", "UMUX-Lite"
    stem, _ = _part(columns[at])
    size = 1
    while stem and at + size < len(columns) and _part(columns[at + size])[0] == stem:
        size += 1
    if size < 2:
        return 1, None, ""
    group = columns[at : at + size]
    cells = [_cells(column, values_of([column])) for column in group]
    if all(_ticks(one) for one in cells if one) and any(cells) and size <= 50:
        return size, "multiple", stem
    if is_ranking([mapped(column, {**column.labels, **values_of([column])}) for column in group]):
        return size, "ranking", stem
    different = {cell for one in cells for cell in one}
    spelled = all(
        column.labels or not number_in(cell) for column, one in zip(group, cells, strict=True) for cell in one
    )
    if 2 <= len(different) <= 10 and size <= 20 and (spelled or "[" in group[0].text):
        return size, "matrix", stem
    return 1, None, ""


def title_of(sheet: Sheet) -> str:
    """Call a survey as its file is called."""
    return re.sub(r"[_\s]+", " ", sheet.path.name.split(".")[0]).strip()[:100] or "Imported survey"
