"""Rules that say who is meant, as text: one small language for what people did, spent and are.

    did Product Viewed [properties.price > 50] or Cart Viewed
    did Order Completed at least 2 times in 90d
    did not Checkout Started in 30d
    did Page Viewed exactly 1 time from 2026-01-01 to 2026-02-01
    spent at least 100 in 365d on Order Completed
    last context.country = 'DE'
    any context.device.type = 'phone' in 30d on Page Viewed

In full, with ``[ ]`` around what may be left out (``{ }`` around a choice):

    rule  = did [not] EVENTS [{at least | at most | exactly} N times] [WHEN]
          | spent {at least | at most} AMOUNT [WHEN] [on EVENTS]
          | {first | last | any} CONDITION [WHEN] [on EVENTS]
    WHEN  = in DURATION | from DAY [to DAY] | to DAY

EVENTS are written as everywhere: names, alternatives between `` or ``, a filter in square brackets, ``*`` for
any event. An event's name that would be misread stands in double quotes: ``did "Logged in 30d"``. WHEN may
also stand at the end of a rule. Words of the language are in lower case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NoReturn

import msgspec

from obverse.errors import QuestionError, unknown
from obverse.measure.funnel_text import Step, can_spell, parse_steps, spell_steps
from obverse.measure.question import duration_us

Which = Literal["first", "last", "any"]

MAX_TIMES = 1_000_000
ANYTHING = Step()

_DURATION = r"in\s+(?P<within>\d+(?:\.\d+)?(?:ms|s|m|h|d|w))"
_DAY = r"\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?"
_WHEN = rf"(?:{_DURATION}|from\s+(?P<start>{_DAY})(?:\s+to\s+(?P<end>{_DAY}))?|to\s+(?P<until>{_DAY}))"
_TIMES = re.compile(
    rf"(?:\s+(?P<how>at least|at most|exactly)\s+(?P<times>\d+)\s+times?)?(?:\s+{_WHEN})?\s*$"
)
_BEGIN = re.compile(r"\s*([^\s]+)(?:\s+|$)")
_NOT = re.compile(r"not(?:\s+|$)")
_AMOUNT = re.compile(r"(at least|at most)\s+(\d{1,11}(?:\.\d{1,4})?)(?=\s|$)")
_WHEN_NEXT = re.compile(rf"\s+{_WHEN}(?=\s+on\s|\s*$)")
_ON = re.compile(r"\s+on\s+")
_DANGLING = re.compile(r"\son$")
_LAST_WHEN = re.compile(rf"\s+{_WHEN}\s*$")
_COLUMN = re.compile(r"^steps: (.*), at column (\d+) of .*$", re.DOTALL)


class When(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of the question's period; all of it where nothing is said.

    Attributes:
        within: a duration, counted back from the period's end or the newest event.
        start: first day or instant.
        end: day or instant after the last.
    """

    within: str | None = None
    start: str | None = None
    end: str | None = None

    def spell(self) -> str:
        """Write it with a blank in front."""
        parts = (("in", self.within), ("from", self.start), ("to", self.end))
        return "".join(f" {word} {text}" for word, text in parts if text is not None)


ALWAYS = When()


class Did(msgspec.Struct, frozen=True, kw_only=True, tag="did"):
    """Who did something so many times.

    Attributes:
        events: what.
        least: at least so many times.
        most: at most so many times; None for any number.
        when: where in the period.
    """

    events: Step
    least: int = 1
    most: int | None = None
    when: When = ALWAYS

    def spell(self) -> str:
        """Write the rule."""
        return _spelled(self)


class Spent(msgspec.Struct, frozen=True, kw_only=True, tag="spent"):
    """Whose events' values sum up to so much.

    Attributes:
        least: at least so much; None for no such limit.
        most: at most so much.
        events: on what.
        when: where in the period.
    """

    least: float | None = None
    most: float | None = None
    events: Step = ANYTHING
    when: When = ALWAYS

    def spell(self) -> str:
        """Write the rule."""
        return _spelled(self)


class Is(msgspec.Struct, frozen=True, kw_only=True, tag="is"):
    """Who is something, by the first, the last or any event that tells.

    Attributes:
        which: of the events on which the condition is true or false, the one that decides.
        condition: what must be true.
        events: which events may tell.
        when: where in the period.
    """

    which: Which
    condition: str
    events: Step = ANYTHING
    when: When = ALWAYS

    def spell(self) -> str:
        """Write the rule."""
        return _spelled(self)


Rule = Did | Spent | Is

_WORDS = ("did", "spent", "first", "last", "any")


def parse_rule(text: str) -> Rule:
    """Read a rule.

    Raises:
        QuestionError: with the column at which it cannot be read.

    >>> rule = parse_rule("did Order Completed at least 2 times in 90d")
    >>> rule.least, rule.most, rule.when.within
    (2, None, '90d')
    """
    return _Reader(text).rule()


