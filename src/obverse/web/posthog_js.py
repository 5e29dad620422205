"""PostHog's own scripts, for pages with PostHog's snippet: it takes them from the host that events go to.

Obverse brings none of them: it serves those of a folder that the operator names, the ``dist`` of the npm
package ``posthog-js``.
"""

from __future__ import annotations

import logging
from pathlib import Path

from obverse.collect.body import Receive, Scope, Send
from obverse.collect.posthog_routes import BUNDLES, bundle
from obverse.web.assets import Asset
from obverse.web.sdk import send_script

_LOG = logging.getLogger(__name__)
_SNIPPET = "array"
"""What the snippet itself asks for; it asks for the rest."""


class PosthogJs:
    """Serves the scripts of a folder that posthog-js may ask for, read once: all of one version.

    Args:
        folder: that has them; None for none.
    """

    def __init__(self, folder: str | None) -> None:
        files = {name: Path(folder, f"{name}.js") for name in BUNDLES} if folder else {}
        self._files = {name: Asset.read(path) for name, path in files.items() if path.is_file()}
        if folder and _SNIPPET not in self._files:
            _LOG.warning("setting posthog_js: there is no %s.js in %s", _SNIPPET, folder)

    def matches(self, path: str) -> bool:
        """Tell whether a path is one of the scripts that are there."""
        return bool(self._files) and bundle(path) in self._files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a script that `matches`."""
        await send_script(self._files[bundle(scope["path"]) or ""], scope, send)
