"""The client, as it is served, needs nothing that not all browsers of the last two years have."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.sdk.test_sdk_files import MODULES, SDK, run
from tests.sdk.two_years import Compat, Types

SYNTAX = "--ecma2022"
GUARDED = {
    "doNotTrack": "undefined where it is not there, as if nothing were asked for",
    "navigation": "looked for first; else the path is looked at every 0.3 seconds",
    "popover": "set in a try; else a survey stands over the page without it",
    "requestIdleCallback": "looked for first; else a task of its own",
}

YOUNG = """
document.startViewTransition(() => {});
navigation.navigate("/");
new URLPattern("/");
document.body.moveBefore(document.head, null);
Promise.resolve(navigator.locks.query()).finally(() => AbortSignal.timeout(5));
"""


@pytest.fixture(scope="module")
def types(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The types of what is old enough."""
    modules = SDK / "node_modules"
    [folder] = {path.parent for path in modules.glob("@typescript/typescript-*/lib/lib.dom.d.ts")}
    settings = json.loads((SDK / "tsconfig.json").read_text())["compilerOptions"]
    text, young = Types(folder, settings["lib"]).without_the_young(Compat.read(modules))
    assert {"navigation", "Document.startViewTransition"} <= young
    assert not {"fetch", "NavigatorLocks.locks", "AbortSignal.timeout", "Array.at"} & young
    path = tmp_path_factory.mktemp("types") / "two-years.d.ts"
    path.write_text(text)
    return path


def missed(types: Path, *files: Path) -> dict[str, str]:
    """Give what is used in files and not in the types, with what is said of it."""
    settings = json.loads((SDK / "tsconfig.json").read_text())
    options = {name: value for name, value in settings["compilerOptions"].items() if name != "lib"}
    given = [str(types), str(SDK / "core.d.ts"), str(SDK / "asking.d.ts"), *map(str, files)]
    project = types.parent / "tsconfig.json"
    project.write_text(json.dumps({"compilerOptions": {**options, "noLib": True}, "files": given}))
    said = run("node_modules/.bin/tsc", "-p", str(project), "--pretty", "false").stdout
    return {re.findall(r"'(\w+)'", line)[0]: line for line in said.splitlines() if ": error " in line}


def test_nothing_younger_than_two_years_is_used_without_looking_whether_it_is_there(types: Path) -> None:
    found = missed(types, *(SDK / name for name in MODULES))
    assert found.keys() == GUARDED.keys(), found


def test_what_is_younger_is_found(types: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.js"
    wrong.write_text(YOUNG)
    assert set(missed(types, wrong)) == {"startViewTransition", "navigation", "URLPattern", "moveBefore"}


def test_the_syntax_is_older_than_two_years() -> None:
    done = run("node_modules/.bin/acorn", SYNTAX, "--module", "--silent", *MODULES)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "script", ["using one = two()", "/[a&&b]/v", "/(?i:a)/", "import x from 'y' with {}"]
)
def test_younger_syntax_is_found(tmp_path: Path, script: str) -> None:
    wrong = tmp_path / "wrong.js"
    wrong.write_text(script)
    done = run("node_modules/.bin/acorn", SYNTAX, "--module", "--silent", MODULES[0], str(wrong))
    assert done.returncode == 1
