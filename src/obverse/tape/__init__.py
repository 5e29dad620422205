"""Sorted arrays of the events that questions name, decoded once from the lake and kept.

`tape.Tape` is the way in: measures and engines call `Tape.lay` and get a `layout.Layout`; pages ask it for
names, fields, people and timelines. Nothing in here knows what a funnel is.

A question goes this way: `planning` makes ready what is asked, with `expression` checking filters and splits
and writing them as SQL; `reels` brings the streams, claims (`owners`) and the *reels* up to the newest event,
each reel (`reel`) being all events of one name sorted by (person, time, seq); `columns` computes filters,
money and split values in order of seq; `laying` thins and merges them into *strips*, one a selection;
`strips` regroups these (`units`) and makes them the tracks of a layout, wherever they come from. `reading` is
the only module that reads the lake, `arrange` holds the sorting kernels, `cache` bounds the memory. `store`
keeps reels on disk between processes, `kept_columns` columns. `catalogue` knows the fields, `people` and
`directory` the ids.

What arrives later makes nothing from scratch: new events are spliced into the reels, a late claim moves the
events it concerns, and columns grow at their end. Only where events were deleted, or changed by another
tool, is everything made anew.
"""
