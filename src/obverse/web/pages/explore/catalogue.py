"""What each measure is for, in the words of who asks, and how measures stand together."""

from __future__ import annotations

from dataclasses import dataclass

from obverse.measure import MEASURES
from obverse.web.pages.address import Address
from obverse.web.pages.frame import CARRIED, DEFAULT_PERIOD, Link

HOME = "overview"
FUNNEL = "funnel"
OVERLAY = "overlay"
OVERLAY_PATH = "/overlay"
_PAGES = {HOME: "/", FUNNEL: "/funnel"}
"""Measures that have a page of their own."""

GROUPS = (
    "What happened",
    "Where people go",
    "Who comes back",
    "What they do",
    "What makes customers",
    "Who they are",
    "What they say",
)


@dataclass(frozen=True)
class About:
    """What a reader is told of a measure.

    Attributes:
        name: as questions spell it.
        title: as the navigation has it.
        asks: the question that it answers.
        says: what the answer shows, in a sentence.
        group: what it stands with.
        first: fields that are asked for at once; the others stand under "More". Empty for the first few.
        period: what a first question looks at, where no period is chosen yet.
    """

    name: str
    title: str
    asks: str
    says: str
    group: str
    first: tuple[str, ...] = ()
    period: str = DEFAULT_PERIOD


_KNOWN = (
    About(
        HOME,
        "Overview",
        "How are we doing?",
        "People, customers, conversion and value beside the period before.",
        GROUPS[0],
    ),
    About(
        "trend",
        "Trend",
        "What happened when?",
        "Events, people, sessions or money by hour, day, week or month.",
        GROUPS[0],
        ("series", "formulas", "grain", "compare"),
    ),
    About(
        "sessions",
        "Sessions",
        "What are visits like?",
        "How many, how long, where they come from, where they begin and end, what they bring.",
        GROUPS[0],
        ("conversion", "pages", "grain", "bounce"),
    ),
    About(
        FUNNEL,
        "Funnel",
        "Where do people leave?",
        "How far people come through steps you name, how long it takes and what is lost.",
        GROUPS[1],
    ),
    About(
        "paths",
        "Paths",
        "Where do they go?",
        "What people do after an event, before it, or between two, place by place.",
        GROUPS[1],
        ("after", "before", "goal", "place", "steps", "exclude"),
    ),
    About(
        "time_between",
        "Time between",
        "How long does it take?",
        "The time from one event to another, and who ever gets there.",
        GROUPS[1],
    ),
    About(
        "cart",
        "Carts",
        "What is left in carts?",
        "Carts opened, left and won back, what was in them, and where they were won back.",
        GROUPS[1],
        ("add", "checkout", "order", "after", "recover", "grain"),
    ),
    About(
        "retention",
        "Retention",
        "Who comes back?",
        "Of those who started together, how many return, when, and what that is worth.",
        GROUPS[2],
        ("start_event", "return_event", "interval", "n_intervals", "entry", "returning"),
        "90d",
    ),
    About(
        "stickiness",
        "Stickiness",
        "How often do they come?",
        "On how many days people are active, and which part of a month's people a day sees.",
        GROUPS[2],
    ),
    About(
        "stages",
        "Stages",
        "Where do people stand?",
        "Visitors, engaged, prospects, customers, repeat and lapsed customers, and who moves on.",
        GROUPS[2],
        ("prospect", "conversion", "lapse", "grain"),
        "90d",
    ),
    About(
        "linger",
        "Linger",
        "Where do they stay?",
        "Time on pages and elements, and whether long stays go with buying or with leaving.",
        GROUPS[3],
    ),
    About(
        "act",
        "Acts",
        "What do they press and fill in?",
        "Clicks, forms and the fields where they are left, rage clicks, dead clicks, errors.",
        GROUPS[3],
    ),
    About(
        "drivers",
        "Drivers",
        "What goes with becoming a customer?",
        "Which early behaviours are more common among those who convert later.",
        GROUPS[4],
        ("conversion", "first", "early", "within", "not_yet"),
        "120d",
    ),
    About(
        "attribution",
        "Attribution",
        "What are conversions owed to?",
        "The touchpoints before each conversion, weighed by several models.",
        GROUPS[4],
        ("conversion", "channel", "model", "lookback"),
    ),
    About(
        "behaved",
        "Groups",
        "Who did, or did not?",
        "The people who meet rules about what they did, what they spent and what they are.",
        GROUPS[5],
    ),
    About(
        "score",
        "Scores",
        "What do they think of it?",
        "NPS, CSAT, CES, SUS and means of answers, how sure they are, and what those people bring.",
        GROUPS[6],
        ("kind", "survey", "question", "field", "grain"),
        "90d",
    ),
    About(
        "responses",
        "Responses",
        "Who answers surveys?",
        "How often surveys are shown, begun and completed, what one question was answered, who bought after.",
        GROUPS[6],
        ("survey", "question", "shape", "grain", "within"),
        "90d",
    ),
    About(
        "reliability",
        "Reliability",
        "Do the questions measure one thing?",
        "Cronbach's alpha of several questions of a survey, and what each of them adds to it.",
        GROUPS[6],
        ("items", "reverse", "survey", "events", "missing"),
        "90d",
    ),
)


@dataclass(frozen=True)
class Group:
    """Measures that stand together."""

    name: str
    measures: tuple[About, ...]


def about(name: str) -> About:
    """Tell about a measure; one that nobody has described yet is told of by its own question."""
    known = {one.name: one for one in _KNOWN}
    if name in known:
        return known[name]
    first, _, _ = (MEASURES[name].question.__doc__ or name).partition("\n")
    title = name.replace("_", " ").capitalize()
    return About(name, title, title, first, GROUPS[-1])


def groups() -> tuple[Group, ...]:
    """List the measures that there are, those together that answer the like."""
    order = [one.name for one in _KNOWN]
    there = sorted(MEASURES, key=lambda name: order.index(name) if name in order else len(order))
    told = [about(name) for name in there]
    found = (Group(name, tuple(one for one in told if one.group == name)) for name in GROUPS)
    return tuple(group for group in found if group.measures)


def path_of(name: str) -> str:
    """Give the path of a measure's page."""
    return _PAGES.get(name, f"/explore/{name}")


def navigation(address: Address, current: str) -> tuple[tuple[Link, ...], ...]:
    """Link to all measures, and to acts on the page itself; period, filter and segment go along.

    Args:
        address: of the page.
        current: name of its measure.
    """
    carried = address.keep(CARRIED)
    overlay = Link(
        OVERLAY,
        "On the page",
        str(carried.to(OVERLAY_PATH)),
        current == OVERLAY,
        "What do they look at and press, on the page itself?",
    )
    return tuple(
        (
            *(
                Link(one.name, one.title, str(carried.to(path_of(one.name))), one.name == current, one.asks)
                for one in group.measures
            ),
            *((overlay,) if group.name == GROUPS[3] else ()),
        )
        for group in groups()
    )
