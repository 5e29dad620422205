"""A measure's question as a form: what was typed, right or wrong, and the question that it makes.

An address spells a question by the names that its JSON has; a field that holds several comes several
times. Fields with their defaults are left out. The period may be one of the frame's instead of ``start`` and
``end``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from obverse.errors import QuestionError
from obverse.measure.asking import FieldSpec, field_of, fields_of, question_from, texts_of
from obverse.measure.question import Question
from obverse.web.pages.address import Address, Pairs
from obverse.web.pages.explore.catalogue import About, path_of
from obverse.web.pages.frame import DEFAULT_PERIOD, View

SHOWN_AT_ONCE = 5
_SCOPE = ("by", "where", "segment")
_RARE = ("start", "end", "n_groups", "zone")
_OWN_ROW = frozenset({"zone"})
LABELS = {
    "by": "Split by",
    "where": "Only events where",
    "segment": "Only people of the segment",
    "start": "From",
    "end": "To before",
    "n_groups": "Groups at most",
    "start_event": "Start with",
    "return_event": "Come back with",
    "after": "After",
    "before": "Before",
    "grain": "By",
    "within": "Within",
    "conversion": "Conversion",
}
_PLACEHOLDERS = {
    "events": "an event, or: A or B",
    "condition": "such as touchpoint = 'web'",
    "field": "a field, such as touchpoint",
    "duration": "such as 7d or 30m",
    "day": "2026-03-01",
}


@dataclass(frozen=True)
class Entry:
    """One field of the form.

    Attributes:
        spec: what it holds.
        label: what it is called.
        values: what was typed, or the default; one at least.
        problem: what is wrong with it; empty for nothing.
        placeholder: what could stand there.
    """

    spec: FieldSpec
    label: str
    values: tuple[str, ...]
    problem: str
    placeholder: str

    @property
    def is_checked(self) -> bool:
        """Whether it says yes."""
        return self.values[-1] == "true"


@dataclass(frozen=True)
class Form:
    """A question as it was typed.

    Attributes:
        about: the measure.
        question: the type of its questions.
        texts: what was typed, field by field; only fields that were named.
        view: side, period and zone.
        problem: what is wrong.
        problem_at: the field that it is about; empty where it names none.
    """

    about: About
    question: type[Question]
    texts: dict[str, tuple[str, ...]]
    view: View
    problem: str = ""
    problem_at: str = ""

    @property
    def own(self) -> bool:
        """Whether a field of the measure itself was typed."""
        shared = {*_SCOPE, *_RARE}
        return any(name not in shared for name in self.texts)

    @property
    def dated(self) -> bool:
        """Whether the period is its own two days rather than one of the frame's."""
        return any(text.strip() for name in ("start", "end") for text in self.texts.get(name, ()))

    def with_problem(self, message: str) -> Form:
        """Put what is wrong at the field that it is about, by the name that the form has for it."""
        at = field_of(message, self.question) or self._quoted(message)
        told = message.removeprefix(f"{at}: ")
        return replace(self, problem=f"{label_of(at)}: {told}" if told != message else message, problem_at=at)

    def _quoted(self, message: str) -> str:
        """Find the field whose text a message quotes."""
        typed = ((name, text) for name, some in self.texts.items() for text in some if len(text) > 1)
        return next((name for name, text in typed if repr(text) in message or f"'{text}'" in message), "")

    def entries(self) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
        """Give the fields that are asked for at once, and the others."""
        specs = {spec.name: spec for spec in fields_of(self.question) if spec.kind != "other"}
        own = [name for name, spec in specs.items() if spec.own and name not in (*_SCOPE, *_RARE)]
        first = [name for name in self.about.first if name in specs] or own[:SHOWN_AT_ONCE]
        first += [name for name in _SCOPE if name in specs]
        rest = [name for name in specs if name not in first and name not in _OWN_ROW]
        return tuple(self._entry(specs[name]) for name in first), tuple(
            self._entry(specs[name]) for name in rest
        )

    def _entry(self, spec: FieldSpec) -> Entry:
        values = self.texts.get(spec.name, spec.default)
        return Entry(
            spec=spec,
            label=label_of(spec.name),
            values=values or ("",),
            problem=self.problem if self.problem_at == spec.name else "",
            placeholder=_PLACEHOLDERS.get(spec.widget, ""),
        )


def label_of(name: str) -> str:
    """Say what a field is called on the page.

    >>> label_of("n_intervals"), label_of("lapse_by"), label_of("by")
    ('How many intervals', 'Lapse by', 'Split by')
    """
    if name in LABELS:
        return LABELS[name]
    words = name.replace("_", " ")
    return f"How many {words[2:]}" if words.startswith("n ") else words.capitalize()


def read_form(about: About, question: type[Question], address: Address, view: View) -> Form:
    """Read the form from an address."""
    names = {spec.name for spec in fields_of(question)} - _OWN_ROW
    texts = {name: address.all(name) for name in names if address.all(name)}
    ordered = {spec.name: texts[spec.name] for spec in fields_of(question) if spec.name in texts}
    return Form(about, question, ordered, view)


def question_of(form: Form, now: datetime) -> Question:
    """Make the question.

    Args:
        form: what was typed.
        now: the present in the reader's zone, from which the period is counted back.

    Raises:
        QuestionError: it cannot be asked as it stands.
    """
    names = {spec.name for spec in fields_of(form.question)}
    texts = dict(form.texts)
    if "start" in names and not form.dated and form.view.period != "all":
        days = int(form.view.period.removesuffix("d"))
        texts["start"] = ((now.date() - timedelta(days=days - 1)).isoformat(),)
    if "zone" in names:
        texts["zone"] = (form.view.zone_text,)
    return question_from(form.question, texts)


def address_of(form: Form) -> Address:
    """Spell a question that can be asked: fields with their defaults are left out.

    Raises:
        QuestionError: it cannot be asked.
    """
    made = texts_of(question_from(form.question, form.texts))
    pairs = [(name, text) for name, some in made.items() for text in (some or ("",))]
    return Address(path_of(form.about.name), (*pairs, *view_pairs(form)))


def draft_of(form: Form, more: str = "") -> Address:
    """Spell what was typed as it stands, with a further empty value of one field."""
    pairs = [(name, text) for name, some in form.texts.items() for text in some]
    if more:
        typed = next((entry for part in form.entries() for entry in part if entry.spec.name == more), None)
        if typed is not None and typed.spec.several:
            pairs = [pair for pair in pairs if pair[0] != more]
            pairs += [(more, text) for text in (*typed.values, "")]
    return Address(path_of(form.about.name), (*pairs, *view_pairs(form)))


def view_pairs(form: Form) -> Pairs:
    """Spell what the frame keeps, where it is not the default."""
    view = form.view
    pairs = [("period", view.period)] if view.period != DEFAULT_PERIOD and not form.dated else []
    pairs += [("zone", view.zone_text)] if view.zone_text != view.zone_default else []
    pairs += [("side", view.side)] if view.side != "people" else []
    return tuple(pairs)


def with_texts(form: Form, texts: dict[str, tuple[str, ...]]) -> Form:
    """Type into fields in which nothing was typed."""
    return replace(form, texts=texts | form.texts)


def try_question(form: Form, now: datetime) -> tuple[Question | None, Form]:
    """Make the question, or put what is wrong with it at its field."""
    try:
        return question_of(form, now), form
    except QuestionError as error:
        return None, form.with_problem(str(error))
