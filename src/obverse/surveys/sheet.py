"""Sheet: what a person has filled in so far, as the form carries it along, and what comes next.

A form holds one question. Earlier answers travel with it as JSON, ``a.QUESTION``, and what was filled in as
``o.QUESTION``; what was put into questions that are not on view (by a link, or before going back) travels as
the very fields, ``q.QUESTION…``. So the server keeps nothing in between, and checks everything at each step.
"""

from __future__ import annotations

import msgspec

from obverse.surveys.branching import following, n_left
from obverse.surveys.checking import AnswerError, Fields, check, check_other, read, spell
from obverse.surveys.question import Question, Value
from obverse.surveys.survey import Survey


class Answers(msgspec.Struct, frozen=True):
    """Checked answers.

    Attributes:
        values: by question id; a question without an answer is not in it.
        others: what was filled in, by question id.
    """

    values: dict[str, Value] = {}
    others: dict[str, str] = {}


class Sheet(msgspec.Struct, frozen=True):
    """A survey on its way to being answered.

    Attributes:
        answers: to the questions on the way to the one at hand.
        question: the one at hand; None where all are answered.
        step: its place on the way, from 1.
        n_steps: steps of the longest way from here.
        fields: what is put into this question and those that are not on view, unchecked.
        error: what is wrong with this question's answer; None where nothing is.
        accepted: id of the question that was just answered, where one was.
    """

    answers: Answers
    question: Question | None
    step: int
    n_steps: int
    fields: dict[str, list[str]] = {}
    error: AnswerError | None = None
    accepted: str | None = None


def begin(survey: Survey, fields: Fields | None = None) -> Sheet:
    """Open a survey at its first question, with what a link has put into any of them."""
    return _sheet(survey, Answers(), [survey.questions[0]], _put_in(survey, fields or {}))


def turn(survey: Survey, fields: Fields) -> Sheet:
    """Take what was sent: the answer at hand is checked and the next question comes, or the one before.

    Going back drops nothing: what was put into later questions is there again on the way forth. Earlier
    answers that do not hold, as nobody's form sends them, lead back to their question.

    Args:
        survey: that is answered.
        fields: of the form; ``step`` says which question is at hand, and ``go`` whether to go ``back``.
    """
    put_in = _put_in(survey, fields)
    answers, way, error = _replay(survey, fields)
    question = way[-1]
    if error is not None:
        return _sheet(survey, answers, way, put_in, error)
    if first(fields, "go") == "back":
        return _back(survey, answers, way, put_in)
    try:
        answers = _with(answers, question, *read(question, fields))
    except AnswerError as wrong:
        return _sheet(survey, answers, way, put_in, wrong)
    left = {name: texts for name, texts in put_in.items() if _of(name) != question.id}
    after = following(survey, question, answers.values.get(question.id))
    if after is None:
        return Sheet(answers, None, len(way), len(way), left, accepted=question.id)
    turned = _sheet(survey, answers, [*way, after], left)
    return msgspec.structs.replace(turned, accepted=question.id)


def check_all(survey: Survey, values: dict[str, object], others: dict[str, object] | None = None) -> Answers:
    """Check the answers that a program gives all at once; those to questions that are not on the way go.

    Args:
        survey: that is answered.
        values: JSON by question id.
        others: what was filled in, by question id.

    Raises:
        AnswerError: one breaks its question's rule, or a question that is required has none.
        QuestionError: one is to no question of the survey.
    """
    for name in values:
        survey.question(name)
    answers = Answers()
    question: Question | None = survey.questions[0]
    while question is not None:
        answers = _with(answers, question, values.get(question.id), (others or {}).get(question.id, ""))
        question = following(survey, question, answers.values.get(question.id))
    return answers


def _replay(survey: Survey, fields: Fields) -> tuple[Answers, list[Question], AnswerError | None]:
    """Walk to the question at hand by the answers that the form carries."""
    text = first(fields, "step")
    step = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 1
    answers, way = Answers(), [survey.questions[0]]
    while len(way) < step:
        question = way[-1]
        try:
            more = _with(answers, question, _carried(fields, question), first(fields, f"o.{question.id}"))
        except AnswerError as error:
            return answers, way, error
        after = following(survey, question, more.values.get(question.id))
        if after is None:
            break
        answers = more
        way.append(after)
    return answers, way, None


def _carried(fields: Fields, question: Question) -> object:
    text = first(fields, f"a.{question.id}")
    try:
        return msgspec.json.decode(text) if text else None
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        raise AnswerError(question.id, "choice", "what the form carries is no JSON") from None


def _with(answers: Answers, question: Question, value: object, other: object) -> Answers:
    """Add an answer once it is checked."""
    clean = check(question, value)
    filled_in = check_other(question, clean, other)
    if clean is None:
        return answers
    others = answers.others | ({question.id: filled_in} if filled_in else {})
    return Answers(answers.values | {question.id: clean}, others)


def _back(survey: Survey, answers: Answers, way: list[Question], put_in: dict[str, list[str]]) -> Sheet:
    if len(way) == 1:
        return _sheet(survey, answers, way, put_in)
    question = way[-2]
    given = spell(question, answers.values.get(question.id), answers.others.get(question.id, ""))
    values = {name: value for name, value in answers.values.items() if name != question.id}
    others = {name: text for name, text in answers.others.items() if name != question.id}
    return _sheet(survey, Answers(values, others), way[:-1], put_in | given)


def _sheet(
    survey: Survey,
    answers: Answers,
    way: list[Question],
    fields: dict[str, list[str]],
    error: AnswerError | None = None,
) -> Sheet:
    step = len(way)
    return Sheet(answers, way[-1], step, step - 1 + n_left(survey, way[-1]), fields, error)


def _put_in(survey: Survey, fields: Fields) -> dict[str, list[str]]:
    known = {question.id for question in survey.questions}
    return {name: list(texts) for name, texts in fields.items() if _of(name) in known}


def _of(name: str) -> str | None:
    """Give the question that a field ``q.QUESTION…`` belongs to."""
    parts = name.split(".")
    return parts[1] if parts[0] == "q" and len(parts) > 1 else None


def first(fields: Fields, name: str) -> str:
    """Give the first value of a field; empty where there is none."""
    return next(iter(fields.get(name, ())), "")
