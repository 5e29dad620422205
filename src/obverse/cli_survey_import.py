"""`obverse survey import`: past surveys from CSV, Excel and SPSS."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from obverse.cli_printing import data_option
from obverse.folder import Folder

if TYPE_CHECKING:
    from obverse.surveys.importing.mapping import SurveyMapping


@click.command("import")
@data_option
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=Path))
@click.option("--name", help="Of the survey; files of one name go into one survey.  [default: the file's]")
@click.option("--mapping", type=click.Path(path_type=Path), help="File (TOML, JSON) that says the rest.")
@click.option(
    "--question", multiple=True, help='"id = COLUMN | SAME IN ANOTHER FILE" or "id: csat5 = COLUMN".'
)
@click.option("--map", "maps", multiple=True, help='What values become: "Q7*: 0 = missing, 6 = missing".')
@click.option("--reverse", multiple=True, help="Column that counts from the other end; * for any characters.")
@click.option("--leave-out", multiple=True, help="Column that is not kept at all.")
@click.option(
    "--rest",
    type=click.Choice(["guess", "properties", "nothing"]),
    default=None,
    help="What becomes of columns that nothing names.  [default: guess]",
)
@click.option("--person", help="Column with the id of a known user; else each row is a person of its own.")
@click.option("--submission", help="Column with an id of the answer, the same in every file that has it.")
@click.option("--time", "time_", help="Column with the time, or =2026-03-01 for all rows.")
@click.option("--time-format", help="How times are written: %d-%m-%Y, or iso, s, ms, us, ns.")
@click.option("--zone", help="Time zone of times that name none.  [default: UTC]")
@click.option("--touchpoint", help="Where people answered.  [default: web]")
@click.option("--language", help="Of the questions.  [default: en]")
@click.option("--sheet", help="Of a workbook.  [default: the first]")
@click.option("--delimiter", help="What stands between cells; tab, or space for any white space.")
@click.option("--header/--no-header", default=None, help="Whether the first row names the columns.")
@click.option("--save-mapping", type=click.Path(path_type=Path), help="Write the whole mapping to this file.")
@click.option("--dry-run", is_flag=True, help="Show what would come out, and write nothing.")
def survey_import(
    data: Path, files: tuple[Path, ...], save_mapping: Path | None, dry_run: bool, **options: Any
) -> None:
    """Import answers to past surveys from CSV, Excel (.xlsx) or SPSS (.sav, .zsav, .por).

    Questions, scales and codes are guessed and shown before they are used; what you say comes first. Several
    files with the same --name make one survey. The same file twice adds nothing.
    """
    mapping = _mapping(**options)
    folder = Folder.open(data, create=not dry_run) if not dry_run or data.exists() else None
    for file in files:
        _import(folder, file, mapping, save_mapping, dry_run=dry_run)


def _mapping(
    mapping: Path | None,
    question: tuple[str, ...],
    maps: tuple[str, ...],
    reverse: tuple[str, ...],
    leave_out: tuple[str, ...],
    time_: str | None,
    **fields: Any,
) -> SurveyMapping:
    """Put together what the mapping's file and the options say; the options win."""
    import msgspec

    from obverse.errors import QuestionError
    from obverse.surveys.importing.mapping import SurveyMapping, parse_map, parse_question, read_mapping

    said = read_mapping(mapping) if mapping else SurveyMapping()
    own = tuple(parse_question(text) for text in question)
    ids = {one.id for one in own}
    values = dict(said.values)
    for pattern, found in map(parse_map, maps):
        values[pattern] = values.get(pattern, {}) | found
    given = {name: value for name, value in (fields | {"time": time_}).items() if value is not None}
    made = msgspec.structs.replace(
        said,
        questions=(*(one for one in said.questions if one.id not in ids), *own),
        values=values,
        reverse=(*said.reverse, *reverse),
        leave_out=(*said.leave_out, *leave_out),
        **given,
    )
    try:  # options do not pass a decoder
        return msgspec.convert(msgspec.to_builtins(made), SurveyMapping)
    except msgspec.ValidationError as error:
        raise QuestionError(str(error)) from error


def _import(
    folder: Folder | None, file: Path, mapping: SurveyMapping, save_mapping: Path | None, *, dry_run: bool
) -> None:
    """Import one file, and say on standard error what is done."""
    from rich.console import Console

    from obverse.collect.importing import ImportReport
    from obverse.collect.importing_history import History
    from obverse.importing import appending
    from obverse.settings.store import Settings
    from obverse.surveys.importing import running, showing
    from obverse.surveys.importing.planning import plan

    console = Console(stderr=True)
    now = time.time_ns() // 1000
    if folder is None:
        planned = plan(file, mapping, {})
        _show(console, planned, now)
        _save(planned.mapping, save_mapping)
        console.print("dry run: nothing was written")
        return
    with Settings.open(folder.settings) as settings:
        planned = plan(file, mapping, running.known_surveys(settings.surveys))
        _show(console, planned, now)
        _save(planned.mapping, save_mapping)
        if dry_run:
            console.print("dry run: nothing was written")
            return
        history = History(folder.root / "imports")
        if running.is_in(planned, history):
            report = ImportReport(n_rows=0, n_new=0, n_known=0, refused=(), done=planned.n_rows)
        else:
            version = running.keep(planned, settings.surveys).version
            with (
                running.written(planned, version, now) as out,
                appending(folder, out.inner) as (append, done),
            ):
                report = out.run(append, history, committed=done)
        console.print(showing.report_text(planned, report))


def _show(console: Any, planned: Any, now: int) -> None:
    """Show a plan, and which rows would be refused."""
    from obverse.surveys.importing import running, showing

    console.print(showing.plan_text(planned))
    with running.written(planned, 1, now) as out:
        if out.refused:
            console.print("of the first rows, refused:")
            console.print(showing.refused_text(out.refused))


def _save(mapping: SurveyMapping, path: Path | None) -> None:
    if path is not None:
        path.write_bytes(mapping.to_json() + b"\n")
