"""Acts as Segment's calls, in the shape that Obverse's own client sends them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np

from obverse.simulate.acts.acting import Act
from obverse.simulate.clients import Author
from obverse.simulate.happenings import World
from obverse.simulate.ids import ACT, texts, uuids
from obverse.simulate.wire import Body

_BATCH = 200
_CONTEXT = b'{"library":{"name":"obverse.js"}}'


def bodies(made: World, seed: int, done: list[Act]) -> Iterator[Body]:
    """Yield the bodies of Segment's batch call, in the order of arrival.

    Args:
        made: the shop.
        seed: of the simulation.
        done: the acts, in the order of time.
    """
    author = Author(made, seed)
    ids = texts(uuids(seed, ACT, np.arange(len(done))))
    for start in range(0, len(done), _BATCH):
        some = done[start : start + _BATCH]
        around = author.circumstances(np.array([act.row for act in some]))
        messages = [
            _message(act, one, *said)
            for act, one, said in zip(some, ids[start : start + _BATCH], around, strict=True)
        ]
        body = b'{"batch":[' + b",".join(messages) + b'],"context":' + _CONTEXT + b"}"
        yield Body(body, some[-1].at_ms * 1000, len(some))


def _message(act: Act, message_id: str, who: str, context: str) -> bytes:
    properties = msgspec.json.encode(act.properties).decode()
    return (
        f'{{"type":"track","event":"{act.event}","messageId":"{message_id}",{who}'
        f'"timestamp":"{np.datetime64(act.at_ms, "ms")}Z","properties":{properties},"context":{{{context}}}}}'
    ).encode()
