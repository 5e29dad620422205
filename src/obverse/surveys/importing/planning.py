"""The plan of an import: the survey that comes of a file, its answers, and what is left out of them.

Nothing is written while planning: a dry run is a plan that is not run.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from obverse.collect.importing_guess import Profile
from obverse.errors import QuestionError
from obverse.surveys.events import ANSWERED
from obverse.surveys.importing.answers import Answers, answers_of
from obverse.surveys.importing.guessing import Guessed, complete, title_of
from obverse.surveys.importing.mapping import SurveyMapping, fits, meant
from obverse.surveys.importing.sheet import Sheet, SheetOptions, read_sheet
from obverse.surveys.question import Question
from obverse.surveys.scoring import score
from obverse.surveys.survey import Survey

_OURS = frozenset(
    {"survey_id", "survey", "version", "submission_id", "place", "moment", "language", "share", "variants",
     "answers", "others", "scores", "seconds", "question"}
)  # fmt: skip


_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")


@dataclass(frozen=True)
class SurveyPlan:
    """An import of answers that is ready to run.

    Attributes:
        sheet: the file.
        mapping: complete.
        guessed: with the reasons.
        survey_id: of the survey that the answers go to.
        survey: as it is after the import.
        answers: by question of this file, in order.
        properties: columns that become properties: column to the property's name.
        n_rows: rows of the file.
        n_empty: rows without any answer, which are left out.
    """

    sheet: Sheet
    mapping: SurveyMapping
    guessed: Guessed
    survey_id: str
    survey: Survey
    answers: Sequence[Answers]
    properties: Mapping[str, str]
    n_empty: int

    @property
    def n_rows(self) -> int:
        """Count the rows of the file."""
        return self.sheet.n_rows

    @property
    def content(self) -> str:
        """Give the digest of the file's content in this survey."""
        return _digest(self.survey_id, self.sheet.digest)

    def rows(self, version: int) -> Iterator[tuple[int, dict[str, Any]]]:
        """Give what becomes of each row with an answer, and its number as a spreadsheet counts.

        Args:
            version: of the survey that the answers go to.
        """
        common = {
            "survey_id": self.survey_id,
            "survey": self.survey.name,
            "version": version,
            "place": "import",
            "moment": "import",
            "language": self.mapping.language,
        }
        more = [(name, _cells(self.sheet, column)) for column, name in self.properties.items()]
        who, when, which = (self._column(field) for field in ("person", "time", "submission"))
        for at in range(self.n_rows):
            answers = {one.question.id: one.values[at] for one in self.answers if one.values[at] is not None}
            if not answers:
                continue
            key = which[at] if which else None
            key = _digest(self.survey_id, key) if key else _digest(self.survey_id, self.sheet.digest, str(at))
            own = common | {"submission_id": key, "answers": answers, "scores": self._scores(at)}
            row: dict[str, Any] = {
                "message_id": f"survey:{key}:answered",
                "properties": own | {name: cells[at] for name, cells in more if cells[at] is not None},
            }
            row |= {"user": who[at]} if who else {"anonymous": f"survey:{key}"}
            yield self.sheet.first_row + at, row | ({"at": when[at]} if when else {})

    def _column(self, field: str) -> Sequence[str | None] | None:
        name = getattr(self.mapping, field)
        return None if not name or name.startswith("=") else self.sheet.columns[name].cells

    def _scores(self, at: int) -> dict[str, float]:
        found = ((one.question, one.values[at]) for one in self.answers)
        scores = {one.id: score(one, value) for one, value in found if value is not None}
        return {name: number for name, number in scores.items() if number is not None}


def plan(path: Path | str, mapping: SurveyMapping, known: Mapping[str, tuple[str, Survey]]) -> SurveyPlan:
    """Look at a file and plan its import.

    Args:
        path: the file.
        mapping: what is known of its columns.
        known: id and newest version of surveys that were imported, by name.

    Raises:
        NotFoundError: there is no such file.
        QuestionError: it cannot be read so, or contradicts the survey that it is to go into.
        DataError: it is damaged.
    """
    return plan_sheet(
        read_sheet(path, SheetOptions(mapping.sheet, mapping.delimiter, mapping.header)), mapping, known
    )


