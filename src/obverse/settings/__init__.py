"""What the operator has decided: write keys, users and their sessions, limits. Kept in ``settings.db``.

`obverse.settings.store.Settings` is the way in; the command line and the server call it, and whatever needs a
value is handed it. Nothing here knows about events.
"""
