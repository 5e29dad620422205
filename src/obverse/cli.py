"""The command line: `obverse serve`, `demo`, `import`, `key`, one sub-command a measure, `sql`.

Results go to standard output, everything else to standard error. Exit status: 0 done, 2 a wrong question or
wrong usage, 1 a failure. Each command imports what it needs when it runs, so that `--help` is quick.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from obverse.cli_printing import data_option, json_option, print_answer, print_table
from obverse.cli_survey_import import survey_import
from obverse.cli_surveys import survey
from obverse.errors import ObverseError, QuestionError
from obverse.folder import Folder

if TYPE_CHECKING:
    from obverse.settings.store import Settings


class _Commands(click.Group):
    """A group whose commands turn Obverse's own errors into one line and an exit status.

    The commands of measures are made when they are asked for: only then are the measures imported.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        from obverse.cli_measures import names

        return sorted({*super().list_commands(ctx), *names()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = super().get_command(ctx, cmd_name)
        if found is None:
            from obverse.cli_measures import command_of

            found = command_of(cmd_name)
        return found

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ObverseError as error:
            click.echo(f"obverse: {error}", err=True)
            ctx.exit(2 if isinstance(error, QuestionError) else 1)


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(package_name="obverse")
def cli() -> None:
    """Experience analytics on one timeline: what people do, say and are worth."""


@cli.command()
@data_option
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Anything but loopback needs a password set."
)
@click.option(
    "--port", default=8040, show_default=True, type=click.IntRange(0, 65535), help="0: any free port."
)
@click.option("--new-inbox", is_flag=True, help="Begin a new inbox, where the old one is lost or damaged.")
def serve(data: Path, host: str, port: int, new_inbox: bool) -> None:
    """Serve the data folder: take events in, answer questions, show pages. Makes the folder if need be."""
    _small()
    from obverse.web.serve import serve as run

    run(Folder.open(data, create=True), host, port, new_inbox=new_inbox)


def _small() -> None:
    """Keep the server small; to be called before what imports Arrow."""
    from obverse.web.memory import limit_heaps

    limit_heaps()


@cli.command()
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), default=Path("obverse-demo"))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8040, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--people", default=30_000, show_default=True, type=click.IntRange(10), help="Size of the shop."
)
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same shop.")
def demo(data: Path, host: str, port: int, people: int, seed: int) -> None:
    """Simulate a shop, load it the way real events come in, and serve its pages."""
    _small()
    from obverse.demo import run

    run(data, host=host, port=port, n_people=people, seed=seed)


@cli.group()
def key() -> None:
    """Make, list and revoke the write keys that clients send events with."""


@key.command("create")
@data_option
@click.option("--name", default=None, help="What sends events with it; made up unless given.")
@click.option("--touchpoint", default=None, help="Where its events happen, unless they say so: web, store, …")
def key_create(data: Path, name: str | None, touchpoint: str | None) -> None:
    """Make a write key and print it alone on its line."""
    with _settings(data, create=True) as settings:
        if name is None:
            taken = {one.name for one in settings.write_keys()}
            tried = ("default" if number == 1 else f"default-{number}" for number in count(1))
            name = next(one for one in tried if one not in taken)
        click.echo(settings.create_key(name, touchpoint))


@key.command("list")
@data_option
@json_option
def key_list(data: Path, as_json: bool) -> None:
    """List the write keys, revoked ones too."""
    import msgspec
    import pyarrow as pa

    with _settings(data) as settings:
        rows = [msgspec.to_builtins(one) for one in settings.write_keys()]
    table = pa.Table.from_pylist(rows)
    for column in ("created_at", "revoked_at"):
        if column in table.column_names:
            index = table.column_names.index(column)
            instants = table[column].cast(pa.int64()).cast(pa.timestamp("us", tz="UTC"))
            table = table.set_column(index, column, instants)
    print_table(table, as_json)


@key.command("revoke")
@data_option
@click.argument("name")
def key_revoke(data: Path, name: str) -> None:
    """Refuse the events of the write key NAME from now on."""
    with _settings(data) as settings:
        settings.revoke_key(name)


@cli.group()
def token() -> None:
    """Make and revoke the tokens that programs ask the JSON API with."""


@token.command("create")
@data_option
@click.option("--name", default="api", show_default=True, help="What asks with it.")
def token_create(data: Path, name: str) -> None:
    """Make an API token and print it alone on its line; it cannot be shown again."""
    with _settings(data) as settings:
        click.echo(settings.access.create_token(name))


