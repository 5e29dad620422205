"""Surveys: questions asked in the moment, and answers that are events on people's timelines.

`survey` says what a survey is: questions (`question`), the moments that call for it (`moment`), who is asked,
where and how often. `events` names what is written down of each time somebody is asked. The structs are what
the API takes, what the builder edits and what is kept, one version after the other.
"""
