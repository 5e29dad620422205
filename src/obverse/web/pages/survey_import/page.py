"""The pages on which answers to past surveys come in."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.response import Redirect

from obverse.collect.importing import RefusedRows
from obverse.collect.importing_history import History, ImportRecord
from obverse.collect.importing_spool import Spool
from obverse.errors import ObverseError, QuestionError
from obverse.settings.values import MOST_UPLOAD_BYTES
from obverse.surveys.importing import running
from obverse.surveys.importing.mapping import SurveyMapping, meant
from obverse.surveys.importing.planning import SurveyPlan, plan_sheet
from obverse.surveys.importing.sheet import Sheet, SheetOptions, read_sheet
from obverse.surveys.importing.uploads import Uploads
from obverse.web.pages.asked import Asked, answer
from obverse.web.pages.figures import cut
from obverse.web.pages.page import Page
from obverse.web.pages.survey_import.form import (
    MOST_COLUMNS,
    TYPE_NAMES,
    USES,
    QuestionFields,
    fields_of,
    mapping_of,
)

if TYPE_CHECKING:
    from obverse.folder import Folder

Form = Mapping[str, str]
PATH = "/surveys/import"


@dataclass(frozen=True)
class Done:
    """An import that was finished.

    Attributes:
        name: of the survey.
        href: its page.
        n_new: answers that came in.
        n_known: answers that were there already.
        refused: rows that were refused, by reason.
    """

    name: str
    href: str
    n_new: int
    n_known: int
    refused: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class UploadPage(Page):
    """Where a file is chosen."""

    template: ClassVar[str] = "survey_upload.html"
    section: ClassVar[str] = "/surveys"

    most_mib: Annotated[int, "The largest file that is taken, in MiB."]
    names: Annotated[tuple[str, ...], "Surveys that were imported: another file can go into one of them."]
    done: Annotated[Done | None, "What the last import brought, right after it."] = None
    problem: Annotated[str, "Why the file was not taken."] = ""


@dataclass(frozen=True, kw_only=True)
class MappingPage(Page):
    """What the columns of a file are taken for, to be changed before anything is written."""

    template: ClassVar[str] = "survey_mapping.html"
    section: ClassVar[str] = "/surveys"

    key: Annotated[str, "Names the upload."]
    file: Annotated[str, "The file, as its sender calls it."]
    kind: Annotated[str, "What kind of file it is."]
    n_rows: Annotated[int, "Rows of the file."]
    n_answered: Annotated[int, "Rows with at least one answer: they come in."]
    n_columns: Annotated[int, "Columns of the file."]
    mapping: Annotated[SurveyMapping, "Whose fields the form has."]
    day: Annotated[str, "The day of all answers, where no column has the time."]
    questions: Annotated[tuple[QuestionFields, ...], "Its questions."]
    others: Annotated[
        tuple[tuple[str, str, str], ...], "Other columns: name, what becomes of it, an example."
    ]
    n_hidden: Annotated[int, "Other columns that are too many to be shown; they become properties."]
    columns: Annotated[tuple[tuple[str, str], ...], "All columns, for who, when and which: name and label."]
    refused: Annotated[tuple[RefusedRows, ...], "Rows that would be refused, among the first."]
    notices: Annotated[tuple[str, ...], "What is to be known of the file."]
    types: Annotated[Mapping[str, str], "Kinds of question and their names."]
    uses: Annotated[Mapping[str, str], "What can become of a column."]
    problem: Annotated[str, "What is wrong with the mapping."] = ""


@get(PATH)
async def show(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Show where a file is chosen, or what the last import brought."""
    return await answer(request, _upload_page)


@post(PATH, status_code=303, request_max_body_size=MOST_UPLOAD_BYTES + (1 << 20))
async def upload(request: Request[Any, Any, Any]) -> Response[Any]:
    """Keep a file for the next step."""
    form = await request.form()
    file = form.get("file")
    more = {name: str(form.get(name, "")).strip() for name in ("name", "sheet")}
    return await answer(request, partial(_uploaded, file=file, more=more))


