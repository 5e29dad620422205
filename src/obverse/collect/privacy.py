"""Privacy: what collect takes out of an event before anything is written."""

from __future__ import annotations

import msgspec
from msgspec import Raw

_fields = msgspec.json.Decoder(dict[str, Raw])


class Privacy(msgspec.Struct, frozen=True, kw_only=True):
    """What is not kept. Only top-level fields are named; the rest of the text stays as it was sent.

    Attributes:
        drop_ip: leave out ``context.ip``.
        drop_context: other fields of the context to leave out, such as ``userAgent``.
        drop_properties: fields of properties and traits to leave out, such as ``email``.
    """

    drop_ip: bool = True
    drop_context: tuple[str, ...] = ()
    drop_properties: tuple[str, ...] = ()

    def context(self, text: str) -> str:
        """Scrub a context, given and returned as JSON text of an object.

        >>> Privacy().context('{"ip":"192.0.2.1","locale":"de"}')
        '{"locale":"de"}'
        """
        # A name can be spelled with escapes, so a text with any backslash is looked at in full.
        if self.drop_ip and ('"ip"' in text or "\\" in text):
            text = _without(text, ("ip",))
        return _without(text, self.drop_context) if self.drop_context else text

    def properties(self, text: str) -> str:
        """Scrub properties or traits, given and returned as JSON text of an object."""
        return _without(text, self.drop_properties) if self.drop_properties else text


def _without(text: str, names: tuple[str, ...]) -> str:
    fields = _fields.decode(text)
    kept = {name: raw for name, raw in fields.items() if name not in names}
    return text if len(kept) == len(fields) else msgspec.json.encode(kept).decode()
