"""One sub-command a measure, made from the fields of its question.

A field is a flag of its name; the events that a question cannot do without stand without one. What a field
means is what the question's docstring says of it. Importing this imports every measure, so the command line
does so only when it is asked for one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from obverse.cli_printing import data_option, json_option, print_answer
from obverse.measure import MEASURES
from obverse.measure.asking import FieldSpec, fields_of, question_from

if TYPE_CHECKING:
    from obverse.measure.question import Question

OWN = frozenset({"funnel"})
"""Measures whose commands are written by hand."""


def names() -> list[str]:
    """List the commands that are made here."""
    return sorted(name.replace("_", "-") for name in MEASURES if name not in OWN)


def command_of(name: str) -> click.Command | None:
    """Make the command of a measure; None where there is no such measure.

    Args:
        name: of the command, such as ``time-between``.
    """
    measure = MEASURES.get(name.replace("-", "_"))
    if measure is None or name not in names():
        return None
    question = measure.question
    specs = {spec.name: spec for spec in fields_of(question) if spec.kind != "other"}

    @data_option
    @json_option
    def run(data: Path, as_json: bool, **given: Any) -> None:
        texts = {field: _texts(value) for field, value in given.items() if value not in (None, ())}
        print_answer(data, question_from(question, texts), as_json)

    command = click.command(name, help=_explained(question, specs))(run)
    command.params = [*_parameters(specs), *command.params]
    return command


def help_of(question: type[Question]) -> str:
    """Say what a question asks: its docstring's first sentence."""
    first, _, _ = (question.__doc__ or "").strip().partition("\n\n")
    return " ".join(first.split())


def _explained(question: type[Question], specs: Mapping[str, FieldSpec]) -> str:
    """Say what a question asks, and what stands without a flag."""
    stand = (f"{spec.name.upper()}: {_plain(spec.help)}" for spec in specs.values() if spec.positional)
    return "\n\n".join((help_of(question), *stand))


def _parameters(specs: Mapping[str, FieldSpec]) -> list[click.Parameter]:
    stand = [spec for spec in specs.values() if spec.positional]
    return [*map(_argument, stand), *(_option(spec) for spec in specs.values() if not spec.positional)]


def _argument(spec: FieldSpec) -> click.Argument:
    metavar = spec.name.upper()
    return click.Argument(
        [spec.name],
        nargs=-1 if spec.several else 1,
        required=spec.required,
        metavar=f"[{metavar}]…" if spec.several else metavar,
    )


def _option(spec: FieldSpec) -> click.Option:
    help_text = _plain(spec.help)
    if spec.kind == "yes":
        default = spec.default == ("true",)
        flags = f"--{spec.flag}/--no-{spec.flag}"
        return click.Option([flags, spec.name], default=None, help=f"{help_text}  [default: {_yes(default)}]")
    shown = f"  [default: {', '.join(spec.default)}]" if spec.default else ""
    kind: Any = click.Choice(spec.choices) if spec.kind == "choice" else click.STRING
    metavar = None if spec.kind == "choice" else (spec.widget or spec.kind).upper()
    return click.Option(
        [f"--{spec.flag}", spec.name],
        type=kind,
        multiple=spec.several,
        required=spec.required,
        default=None,
        metavar=metavar,
        help=f"{help_text}{shown}",
    )


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _plain(text: str) -> str:
    """Write help without its marks of code, as a sentence.

    >>> _plain("what a row is: ``day`` or ``week``.")
    'What a row is: day or week.'
    """
    said = re.sub(r"`+", "", text)
    return f"{said[:1].upper()}{said[1:]}"


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return tuple(str(one) for one in value)
    if isinstance(value, bool):
        return ("true" if value else "false",)
    return (str(value),)
