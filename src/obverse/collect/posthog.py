"""PostHog: turns what its clients capture into the calls of Segment's API, which `segment` then judges.

So a PostHog event meets the same limits, refusals and privacy settings as any other, and arrives under the
name that measures know: ``$pageview`` as ``Page Viewed``, a click that was captured automatically as
``Element Clicked``. The name that it came under stays in ``properties.original_event``. Events of one's own,
and those of PostHog that Obverse has no word for, keep their names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw

from obverse.collect import posthog_elements
from obverse.collect.posthog_context import Fields, context_of, is_own, read, without_nulls, words
from obverse.collect.posthog_surveys import NAMES, NoSurveys, Surveys, is_of_survey
from obverse.collect.posthog_wire import Captured, Posted, key_of, take_apart, text, unwrap
from obverse.collect.refusal import Refusal, Refused, RefusedError, excerpt
from obverse.collect.wire import NOTHING, Call, Envelope, Text, VouchedCall
from obverse.event import WEB_VITAL_MEASURED

NOT_TAKEN = {
    "$snapshot": "recordings of sessions",
    "$snapshot_items": "recordings of sessions",
    "$performance_event": "recordings of sessions",
    "$$heatmap": "heatmaps; clicks and lingering say the same by element",
}
"""Events that are refused, and what they are of."""

_NO_SURVEYS = NoSurveys()
ORIGINAL = "original_event"
"""Property that keeps the name under which an event came."""

_VITALS = ("LCP", "INP", "CLS", "FCP", "TTFB")
_ERROR_CHARS = 120
_SAID = re.compile(r"""(["'`]).*?\1|\S+@\S+|\d+""")
"""What the message of an error may tell of somebody: what it quotes, e-mail addresses, numbers."""

_fields_decoder = msgspec.json.Decoder(dict[str, Raw])


def decode(
    body: bytes,
    received_at: int,
    key: str | None = None,
    event: str | None = None,
    surveys: Surveys = _NO_SURVEYS,
) -> Envelope:
    """Turn a body, decompressed, into calls.

    Args:
        body: of a capture endpoint, in any of the shapes that `posthog_wire` knows.
        received_at: µs since 1970 UTC.
        key: the write key as the request names it outside of its body.
        event: the name of events that have none.
        surveys: this server's own.

    Raises:
        RefusedError: nothing in the body can be used.
    """
    posted = take_apart(unwrap(body))
    envelope = Envelope(
        calls=[],
        refused=posted.refused,
        sent_at=posted.sent_at,
        write_key=key or posted.key or _key_of_events(posted),
        has_nul=posted.has_nul,
    )
    for index, captured in posted.events:
        captured.event = captured.event or event
        try:
            envelope.calls += [(index, call) for call in calls_of(captured, received_at, surveys)]
        except RefusedError as refused:
            envelope.refused.append(_refused(index, captured, refused.reason, refused.detail))
        except RecursionError:
            envelope.refused.append(
                _refused(index, captured, Refusal.TOO_DEEP, "properties: nested too deep")
            )
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            envelope.refused.append(_refused(index, captured, Refusal.WRONG_TYPE, f"properties: {error}"))
    return envelope


def key_in(body: bytes) -> str | None:
    """Find the write key in a body that is no event, as that of a question for feature flags.

    Raises:
        RefusedError: the body cannot be read.
    """
    posted = take_apart(unwrap(body))
    return posted.key or _key_of_events(posted)


def calls_of(captured: Captured, received_at: int, surveys: Surveys = _NO_SURVEYS) -> list[Call]:
    """Give the calls that one captured event stands for: mostly one.

    An event that brings traits of one's own along (others are what the client knows of the browser) gives an
    identify call with them; one with several Web Vitals gives one each.

    Raises:
        RefusedError: it is of a kind that Obverse does not take, tells nobody's id, or answers one of our own
            surveys as nobody can.
    """
    name = captured.event
    if isinstance(name, str) and name in NOT_TAKEN:
        raise RefusedError(Refusal.NOT_TAKEN, f"event: {name!r} stands for {NOT_TAKEN[name]}")
    fields = without_nulls(_object(captured.properties))
    traits = _traits_of(captured, fields)
    shared = _shared(captured, fields, received_at)
    maker = _MAKERS.get(name, _own) if isinstance(name, str) else _own
    answer = _answered(name, shared, fields, surveys) if isinstance(name, str) and name in NAMES else None
    calls = [answer] if answer is not None else maker(shared, text(name), fields, traits)
    own = {name: value for name, value in traits.items() if is_own(name)}
    if own and calls[0].type not in ("identify", "group"):
        calls.append(_like(shared, ":set", type="identify", traits=_raw(own)))
    return calls


def _shared(captured: Captured, fields: Fields, received_at: int) -> Call:
    """Make what all calls of one event have in common: who, when, and the context."""
    user, anonymous = _who(captured, fields)
    call = Call(
        message_id=text(captured.uuid) or words(fields.get("$insert_id")),
        user_id=user,
        anonymous_id=anonymous,
        timestamp=text(captured.timestamp),
        sent_at=text(captured.sent_at),
        context=_raw(context_of(fields)),
    )
    ago_ms = text(captured.offset)
    if call.timestamp is None and isinstance(ago_ms, int | float):
        call.sent_at = received_at / 1000
        call.timestamp = call.sent_at - ago_ms
    return call


def _who(captured: Captured, fields: Fields) -> tuple[Text, Text]:
    """Tell a user's id from an anonymous one, which PostHog has under the same name.

    Browsers and apps say which it is by ``$is_identified``, older ones by having a ``$user_id``; servers send
    users' ids, unless they say that the event makes no profile.
    """
    named = (captured.distinct_id, captured.person, read(fields.get("distinct_id")))
    who = next((one for one in map(text, named) if one is not None), None)
    if who is None:
        raise RefusedError(Refusal.MISSING_ID, "distinct_id: it is not there, or no text")
    identified = read(fields.pop("$is_identified", None))
    if not isinstance(identified, bool):
        if "$device_id" in fields:
            identified = text(read(fields.get("$user_id"))) is not None
        else:
            identified = read(fields.get("$process_person_profile")) is not False
    fields.pop("$user_id", None)
    return (who, None) if identified else (None, who)


Maker = Callable[[Call, Text, Fields, Fields], list[Call]]


def _own(call: Call, name: Text, fields: Fields, _: Fields) -> list[Call]:
    return [_like(call, type="track", event=name, properties=_raw(fields))]


def _page(call: Call, name: Text, fields: Fields, _: Fields) -> list[Call]:
    if "title" in fields:
        context = _object(call.context)
        page = {"title": fields.pop("title"), **_object(context.get("page", NOTHING))}
        call.context = _raw({**context, "page": page})
    return [_like(call, type="page", properties=_kept(name, fields))]


def _screen(call: Call, name: Text, fields: Fields, _: Fields) -> list[Call]:
    screen = words(fields.pop("$screen_name", None))
    return [_like(call, type="screen", name=screen, properties=_kept(name, fields))]


def _left(call: Call, name: Text, fields: Fields, _: Fields) -> list[Call]:
    """A page was left: for how long it was open, as the page that was opened is called."""
    seconds = read(fields.get("$prev_pageview_duration"))
    if isinstance(seconds, int | float) and not isinstance(seconds, bool) and abs(seconds) < 1e9:
        fields["visible_ms"] = _raw(round(seconds * 1000))
    path = words(fields.get("$prev_pageview_pathname"))
    if path is not None:
        context = _object(call.context)
        page = {**_object(context.get("page", NOTHING)), "path": path}
        call.context = _raw({**context, "page": page})
    return [_like(call, type="track", event="Page Lingered", properties=_kept(name, fields))]


def _identify(call: Call, _: Text, fields: Fields, traits: Fields) -> list[Call]:
    """A claim: the anonymous id that the client had until now is this user."""
    anonymous = text(read(fields.get("$anon_distinct_id")))
    user = call.user_id if call.user_id is not None else call.anonymous_id
    return [_like(call, type="identify", user_id=user, anonymous_id=anonymous, traits=_raw(traits))]


def _traits(call: Call, _: Text, __: Fields, traits: Fields) -> list[Call]:
    return [_like(call, type="identify", traits=_raw(traits))]


def _alias(call: Call, name: Text, fields: Fields, _: Fields) -> list[Call]:
    """Two ids are one person: the one that the event is about was there before.

    Merging two users by force names the one that is given up as the alias.
    """
    known = call.user_id if call.user_id is not None else call.anonymous_id
    given = text(read(fields.pop("alias", None)))
    user, previous = (known, given) if name == "$merge_dangerously" else (given, known)
    return [
        _like(
            call,
            type="alias",
            user_id=user,
            anonymous_id=None,
            previous_id=previous,
            properties=_kept(name, fields),
        )
    ]


def _group(call: Call, _: Text, fields: Fields, __: Fields) -> list[Call]:
    traits = _object(fields.get("$group_set", NOTHING))
    kind = words(fields.get("$group_type"))
    if kind is not None:
        traits["group_type"] = _raw(kind)
    key = text(read(fields.get("$group_key")))
    return [_like(call, type="group", group_id=key, traits=_raw(traits))]


def _autocaptured(call: Call, name: Text, fields: Fields, traits: Fields) -> list[Call]:
    kind = words(fields.pop("$event_type", None))
    if kind == "submit":
        return _acted("Form Submitted", call, name, fields)
    if kind == "change":
        field = posthog_elements.field_of(posthog_elements.elements_of(fields))
        if field is not None:
            fields["field"] = _raw(field)
        return _acted("Field Filled", call, name, fields)
    if kind in ("click", "touch", None):
        return _acted("Element Clicked", call, name, fields)
    fields["$event_type"] = _raw(kind)
    return _own(call, name, fields, traits)


def _act(event: str) -> Maker:
    return lambda call, name, fields, _: _acted(event, call, name, fields)


def _acted(event: str, call: Call, name: Text, fields: Fields) -> list[Call]:
    """Somebody acted on an element of a page: say which, and in which form."""
    elements = posthog_elements.elements_of(fields)
    found = {"element": posthog_elements.path_of(elements), "form": posthog_elements.form_of(elements)}
    fields.update({part: _raw(value) for part, value in found.items() if value is not None})
    return [_like(call, type="track", event=event, properties=_kept(name, fields))]


def _error(call: Call, name: Text, fields: Fields, _: Fields) -> list[Call]:
    """An error: its kind, and its message without what may tell of somebody, stand for the element."""
    listed = read(fields.get("$exception_list"))
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
    kind = first.get("type") or words(fields.get("$exception_type")) or "Error"
    said = first.get("value") or words(fields.get("$exception_message")) or ""
    said = _SAID.sub("…", str(said)[:1000])
    fields["element"] = _raw(f"{kind}: {said}"[:_ERROR_CHARS].strip(": "))
    return [_like(call, type="track", event="Error Met", properties=_kept(name, fields))]


def _vitals(call: Call, name: Text, fields: Fields, traits: Fields) -> list[Call]:
    """Each Web Vital that the event brings is an event of its own."""
    values = {one: fields.pop(f"$web_vitals_{one}_value", None) for one in _VITALS}
    for one in _VITALS:
        fields.pop(f"$web_vitals_{one}_event", None)
    calls = [
        _like(
            call,
            f":{one}",
            type="track",
            event=WEB_VITAL_MEASURED,
            properties=_kept(name, {**fields, "name": _raw(one), "value": value}),
        )
        for one, value in values.items()
        if value is not None
    ]
    return calls or _own(call, name, fields, traits)


_MAKERS: dict[str, Maker] = {
    "$pageview": _page,
    "$screen": _screen,
    "$pageleave": _left,
    "$identify": _identify,
    "$set": _traits,
    "$create_alias": _alias,
    "$merge_dangerously": _alias,
    "$groupidentify": _group,
    "$autocapture": _autocaptured,
    "$rageclick": _act("Rage Clicked"),
    "$dead_click": _act("Dead Clicked"),
    "$exception": _error,
    "$web_vitals": _vitals,
}


def _answered(name: str, shared: Call, fields: Fields, surveys: Surveys) -> Call | None:
    """Make the event of one of this server's own surveys; None where it is of another's."""
    who = shared.user_id if shared.user_id is not None else shared.anonymous_id
    found = surveys.taken(name, {key: read(value) for key, value in fields.items()}, str(who))
    if found is None:
        return None
    event, told = found
    rest = {key: value for key, value in fields.items() if not is_of_survey(key)}
    known = msgspec.structs.asdict(shared) | {"type": "track", "event": event}
    return VouchedCall(**known | {"properties": _raw({ORIGINAL: name, **rest, **told})})


def _like(shared: Call, mark: str = "", **fields: Any) -> Call:
    """Make a call of what an event's calls share; `mark` tells the message ids of several apart."""
    call = msgspec.structs.replace(shared, **fields)
    if mark and call.message_id is not None:
        call.message_id = f"{call.message_id}{mark}"
    return call


def _kept(name: Text, fields: Fields) -> Raw:
    return _raw({ORIGINAL: name, **fields})


def _raw(value: Any) -> Raw:
    return Raw(msgspec.json.encode(value))


def _object(raw: Raw) -> Fields:
    """Read an object field by field; empty where there is none.

    Raises:
        msgspec.DecodeError: it is something else.
    """
    return _fields_decoder.decode(raw) if bytes(raw) not in (b"", b"null") else {}


def _traits_of(captured: Captured, fields: Fields) -> Fields:
    """Take the traits out of an event, those for once and those that it sets; one's own come first."""
    once = {**_object(fields.pop("$set_once", NOTHING)), **_object(captured.set_once)}
    traits = {**once, **_object(fields.pop("$set", NOTHING)), **_object(captured.set)}
    return dict(sorted(without_nulls(traits).items(), key=lambda item: not is_own(item[0])))


def _key_of_events(posted: Posted) -> str | None:
    for _, one in posted.events:
        key = key_of(one.api_key, one.token, one.legacy_token)
        if key is None and bytes(memoryview(one.properties)[:1]) == b"{":
            key = msgspec.json.decode(one.properties, type=_Keyed).token
        if key is not None:
            return key
    return None


class _Keyed(msgspec.Struct):
    token: Any = None


def _refused(index: int, captured: Captured, reason: Refusal, detail: str) -> Refused:
    # What the person did and said stays out of the ledger: its examples show who and what kind alone.
    shown = {"event": captured.event, "distinct_id": captured.distinct_id, "uuid": captured.uuid}
    name = captured.uuid
    return Refused(
        reason=reason,
        detail=detail.replace("\x00", "\ufffd"),
        index=index,
        message_id=name[:200].replace("\x00", "\ufffd") if isinstance(name, str) else None,
        excerpt=excerpt(msgspec.json.encode(shown)),
    )
