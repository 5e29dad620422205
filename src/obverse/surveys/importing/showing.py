"""What an import of answers says on the terminal: what each column was taken for, and what does not fit."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from obverse.collect.importing import ImportReport, RefusedRows
from obverse.surveys.importing.answers import Answers
from obverse.surveys.importing.mapping import MISSING, QuestionMap, meant
from obverse.surveys.importing.planning import SurveyPlan


def plan_text(plan: SurveyPlan) -> RenderableType:
    """Lay out a plan: the file, who and when, each question with its values, and what does not fit."""
    sheet = plan.sheet
    heading = f"{sheet.path.name}: {sheet.kind}, {sheet.n_rows:,} rows, {len(sheet.columns):,} columns"
    parts: list[RenderableType] = [Text(heading, style="bold")]
    parts += [Text(f"note: {notice}", style="yellow") for notice in (*sheet.notices, *plan.guessed.notices)]
    parts += [_fields(plan), _questions(plan)]
    if plan.properties:
        names = ", ".join(plan.properties)
        parts.append(Text(f"properties: {names}", overflow="ellipsis", no_wrap=True))
    if plan.n_empty:
        parts.append(Text(f"{plan.n_empty:,} rows have no answer and are left out", style="yellow"))
    misfits = [one for one in plan.answers if one.misfits.n]
    if misfits:
        parts.append(_misfits(misfits))
    return Group(*parts)


def _fields(plan: SurveyPlan) -> Table:
    mapping, reasons = plan.mapping, plan.guessed.reasons
    grid = _table("field", "taken from", "why")
    grid.add_row("survey", escape(mapping.name), "")
    each = "each row is a person of its own"
    grid.add_row("person", escape(mapping.person or "-"), reasons.get("person", each))
    grid.add_row("time", escape(mapping.time or "-"), reasons.get("time", ""))
    own = "made of the file and the row's number"
    grid.add_row("submission", escape(mapping.submission or "-"), reasons.get("submission", own))
    return grid


def _questions(plan: SurveyPlan) -> Table:
    grid = _table("question", "kind", "columns", "values", "answers", "why")
    for one, found in zip(plan.mapping.questions, plan.answers, strict=True):
        n = sum(value is not None for value in found.values)
        columns = ", ".join(meant(one.columns, plan.sheet.columns))
        grid.add_row(
            one.id,
            kind_of(one),
            escape(_cut(columns, 60)),
            escape(_cut(values_of(one), 60)),
            f"{n:,}",
            escape(plan.guessed.reasons.get(one.id, "")),
        )
    return grid


def kind_of(one: QuestionMap) -> str:
    """Say what a question is, as ``rating of 5, turned round``."""
    points = f" of {one.points}" if one.points else ""
    return f"{one.type}{points}{', turned round' if one.reverse else ''}"


def values_of(one: QuestionMap) -> str:
    """Say what values become, those that are missing together."""
    values = one.values or {}
    gone = [value for value, becomes in values.items() if becomes == MISSING]
    said = [f"{', '.join(gone)} = {MISSING}"] if gone else []
    return "; ".join(
        said + [f"{value} = {becomes}" for value, becomes in values.items() if becomes != MISSING]
    )


def _misfits(found: list[Answers]) -> Table:
    grid = _table("cells", "left out of", "why", "for instance")
    for one in found:
        examples = ", ".join(f"{value!r} ({n:,} times)" for value, n in one.misfits.examples)
        grid.add_row(f"{one.misfits.n:,}", one.question.id, one.misfits.why, escape(examples))
    return grid


def report_text(plan: SurveyPlan, report: ImportReport) -> RenderableType:
    """Lay out what became of the rows."""
    if not report.n_rows:
        return Text(f"nothing to add: the answers are in {plan.survey.name!r} already", style="bold")
    said = f"{plan.n_rows:,} rows: {report.n_new:,} answers added to {plan.survey.name!r}"
    said += f", {report.n_known:,} known already" if report.n_known else ""
    said += f", {plan.n_empty:,} without any answer" if plan.n_empty else ""
    said += f", {report.n_refused:,} rows refused" if report.n_refused else ""
    return Group(Text(said, style="bold"), *([refused_text(report.refused)] if report.refused else []))


def refused_text(refused: tuple[RefusedRows, ...]) -> Table:
    """Lay out refused rows, by reason, with an example."""
    grid = _table("rows", "reason", "what", "for instance")
    for part in refused:
        example = "; ".join(f"row {row}: {text}" for row, text in part.examples[:1])
        grid.add_row(f"{part.n:,}", part.reason.value, escape(part.detail), escape(_cut(example, 80)))
    return grid


def _table(*names: str) -> Table:
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        grid.add_column(
            name, overflow="fold", justify="right" if name in ("cells", "rows", "answers") else "left"
        )
    return grid


def _cut(text: str, n: int) -> str:
    return text if len(text) <= n else text[: n - 1] + "…"
