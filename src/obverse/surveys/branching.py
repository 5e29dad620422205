"""Branching: which questions a person comes to, given the answers, and how many are left.

Branches lead forward only (`Survey` sees to that), so every walk ends.
"""

from __future__ import annotations

from collections.abc import Mapping

from obverse.surveys.question import END, Branch, Question, Ranking, Value
from obverse.surveys.scoring import score
from obverse.surveys.survey import Survey


def walk(survey: Survey, answers: Mapping[str, Value]) -> tuple[Question, ...]:
    """Give the questions on the way through a survey, in order; an answer that is missing is none.

    Answers to questions that are not on the way change nothing.
    """
    way: list[Question] = [survey.questions[0]]
    while (found := following(survey, way[-1], answers.get(way[-1].id))) is not None:
        way.append(found)
    return tuple(way)


def following(survey: Survey, question: Question, value: Value | None) -> Question | None:
    """Give the question after one that was answered so; None after the last."""
    for branch in question.branches:
        if fits(branch, question, value):
            return None if branch.to == END else survey.question(branch.to)
    at = survey.questions.index(question) + 1
    return survey.questions[at] if at < len(survey.questions) else None


def fits(branch: Branch, question: Question, value: Value | None) -> bool:
    """Tell whether all that a branch states holds of an answer.

    A consent that was not given is no answer; the number of a ranking's answer is none, its choice the best.
    """
    if branch.answered is not None and branch.answered is (value is None or value is False):
        return False
    picked = chosen(question, value)
    if branch.any_of and not picked & set(branch.any_of):
        return False
    if branch.none_of and (not picked or picked & set(branch.none_of)):
        return False
    if branch.contains and not (isinstance(value, str) and branch.contains.casefold() in value.casefold()):
        return False
    if branch.at_least is None and branch.at_most is None:
        return True
    number = score(question, value)
    if number is None:
        return False
    return (branch.at_least is None or number >= branch.at_least) and (
        branch.at_most is None or number <= branch.at_most
    )


def chosen(question: Question, value: Value | None) -> set[str]:
    """Give the options that an answer chose; of a ranking the first."""
    match value:
        case str():
            return {value}
        case dict():
            return set(value.values())
        case list():
            options = [one for one in value if isinstance(one, str)]
            return set(options[:1] if isinstance(question, Ranking) else options)
        case _:
            return set()


def n_left(survey: Survey, question: Question) -> int:
    """Count the questions still to come on the longest way, with this one."""
    left = {END: 0}
    ids = [one.id for one in survey.questions]
    for at in reversed(range(ids.index(question.id), len(ids))):
        after = ids[at + 1] if at + 1 < len(ids) else END
        goals = {branch.to for branch in survey.questions[at].branches} | {after}
        left[ids[at]] = 1 + max(left[goal] for goal in goals)
    return left[question.id]
