"""Acts in the simulated shop: what people look at, press and fill in on some of its pages, with the truth.

The shop has Obverse's own client on three pages: of the jacket that is sought most, of the cart, and of the
checkout (`scenery`). What people do there fits what the shop already knows of their visits and changes
nothing of it: `stays` finds how long they are there, `acting` draws the rest within that time, from chance
of its own, and `messages` puts it into words. Known to the person is who pressed a picture that does nothing,
who met an error when paying, after which field the checkout was left, and how long reviews were read.
"""
