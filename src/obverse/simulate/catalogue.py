"""What the shop sells, and its pages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from obverse.simulate.model import Codes, Floats, Ints

SITE = "https://kranich.example"

_CATEGORIES = {
    # name: (median price in cents, share of orders with it that are sent back, nouns)
    "Shoes": (12_900, 0.24, ("Trail Shoe", "Hiking Boot", "Approach Shoe", "Sandal", "Winter Boot")),
    "Jackets": (17_900, 0.15, ("Rain Jacket", "Down Jacket", "Softshell", "Fleece", "Parka")),
    "Backpacks": (9_900, 0.06, ("Daypack", "Trekking Pack", "Roll-Top", "Hip Bag", "Travel Bag")),
    "Tents": (32_900, 0.07, ("Tunnel Tent", "Dome Tent", "Tarp", "Bivy", "Family Tent")),
    "Sleeping": (13_900, 0.05, ("Sleeping Bag", "Sleeping Mat", "Quilt", "Pillow", "Hammock")),
    "Kitchen": (3_900, 0.03, ("Stove", "Pot Set", "Mug", "Water Filter", "Cool Box")),
    "Accessories": (2_400, 0.04, ("Head Torch", "Cap", "Gloves", "Trekking Poles", "Map Case")),
}
_MAKES = ("Alba", "Birk", "Fjell", "Kolk", "Lund", "Ravn")
QUERIES = ("rain jacket", "tent 2 person", "boots 43", "gift", "stove", "sleeping bag women", "sale", "mat")


@dataclass(frozen=True)
class Catalogue:
    """The products, numbered from 0.

    Attributes:
        names: of the products.
        categories: names of the categories.
        category: shape (n,), position in `categories`.
        price: shape (n,), cents.
        popularity: shape (n,), cumulated share of views, up to 1.
        sent_back: shape (n,), chance that an order with it is returned.
    """

    names: tuple[str, ...]
    categories: tuple[str, ...]
    category: Codes
    price: Ints
    popularity: Floats
    sent_back: Floats

    def draw(self, chance: np.random.Generator, n: int) -> Codes:
        """Draw n products by how popular they are."""
        return np.searchsorted(self.popularity, chance.random(n), side="right").astype(np.int32)


def catalogue(chance: np.random.Generator) -> Catalogue:
    """Stock the shop: each make's every kind of thing, few of them sought by many."""
    names, category, price, back = [], [], [], []
    for number, (median, sent_back, nouns) in enumerate(_CATEGORIES.values()):
        for make in _MAKES:
            for noun in nouns:
                names.append(f"{make} {noun}")
                category.append(number)
                price.append(median * np.exp(chance.normal(0, 0.35)))
                back.append(sent_back)
    weight = 1 / (1 + chance.permutation(len(names))) ** 0.8
    cumulated = np.cumsum(weight) / weight.sum()
    cumulated[-1] = 1.0
    return Catalogue(
        names=tuple(names),
        categories=tuple(_CATEGORIES),
        category=np.array(category, dtype=np.int32),
        price=(np.round(np.array(price) / 500) * 500 - 10).astype(np.int64).clip(390),
        popularity=cumulated,
        sent_back=np.array(back),
    )


HOME, SEARCH, CART, CHECKOUT_PAGE, THANKS = range(5)
CATEGORY_PAGE = 5
"""The first pages by number; category c is page `CATEGORY_PAGE` + c, the products follow them."""


def product_page(stock: Catalogue, product: Codes) -> Codes:
    """Number of each product's page."""
    return (CATEGORY_PAGE + len(stock.categories) + product).astype(np.int32)


def pages(stock: Catalogue) -> list[tuple[str, str, str]]:
    """List all pages by number as (name, path, title)."""
    fixed = [
        ("Home", "/", "Kranich Outdoor"),
        ("Search", "/search", "Search"),
        ("Cart", "/cart", "Your cart"),
        ("Checkout", "/checkout", "Checkout"),
        ("Thanks", "/thanks", "Thank you"),
    ]
    lists = [("Category", f"/c/{name.lower()}", name) for name in stock.categories]
    products = [("Product", f"/p/{name.lower().replace(' ', '-')}", name) for name in stock.names]
    return fixed + lists + products
