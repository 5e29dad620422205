"""A question in its other spellings: Python, the command line, the API."""

from __future__ import annotations

import shlex
from typing import Any

import msgspec

import obverse
from obverse.measure.asking import FieldSpec, fields_of, texts_of
from obverse.measure.funnel_question import Funnel
from obverse.measure.question import Question
from obverse.web.pages.snippet import Snippet

_FLAGS = ("order", "count", "grace", "where", "segment", "by", "by_at", "same", "start", "end", "zone")


def spellings(question: Question, host: str, folder: str) -> tuple[Snippet, ...]:
    """Spell a question for elsewhere.

    Args:
        question: what the page asks.
        host: address of this server, for the API.
        folder: the data folder, for Python and the command line.
    """
    made = [Snippet("Python", _python(question, folder))]
    if command := _command(question, folder):
        made.append(Snippet("Command line", command))
    body = shlex.quote(question.to_json().decode())
    api = f"curl {host}/api/ask -H 'Authorization: Bearer YOUR-API-TOKEN' \\\n  -d {body}"
    return (*made, Snippet("HTTP", api))


def _python(question: Question, folder: str) -> str:
    if isinstance(question, Funnel):
        imports, call = _python_funnel(question)
    else:
        given = {name: getattr(question, name) for name in texts_of(question)}
        words = "".join(f"\n    {name}={value!r}," for name, value in given.items())
        imports = imported(type(question))
        call = f"{type(question).__name__}({words}\n)" if words else f"{type(question).__name__}()"
    return f"import obverse\n{imports}\n\nlake = obverse.open({folder!r})\nlake.ask({call})"


def imported(question: type[Question]) -> str:
    """Write where a question is imported from."""
    name = question.__name__
    if name in obverse.__all__:
        return f"from obverse import {name}"
    module = question.__module__.removesuffix(".question")
    return f"from {module} import {name}"


def _given(question: Question) -> dict[str, object]:
    """Give the fields that have not their defaults, a funnel's steps apart."""
    given: dict[str, object] = msgspec.to_builtins(question)
    return {name: value for name, value in given.items() if name not in ("steps", "type")}


def _python_funnel(question: Funnel) -> tuple[str, str]:
    given = _given(question)
    excluded = given.pop("exclude", None)
    words = [repr(question.text())] + [f"{name}={value!r}" for name, value in given.items()]
    imports = imported(Funnel)
    if excluded:
        imports = "from obverse.measure.funnel import Exclusion, Funnel"
        parts = (_exclusion(one) for one in excluded) if isinstance(excluded, list) else ()
        words.append(f"exclude=[{', '.join(parts)}]")
    call = ",\n    ".join(words)
    return imports, f"Funnel.parse(\n    {call},\n)"


def _exclusion(fields: dict[str, object]) -> str:
    return f"Exclusion({', '.join(f'{name}={value!r}' for name, value in fields.items())})"


def _command(question: Question, folder: str) -> str:
    if isinstance(question, Funnel):
        return _command_funnel(question, folder)
    specs = {spec.name: spec for spec in fields_of(type(question))}
    words: list[str] = ["obverse", str(question.__struct_config__.tag).replace("_", "-"), "--data", folder]
    last: list[str] = []
    for name, some in texts_of(question).items():
        spec: FieldSpec = specs[name]
        if spec.kind == "other" or (spec.default and not some):
            return ""  # only JSON can say that
        if spec.positional:
            last += some
        elif spec.kind == "yes":
            words.append(f"--{'no-' if some == ('false',) else ''}{spec.flag}")
        else:
            words += [word for text in some for word in (f"--{spec.flag}", text)]
    return shlex.join([*words, *(["--"] if any(text.startswith("-") for text in last) else []), *last])


def _command_funnel(question: Funnel, folder: str) -> str:
    if question.exclude or question.n_groups != 10:
        return ""
    given: dict[str, Any] = _given(question)
    words = ["obverse", "funnel", "--data", folder, question.text(), "--within", question.within]
    for name in _FLAGS:
        if name in given:
            words += [f"--{name.replace('_', '-')}", str(given[name])]
    return shlex.join(words)
