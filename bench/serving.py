"""The server as `obverse serve` runs it, whole or without parts of its way in: the baselines of ingest.

`python -m bench.serving FOLDER MODE` prints its port. MODE `store` is the product; `judge` decodes and judges
the same bodies and stores nothing; `decode` only decodes them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from obverse.collect import asgi
from obverse.collect.batch import Batch
from obverse.folder import Folder
from obverse.web import parts
from obverse.web.serve import serve


class Discard:
    """Stores nothing."""

    def __init__(self, *_: object) -> None:
        pass

    async def put(self, batch: Batch) -> None:
        """Keep nothing."""

    def note(self, batch: Batch) -> None:
        """Count nothing."""


def _unjudged(envelope: Any, source: Any, received_at: int, *_: object) -> Batch:
    return Batch(source=source.name, received_at=received_at, events=envelope.calls, refused=envelope.refused)


def main() -> None:
    """Serve in the mode that the command line names."""
    folder, mode = Path(sys.argv[1]), sys.argv[2]
    if mode != "store":
        setattr(parts, "Shown", Discard)  # noqa: B010 - replaced for the baseline only
    if mode == "decode":
        setattr(asgi, "judge", _unjudged)  # noqa: B010 - replaced for the baseline only

    def say(site: Any, _settings: Any) -> None:
        print(site.port, flush=True)

    serve(Folder.open(folder, create=True), port=int(sys.argv[3]), before_greeting=say)


if __name__ == "__main__":
    main()
