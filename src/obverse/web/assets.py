"""Static files: small, few, in memory, and under an address that changes with what is in them.

All files share one hash in their address, so that a module or a style sheet finds its neighbours by relative
names. A file asked for without the hash is answered too, but has to be asked for again each time.
"""

from __future__ import annotations

import gzip
from hashlib import blake2b
from mimetypes import guess_type
from pathlib import Path

import msgspec

STATIC = Path(__file__).parent / "static"
FOREVER = "public, max-age=31536000, immutable"
EACH_TIME = "no-cache"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


class Asset(msgspec.Struct, frozen=True):
    """One static file as it is sent.

    Attributes:
        body: its bytes.
        zipped: the same, gzip; None where that saves nothing.
        media_type: its type.
        etag: names this content.
    """

    body: bytes
    zipped: bytes | None
    media_type: str
    etag: str

    @classmethod
    def read(cls, path: Path) -> Asset:
        """Read a file."""
        media_type = _TYPES.get(path.suffix) or guess_type(path.name)[0] or "application/octet-stream"
        return cls.of(path.read_bytes(), media_type)

    @classmethod
    def of(cls, body: bytes, media_type: str) -> Asset:
        """Make ready to send."""
        zipped = gzip.compress(body, 9, mtime=0)
        small = zipped if len(zipped) < len(body) * 0.9 else None
        return cls(body, small, media_type, f'"{blake2b(body, digest_size=10).hexdigest()}"')


class Assets:
    """The static files of a folder, read once."""

    def __init__(self, root: Path = STATIC) -> None:
        files = sorted(path for path in root.rglob("*") if path.is_file() and not path.name.startswith("."))
        self._assets = {path.relative_to(root).as_posix(): Asset.read(path) for path in files}
        together = "\n".join(f"{name} {asset.etag}" for name, asset in self._assets.items())
        self.version = blake2b(together.encode(), digest_size=6).hexdigest()

    def url(self, name: str) -> str:
        """Give the address of a file, which browsers may keep for ever.

        Raises:
            KeyError: there is no such file.
        """
        if name not in self._assets:
            raise KeyError(f"no static file {name!r}")
        return f"/static/{self.version}/{name}"

    def find(self, path: str) -> tuple[Asset, str] | None:
        """Find the file at a path below ``/static/``, and how long it may be kept."""
        version, _, name = path.partition("/")
        if version == self.version and name in self._assets:
            return self._assets[name], FOREVER
        return (self._assets[path], EACH_TIME) if path in self._assets else None


ASSETS = Assets()
"""The files that pages use."""
