"""From a plan to events in the lake, by the rules and the ways of `obverse.collect.importing`.

The rows are written to a temporary file of JSON lines, and that is imported: so times are read, ids are
checked and rows refused as everywhere, and the same file twice adds nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

import msgspec

from obverse.collect import importing as collecting
from obverse.collect.importing import Append, ImportMapping, ImportPlan, ImportReport, RefusedRows
from obverse.collect.importing_history import History, run_once
from obverse.collect.limits import Limits
from obverse.errors import QuestionError
from obverse.settings.surveys import SavedSurvey, Surveys
from obverse.surveys.importing.planning import EVENT, SurveyPlan
from obverse.surveys.survey import Survey

_LIMITS = Limits(max_event_bytes=1 << 20)
"""One event has a whole questionnaire in it."""


@dataclass(frozen=True)
class Written:
    """A plan whose rows are written out. Use it while it is open.

    Attributes:
        plan: what was planned.
        inner: how the rows come in.
        rows: number of each written row in the file.
    """

    plan: SurveyPlan
    inner: ImportPlan
    rows: tuple[int, ...]

    @property
    def refused(self) -> tuple[RefusedRows, ...]:
        """Give the refusals among the first rows."""
        return self._as_in_file(self.inner.sample.refused)

    def _as_in_file(self, refused: tuple[RefusedRows, ...]) -> tuple[RefusedRows, ...]:
        return tuple(
            replace(one, examples=tuple((self.rows[row - 1], text) for row, text in one.examples))
            for one in refused
        )

    def run(self, append: Append, history: History, *, committed: int = 0) -> ImportReport:
        """Bring the answers in; see `obverse.collect.importing_history.run_once`."""
        report = run_once(self.inner, append, history, committed=committed, again=True)
        record = history.of(self.inner)
        history.save(msgspec.structs.replace(record, choices={**record.choices, "mapping": _mark(self.plan)}))
        return replace(report, refused=self._as_in_file(report.refused))


def known_surveys(surveys: Surveys) -> dict[str, tuple[str, Survey]]:
    """Give the surveys that files can go into, by name."""
    return {
        one.name: (one.id, Survey.from_json(one.body)) for one in surveys.all() if one.state == "imported"
    }


def is_in(plan: SurveyPlan, history: History) -> bool:
    """Tell whether a file's answers are in the survey already.

    Raises:
        QuestionError: they are, read with another mapping.
    """
    for one in history.all():
        if one.content != plan.content or not one.finished:
            continue
        if one.choices.get("mapping") == _mark(plan):
            return True
        raise QuestionError(
            f"{plan.sheet.path.name}: its answers are in the survey {plan.survey.name!r} already, read with "
            "another mapping; what came in stays. Import it under another name to have both"
        )
    return False


def keep(plan: SurveyPlan, surveys: Surveys) -> SavedSurvey:
    """Keep the survey of a plan, or its new version.

    Raises:
        QuestionError: a survey that is asked here has its name.
    """
    for one in surveys.all():
        if one.name == plan.survey.name and one.state != "imported":
            raise QuestionError(f"name: {one.name!r} is a survey that is asked here; choose another name")
        if one.id == plan.survey_id:
            return surveys.edit(one.id, plan.survey.name, plan.survey.to_json())
    return surveys.create(plan.survey.name, plan.survey.to_json(), "imported", plan.survey_id)


def _mark(plan: SurveyPlan) -> str:
    return blake2b(plan.mapping.to_json(), digest_size=8).hexdigest()


@contextmanager
def written(plan: SurveyPlan, version: int, received_at: int) -> Iterator[Written]:
    """Write a plan's rows out and plan how they come in.

    Args:
        plan: what was planned.
        version: of the survey.
        received_at: now, µs since 1970 UTC.

    Raises:
        QuestionError: the times cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="obverse-survey-") as folder:
        path = Path(folder) / "answers.jsonl"
        rows: list[int] = []
        with path.open("wb") as out:
            for number, row in plan.rows(version):
                rows.append(number)
                out.write(msgspec.json.encode(row) + b"\n")
        with collecting.plan(path, _inner_mapping(plan), received_at=received_at, limits=_LIMITS) as inner:
            own = replace(inner.file, digest=plan.content, path=plan.sheet.path)
            yield Written(plan, replace(inner, file=own), tuple(rows))


def _inner_mapping(plan: SurveyPlan) -> ImportMapping:
    mapping = plan.mapping
    constant, known = mapping.time or "", bool(mapping.person) and mapping.person != "="
    return ImportMapping(
        person="user" if known else "=",
        anonymous="=" if known else "anonymous",
        time=constant if constant.startswith("=") else "at",
        time_format=mapping.time_format,
        zone=mapping.zone,
        event=f"={EVENT}",
        touchpoint=f"={mapping.touchpoint}",
        message_id="message_id",
        value="=",
        currency="=",
        account="=",
        session="=",
    )
