"""The pages that have the client: their elements, by the names that it gives them, and where these stand."""

from __future__ import annotations

from typing import NamedTuple

ADD, GUIDE, REVIEWS, PHOTO, OFFER, ALSO, TO_CART = (
    "[data-obverse=add-to-cart]",
    "[data-obverse=size-guide]",
    "[data-obverse=reviews]",
    "main>section:nth-of-type(1)>img",
    "[data-obverse=offer]",
    "#also",
    "[data-obverse=cart]",
)
"""Of a product's page; the size guide is a picture with a hand over it that nothing happens to."""
SIZES = tuple(f"#sizes>button:nth-of-type({n})" for n in range(1, 6))
MENU = tuple(f"#menu>a:nth-of-type({n})" for n in range(1, 5))
RELATED = tuple(f"{ALSO}>a:nth-of-type({n})" for n in range(1, 5))

ITEMS, SHIPPING, SUMMARY, TO_CHECKOUT = (
    "[data-obverse=items]",
    "[data-obverse=shipping-costs]",
    "[data-obverse=summary]",
    "[data-obverse=to-checkout]",
)
"""Of the cart."""

FORM, PAY, TOTAL = "[data-obverse=checkout]", "[data-obverse=pay]", "[data-obverse=total]"
"""Of the checkout."""
FORM_NAME = "checkout"
FIELDS = ("email", "street", "postcode", "card")
COUPON = "coupon"
ERROR, ERROR_LINE = "TypeError checkout.js:214", 214


class Box(NamedTuple):
    """Where an element stands, in CSS px of the document."""

    left: int
    top: int
    width: int
    height: int


class Element(NamedTuple):
    """An element of a page.

    Attributes:
        path: as the client calls it.
        tag: its own.
        desktop: where it stands in a wide window.
        phone: where it stands in a narrow one.
    """

    path: str
    tag: str
    desktop: Box
    phone: Box

    def box(self, on_phone: bool) -> Box:
        """Give where it stands on one kind of device."""
        return self.phone if on_phone else self.desktop


class Page(NamedTuple):
    """A page: its elements in the order of the document, and its height on both kinds of device."""

    elements: tuple[Element, ...]
    desktop: int
    phone: int

    def size(self, on_phone: bool) -> tuple[int, int]:
        """Give the document's width and height."""
        return (390, self.phone) if on_phone else (1280, self.desktop)


def _element(path: str, tag: str, desktop: tuple[int, ...], phone: tuple[int, ...]) -> Element:
    return Element(path, tag, Box(*desktop), Box(*phone))


_HEAD = (
    _element("header", "header", (0, 0, 1280, 72), (0, 0, 390, 56)),
    _element("header>a:nth-of-type(1)", "a", (32, 20, 160, 32), (12, 14, 110, 28)),
    _element("#menu", "nav", (240, 20, 520, 32), (0, 56, 390, 40)),
    *(
        _element(path, "a", (240 + 130 * n, 20, 110, 32), (8 + 96 * n, 60, 88, 32))
        for n, path in enumerate(MENU)
    ),
    _element(TO_CART, "a", (1160, 20, 88, 32), (320, 14, 58, 28)),
)


def _foot(desktop: int, phone: int) -> tuple[Element, ...]:
    links = (
        _element(
            f"footer>a:nth-of-type({n + 1})",
            "a",
            (80 + 160 * n, desktop + 60, 120, 24),
            (16 + 124 * n, phone + 60, 108, 24),
        )
        for n in range(3)
    )
    return (_element("footer", "footer", (0, desktop, 1280, 160), (0, phone, 390, 160)), *links)


