"""Segment: turns the calls of Segment's tracking API into events, or refuses them one by one.

The steps, for each call: its type and name, who (`ids`), its context (`client`), its properties, its size,
when (`moment`), what it is worth (`money`), its message id.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Raw

from obverse.collect.batch import Batch
from obverse.collect.client import Client, object_text, read_client
from obverse.collect.ids import NOTHING_SAID, text_of, who
from obverse.collect.limits import Limits
from obverse.collect.moment import happened_at, instant
from obverse.collect.money import Fields, currency, worth
from obverse.collect.privacy import Privacy
from obverse.collect.refusal import Refusal, Refused, RefusedError, excerpt
from obverse.collect.reserved import Reserved
from obverse.collect.source import Source
from obverse.collect.wire import NOTHING, Call, Envelope, VouchedCall, decode
from obverse.event import TYPE_EVENTS, Event

CALLS = ("track", *TYPE_EVENTS)
"""The types of call."""

_TOUCHPOINT_CHARS = 64
_SPREAD = 16
"""A batch may grow to this many times the size limit of its body by the context that its events share."""

_fields_decoder = msgspec.json.Decoder(Fields)
_raw_decoder = msgspec.json.Decoder(dict[str, Raw])
_any_decoder = msgspec.json.Decoder()
_NO_FIELDS = Fields()
NOTHING_RESERVED = Reserved()


def accept(
    body: bytes,
    call: str | None,
    source: Source,
    received_at: int,
    limits: Limits | None = None,
    privacy: Privacy | None = None,
) -> Batch:
    """Turn a body into events and refusals.

    Args:
        body: decompressed.
        call: track, page, screen, identify, group or alias; None for a batch.
        source: of the body's write key.
        received_at: µs since 1970 UTC.
        limits: the defaults where None.
        privacy: the default where None.

    Raises:
        RefusedError: nothing in the body can be used.
    """
    return judge(decode(body, call), source, received_at, limits or Limits(), privacy or Privacy())


def judge(
    envelope: Envelope,
    source: Source,
    received_at: int,
    limits: Limits,
    privacy: Privacy,
    reserved: Reserved = NOTHING_RESERVED,
) -> Batch:
    """Turn a decoded body's calls into events and refusals."""
    batch = Batch(source=source.name, received_at=received_at, events=[], refused=envelope.refused)
    judging = _Judge(envelope, source, received_at, limits, privacy, reserved)
    add = batch.events.append
    for index, call in envelope.calls:
        try:
            add(judging.event(index, call))
        except RefusedError as refused:
            batch.refused.append(_refused(index, call, refused.reason, refused.detail))
        except (msgspec.DecodeError, RecursionError) as error:
            deep = isinstance(error, RecursionError)
            reason = Refusal.TOO_DEEP if deep else Refusal.WRONG_TYPE
            batch.refused.append(_refused(index, call, reason, f"properties or context: {error}"))
    batch.refused.sort(key=lambda one: one.index or 0)
    return batch


def _refused(index: int, call: Call, reason: Refusal, detail: str) -> Refused:
    # What the person did and said stays out of the ledger: its examples show the envelope alone.
    shown = msgspec.structs.replace(call, properties=NOTHING, traits=NOTHING, context=NOTHING, write_key=None)
    name = call.message_id
    return Refused(
        reason=reason,
        detail=detail.replace("\x00", "\ufffd"),
        index=index,
        message_id=None if name is None else str(name)[:200].replace("\x00", "\ufffd"),
        excerpt=excerpt(msgspec.json.encode(shown)),
    )


