"""The browser client as files: small enough, well typed, served as they should be, in each package."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import httpx
import pytest

from obverse.web.sdk import compact

if TYPE_CHECKING:
    from tests.conftest import Server

ROOT = Path(__file__).parents[2]
SDK = ROOT / "sdk"
BIN = ROOT / ".venv" / "bin"
MODULES = sorted(path.name for path in SDK.glob("*.js"))
MOST_BYTES = 3 * 1024


@pytest.fixture
def anyone(server: Server) -> Iterator[httpx.Client]:
    with server.anyone() as client:
        yield client


def run(*command: str) -> subprocess.CompletedProcess[str]:
    path = f"{BIN}:{os.environ['PATH']}"
    return subprocess.run(command, cwd=SDK, env={**os.environ, "PATH": path}, capture_output=True, text=True)


def test_the_core_is_at_most_3_kb_as_served(anyone: httpx.Client) -> None:
    with anyone.stream("GET", "/obverse/obverse.js", headers={"accept-encoding": "gzip"}) as reply:
        sent = b"".join(reply.iter_raw())
        assert reply.headers["content-encoding"] == "gzip"
        assert int(reply.headers["content-length"]) == len(sent) <= MOST_BYTES


def test_the_types_hold() -> None:
    done = run("node_modules/.bin/tsc", "-p", ".")
    assert done.returncode == 0, done.stdout


def test_a_mistake_of_type_is_found(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.js"
    wrong.write_text(f'import {{ load }} from "{SDK}/obverse.js";\nload(17).track(null);\n')
    settings = json.loads((SDK / "tsconfig.json").read_text())
    files = [str(SDK / "core.d.ts"), str(wrong)]
    (tmp_path / "tsconfig.json").write_text(json.dumps({**settings, "include": [], "files": files}))
    done = run("node_modules/.bin/tsc", "-p", str(tmp_path))
    assert "'number' is not assignable" in done.stdout
    assert "'null' is not assignable" in done.stdout


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_served_to_any_origin_and_kept_until_it_changes(anyone: httpx.Client, name: str) -> None:
    reply = anyone.get(f"/obverse/{name}", headers={"host": "shop.example", "origin": "https://shop.example"})
    assert reply.status_code == 200
    assert reply.text == compact((SDK / name).read_text())
    assert reply.headers["content-type"] == "text/javascript; charset=utf-8"
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["cross-origin-resource-policy"] == "cross-origin"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["vary"] == "accept-encoding"
    assert reply.headers["cache-control"].startswith("public, max-age=3600")
    etag = reply.headers["etag"]
    again = anyone.get(f"/obverse/{name}", headers={"if-none-match": f'"other", {etag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    changed = anyone.get(f"/obverse/{name}", headers={"if-none-match": '"other"'})
    assert changed.status_code == 200


@pytest.mark.parametrize("name", MODULES)
def test_a_module_as_it_is_sent_is_a_program_with_the_same_texts(tmp_path: Path, name: str) -> None:
    text = (SDK / name).read_text()
    small = compact(text)
    sent = tmp_path / "sent.mjs"
    sent.write_text(small)
    assert run("node", "--check", str(sent)).returncode == 0
    assert not re.search(r"/\*\*|^\s*//(?!# allFunctionsCalledOnLoad$)", small, re.MULTILINE)
    quoted = re.compile(r'"[^"\n]*"')
    code = re.sub(r"/\*\*.*?\*/|^\s*//.*?$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert quoted.findall(small) == quoted.findall(code)


def test_who_cannot_unzip_gets_it_plain(anyone: httpx.Client) -> None:
    reply = anyone.get("/obverse/obverse.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in reply.headers
    assert reply.text == compact((SDK / "obverse.js").read_text())


def test_only_reading_is_allowed_and_only_modules_are_there(anyone: httpx.Client) -> None:
    head = anyone.head("/obverse/obverse.js")
    assert (head.status_code, head.content) == (200, b"")
    refused = anyone.post("/obverse/obverse.js", content=b"{}")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
    for name in ("package.json", "types.d.ts", "../pyproject.toml", "node_modules/typescript/package.json"):
        assert anyone.get(f"/obverse/{name}").status_code in {401, 404}


def test_the_path_can_be_renamed_and_takes_events_too(new_server: Callable[..., Server]) -> None:
    server = new_server()
    with server.settings() as settings:
        settings.set_value("sdk_path", "/assets/shop")
    server.start()
    event = {"writeKey": server.write_key, "batch": [{"type": "page", "anonymousId": "a1"}]}
    with server.anyone() as client:
        assert client.get("/assets/shop/obverse.js").status_code == 200
        assert client.get("/obverse/obverse.js").status_code == 404
    with server.client() as client:
        advertised = client.get("/install", params={"client": "obverse", "format": "json"}).json()
        (source,) = re.findall(r'src="([^"]+)"', advertised["client"]["snippets"][0]["text"])
        assert client.get(source).headers["content-type"].startswith("text/javascript")
        assert client.post("/assets/shop/v1/b", json=event).json()["accepted"] == 1
        assert client.post("/obverse/v1/b", json=event).status_code in {404, 405}


def test_each_module_is_in_the_wheel(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)],
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    [wheel] = tmp_path.glob("*.whl")
    with ZipFile(wheel) as packed:
        inside = {name: packed.read(name) for name in packed.namelist() if name.startswith("obverse/sdk/")}
    assert inside == {f"obverse/sdk/{name}": (SDK / name).read_bytes() for name in MODULES}


def test_the_package_for_npm_has_the_modules_and_their_types() -> None:
    done = run("npm", "pack", "--dry-run", "--json", "--ignore-scripts")
    assert done.returncode == 0, done.stderr
    packed = json.loads(done.stdout)
    [package] = packed if isinstance(packed, list) else packed.values()
    files = {file["path"] for file in package["files"]}
    assert files == {*MODULES, "README.md", "package.json", "types.d.ts"}


def test_the_package_can_be_imported_where_there_is_no_page() -> None:
    script = 'import { load } from "@obverse/browser"; console.log(typeof load);'
    done = run("node", "--input-type=module", "--eval", script)
    assert done.stdout.split() == ["function"], done.stderr
