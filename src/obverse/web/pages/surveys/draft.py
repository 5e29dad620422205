"""What the builder's form holds: a survey as texts, right or wrong, so that nothing typed is ever lost.

The names of the form's fields are paths into the survey's JSON, ``questions.0.options.1.text``; the keys of
translated words have a colon for their dot, ``translations.de.q1:text``. Addresses use the same names, so
that a link can begin a survey with any part of it filled in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, get_type_hints

import msgspec

from obverse.errors import QuestionError
from obverse.measure.question import duration_us
from obverse.surveys.moment import AnyMoment
from obverse.surveys.question import Question
from obverse.surveys.survey import Survey
from obverse.web.pages.surveys.conditions import missing

Draft = dict[str, Any]
Problems = dict[str, str]
"""What is wrong by the path of the field; of the whole under an empty path."""

SEVERAL = frozenset({"places", "any_of", "none_of"})
"""Fields of which a form sends each value by itself."""
DURATIONS = frozenset({"within_s", "delay_s", "seconds"})
PERCENTS = frozenset({"share"})
TICKS = frozenset({"required", "shuffled", "anonymous", "rests"})
"""Fields that a form sends only where they are ticked."""
_LISTS = frozenset({"questions", "moments", "options", "rows", "branches", "conditions"})
_MAY_BE_EMPTY = frozenset({"low", "high"})
"""What has words of its own where nothing is said, but may be left without."""
_PARTS = frozenset({"", "audience", "repeat", "theme"})
_DEEPEST = 8
_LONGEST = 200
_AT = re.compile(r"(?: - at `\$?(.*?)`)?$")
_MISSING = re.compile(r"Object missing required field `(\w+)`")
_BY_ID = re.compile(r"^questions\.(\w+)\.(\w+): (.*)$", re.DOTALL)


def nest(pairs: Iterable[tuple[str, str]]) -> Draft:
    """Read a form's fields; numbers in their names put lists in order, gaps close.

    >>> nest([("name", "NPS"), ("questions.3.text", "B"), ("questions.1.text", "A"), ("places", "link")])
    {'name': 'NPS', 'questions': [{'text': 'A'}, {'text': 'B'}], 'places': ['link']}
    """
    made: Draft = {}
    for name, value in pairs:
        *way, last = name.split(".")[:_DEEPEST]
        place = made
        for part in way:
            inner = place.setdefault(part, {})
            if not isinstance(inner, dict):
                break
            place = inner
        else:
            if last not in SEVERAL:
                place[last] = value
            elif isinstance(several := place.setdefault(last, []), list):
                several.append(value)
    draft: Draft = _ordered(made, "")
    return draft


def _ordered(value: Any, name: str) -> Any:
    """Give each part the shape that it has in a survey, whatever was sent."""
    inner = value if isinstance(value, dict) else {}
    if name in _LISTS:
        numbered = sorted((int(key), one) for key, one in inner.items() if key.isdecimal() and len(key) < 7)
        return [_ordered(one, "") for _, one in numbered[:_LONGEST]]
    if name == "translations":
        return {language: _texts_of(texts) for language, texts in inner.items()}
    if name in _PARTS:
        return {key: _ordered(one, key or "_") for key, one in inner.items()}
    if name in SEVERAL:
        return value if isinstance(value, list) else []
    return value if isinstance(value, str) else ""


def _texts_of(texts: Any) -> dict[str, str]:
    given = texts.items() if isinstance(texts, dict) else ()
    return {key: one for key, one in given if isinstance(one, str)}


def draft_of(struct: msgspec.Struct) -> Draft:
    """Write a survey, or a part of one, as the form holds it, defaults and all."""
    draft: Draft = _texts(struct, "")
    for texts in draft.get("translations", {}).values():
        for key in tuple(texts):
            texts[key.replace(".", ":")] = texts.pop(key)
    return draft


def _texts(value: Any, name: str) -> Any:
    if isinstance(value, msgspec.Struct):
        config = value.__struct_config__
        tag = {config.tag_field: config.tag} if config.tag_field else {}
        return tag | {one: _texts(getattr(value, one), one) for one in value.__struct_fields__}
    if isinstance(value, tuple):
        return [_texts(one, "") for one in value]
    if isinstance(value, dict):
        return {key: _texts(one, "") for key, one in value.items()}
    if isinstance(value, bool):
        return "on" if value else ("" if name in TICKS else "no")
    if value is None:
        return ""
    if name in DURATIONS:
        return duration(value)
    if name in PERCENTS:
        return f"{value * 100:.6g}"
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def duration(seconds: float) -> str:
    """Write seconds as a form does.

    >>> duration(604_800), duration(90), duration(0)
    ('7d', '90s', '0s')
    """
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:g}s"


def survey_of(draft: Draft) -> tuple[Survey | None, Problems]:
    """Make the survey of a draft.

    Returns:
        The survey, None where something is wrong; and all that is, by field.
    """
    problems: Problems = {}
    hints = get_type_hints(Survey, include_extras=True)
    fields: dict[str, Any] = {}
    for name in Survey.__struct_fields__:
        value = _pruned(draft.get(name, ""), name, name, problems)
        if name in ("questions", "moments"):
            kind: Any = Question if name == "questions" else AnyMoment
            fields[name] = tuple(
                _converted(one, kind, f"{name}.{at}", problems) for at, one in enumerate(value or ())
            )
        elif name == "anonymous":
            fields[name] = value is True
        elif name == "translations":
            value = {language: _dotted(texts) for language, texts in (value or {}).items()}
            fields[name] = _converted(value, hints[name], name, problems)
        elif value not in (None, ""):
            fields[name] = _converted(value, hints[name], name, problems)
    if "name" not in fields:
        problems.setdefault("name", "give it a name")
    if not fields["questions"]:
        problems.setdefault("questions", "ask something at least")
    if problems:
        return None, problems
    try:
        return Survey(**fields), {}
    except QuestionError as error:
        return None, dict([_placed(str(error), draft)])


def _dotted(texts: Any) -> Any:
    """Give words the keys that they have in a survey; in a form's names a dot is a path's."""
    return {key.replace(":", "."): text for key, text in texts.items()} if isinstance(texts, dict) else {}


def _pruned(value: Any, name: str, path: str, problems: Problems) -> Any:
    """Read what texts stand for: what was left empty has its default, and so is left out."""
    if name == "conditions":
        problems |= missing(value, path)
        return None
    if isinstance(value, list):
        if name in SEVERAL:
            return value
        items = (_pruned(one, "", f"{path}.{at}", problems) for at, one in enumerate(value))
        return [one for one in items if one] if name in ("options", "rows") else [*items]
    if isinstance(value, dict):
        kept = {key: _pruned(one, key, f"{path}.{key}", problems) for key, one in value.items()}
        return {key: one for key, one in kept.items() if one is not None}
    text = value.strip() if isinstance(value, str) else value
    if name in TICKS:
        return text != ""
    if text == "":
        return "" if name in _MAY_BE_EMPTY else None
    if name == "answered":
        return text == "on"
    if name in DURATIONS or name in PERCENTS:
        try:
            return _percent(text) if name in PERCENTS else _seconds(text, name)
        except (QuestionError, ValueError) as error:
            problems[path] = str(error).removeprefix(f"{name}: ")
            return None
    return text


def _percent(text: str) -> float:
    if not re.fullmatch(r"[\d.]+%?", text) or not 0 < (found := float(text.rstrip("%"))) <= 100:
        raise ValueError(f"{text!r} is no number above 0 and up to 100")
    return found / 100


def _seconds(text: str, name: str) -> float:
    return float(text) if re.fullmatch(r"[\d.]+", text) else duration_us(text, name) / 1e6


def _converted(value: Any, kind: Any, path: str, problems: Problems) -> Any:
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        text = str(error)
        at = _AT.search(text)
        place = re.sub(r"\[(\d+|\.\.\.)\]", r".\1", at[1] or "") if at else ""
        said = text[: at.start()] if at else text
        missing = _MISSING.match(said)
        where = f"{path}{place}" + (f".{missing[1]}" if missing else "")
        problems.setdefault(where, "this is needed" if missing else _plainly(said))
        return None


def _plainly(said: str) -> str:
    """Say what a validator says as one says it to a person.

    >>> _plainly("Expected `int` <= 10"), _plainly("Expected `array` of length >= 2")
    ('must be at most 10', 'needs at least 2')
    """
    for pattern, words in (
        (r"Expected `(?:int|float)` >= (.*)", r"must be at least \1"),
        (r"Expected `(?:int|float)` > (.*)", r"must be more than \1"),
        (r"Expected `(?:int|float)` <= (.*)", r"must be at most \1"),
        (r"Expected `str` of length <= (.*)", r"has more than \1 characters"),
        (r"Expected `array` of length >= (.*)", r"needs at least \1"),
        (r"Expected `array` of length <= (.*)", r"has more than \1"),
        (r"Expected `(?:int|float)(?: \| null)?`, got `str`", "is no number"),
        (
            r"Expected `str` matching regex '\^\[a-z\]\[.*",
            "takes small letters, digits and _, a letter first",
        ),
        (r"Expected `str` matching regex '\^\[a-z\]\{.*", "is no language such as de or pt-BR"),
        (
            r"Expected `str` matching regex '\^\W+d\{4\}.*",
            "is no day such as 2026-03-01, nor 2026-03-01T12:00",
        ),
        (r"Expected `str` matching regex '\^#.*", "is no colour such as #0b57d0"),
    ):
        if re.fullmatch(pattern, said):
            return re.sub(pattern, words, said)
    return said[:1].lower() + said[1:]


def _placed(text: str, draft: Draft) -> tuple[str, str]:
    """Find the field that an error of the whole survey is about."""
    by_id = _BY_ID.match(text)
    if by_id:
        ids = [one.get("id") for one in draft.get("questions", ())]
        at = ids.index(by_id[1]) if by_id[1] in ids else 0
        return f"questions.{at}.{by_id[2]}", by_id[3]
    field, _, said = text.partition(": ")
    return (field, said) if field in Survey.__struct_fields__ else ("", text)