class _Judge:
    """Judges the calls of one body; what they share is looked at once."""

    def __init__(
        self,
        envelope: Envelope,
        source: Source,
        received_at: int,
        limits: Limits,
        privacy: Privacy,
        reserved: Reserved,
    ) -> None:
        self.sent_value = envelope.sent_at
        self.sent_at = instant(envelope.sent_at)
        self.has_nul = envelope.has_nul
        self.source = source
        self.received_at = received_at
        self.limits = limits
        self.privacy = privacy
        self.reserved = reserved
        self.reserved_names = reserved.names_for(source.name)
        self.shared = object_text(envelope.context, "context")
        self.clients: dict[str, Client] = {}
        self.n_chars = 0

    def event(self, index: int, call: Call) -> Event:
        """Make the event of a call, or raise why not."""
        limits = self.limits
        if index >= limits.max_batch_events:
            raise RefusedError(
                Refusal.TOO_MANY_EVENTS, f"batch: the limit is {limits.max_batch_events} events"
            )
        name = self.name(call)
        user_id, anonymous_id = self.ids(call)
        client = self.client(call.context)
        properties, fields = self.properties(call, client)
        if name in self.reserved_names and not isinstance(call, VouchedCall):
            self.reserved.check(properties)
        self.check_size(call, properties, client.text)
        sent_at = self.sent_at if call.sent_at is None else instant(call.sent_at)
        time = happened_at(
            call.original_timestamp, call.timestamp, sent_at, self.received_at, limits.max_ahead_s
        )
        account = client.account_id if call.group_id is None else call.group_id
        session = client.session_id if fields.session_id is None else fields.session_id
        event = Event(
            event=name,
            type=call.type,  # type: ignore[arg-type]  # `name` has checked it
            message_id=self.message_id(index, call),
            time=time,
            received_at=self.received_at,
            touchpoint=self.touchpoint(fields, client),
            source=self.source.name,
            anonymous_id=anonymous_id,
            user_id=user_id,
            account_id=None if account is None else text_of(account, "groupId", limits.max_id_chars),
            session_id=None if session is None else _session(session, limits.max_id_chars),
            value=worth(name, fields),
            currency=None if fields.currency is None else currency(fields.currency),
            properties=properties,
            context=client.text,
        )
        if self.has_nul:
            _check_text(event)
        return event

    def name(self, call: Call) -> str:
        """Give the event's name: a track's own, else that of its type."""
        if call.type == "track":
            name = text_of(call.event, "event", self.limits.max_name_chars)
            if name is None:
                raise RefusedError(Refusal.MISSING_FIELD, "event: a track needs the name of its event")
            return name
        try:
            return TYPE_EVENTS[call.type or ""]
        except KeyError:
            raise RefusedError(
                Refusal.UNKNOWN_CALL, f"type: {call.type!r:.60} is not one of {', '.join(CALLS)}"
            ) from None

    def ids(self, call: Call) -> tuple[str | None, str | None]:
        """Give user id and anonymous id; the latter is an alias's previous id."""
        anonymous = call.anonymous_id
        if call.type == "alias":
            anonymous = call.previous_id if call.previous_id not in (None, "") else call.anonymous_id
        pair = who(call.user_id, anonymous, self.limits.max_id_chars)
        if call.type == "alias" and None in pair:
            raise RefusedError(
                Refusal.MISSING_FIELD, "userId, previousId: an alias needs both, and no placeholder"
            )
        if call.type == "group" and text_of(call.group_id, "groupId", self.limits.max_id_chars) is None:
            raise RefusedError(Refusal.MISSING_FIELD, "groupId: a group call needs it")
        return pair

    def client(self, context: Raw) -> Client:
        """Read a context; clients repeat theirs from event to event."""
        text = object_text(context, "context")
        client = self.clients.get(text)
        if client is None:
            client = self.clients[text] = read_client(text, self.shared, self.privacy)
            _check_depth("context", client.text, self.limits.max_depth)
        return client

    def properties(self, call: Call, client: Client) -> tuple[str, Fields]:
        """Give the event's own fields as text, and those that collect reads."""
        kind = call.type
        if kind in ("identify", "group"):
            text = object_text(call.traits, "traits")
            if text == "{}" and kind == "identify":
                text = client.traits
        else:
            text = object_text(call.properties, "properties")
        if kind in ("page", "screen") and not (call.name is None and call.category is None):
            text = _with_names(text, call)
        if text == "{}":
            return text, _NO_FIELDS
        text = self.privacy.properties(text)
        _check_depth("properties", text, self.limits.max_depth)
        return text, _fields_decoder.decode(text) if kind == "track" else self.plain_fields(text)

    @staticmethod
    def plain_fields(text: str) -> Fields:
        """Read the fields of a call that stands for no money."""
        fields = _fields_decoder.decode(text)
        return Fields(session_id=fields.session_id, touchpoint=fields.touchpoint)

    def check_size(self, call: Call, properties: str, context: str) -> None:
        """Refuse an event over its limit, or one that a shared context would multiply beyond measure."""
        n_chars = len(properties) + len(context)
        limit = self.limits.max_event_bytes
        if n_chars * 4 > limit - 8192:  # a character has up to 4 bytes; ids and names take the rest
            size = len(msgspec.json.encode(call)) + len(self.shared.encode()) - len("{}")
            if size > limit:
                raise RefusedError(Refusal.EVENT_TOO_LARGE, f"event: {size} bytes, the limit is {limit}")
        self.n_chars += n_chars
        if self.n_chars > self.limits.max_batch_bytes * _SPREAD:
            raise RefusedError(
                Refusal.EVENT_TOO_LARGE, "batch: too large once its context is laid under each event"
            )

    def touchpoint(self, fields: Fields, client: Client) -> str:
        """Give where it happened: as the event says, else as its source, else as its client suggests."""
        for named in (fields.touchpoint, client.touchpoint):
            if isinstance(named, str) and named and not named.isspace():
                return named.strip().lower()[:_TOUCHPOINT_CHARS]
        return self.source.touchpoint or client.likely

    def message_id(self, index: int, call: Call) -> str:
        """Give the client's message id, else one that the same bytes, sent again, get again.

        The id is made of the event and its position in the batch. An event that says nothing about when it
        happened or was sent cannot be told from the same thing done twice, so it is new each time.
        """
        given = text_of(call.message_id, "messageId", self.limits.max_message_id_chars)
        if given is not None and given.lower() not in NOTHING_SAID:
            return given
        if call.timestamp is not None or call.original_timestamp is not None or call.sent_at is not None:
            mark: Any = None
        else:
            mark = self.received_at if self.sent_value is None else self.sent_value
        seed = msgspec.json.encode((self.source.name, index, mark, call))
        return "obv-" + blake2b(seed, digest_size=16).hexdigest()


def _session(value: Any, max_chars: int) -> str | None:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return text_of(value, "session_id", max_chars)
    return None


def _with_names(text: str, call: Call) -> str:
    """Put a page's or screen's name and category among its properties, where they are not there already."""
    fields: dict[str, Any] = {"name": call.name, "category": call.category}
    fields = {key: value for key, value in fields.items() if value is not None}
    return msgspec.json.encode({**fields, **_raw_decoder.decode(text)}).decode()


def _check_text(event: Event) -> None:
    for field in ("event", "message_id", "user_id", "anonymous_id", "account_id", "session_id", "touchpoint"):
        if "\x00" in (getattr(event, field) or ""):
            raise RefusedError(Refusal.BAD_TEXT, f"{field}: holds a NUL character")


def _check_depth(field: str, text: str, limit: int) -> None:
    if len(text) <= 2 * limit or text.count("{") + text.count("[") <= limit:
        return
    level: list[Any] = [_any_decoder.decode(text)]
    for _ in range(limit):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise RefusedError(Refusal.TOO_DEEP, f"{field}: nested deeper than {limit}")
