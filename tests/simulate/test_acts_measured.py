"""The truth of the simulated acts is found again by the questions of the overlay."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow.compute as pc
import pytest

import obverse
from obverse.event import Event
from obverse.lake.records import parse
from obverse.simulate.acts import scenery
from obverse.simulate.catalogue import CHECKOUT_PAGE, pages
from obverse.simulate.clients import Author, batch_context
from obverse.simulate.moments import WEB_CLIENT
from obverse.simulate.scenes import CODE
from obverse.web.pages.overlay.asking import Device, Place
from tests.engine.lakes import fill
from tests.simulate.shops import large
from tests.simulate.test_acts_simulated import accepted, collected, page_numbers

if TYPE_CHECKING:
    from obverse.engine.local import Lake
    from obverse.measure.question import Question


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The large shop's acts, with the page views and the orders that they are compared by."""
    made = large().made
    events = made.events
    known = (events.visit >= 0) & (events.client == WEB_CLIENT) & (made.ahead_ms(np.arange(events.n)) == 0)
    view = (events.event == CODE["Page Viewed"]) & np.isin(events.page, page_numbers(large()))
    numbers = np.flatnonzero(known & (view | (events.event == CODE["Order Completed"])))
    author, shops = Author(made, large().seed), list[Event]()
    for some in np.array_split(numbers, len(numbers) // 500):
        messages = ",".join(author.messages(some))
        shops += collected(f'{{"batch":[{messages}],"context":{batch_context(WEB_CLIENT)}}}'.encode())
    lines = [msgspec.json.encode(event) for event in (*shops, *accepted())]
    return obverse.open(fill(tmp_path_factory.mktemp("acts") / "data", [parse(lines)]))


def place(page: int, device: Device) -> Place:
    """A page as the overlay asks of it."""
    path = pages(large().made.stock)[page][1]
    return Place(path=path, device=device, fields=("properties.device", "context.userAgent"))


def asked(lake: Lake, question: Question) -> Any:
    return lake.ask(question)


def truth(page: str, device: Device) -> Any:
    stays = large().acts.stays
    on_phone = pc.field("on_phone") if device == "phone" else ~pc.field("on_phone")
    return stays.filter((pc.field("page") == page) & on_phone)


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_the_dead_picture_and_the_reviews_are_found(lake: Lake, device: Device) -> None:
    product, _, _ = page_numbers(large())
    true = truth(scenery.PRODUCT, device)
    answer = asked(lake, place(product, device).acts())
    dead = [(row.element, row.times) for row in answer.elements if row.kind == "dead"]
    assert dead == [(scenery.GUIDE, pc.sum(true["in_vain"]).as_py())]

    seen = {one.name: one for one in asked(lake, place(product, device).views()).pages}[scenery.REVIEWS]
    read = true.filter(pc.field("reviews_ms") > 0)
    assert seen.timed == read.num_rows
    assert seen.total_s == pytest.approx(pc.sum(read["reviews_ms"]).as_py() / 1000)
    assert seen.long.conversion.value is not None
    assert seen.short.conversion.value is not None
    assert seen.long.conversion.value > 2 * seen.short.conversion.value


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_the_form_that_the_coupon_ends_and_the_error_at_the_pay_button_are_found(
    lake: Lake, device: Device
) -> None:
    true = truth(scenery.CHECKOUT, device)
    answer = asked(lake, place(CHECKOUT_PAGE, device).acts())
    (form,) = answer.forms
    started = true.filter(pc.field("started"))
    left = Counter(started.filter(~pc.field("submitted"))["left_after"].to_pylist())
    assert form.name == scenery.FORM_NAME
    assert form.submitted == pc.sum(true["submitted"]).as_py()
    assert form.started == started.num_rows
    undecided = left - Counter({one.name: one.left for one in form.fields})
    assert undecided.total() == form.open <= 2
    assert form.fields[0].name == scenery.COUPON

    acts = {(row.kind, row.element): row for row in answer.elements}
    error, rage = acts["error", scenery.ERROR], acts["rage", scenery.PAY]
    assert error.times == pc.sum(true["met_error"]).as_py()
    assert rage.times == pc.sum(true["raged"]).as_py() > 0
    assert [kind for kind, _ in acts if kind == "dead"] == []
    for row in (error, rage):
        assert row.conversion.value < row.without.value, "who meets it orders less often"