@get(PATH + "/{key:str}")
async def show_mapping(request: Request[Any, Any, Any], key: str) -> Response[bytes]:
    """Show what a file's columns are taken for."""
    return await answer(request, partial(_guess_page, key=key))


@post(PATH + "/{key:str}", status_code=303)
async def change(request: Request[Any, Any, Any], key: str) -> Response[Any]:
    """Check a changed mapping, import the file, or forget it."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    return await answer(request, partial(_changed, key=key, form=form))


routes = [show, upload, show_mapping, change]


def _folder(asked: Asked) -> Folder:
    folder: Folder = asked.state["folder"]
    return folder


def _uploads(asked: Asked) -> Uploads:
    return Uploads(_folder(asked).root / "uploads")


def _history(asked: Asked) -> History:
    return History(_folder(asked).root / "imports")


def _upload_page(asked: Asked, problem: str = "", status: int = 200) -> Response[bytes]:
    _uploads(asked).tidy()
    page = UploadPage(
        title="Import a survey",
        most_mib=asked.values.upload_bytes >> 20,
        names=tuple(running.known_surveys(asked.settings.surveys)),
        done=_done(asked),
        problem=problem,
    )
    return asked.show(page, flips=False, status=status)


def _done(asked: Asked) -> Done | None:
    """Give what an import brought, as its record tells."""
    digest, survey = asked.address.get("done"), asked.address.get("into")
    record = next((one for one in _history(asked).all() if one.digest == digest), None)
    found = next((one for one in asked.settings.surveys.all() if one.id == survey), None)
    if record is None or found is None:
        return None
    refused = tuple(record.refused.items())
    return Done(found.name, f"/surveys/{found.id}", record.n_new, record.n_known, refused)


def _uploaded(asked: Asked, file: object, more: Form) -> Response[Any]:
    """Keep a file, and read it once, so that one that cannot be read is refused here."""
    uploads = _uploads(asked)
    try:
        if not isinstance(file, UploadFile):
            raise QuestionError("choose a file")
        key = uploads.keep(file.filename or "", file.file, asked.values.upload_bytes)
        try:
            _read(uploads, key, more["sheet"] or None)
        except ObverseError:
            uploads.forget(key)
            raise
    except ObverseError as error:
        return _upload_page(asked, str(error), error.status)
    address = replace(asked.address, path=f"{PATH}/{key}", pairs=())
    given = {name: value for name, value in more.items() if value}
    return Redirect(str(address.put(**given)), status_code=303)


def _read(uploads: Uploads, key: str, sheet: str | None) -> Sheet:
    path, name = uploads.find(key)
    try:
        read = read_sheet(path, SheetOptions(sheet=sheet))
    except ObverseError as error:  # which names the file as it is kept, and is the sender's to mend
        raise QuestionError(str(error).replace(path.name, name)) from error
    return replace(read, path=Path(name))


def _guess_page(asked: Asked, key: str) -> Response[bytes]:
    """Show the guesses for a file; where no column has the time, with today as the day of all answers."""
    sheet = _read(_uploads(asked), key, asked.address.get("sheet") or None)
    said = SurveyMapping(name=asked.address.get("name")[:100], sheet=asked.address.get("sheet") or None)
    known = running.known_surveys(asked.settings.surveys)
    problem = ""
    try:
        plan = plan_sheet(sheet, said, known)
    except QuestionError as error:
        if not str(error).startswith("time:"):
            problem = str(error)
        else:
            problem = "No column says when people answered: give the day, or choose the column."
        plan = plan_sheet(sheet, msgspec.structs.replace(said, time=f"={asked.now:%Y-%m-%d}"), {})
    return _mapping_page(asked, key, plan, problem)


def _changed(asked: Asked, key: str, form: Form) -> Response[Any]:
    uploads = _uploads(asked)
    if form.get("do") == "forget":
        uploads.forget(key)
        return Redirect(PATH, status_code=303)
    sheet_name = form.get("sheet") or None
    sheet = _read(uploads, key, sheet_name)
    known = running.known_surveys(asked.settings.surveys)
    try:
        plan = plan_sheet(sheet, mapping_of(form, sheet_name), known)
        if form.get("do") != "import":
            return _mapping_page(asked, key, plan, "")
        record = _import(asked, plan)
    except QuestionError as error:
        return _again(asked, key, sheet, form, str(error))
    uploads.forget(key)
    address = replace(asked.address, path=PATH, pairs=())
    return Redirect(str(address.put(done=record.digest, into=plan.survey_id)), status_code=303)


def _again(asked: Asked, key: str, sheet: Sheet, form: Form, problem: str) -> Response[bytes]:
    """Show a mapping that is wrong, as far as it can be read, else the guesses."""
    known = running.known_surveys(asked.settings.surveys)
    today = f"={asked.now:%Y-%m-%d}"
    for said in (partial(mapping_of, form, form.get("sheet") or None), SurveyMapping):
        try:
            mapping = said()
            plan = plan_sheet(sheet, msgspec.structs.replace(mapping, time=mapping.time or today), known)
        except QuestionError:
            continue
        return _mapping_page(asked, key, plan, problem, 422)
    raise QuestionError(problem)


def _import(asked: Asked, plan: SurveyPlan) -> ImportRecord:
    """Bring a plan's answers in by the server's own spool."""
    history = _history(asked)
    if not running.is_in(plan, history):
        version = running.keep(plan, asked.settings.surveys).version
        with running.written(plan, version, time.time_ns() // 1000) as out:
            spool = Spool(_folder(asked).root / "import")
            out.run(spool.append(out.inner.app_id, lambda: True), history)
    return next(one for one in history.all() if one.content == plan.content)


def _mapping_page(
    asked: Asked, key: str, plan: SurveyPlan, problem: str, status: int = 200
) -> Response[bytes]:
    mapping, sheet = plan.mapping, plan.sheet
    with running.written(plan, 1, time.time_ns() // 1000) as out:
        refused = out.refused
    others = _others(plan)
    page = MappingPage(
        title=f"Import {sheet.path.name}",
        key=key,
        file=sheet.path.name,
        kind=sheet.kind,
        n_rows=sheet.n_rows,
        n_answered=sheet.n_rows - plan.n_empty,
        n_columns=len(sheet.columns),
        mapping=mapping,
        day=(mapping.time or "")[1:] if (mapping.time or "").startswith("=") else "",
        questions=tuple(_questions(plan)),
        others=others[:MOST_COLUMNS],
        n_hidden=max(len(others) - MOST_COLUMNS, 0),
        columns=tuple((name, cut(column.text, 80)) for name, column in sheet.columns.items()),
        refused=refused,
        notices=(*sheet.notices, *plan.guessed.notices),
        types=TYPE_NAMES,
        uses=USES,
        problem=problem,
    )
    return asked.show(page, flips=False, status=status)


def _questions(plan: SurveyPlan) -> list[QuestionFields]:
    columns, reasons = plan.sheet.columns, plan.guessed.reasons
    return [
        fields_of(
            number, one, answers, [columns[name] for name in meant(one.columns, columns)], reasons[one.id]
        )
        for number, (one, answers) in enumerate(zip(plan.mapping.questions, plan.answers, strict=True))
    ]


def _others(plan: SurveyPlan) -> tuple[tuple[str, str, str], ...]:
    """Give the columns that are no questions: those that become properties, then those left out."""
    columns = plan.sheet.columns
    names = [(name, "property") for name in plan.properties]
    names += [(name, "nothing") for name in plan.mapping.leave_out if name in columns]
    return tuple(
        (name, use, next((cell[:60] for cell in columns[name].cells if cell is not None), ""))
        for name, use in names
    )
