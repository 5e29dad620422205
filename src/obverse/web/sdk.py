"""The browser client's files, at a path of the operator's choice; events may be sent below it too.

Plain ASGI before the pages: a shop of another origin loads these files, so nothing here asks who comes, or by
which host.
"""

from __future__ import annotations

import re
from pathlib import Path

import obverse
from obverse.collect.body import Receive, Scope, Send
from obverse.web.assets import Asset
from obverse.web.delivery import accepts_gzip, matches

PACKAGED = Path(obverse.__file__).parent / "sdk"
CHECKOUT = Path(obverse.__file__).parents[2] / "sdk"
KEPT = "public, max-age=3600, stale-while-revalidate=86400"
_UNREAD = re.compile(r"/\*\*.*?\*/\s*|^\s*//(?!#)[^\n]*\n| // [^\n]*|^\s+", re.DOTALL | re.MULTILINE)
_TEXT = re.compile(r'("(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)')
_SPACE = re.compile(r" *([][=<>!&|?:*,;{}()]+) *")
_BREAK = re.compile(r"(?<=[;,{([])\n|[;,]?\n(?=[})\]])")


def compact(script: str) -> str:
    r"""Leave out what a browser does not read: comments, indents, and spaces around what needs none.

    For modules as ours are written: comments begin with ``// `` or are ``/** … */``, texts are in double
    quotes or backticks, and none looks like a comment. What begins with ``//#`` is for browsers, and stays.
    Lines stay lines but at brackets, semicolons and commas, so that nothing depends on semicolons.

    >>> compact('/** @type {S} */\nf = (b) => {\n\treturn b + +c ? "x, y" : `1 = ${ b }`; // Why\n}\ng()\n')
    'f=(b)=>{return b + +c?"x, y":`1 = ${ b }`}\ng()\n'
    """
    parts = _TEXT.split(_UNREAD.sub("", script))
    return "".join(part if at % 2 else _tight(part) for at, part in enumerate(parts))


def _tight(code: str) -> str:
    return _BREAK.sub("", _SPACE.sub(r"\1", code))


class Sdk:
    """Serves the modules of a folder, read once, without what only their authors read.

    Args:
        path: where they are served, such as ``/obverse``.
        root: the folder; by default that of the installed package, or of the checkout it runs from.
    """

    def __init__(self, path: str, root: Path | None = None) -> None:
        root = root or (PACKAGED if PACKAGED.is_dir() else CHECKOUT)
        self._path = path
        self._files = {
            f"{path}/{file.name}": Asset.of(compact(file.read_text()).encode(), "text/javascript")
            for file in sorted(root.glob("*.js"))
        }

    def matches(self, path: str) -> bool:
        """Tell whether a path is one of the files."""
        return path in self._files

    def inner(self, path: str) -> str:
        """Take the client's path away from the front of another, where it is there.

        >>> Sdk("/obverse").inner("/obverse/v1/b"), Sdk("/obverse").inner("/v1/b")
        ('/v1/b', '/v1/b')
        """
        return path.removeprefix(self._path) if path.startswith(f"{self._path}/") else path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a file that `matches`."""
        await send_script(self._files[scope["path"]], scope, send)


async def send_script(asset: Asset, scope: Scope, send: Send) -> None:
    """Send a script to pages of any origin, which keep it for an hour.

    Args:
        asset: the script.
        scope: the request.
        send: takes the answer.
    """
    asked = {name: value.decode("latin-1") for name, value in scope["headers"]}
    headers = {
        "access-control-allow-origin": "*",  # module scripts are always fetched by CORS
        "cache-control": KEPT,
        "cross-origin-resource-policy": "cross-origin",
        "etag": asset.etag,
        "vary": "accept-encoding",
        "x-content-type-options": "nosniff",
    }
    status, body = 200, asset.body
    if scope["method"] not in {"GET", "HEAD"}:
        status, body = 405, b""
        headers["allow"] = "GET, HEAD"
    elif matches(asked.get(b"if-none-match", ""), asset.etag):
        status, body = 304, b""
    elif asset.zipped is not None and accepts_gzip(asked.get(b"accept-encoding", "")):
        body = asset.zipped
        headers["content-encoding"] = "gzip"
    if body:
        headers["content-type"] = f"{asset.media_type}; charset=utf-8"
        headers["content-length"] = str(len(body))
    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