@token.command("revoke")
@data_option
@click.argument("name")
def token_revoke(data: Path, name: str) -> None:
    """Refuse the API token NAME from now on."""
    with _settings(data) as settings:
        settings.access.revoke_token(name)


@cli.command()
@data_option
@click.password_option(help="Asked for unless given; at least 10 characters.")
def password(data: Path, password: str) -> None:
    """Set the password that people log in with; ends all sessions."""
    with _settings(data, create=True) as settings:
        settings.access.set_password(password)


@cli.command("login-link")
@data_option
@click.option("--address", default="http://127.0.0.1:8040", show_default=True, help="Where the server is.")
def login_link(data: Path, address: str) -> None:
    """Print a link that logs in once, for who has lost the password."""
    with _settings(data) as settings:
        click.echo(f"{address.rstrip('/')}/login?token={settings.access.create_link()}")


@cli.group()
def setting() -> None:
    """Show and change the settings; a running server takes them up when it is started again."""


@setting.command("list")
@data_option
def setting_list(data: Path) -> None:
    """Print all settings as JSON."""
    import msgspec

    with _settings(data) as settings:
        click.echo(msgspec.json.format(msgspec.json.encode(settings.values())))


@setting.command("set")
@data_option
@click.argument("name")
@click.argument("value")
def setting_set(data: Path, name: str, value: str) -> None:
    """Set NAME to VALUE, given as JSON or as plain text; null brings back the default."""
    import msgspec

    try:
        read = msgspec.json.decode(value)
    except msgspec.DecodeError:
        read = value
    with _settings(data) as settings:
        settings.set_value(name, read)


@cli.group()
def segment() -> None:
    """Save, list and forget segments: named groups of people, to filter and split questions by."""


@segment.command("save")
@data_option
@click.argument("name")
@click.argument("question")
@click.option("--pick", multiple=True, help="Part of the answer, e.g. step=2; everyone counted unless given.")
@click.option("--snapshot", is_flag=True, help="Keep the people as they are now.")
def segment_save(data: Path, name: str, question: str, pick: tuple[str, ...], snapshot: bool) -> None:
    """Save the people behind a QUESTION, in JSON as `obverse ask` takes it, as the segment NAME."""
    import obverse
    from obverse.measure import read_question

    parts = dict(one.partition("=")[::2] for one in pick)
    asked = read_question(question)
    with obverse.open(data) as lake:
        lake.save_segment(name, asked, parts, snapshot=snapshot)
        click.echo(f"{lake.people(asked, parts, limit=0).n} people", err=True)


@segment.command("list")
@data_option
def segment_list(data: Path) -> None:
    """List the saved segments as JSON lines."""
    import msgspec

    with _settings(data) as settings:
        for one in settings.segments.all():
            shown = {"name": one.name, "question": msgspec.Raw(one.question), "pick": one.pick}
            click.echo(msgspec.json.encode(shown | {"snapshot": one.is_snapshot}))


@segment.command("delete")
@data_option
@click.argument("name")
def segment_delete(data: Path, name: str) -> None:
    """Forget the segment NAME, unless another segment or a dashboard uses it."""
    from obverse.engine import naming

    with _settings(data) as settings:
        naming.delete(settings, name)


@segment.command("rename")
@data_option
@click.argument("name")
@click.argument("to")
def segment_rename(data: Path, name: str, to: str) -> None:
    """Call the segment NAME from now on TO, in the segments and dashboards that use it too."""
    from obverse.engine import naming

    with _settings(data) as settings:
        naming.rename(settings, name, to)


survey.add_command(survey_import)
cli.add_command(survey)


def _settings(data: Path, create: bool = False) -> Settings:
    """Open the settings of a data folder."""
    from obverse.settings.store import Settings

    return Settings.open(Folder.open(data, create=create).settings)


