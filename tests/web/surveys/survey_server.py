"""What tests of surveys on a real server share: making surveys, telling moments, reading what was kept."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx
import msgspec

from obverse.surveys.moment import Visited
from obverse.surveys.question import Nps
from obverse.surveys.survey import Repeat, Survey

if TYPE_CHECKING:
    from tests.conftest import Server

SURVEY = Survey(
    name="Page",
    questions=(Nps(id="nps", text="Would you recommend us?"),),
    moments=(Visited(id="m1"),),
    repeat=Repeat(rests=False),
)


def make(server: Server, state: Any = "live", **fields: Any) -> str:
    """Keep a survey under a name of its own and give its id."""
    survey = msgspec.structs.replace(SURVEY, name=f"Page {time.time_ns()}", **fields)
    with server.settings() as settings:
        key = settings.surveys.create(survey.name, survey.to_json()).id
        settings.surveys.set_state(key, state)
    return key


def offer(server: Server, client: httpx.Client, *keys: str, **fields: Any) -> httpx.Response:
    """Tell that moments ``m1`` of some surveys have come."""
    body = {
        "writeKey": server.write_key,
        "anonymousId": "device",
        "language": "en",
        "moments": [{"survey": key, "moment": "m1"} for key in keys],
        "page": {"path": "/", "url": "https://shop.test/", "title": "Shop", "referrer": ""},
    }
    text = msgspec.json.encode(body | fields)
    return client.post("/obverse/surveys/offer", content=text, headers={"content-type": "text/plain"})


def show(client: httpx.Client, found: httpx.Response) -> httpx.Response:
    """Tell that what was offered came into view, and give the offer again."""
    told = {"ticket": found.json()["offer"]["ticket"], "kind": "shown"}
    assert client.post("/obverse/surveys/event", json=told).status_code == 204
    return found


def known(server: Server, client: httpx.Client, key: str) -> None:
    """Wait until the running server has heard of a survey that was made beside it."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        told = client.get("/obverse/surveys/live.json", params={"key": server.write_key}).json()
        if key in {one["id"] for one in told["surveys"]}:
            return
        time.sleep(0.02)
    raise AssertionError(f"{key} is not live")