def plan_sheet(sheet: Sheet, mapping: SurveyMapping, known: Mapping[str, tuple[str, Survey]]) -> SurveyPlan:
    """Plan the import of a file that was read; see `plan`."""
    name = mapping.name or title_of(sheet)
    key, before = known.get(name, (_new_id(name, {one for one, _ in known.values()}), None))
    old = {one.id: one for one in before.questions} if before else {}
    guessed = complete(sheet, msgspec.structs.replace(mapping, name=name), old)
    mapping = guessed.mapping
    answers = [
        _checked(
            answers_of(
                one, [sheet.columns[name] for name in meant(one.columns, sheet.columns)], old.get(one.id)
            ),
            old.get(one.id),
        )
        for one in mapping.questions
    ]
    survey = _survey(mapping, before, [one.question for one in answers])
    n_answered = sum(
        any(value is not None for value in row) for row in zip(*(a.values for a in answers), strict=True)
    )
    if not n_answered:
        raise QuestionError(f"{sheet.path.name}: no row has an answer; is the mapping right?")
    return SurveyPlan(
        sheet=sheet,
        mapping=mapping,
        guessed=guessed,
        survey_id=key,
        survey=survey,
        answers=answers,
        properties=_properties(sheet, mapping),
        n_empty=sheet.n_rows - n_answered,
    )


def _new_id(name: str, taken: Collection[str]) -> str:
    """Make the id of a survey's name; another one where a survey of that name was renamed."""
    ids = (_digest(name, str(number))[:16] for number in count())
    return next(key for key in ids if key not in taken)


def _checked(one: Answers, old: Question | None) -> Answers:
    """Refuse a question that is another one in the survey."""
    if old is None:
        return one
    for field, now, was in (
        ("type", one.question.__struct_config__.tag, old.__struct_config__.tag),
        ("points", getattr(one.question, "points", None), getattr(old, "points", None)),
    ):
        if now != was:
            raise QuestionError(
                f"questions.{old.id}.{field}: {now} here, {was} in the survey; "
                "give it another id, or map its values"
            )
    return one


def _survey(mapping: SurveyMapping, before: Survey | None, questions: Sequence[Question]) -> Survey:
    """Make the survey, or add what is new to it; words that it has stay.

    Raises:
        QuestionError: it breaks a rule of surveys, such as too many questions.
    """
    if before is None:
        made = Survey(name=mapping.name, questions=tuple(questions), places=(), language=mapping.language)
        return Survey.from_json(made.to_json())
    old = {one.id: one for one in before.questions}
    merged = {one.id: one for one in before.questions}
    for one in questions:
        was = old.get(one.id)
        merged[one.id] = one if was is None else msgspec.structs.replace(one, text=was.text)
    made = msgspec.structs.replace(before, questions=tuple(merged.values()))
    return Survey.from_json(made.to_json())


def _properties(sheet: Sheet, mapping: SurveyMapping) -> dict[str, str]:
    """Say which columns become properties, under names that mean nothing else."""
    if mapping.rest == "nothing":
        return {}
    taken = {name for one in mapping.questions for name in meant(one.columns, sheet.columns)}
    taken |= {str(one) for one in (mapping.person, mapping.time, mapping.submission)}
    return {
        name: name if name not in _OURS else f"{name}_in_file"
        for name, column in sheet.columns.items()
        if name not in taken
        and not any(fits(pattern, name) for pattern in mapping.leave_out)
        and any(cell is not None for cell in column.cells)
    }


def _cells(sheet: Sheet, name: str) -> Sequence[str | float | None]:
    """Give a column's cells as a property has them: the words of values, numbers as numbers."""
    column = sheet.columns[name]
    texts = [None if cell is None else column.labels.get(cell, cell) for cell in column.cells]
    said = _with_points([text for text in texts if text is not None])
    if Profile(name, "VARCHAR", said, len(texts)).kind != "number":
        return texts
    return [_number(text) for text in texts]


def _with_points(texts: Sequence[str]) -> Sequence[str]:
    """Write decimal commas as points, unless all commas may stand between thousands."""
    commas = [text for text in texts if "," in text]
    if not commas or all(_THOUSANDS.fullmatch(text) for text in commas):
        return texts
    return [text.replace(",", ".") if text.count(",") == 1 else text for text in texts]


def _number(text: str | None) -> str | float | None:
    if text is None:
        return None
    text = text.replace(",", ".")
    try:
        return int(text)
    except ValueError:
        pass
    try:
        found = float(text)
    except ValueError:
        return None  # what stands for a missing number, such as NA
    return found if found == found else None


def _digest(*parts: str) -> str:
    return blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


EVENT = ANSWERED
"""What each row becomes."""
