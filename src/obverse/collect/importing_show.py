"""What an import says on the terminal: the plan before, the progress during, the summary after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from obverse.collect.importing import ImportReport, RefusedRows
from obverse.collect.importing_plan import ImportPlan

_SHOWN = ("event", "time", "user_id", "anonymous_id", "touchpoint", "value", "currency")
_CELL_CHARS = 160


def plan_text(plan: ImportPlan) -> RenderableType:
    """Lay out a plan: what is read, what each field is taken from and why, and the first three events."""
    parts: list[RenderableType] = [Text(_heading(plan), style="bold")]
    parts += [Text(f"note: {notice}", style="yellow") for notice in plan.file.notices]
    parts.append(_choices(plan))
    if plan.properties:
        kinds = ", ".join(f"{name} ({kind})" for name, kind in plan.properties.items())
        parts.append(Text(f"properties: {kinds}", overflow="ellipsis", no_wrap=True))
    parts.append(_events(plan))
    if plan.sample.refused:
        n_read = plan.sample.events.num_rows + sum(one.n for one in plan.sample.refused)
        parts.append(Text(f"of the first {n_read:,} rows, refused:", style="yellow"))
        parts.append(_refused(plan.sample.refused))
    return Group(*parts)


def _heading(plan: ImportPlan) -> str:
    file = plan.file
    kind = {
        "csv": f"CSV apart by {file.delimiter!r}",
        "words": "columns apart by white space",
        "jsonl": "JSON lines",
        "json": "JSON",
        "parquet": "Parquet",
    }[file.format]
    rows = "" if file.n_rows is None else f", about {file.n_rows:,} rows"
    return f"{file.path.name}: {kind}{rows}, {len(file.columns)} columns"


def _choices(plan: ImportPlan) -> Table:
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("field", "taken from", "why"):
        grid.add_column(name, overflow="fold")
    for choice in plan.choices:
        taken = choice.column if choice.column is not None else f"={choice.constant}"
        why = choice.why
        if choice.field == "time":
            why += f"; written as {plan.rule.name}" if plan.rule.name not in why else ""
            why += (
                ""
                if plan.rule.name in ("an instant", "epoch s", "epoch ms")
                else f"; zone {plan.mapping.zone}"
            )
        grid.add_row(choice.field, escape(taken), escape(why))
    if plan.column("touchpoint") is None and all(one.field != "touchpoint" for one in plan.choices):
        grid.add_row("touchpoint", "=server", "nothing says; --touchpoint =store, or a column")
    return grid


def _events(plan: ImportPlan) -> Table:
    rows: list[dict[str, Any]] = plan.sample.events.slice(0, 3).to_pylist()
    grid = Table(box=None, pad_edge=False, header_style="bold")
    grid.add_column("the first events", no_wrap=True)
    for number in range(1, len(rows) + 1):
        grid.add_column(str(number), overflow="fold", ratio=1)
    for name in _SHOWN:
        if any(row[name] is not None for row in rows):
            grid.add_row(name, *(escape(_cell(row[name])) for row in rows))
    grid.add_row("properties", *(escape(_cut(row["properties"])) for row in rows))
    return grid


def _cut(text: str) -> str:
    return text if len(text) <= _CELL_CHARS else text[: _CELL_CHARS - 1] + "…"


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _refused(parts: tuple[RefusedRows, ...]) -> Table:
    grid = Table(box=None, pad_edge=False, header_style="bold")
    grid.add_column("rows", justify="right")
    grid.add_column("reason")
    grid.add_column("what", overflow="fold")
    grid.add_column("for instance", overflow="ellipsis", no_wrap=True, max_width=60)
    for part in parts:
        examples = "; ".join(f"row {row}: {text}" for row, text in part.examples[:1])
        grid.add_row(f"{part.n:,}", part.reason.value, escape(part.detail), escape(examples))
    return grid


def report_text(report: ImportReport) -> RenderableType:
    """Lay out what became of the rows."""
    if not report.n_rows:
        return Text(f"nothing to add: all {report.done:,} rows were imported before", style="bold")
    said = f"{report.n_rows:,} rows: {report.n_new:,} events added"
    if report.n_known:
        said += f", {report.n_known:,} known already"
    said += f", {report.n_refused:,} rows refused" if report.n_refused else ", none refused"
    parts: list[RenderableType] = [Text(said, style="bold")]
    if report.refused:
        parts.append(_refused(report.refused))
    return Group(*parts)


@contextmanager
def progress_bar(plan: ImportPlan, console: Console) -> Iterator[Any]:
    """Show a bar while an import runs; gives what `run` tells its progress to."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("rows"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(escape(plan.file.path.name), total=plan.file.n_rows)
        yield lambda n_rows: bar.update(task, completed=n_rows)