@cli.command("import")
@data_option
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=Path))
@click.option("--person", help="Column with the id of a known user.")
@click.option("--anonymous", help="Column with the id of a device or browser.")
@click.option("--time", help="Column with the time.")
@click.option("--event", help='Column with the name of the event, or ="Order Completed" for all rows.')
@click.option("--touchpoint", help="Column with where it happened, or =store for all rows.")
@click.option("--value", help="Column with money.")
@click.option("--currency", help="Column with the currency, or =EUR for all rows.")
@click.option("--account", help="Column with the organisation that the person acts for.")
@click.option("--session", help="Column with the client's own session id.")
@click.option("--message-id", help="Column with an id of the row, the same in every file that has the row.")
@click.option("--order", help="Column that puts rows of the same time in order.")
@click.option("--time-format", help="How times are written: %d-%m-%Y, or iso, s, ms, us, ns.")
@click.option("--zone", help="Time zone of times that name none.  [default: UTC]")
@click.option("--source", help="Name kept with every event.  [default: import]")
@click.option("--delimiter", help="What stands between cells; tab, or space for any white space.")
@click.option("--header/--no-header", default=None, help="Whether the first row names the columns.")
@click.option("--dry-run", is_flag=True, help="Show what would come out, and write nothing.")
@click.option("--again", is_flag=True, help="Import a file that was imported with other choices before.")
def import_(data: Path, files: tuple[Path, ...], dry_run: bool, again: bool, **columns: Any) -> None:
    """Import CSV, JSON lines or Parquet, packed or not; columns that no option names become properties.

    What is not said is guessed, and shown before it is used. The same file twice adds nothing.
    """
    from obverse.collect.importing import ImportMapping
    from obverse.importing import import_file

    mapping = ImportMapping(**{name: value for name, value in columns.items() if value is not None})
    folder = Folder.open(data, create=not dry_run) if not dry_run or data.exists() else None
    for file in files:
        import_file(folder, file, mapping, dry_run=dry_run, again=again)


@cli.command()
@data_option
@click.argument("text")
@click.option("--json", "as_json", is_flag=True, help="Print rows as JSON lines.")
def sql(data: Path, text: str, as_json: bool) -> None:
    """Ask in SQL (DuckDB) over the view `events`: every row of the lake."""
    import obverse

    with obverse.open(data) as lake:
        print_table(lake.sql(text), as_json)


@cli.command()
@data_option
@json_option
@click.argument("steps")
@click.option("--within", default="7d", show_default=True, help="Time from the first step to the last.")
@click.option(
    "--order", type=click.Choice(["ordered", "strict", "any"]), default="ordered", show_default=True
)
@click.option(
    "--count",
    type=click.Choice(["person", "entry", "session", "account"]),
    default="person",
    show_default=True,
)
@click.option(
    "--grace", default="0s", show_default=True, help="Events this close together count as in order."
)
@click.option("--where", default=None, help='Only events that pass, e.g. "properties.price > 50".')
@click.option("--segment", default=None, help="Name of a saved segment: only its people count.")
@click.option("--by", default=None, help="Split by a field at the first step, e.g. context.device.")
@click.option("--by-at", type=click.Choice(["first", "last"]), default="first", show_default=True)
@click.option("--same", default=None, help="Field that all steps share, e.g. properties.cart_id.")
@click.option("--n-groups", type=int, default=None, help="Groups of the split that are shown.  [default: 10]")
@click.option(
    "--exclude", multiple=True, help="Event that must not come between the first and the last step."
)
@click.option("--on-exclusion", type=click.Choice(["drop", "remove"]), default=None)
@click.option("--start", default=None, help="First day of entry, e.g. 2026-01-01.")
@click.option("--end", default=None, help="Day after the last day of entry.")
@click.option("--zone", default="UTC", show_default=True, help="Time zone of the days.")
def funnel(data: Path, as_json: bool, steps: str, exclude: tuple[str, ...], **options: Any) -> None:
    """Count how far people come, e.g. obverse funnel "Product Viewed > Product Added > Order Completed"."""
    from obverse.measure.funnel import Exclusion, Funnel
    from obverse.measure.funnel_text import parse_steps

    given = {name: value for name, value in options.items() if value is not None}
    barred = [
        Exclusion(events=step.events, where=step.where) for text in exclude for step in parse_steps(text)
    ]
    print_answer(data, Funnel.parse(steps, exclude=barred, **given), as_json)


@cli.command()
@data_option
@json_option
@click.argument("question")
def ask(data: Path, as_json: bool, question: str) -> None:
    """Ask any question in JSON, as POST /api/ask takes it; - reads it from standard input."""
    from obverse.measure import read_question

    print_answer(data, read_question(sys.stdin.read() if question == "-" else question), as_json)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    cli(args=arguments, prog_name="obverse")


if __name__ == "__main__":
    main()
