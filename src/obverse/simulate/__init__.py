"""A simulated shop with known truth: people, what they do, and the requests that their clients send.

`shop(seed, …)` draws everything from a small generative model and keeps it as columns; `.bodies()` puts it
into the requests of Segment's tracking API, `.truth` says who was behind each event and what the true rates
are. For the demo, the tests and the benchmarks; it knows the names of events and nothing else of Obverse.

The way through the model: `model` (all parameters), `calendar`, `catalogue` and `people` (the setting),
`outside` (stores, newsletters), `visits` (who comes when and how far they get), `scenes` (what happens in a
visit), `money`, `moments` (what happens outside visits), `happenings` (all of it as one table), `clients`
and `wire` (into words and on the way), `truth`. Beside it stand `surveys` and `acts`, which change nothing of
it.
"""

from obverse.simulate.model import Shop
from obverse.simulate.simulation import Simulation, shop
from obverse.simulate.truth import Truth
from obverse.simulate.wire import Body

__all__ = ["Body", "Shop", "Simulation", "Truth", "shop"]
