"""Explore: one place for all measures, side by side, whatever each of them asks.

`catalogue` says what each measure is for and how measures stand together; `form` is a question as it was
typed, made from the question's own fields; `suggested` is a first question that shows something real;
`sentence` sets figures apart; `result` is the answer as it is shown; `page` puts them together.
"""