class _Reader:
    """Reads a rule from left to right; `at` is where it is."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def rule(self) -> Rule:
        found = _BEGIN.match(self.text)
        if not found:
            self._refuse(f"it is blank; a rule begins with {', '.join(_WORDS)}")
        word = found[1]
        if word not in _WORDS:
            self.at = found.start(1)
            self._refuse(unknown("word", word, _WORDS))
        self.at = found.end()
        if word == "did":
            return self._did()
        return self._spent() if word == "spent" else self._is(word)

    def _did(self) -> Did:
        negated = _NOT.match(self.text, self.at)
        if negated:
            self.at = negated.end()
        begin = self.at
        tail = next(found for at in self._blanks('"[') if (found := _TIMES.match(self.text, at)))
        events = self._events(begin, tail.start())
        how, times = tail["how"], tail["times"]
        if negated:
            if how:
                self.at = tail.start("how")
                self._refuse("after 'did not' there is no number of times; write 'did … at most'")
            return Did(events=events, least=0, most=0, when=self._when(tail))
        if how is None:
            return Did(events=events, when=self._when(tail))
        n = int(times)
        self.at = tail.start("times")
        if n > MAX_TIMES or (n == 0 and how == "at least"):
            self._refuse(f"{how} {times} times: write a number between 1 and {MAX_TIMES}")
        least = 0 if how == "at most" else n
        return Did(events=events, least=least, most=None if how == "at least" else n, when=self._when(tail))

    def _spent(self) -> Spent:
        amount = _AMOUNT.match(self.text, self.at)
        if not amount:
            self._refuse("write 'at least' or 'at most' and an amount such as 100 or 99.95")
        self.at = amount.end()
        number = float(amount[2])
        events, when = self._tail()
        if amount[1] == "at least":
            return Spent(least=number, events=events, when=when)
        return Spent(most=number, events=events, when=when)

    def _is(self, which: str) -> Is:
        begin = self.at
        end = next(
            at
            for at in (*self._blanks("'\"(["), len(self.text))
            if _WHEN_NEXT.match(self.text, at) or _ON.match(self.text, at) or not self.text[at:].strip()
        )
        condition = self.text[begin:end].strip()
        if not condition:
            self._refuse("the condition is missing, such as country = 'DE'")
        if _DANGLING.search(condition):
            self.at = end
            self._refuse("events are missing after 'on'")
        if not can_spell(condition):
            self._refuse("a quote or a bracket of the condition is not closed")
        self.at = end
        events, when = self._tail()
        return Is(which=_which(which), condition=condition, events=events, when=when)

    def _tail(self) -> tuple[Step, When]:
        """Read ``[WHEN] [on EVENTS] [WHEN]`` to the end."""
        when = ALWAYS
        first = _WHEN_NEXT.match(self.text, self.at)
        if first:
            when = self._when(first)
            self.at = first.end()
        joint = _ON.match(self.text, self.at)
        if not joint:
            if self.text[self.at :].strip():
                self._refuse("expected 'in 90d', 'from 2026-01-01', 'on' and events, or the end")
            return ANYTHING, when
        begin = self.at = joint.end()
        last = next((found for at in self._blanks('"[') if (found := _LAST_WHEN.match(self.text, at))), None)
        if last is None:
            return self._events(begin, len(self.text)), when
        if first:
            self.at = last.start() + 1
            self._refuse("when is said twice")
        return self._events(begin, last.start()), self._when(last)

    def _when(self, found: re.Match[str]) -> When:
        if found["within"]:
            duration_us(found["within"], "rules")
        return When(within=found["within"], start=found["start"], end=found["end"] or found["until"])

    def _blanks(self, marks: str) -> Iterator[int]:
        """Give where something may begin from here on: blanks outside quotes and brackets; the end."""
        depth, quote = 0, ""
        for at in range(self.at, len(self.text)):
            char = self.text[at]
            if quote:
                quote = "" if char == quote else quote
            elif char in "'\"" and (char in marks or depth):
                quote = char
            elif char in "([" and (char in marks or depth):
                depth += 1
            elif char in ")]" and depth:
                depth -= 1
            elif char.isspace() and not depth:
                yield at
        yield len(self.text)

    def _events(self, begin: int, end: int) -> Step:
        self.at = begin
        try:
            steps = parse_steps(self.text[begin:end])
        except QuestionError as error:
            found = _COLUMN.match(str(error))
            self.at += int(found[2]) - 1 if found else 0
            self._refuse(found[1] if found else str(error))
        if len(steps) != 1:
            self._refuse("' > ' is for steps of funnels; name alternatives with ' or '")
        if steps[0].name is not None:
            self._refuse("events of a rule have no name of their own after ' as '")
        return steps[0]

    def _refuse(self, why: str) -> NoReturn:
        raise QuestionError(f"rules: {why}, at column {self.at + 1} of {self.text!r}")


def _which(word: str) -> Which:
    if word == "first":
        return "first"
    return "last" if word == "last" else "any"


def _spelled(rule: Rule) -> str:
    """Write a rule so that it is read back as the same: names of events in quotes where they need to be."""
    plain = _written(rule, spell_steps((rule.events,)))
    try:
        if parse_rule(plain) == rule:
            return plain
    except QuestionError:
        pass
    return _written(rule, _quoted(rule.events))


def _quoted(events: Step) -> str:
    if not events.events:
        return spell_steps((events,))
    names = " or ".join('"' + name.replace('"', '""') + '"' for name in events.events)
    return names if events.where is None else f"{names} [{events.where}]"


def _written(rule: Rule, events: str) -> str:
    if isinstance(rule, Did):
        return f"did {_times(rule, events)}{rule.when.spell()}"
    on = "" if rule.events == ANYTHING else f" on {events}"
    if isinstance(rule, Is):
        return f"{rule.which} {rule.condition}{rule.when.spell()}{on}"
    how, amount = ("at most", rule.most) if rule.least is None else ("at least", rule.least)
    return f"spent {how} {_amount(amount or 0.0)}{rule.when.spell()}{on}"


def _times(rule: Did, events: str) -> str:
    if rule.most is None:
        return events if rule.least == 1 else f"{events} at least {rule.least} times"
    if rule.most == 0:
        return f"not {events}"
    how = "exactly" if rule.least == rule.most else "at most"
    return f"{events} {how} {rule.most} times"


def _amount(amount: float) -> str:
    text = f"{amount:.4f}".rstrip("0").rstrip(".")
    return text or "0"
