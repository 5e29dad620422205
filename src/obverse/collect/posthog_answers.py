"""What PostHog's clients ask a server before and beside sending events, and what Obverse answers.

They are told to keep off what Obverse does not do yet (recordings, feature flags, heatmaps, product tours),
so that they do not ask for it. What they ask for all the same is refused in words.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import msgspec

from obverse.collect.reply import Reply, json_reply, refused_reply, script_reply

Told = list[dict[str, Any]]
"""The surveys that browsers may show, in PostHog's shape."""


def config(key: str, surveys: Told) -> dict[str, Any]:
    """Give what a browser's client should do: PostHog calls it the remote config.

    Whatever is said of ``surveys``, even no, makes the client load its script for them: so nothing is said
    while there are none.
    """
    return {
        **({"surveys": True} if surveys else {}),
        "token": key,
        "supportedCompression": ["gzip-js"],
        "analytics": {"endpoint": "/i/v0/e/"},
        "autocapture_opt_out": False,
        "elementsChainAsString": True,
        "defaultIdentifiedOnly": True,
        "hasFeatureFlags": False,
        "sessionRecording": False,
        "heatmaps": False,
        "captureDeadClicks": False,
        "capturePerformance": False,
        "autocaptureExceptions": False,
        "errorTracking": {"autocaptureExceptions": False, "suppressionRules": []},
        "logs": {"captureConsoleLogs": False},
        "productTours": False,
        "conversations": False,
        "siteApps": [],
        "toolbarParams": {},
        "isAuthenticated": False,
    }


def config_json(key: str, surveys: Told) -> Reply:
    """Answer with the config as JSON."""
    return json_reply(msgspec.json.encode(config(key, surveys)))


def config_script(key: str, surveys: Told) -> Reply:
    """Answer with the config as the script that sets it."""
    name = msgspec.json.encode(key).decode()
    told = msgspec.json.encode({"config": config(key, surveys), "siteApps": []}).decode()
    return script_reply(
        "(function () {\n"
        "  var all = (window._POSTHOG_REMOTE_CONFIG = window._POSTHOG_REMOTE_CONFIG || {});\n"
        f"  all[{name}] = {told};\n"
        "})();\n"
    )


def flags(key: str, surveys: Told) -> Reply:
    """Answer with no feature flags, in the shapes of ``/flags`` and of the older ``/decide``."""
    told = {
        "flags": {},
        "featureFlags": {},
        "featureFlagPayloads": {},
        "errorsWhileComputingFlags": False,
        "requestId": str(uuid4()),
        **config(key, surveys),
    }
    return json_reply(msgspec.json.encode(told))


def surveys_json(key: str, surveys: Told) -> Reply:
    """Answer with the surveys that browsers may show."""
    return json_reply(msgspec.json.encode({"surveys": surveys}))


def no_bundle(path: str) -> Reply:
    """Refuse a script of posthog-js that is not here."""
    return refused_reply(
        404,
        f"{path}: Obverse brings no scripts of PostHog, but serves those of a folder that it is told of: "
        "`obverse setting set posthog_js /path/to/node_modules/posthog-js/dist`, then start it again",
    )


def not_done(path: str) -> Reply:
    """Refuse what Obverse does not do."""
    return refused_reply(404, f"{path}: Obverse takes PostHog's events; it does not do this")
