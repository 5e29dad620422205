"""What commands that ask have in common: which data folder, and how an answer is printed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pyarrow as pa

    from obverse.measure.question import Question

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("obverse-data"),
    envvar="OBVERSE_DATA",
    show_default=True,
    help="The data folder (or OBVERSE_DATA).",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")


def print_answer(data: Path, question: Question, as_json: bool) -> None:
    """Ask one question and print its answer: sentence and table, or JSON."""
    import obverse

    with obverse.open(data) as lake:
        answer = lake.ask(question)
    if as_json:
        click.echo(answer.to_json())
        return
    for line in (answer.sentence(), *answer.notes):
        click.echo(line, err=True)
    table = answer.table()
    shown = [name for name in table.column_names if not _is_bound(name)]
    print_table(table.select(shown), as_json=False)


def _is_bound(column: str) -> bool:
    """Tell whether a column is an end of an interval, which JSON has and the eye can do without."""
    return column.endswith(("_low", "_high"))


def print_table(table: pa.Table, as_json: bool) -> None:
    """Print rows: JSON lines, or columns for the eye."""
    if as_json:
        import msgspec

        for row in table.to_pylist():
            click.echo(msgspec.json.encode(row))
        return
    from rich.console import Console
    from rich.table import Table

    grid = Table(box=None, pad_edge=False, header_style="bold")
    for name in table.column_names:
        number = table.num_rows and isinstance(table.column(name)[0].as_py(), int | float)
        grid.add_column(name, justify="right" if number else "left", overflow="fold")
    for row in table.to_pylist():
        grid.add_row(*(_cell(value) for value in row.values()))
    Console(width=None if sys.stdout.isatty() else 200).print(grid)


def _cell(value: object) -> str:
    """Spell one value for the eye."""
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
