"""Surveys: the list of them, the builder, and what people answered.

`draft` is what the builder's form holds while somebody works on it, `fields` how each part of it is asked
for, `starters` what to begin with; `results` and what it draws on say what was answered.
"""
