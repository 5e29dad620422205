"""The page's question in its other spellings: Python, the command line, the API."""

from __future__ import annotations

import shlex

import msgspec

from obverse.measure.funnel_question import Funnel
from obverse.web.pages.snippet import Snippet

_FLAGS = ("order", "count", "grace", "where", "by", "by_at", "same", "start", "end", "zone")


def spellings(question: Funnel, host: str, folder: str) -> tuple[Snippet, ...]:
    """Spell a funnel for elsewhere.

    Args:
        question: what the page asks.
        host: address of this server, for the API.
        folder: the data folder, for Python and the command line.
    """
    made = [Snippet("Python", _python(question, folder))]
    if not question.exclude and question.n_groups == 10:
        made.append(Snippet("Command line", _command(question, folder)))
    body = shlex.quote(question.to_json().decode())
    api = f"curl {host}/api/ask -H 'Authorization: Bearer YOUR-API-TOKEN' \\\n  -d {body}"
    return (*made, Snippet("HTTP", api))


def _given(question: Funnel) -> dict[str, object]:
    """Give the fields that have not their defaults, steps apart."""
    given: dict[str, object] = msgspec.to_builtins(question)
    return {name: value for name, value in given.items() if name not in ("steps", "type")}


def _python(question: Funnel, folder: str) -> str:
    given = _given(question)
    excluded = given.pop("exclude", None)
    words = [repr(question.text())] + [f"{name}={value!r}" for name, value in given.items()]
    imports = (
        "from obverse.measure.funnel import Exclusion, Funnel" if excluded else "from obverse import Funnel"
    )
    if excluded:
        parts = (_exclusion(one) for one in excluded) if isinstance(excluded, list) else ()
        words.append(f"exclude=[{', '.join(parts)}]")
    call = ",\n    ".join(words)
    return (
        f"import obverse\n{imports}\n\nlake = obverse.open({folder!r})\n"
        f"lake.ask(Funnel.parse(\n    {call},\n))"
    )


def _exclusion(fields: dict[str, object]) -> str:
    return f"Exclusion({', '.join(f'{name}={value!r}' for name, value in fields.items())})"


def _command(question: Funnel, folder: str) -> str:
    given = _given(question)
    words = ["obverse", "funnel", "--data", folder, question.text(), "--within", question.within]
    for name in _FLAGS:
        if name in given:
            words += [f"--{name.replace('_', '-')}", str(given[name])]
    return shlex.join(words)
