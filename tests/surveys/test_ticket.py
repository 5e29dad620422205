"""Tickets: only this server's, unchanged and not too old."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obverse.surveys.ticket import LASTS_S, Ticket, TicketError, read, sign

SECRET, NOW = b"s" * 32, 1_700_000_000_000_000
TICKET = Ticket(
    survey_id="s1",
    version=2,
    submission_id="x",
    asked_at=NOW,
    place="page",
    moment="bought",
    page={"path": "/Straße", "title": "<b>"},
    event={"revenue": 12.5},
)


def test_a_ticket_comes_back_as_it_was_given_out() -> None:
    assert read(sign(TICKET, SECRET), SECRET, NOW) == TICKET


@given(st.data())
def test_a_changed_ticket_is_refused(data: st.DataObject) -> None:
    text = sign(TICKET, SECRET)
    at = data.draw(st.integers(0, len(text) - 2))  # the last letter has bits that say nothing
    letter = data.draw(st.sampled_from("abcXYZ019-_.!é"))
    if letter != text[at] and text[at + 1] != ".":
        with pytest.raises(TicketError):
            read(text[:at] + letter + text[at + 1 :], SECRET, NOW)


def test_a_ticket_of_another_server_is_refused() -> None:
    with pytest.raises(TicketError, match="not given out by this server"):
        read(sign(TICKET, b"t" * 32), SECRET, NOW)


def test_a_ticket_grows_too_old() -> None:
    text = sign(TICKET, SECRET)
    read(text, SECRET, NOW + LASTS_S * 1_000_000)
    with pytest.raises(TicketError, match="too old"):
        read(text, SECRET, NOW + LASTS_S * 1_000_000 + 1)


@pytest.mark.parametrize("text", ["", ".", "a.b.c", "💥.💥", "a" * 5000])
def test_what_is_no_ticket_is_refused(text: str) -> None:
    with pytest.raises(TicketError):
        read(text, SECRET, NOW)
