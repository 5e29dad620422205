"""Settings that are single values: their names, types, limits and safe defaults, in one struct."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from obverse.errors import QuestionError, unknown

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

MOST_UPLOAD_BYTES = 256 * MIB

Days = Annotated[int, msgspec.Meta(ge=1, le=3650)]
Seconds = Annotated[int, msgspec.Meta(ge=1, le=3600)]
Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
Path = Annotated[str, msgspec.Meta(pattern="^(/[A-Za-z0-9_-]+)+$", max_length=100)]
Folder = Annotated[str, msgspec.Meta(pattern="^/", max_length=4096)]
Address = Annotated[str, msgspec.Meta(pattern="^https?://[^/?#@]+$")]


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All single-value settings. Each has a default that is safe for a small machine.

    Attributes:
        public_url: the address that people and clients use where a proxy stands in front, such as
            ``https://analytics.example.com``; it decides which `Host` is right and whether cookies need
            https.
        trusted_proxies: addresses or networks whose ``X-Forwarded-For`` is believed.
        session_days: a log-in lasts this long after its last use.
        login_attempts: wrong passwords from one address in five minutes before it has to wait.
        inbox_bytes: the inbox takes no more than this before the lake has caught up.
        event_bytes: the largest event.
        batch_bytes: the largest body of a request that sends events.
        conversion_event: the event that makes a person a customer.
        currency: the currency that values are shown in.
        time_zone: the IANA zone of days, unless a question names another.
        questions_at_once: questions answered at the same time.
        questions_waiting: questions that may wait for their turn; more are told to try again.
        question_s: a question that takes longer is told to try again.
        live_clients: browsers that may watch events arrive at the same time.
        upload_bytes: the largest file that a page takes.
        sdk_path: where browsers load the client, and send events.
        posthog_js: the folder ``dist`` of the npm package ``posthog-js``, whose scripts are then served to
            pages that have PostHog's snippet.
        survey_rest_days: nobody is shown a survey over a page sooner than this after any other.
    """

    public_url: Address | None = None
    trusted_proxies: tuple[str, ...] = ()
    session_days: Days = 30
    login_attempts: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 10
    inbox_bytes: Annotated[int, msgspec.Meta(ge=16 * MIB)] = GIB
    event_bytes: Annotated[int, msgspec.Meta(ge=KIB, le=16 * MIB)] = 32 * KIB
    batch_bytes: Annotated[int, msgspec.Meta(ge=KIB, le=64 * MIB)] = 500 * KIB
    conversion_event: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] = "Order Completed"
    currency: Currency = "EUR"
    time_zone: str = "UTC"
    questions_at_once: Annotated[int, msgspec.Meta(ge=1, le=64)] = 2
    questions_waiting: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 32
    question_s: Seconds = 60
    live_clients: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 32
    upload_bytes: Annotated[int, msgspec.Meta(ge=KIB, le=MOST_UPLOAD_BYTES)] = 32 * MIB
    sdk_path: Path = "/obverse"
    posthog_js: Folder | None = None
    survey_rest_days: Annotated[float, msgspec.Meta(ge=0, le=3650)] = 14


def checked(values: dict[str, Any]) -> ServerSettings:
    """Make the struct of some values, the others at their defaults.

    Raises:
        QuestionError: a name is not known, or a value breaks its field's rule.

    >>> checked({"session_days": 7}).session_days
    7
    """
    for name in values:
        if name not in ServerSettings.__struct_fields__:
            raise QuestionError(unknown("setting", name, ServerSettings.__struct_fields__))
    try:
        made = msgspec.convert(values, ServerSettings)
    except msgspec.ValidationError as error:
        raise QuestionError(f"setting: {error}") from error
    _check_zone(made.time_zone)
    _check_networks(made.trusted_proxies)
    return made


def _check_zone(name: str) -> None:
    from zoneinfo import ZoneInfo, available_timezones

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise QuestionError(unknown("time_zone", name, available_timezones())) from None


def _check_networks(networks: tuple[str, ...]) -> None:
    from ipaddress import ip_network

    for network in networks:
        try:
            ip_network(network)
        except ValueError as error:
            raise QuestionError(f"trusted_proxies: {error}") from None
