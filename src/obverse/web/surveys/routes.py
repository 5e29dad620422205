"""The routes of surveys for those who are signed in, beside the pages: preview, QR code, reading out."""

from __future__ import annotations

from obverse.web.surveys import inviting, phone, preview

routes = [preview.show_saved, preview.show_unsaved, inviting.show_code, phone.show, phone.take]
