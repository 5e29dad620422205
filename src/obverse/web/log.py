"""The server's log: one line to standard error for each thing worth an operator's attention."""

from __future__ import annotations

import logging
import time


def start_log(level: int = logging.INFO) -> None:
    """Send the package's log to standard error, once."""
    log = logging.getLogger("obverse")
    log.setLevel(level)
    if not log.handlers:
        handler = logging.StreamHandler()
        line = logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
        line.converter = time.gmtime
        handler.setFormatter(line)
        log.addHandler(handler)
        log.propagate = False
