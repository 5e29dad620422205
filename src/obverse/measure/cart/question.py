"""The question of the cart: see `obverse.measure.cart` for what each part means."""

from __future__ import annotations

from typing import Literal, get_args

from obverse.errors import QuestionError
from obverse.measure.calendar import Grain
from obverse.measure.fields import Duration, Events, FieldName, check_duration, selection
from obverse.measure.rows import Rows, rows_of
from obverse.measure.scope import SplitScope
from obverse.tape.layout import Selection

Worth = Literal["lines", "last"]

MAX_WAIT = "366d"


class Cart(SplitScope, frozen=True, kw_only=True, tag="cart"):
    """How many carts are abandoned, with how much money in them, and how many come back and where.

    Attributes:
        start: first day or instant on which carts are opened; None for the beginning.
        end: day or instant after the last on which carts are opened; what becomes of them may follow later.
        by: field of the event that opens the cart, such as ``context.device.type``, or ``segment: NAME`` for
            who is in a saved segment and who is not.
        add: events that put something into a cart; the first one opens it.
        remove: events that take something out of it.
        viewed: events that show the cart.
        checkout: events that begin to pay for it.
        order: events that complete an order; they close the cart.
        cart: field that says which cart is meant, such as ``properties.cart_id``, where adding and ordering
            both carry it; None where a person's events since their last order are about one cart.
        after: how long after the last event of a cart it counts as abandoned if there is no order.
        recover: how long after that an order still brings the cart back.
        worth: how the value of a cart is found: ``lines`` adds up what was put in less what was taken out;
            ``last`` takes the value of the last event that showed the cart or began to pay for it, and the
            lines where none carries one.
        touch: field that says where things happened: where carts were left and where they came back.
        grain: what a row is: ``day``, ``week`` (from Monday) or ``month``.
    """

    add: Events = "Product Added"
    remove: Events = "Product Removed"
    viewed: Events = "Cart Viewed"
    checkout: Events = "Checkout Started"
    order: Events = "Order Completed"
    cart: FieldName | None = None
    after: Duration = "1h"
    recover: Duration = "7d"
    worth: Worth = "lines"
    touch: FieldName = "touchpoint"
    grain: Grain = "week"

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        super().__post_init__()
        for field, choice in (("worth", Worth), ("grain", Grain)):
            if getattr(self, field) not in get_args(choice):
                raise QuestionError(
                    f"{field}: {getattr(self, field)!r} is none of {', '.join(get_args(choice))}"
                )
        self.waits_us()
        for field, found in zip(FIELDS, self.selections(), strict=True):
            if not found.events:
                raise QuestionError(
                    f"{field}: {getattr(self, field)!r} is any event; name those that are meant"
                )

    def selections(self) -> tuple[Selection, ...]:
        """Give what is laid out, in the order of `FIELDS`."""
        return tuple(selection(getattr(self, field), field, self.where) for field in FIELDS)

    def waits_us(self) -> tuple[int, int]:
        """Give `after` and `recover` in µs."""
        after = check_duration(self.after, "after", least="1s", most=MAX_WAIT)
        return after, check_duration(self.recover, "recover", least="1s", most=MAX_WAIT)

    def rows(self, newest: int) -> Rows:
        """Give the rows of the period; see `obverse.measure.rows.rows_of`."""
        return rows_of(self, self.grain, newest)


FIELDS = ("add", "remove", "viewed", "checkout", "order")
"""The fields that name events."""
