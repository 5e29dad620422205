"""Events at rest: one Delta table that any tool can read while it grows.

The way of an event through here: `writer` drains the inbox, `records` turns its lines into rows, `seen` drops
those whose message is already in, `table` appends the rest exactly once, `upkeep` merges small files and
sorts past days. What reads the lake asks `EventTable.refresh` for a `Snapshot`: a fixed list of files.

May import errors, event, folder, settings and collect; the tape and all after it may import this.
"""
