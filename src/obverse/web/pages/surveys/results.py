"""What people answered: who did, what, in which words; and how answering goes with converting."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, cast
from urllib.parse import quote

from litestar import Request, Response, get

from obverse.errors import NotFoundError, unknown
from obverse.measure.paths import Paths
from obverse.measure.question import Answer
from obverse.measure.responses import Responses, ResponsesAnswer
from obverse.settings.surveys import SavedSurvey
from obverse.surveys import keeping
from obverse.surveys.answers import as_table, submissions
from obverse.surveys.events import ANSWERED, DISMISSED
from obverse.surveys.posthog import unfit
from obverse.surveys.question import Question
from obverse.surveys.survey import Survey
from obverse.web.api_surveys import written
from obverse.web.pages.asked import Asked, answer
from obverse.web.pages.behind import question_address
from obverse.web.pages.frame import SHARED, Link
from obverse.web.pages.known import Known, known_fields
from obverse.web.pages.page import Page, Panel, panel
from obverse.web.pages.snippet import OWN_CLIENT, Snippet
from obverse.web.pages.surveys.measured import Measured, QuestionShown, measured, show
from obverse.web.pages.surveys.narrowing import Narrowed
from obverse.web.pages.surveys.verbatims import Verbatims, verbatims

_FILES = {"csv": "CSV", "parquet": "Parquet", "json": "JSON"}


@dataclass(frozen=True)
class Sharing:
    """Where the survey is, to pass on.

    Attributes:
        address: of the survey's own page; empty where it is not asked by link.
        code: address of that as a QR code.
        kiosk: address for a device that stands there; empty where it is not asked so.
        phone: address of the page that an agent reads it out from; empty where it is not asked so.
        snippets: texts to copy: an e-mail, a message, invitations over HTTP, the client for pages.
        posthog: why PostHog's client does not show it over pages; empty where it does.
    """

    address: str
    code: str
    kiosk: str
    phone: str
    snippets: tuple[Snippet, ...]
    posthog: str


@dataclass(frozen=True, kw_only=True)
class ResultsPage(Page):
    """The results of one survey."""

    template: ClassVar[str] = "survey_results.html"
    section: ClassVar[str] = "/surveys"

    id: Annotated[str, "Of the survey."]
    name: Annotated[str, "What the team calls it."]
    state: Annotated[str, "Whether it is being asked."]
    version: Annotated[int, "Its newest version."]
    published: Annotated[bool, "It was published just now."]
    anonymous: Annotated[bool, "Whether answers keep no link to people."]
    narrowed: Annotated[Narrowed, "What of its answers is shown."]
    versions: Annotated[tuple[int, ...], "Its versions, the newest first."]
    segments: Annotated[tuple[str, ...], "Names of the saved segments."]
    fields: Annotated[tuple[Known, ...], "What answers can be split by."]
    responses: Annotated[Panel[Measured], "Who answered; empty in JSON, where figures has it."]
    converting: Annotated[Panel[Measured], "How answering goes with converting; empty in JSON."]
    figures: Annotated[Answer | None, "Who answered, as the API gives it."]
    never: Annotated[bool, "It was never shown nor answered, in this period or any."]
    questions: Annotated[tuple[QuestionShown, ...], "Each question with what was answered."]
    verbatims: Annotated[Panel[Verbatims], "What people wrote."]
    search: Annotated[str, "What verbatims are searched for."]
    about: Annotated[str, "The question that verbatims answer; empty for all."]
    hidden: Annotated[tuple[tuple[str, str], ...], "What forms keep of the address."]
    around: Annotated[tuple[Link, ...], "What people do before and after answering."]
    downloads: Annotated[tuple[Link, ...], "All answers as a file."]
    sharing: Annotated[Sharing, "Where the survey is, to pass on."]


def build(asked: Asked, key: str) -> Response[bytes]:
    """Build the results of a survey."""
    found = asked.settings.surveys.get(key)
    asked = asked if asked.address.get("period") else replace(asked, view=replace(asked.view, period="all"))
    narrowed = Narrowed.of(asked, key)
    survey = _of_version(asked, found, narrowed)
    asks = Responses(**narrowed.fields())
    counted = panel(lambda: cast("ResponsesAnswer", asked.lake.ask(asks)))
    page = ResultsPage(
        title=found.name,
        id=key,
        name=found.name,
        state=found.state,
        version=found.version,
        published=asked.address.get("published") == "1",
        anonymous=survey.anonymous,
        narrowed=narrowed,
        versions=tuple(range(found.version, 0, -1)),
        segments=tuple(asked.settings.segments.names()),
        fields=known_fields(asked.lake),
        responses=_panel(asked, asks, counted, "people"),
        converting=_panel(asked, asks, counted, "value"),
        figures=counted.value if asked.as_json else None,
        never=counted.value is not None and not counted.value.everyone.submissions,
        questions=tuple(measured(asked, one, narrowed) for one in _questions(asked, survey, narrowed)),
        verbatims=panel(lambda: verbatims(asked, survey, narrowed)),
        search=asked.address.get("q").strip(),
        about=asked.address.get("about"),
        hidden=asked.address.keep((*SHARED, "version", "segment", "by")).pairs,
        around=_around(asked, key),
        downloads=_downloads(asked, key),
        sharing=_sharing(asked, key, survey),
    )
    return asked.show(page, periods=True)


def _of_version(asked: Asked, found: SavedSurvey, narrowed: Narrowed) -> Survey:
    if narrowed.version is None:
        return keeping.read(found)
    return Survey.from_json(asked.settings.surveys.version(found.id, narrowed.version))


def _questions(asked: Asked, survey: Survey, narrowed: Narrowed) -> list[Question]:
    """List the questions of a version; of all versions also those that were taken out since."""
    if narrowed.version is not None:
        return [*survey.questions]
    known = {one.id: one for one in survey.questions}
    for one in asked.settings.surveys.versions(narrowed.survey):
        for question in Survey.from_json(one.body).questions:
            known.setdefault(question.id, question)
    return [*known.values()]


def _panel(asked: Asked, asks: Responses, found: Panel[ResponsesAnswer], side: str) -> Panel[Measured]:
    if found.value is None or asked.as_json:
        return Panel(problem=found.problem)
    value, view = found.value, replace(asked.view, side=side)
    return panel(lambda: show(replace(asked, view=view), asks, value, {}))


def _around(asked: Asked, key: str) -> tuple[Link, ...]:
    """Link to the paths before and after answering, and after closing the survey unanswered."""
    shared = asked.address.keep(SHARED).pairs
    answered, closed = (
        f"{event} [properties.survey_id = {_literal(key)}]" for event in (ANSWERED, DISMISSED)
    )
    ways = (
        ("What people do before they answer", Paths(before=answered)),
        ("What they do after they answered", Paths(after=answered)),
        ("What others do after they closed it", Paths(after=closed)),
    )
    return tuple(Link("paths", label, str(question_address(asks, shared))) for label, asks in ways)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _downloads(asked: Asked, key: str) -> tuple[Link, ...]:
    kept = asked.address.keep(("period", "zone"))
    return tuple(
        Link(name, label, str(kept.to(f"/surveys/{key}/answers.{name}"))) for name, label in _FILES.items()
    )


def _sharing(asked: Asked, key: str, survey: Survey) -> Sharing:
    places, address = survey.places, f"{asked.host}/s/{key}"
    by_link = "link" in places
    snippets = [*asked.snippets(OWN_CLIENT)] if "page" in places else []
    if by_link:
        snippets += [
            Snippet(
                "E-mail", f"May we ask you something? It takes a minute:\n{address}?lang={survey.language}"
            ),
            Snippet("Message", f"A short question from us: {address}"),
        ]
    if by_link and not survey.anonymous:
        curl = (
            f'curl {asked.host}/api/surveys/{key}/invitations -H "Authorization: Bearer $TOKEN" '
            "-H 'Content-Type: application/json' -d '{\"user_ids\": [\"ada@example.com\"]}'"
        )
        snippets.append(Snippet("A link for each of some people, who answer as themselves", curl))
    return Sharing(
        address=address if by_link else "",
        code=f"/surveys/{quote(key)}/qr.svg" if by_link else "",
        kiosk=f"{address}?kiosk=1" if "kiosk" in places else "",
        phone=f"/surveys/{quote(key)}/phone" if "phone" in places else "",
        snippets=tuple(snippets),
        posthog=unfit(survey),
    )


@get("/surveys/{key:str}")
async def show_results(request: Request[Any, Any, Any], key: str) -> Response[bytes]:
    """Show what people answered to a survey."""
    return await answer(request, lambda asked: build(asked, key))


def build_file(asked: Asked, key: str, file: str) -> Response[bytes]:
    """Give the answers to a survey as a file.

    Raises:
        NotFoundError: there is no such survey, or no such format.
    """
    name, _, format_ = file.partition(".")
    if name != "answers" or format_ not in _FILES:
        raise NotFoundError(unknown("file", file, [f"answers.{one}" for one in _FILES]))
    survey = keeping.read(asked.settings.surveys.get(key))
    asked.lake.table.refresh()
    period = Narrowed.of(asked, key).period_us(asked)
    made = written(as_table(survey, submissions(asked.lake.table, key, *period)), format_)
    made.headers["content-disposition"] = f'attachment; filename="answers.{format_}"'
    return made


@get("/surveys/{key:str}/{file:str}")
async def show_file(request: Request[Any, Any, Any], key: str, file: str) -> Response[bytes]:
    """Give the answers to a survey as a file."""
    return await answer(request, lambda asked: build_file(asked, key, file))