def _product() -> Page:
    gallery = "main>section:nth-of-type(1)"
    told = "[data-obverse=description]"
    return Page(
        (
            *_HEAD,
            _element(gallery, "section", (80, 104, 560, 600), (0, 104, 390, 400)),
            _element(PHOTO, "img", (80, 104, 560, 600), (0, 104, 390, 400)),
            _element(OFFER, "section", (680, 104, 520, 600), (16, 520, 358, 470)),
            _element(f"{OFFER}>h1", "h1", (680, 104, 520, 48), (16, 520, 358, 40)),
            *(
                _element(path, "button", (680 + 64 * n, 300, 56, 44), (16 + 60 * n, 640, 52, 44))
                for n, path in enumerate(SIZES)
            ),
            _element(GUIDE, "img", (1020, 292, 150, 60), (16, 700, 150, 60)),
            _element(ADD, "button", (680, 400, 320, 56), (16, 790, 358, 56)),
            _element(told, "section", (80, 744, 1120, 260), (16, 1010, 358, 380)),
            _element(f"{told}>h2", "h2", (80, 744, 400, 36), (16, 1010, 358, 32)),
            _element(REVIEWS, "section", (80, 1044, 1120, 520), (16, 1410, 358, 760)),
            _element(f"{REVIEWS}>h2", "h2", (80, 1044, 400, 36), (16, 1410, 358, 32)),
            *(
                _element(
                    f"{REVIEWS}>article:nth-of-type({n + 1})",
                    "article",
                    (80, 1100 + 150 * n, 1120, 130),
                    (16, 1460 + 230 * n, 358, 210),
                )
                for n in range(3)
            ),
            _element(ALSO, "section", (80, 1604, 1120, 320), (16, 2190, 358, 520)),
            *(
                _element(
                    path,
                    "a",
                    (80 + 284 * n, 1660, 264, 250),
                    (16 + 184 * (n % 2), 2230 + 240 * (n // 2), 174, 220),
                )
                for n, path in enumerate(RELATED)
            ),
            *_foot(1964, 2750),
        ),
        2124,
        2910,
    )


def _cart() -> Page:
    return Page(
        (
            *_HEAD,
            _element("main>h1", "h1", (80, 104, 500, 48), (16, 108, 358, 40)),
            _element(ITEMS, "section", (80, 180, 720, 420), (16, 164, 358, 420)),
            _element(f"{ITEMS}>img", "img", (80, 200, 160, 160), (16, 180, 110, 110)),
            _element(f"{ITEMS}>select", "select", (560, 220, 80, 40), (16, 320, 80, 40)),
            _element(f"{ITEMS}>button", "button", (660, 220, 110, 40), (260, 320, 110, 40)),
            _element(SUMMARY, "section", (840, 180, 360, 300), (16, 604, 358, 260)),
            _element(SHIPPING, "a", (860, 300, 220, 28), (32, 700, 220, 28)),
            _element(TO_CHECKOUT, "button", (860, 400, 320, 56), (32, 780, 326, 56)),
            *_foot(660, 910),
        ),
        820,
        1070,
    )


def _checkout() -> Page:
    fields = (*FIELDS[:3], COUPON, FIELDS[3])
    return Page(
        (
            _HEAD[0],
            _element("header>a", "a", (32, 20, 160, 32), (12, 14, 110, 28)),
            _element("main>h1", "h1", (80, 104, 500, 48), (16, 76, 358, 40)),
            _element(FORM, "form", (80, 180, 720, 560), (16, 130, 358, 560)),
            *(
                _element(f"#{name}", "input", (100, 210 + 84 * n, 680, 48), (32, 160 + 84 * n, 326, 48))
                for n, name in enumerate(fields)
            ),
            _element(PAY, "button", (100, 660, 320, 56), (32, 610, 326, 56)),
            _element(TOTAL, "section", (840, 180, 360, 260), (16, 710, 358, 220)),
            *_foot(800, 970),
        ),
        960,
        1130,
    )


PRODUCT, CART, CHECKOUT = "product", "cart", "checkout"
PAGES = {PRODUCT: _product(), CART: _cart(), CHECKOUT: _checkout()}
"""The pages by kind."""
