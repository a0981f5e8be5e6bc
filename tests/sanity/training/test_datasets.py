"""Data sets by name: downloaded once, compared with their sha256, from a mirror or a folder too."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from sanity.training.datasets import DATASETS, DatasetError, File, fetch_all

PARTS = ("train", "dev", "test")
TEXTS = {f"en_ewt-ud-{part}.conllu": f"# text = {part}\n".encode() for part in PARTS}
FIRST = "en_ewt-ud-train.conllu"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own, and no TRIVIUM_DATA."""
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache" / project)
    monkeypatch.delenv("TRIVIUM_DATA", raising=False)
    return tmp_path / "cache" / "trivium"


@pytest.fixture
def small(cache: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> dict[str, File]:
    """A small treebank on a server; what the registry knows of its files, by name."""
    files = {}
    for name, content in TEXTS.items():
        httpserver.expect_request(f"/public/{name}").respond_with_data(content)
        sha256 = hashlib.sha256(content).hexdigest()
        files[name] = File(f"UD_English-EWT/{name}", httpserver.url_for(f"/public/{name}"), sha256)
    monkeypatch.setitem(DATASETS, "ewt", DATASETS["ewt"]._replace(files=tuple(files.values())))
    return files


def refused() -> str:
    with pytest.raises(DatasetError) as caught:
        fetch_all("ewt")
    assert "\n" not in str(caught.value) and caught.value.exit_status == 1
    return str(caught.value)


def mirrored(folder: Path) -> Path:
    """Write a folder like that of a mirror."""
    (folder / "UD_English-EWT").mkdir(parents=True)
    for name, content in TEXTS.items():
        (folder / "UD_English-EWT" / name).write_bytes(content)
    return folder


def serves(httpserver: HTTPServer, name: str, answer: bytes | Response) -> None:
    """Let the server answer a request for a file so from now on."""
    httpserver.clear_all_handlers()
    response = answer if isinstance(answer, Response) else Response(answer)
    httpserver.expect_request(re.compile(f".*/{re.escape(name)}")).respond_with_response(response)


def contents() -> list[bytes]:
    return [path.read_bytes() for path in fetch_all("ewt")]


def test_files_are_downloaded_once(small: object, httpserver: HTTPServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert contents() == list(TEXTS.values())
    assert capsys.readouterr().err == (
        "ewt: licence: CC BY-SA 4.0; Universal Dependencies English Web Treebank, release 2.16, and its annotators\n"
    )
    assert len(httpserver.log) == 3
    assert contents() == list(TEXTS.values())
    assert len(httpserver.log) == 3


def test_a_download_goes_on_with_the_file_that_is_missing(small: object, cache: Path, httpserver: HTTPServer) -> None:
    contents()
    (cache / "UD_English-EWT" / "en_ewt-ud-dev.conllu").unlink()
    assert contents() == list(TEXTS.values())
    assert [request.path for request, _ in httpserver.log][3:] == ["/public/en_ewt-ud-dev.conllu"]


def test_a_mirror_serves_the_same_names(small: object, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in TEXTS.items():
        httpserver.expect_request(f"/mirror/UD_English-EWT/{name}").respond_with_data(content)
    monkeypatch.setenv("TRIVIUM_DATA", httpserver.url_for("/mirror/"))
    assert contents() == list(TEXTS.values())
    assert {request.path.split("/")[1] for request, _ in httpserver.log} == {"mirror"}


def test_a_folder_serves_without_a_download_or_a_copy(
    small: object, cache: Path, httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIVIUM_DATA", str(mirrored(tmp_path / "mine")))
    assert contents() == list(TEXTS.values())
    assert not httpserver.log and not cache.exists()


def test_a_folder_that_lacks_a_file(small: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIVIUM_DATA", str(tmp_path))
    assert refused() == (
        f"{tmp_path}/UD_English-EWT/{FIRST}: no such file; "
        f"TRIVIUM_DATA must name a folder that has UD_English-EWT/{FIRST}"
    )


def test_another_text_than_expected_is_refused_and_not_kept(
    small: dict[str, File], cache: Path, httpserver: HTTPServer
) -> None:
    serves(httpserver, FIRST, b"another\n")
    sha256 = hashlib.sha256(b"another\n").hexdigest()
    assert refused() == (
        f"{cache}/UD_English-EWT/{FIRST}: another text than expected (sha256 {sha256},"
        f" not {small[FIRST].sha256}); try again, or ask the owner of the copy"
    )
    assert not (cache / "UD_English-EWT" / FIRST).exists()


def test_a_file_of_ones_own_folder_is_refused_but_stays(
    small: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = mirrored(tmp_path / "mine") / "UD_English-EWT" / FIRST
    path.write_bytes(b"another\n")
    monkeypatch.setenv("TRIVIUM_DATA", str(tmp_path / "mine"))
    assert refused().startswith(f"{path}: another text than expected")
    assert path.exists()


def test_a_checksum_may_be_of_the_unpacked_content(small: object, httpserver: HTTPServer, cache: Path) -> None:
    httpserver.clear_all_handlers()
    for name, content in TEXTS.items():
        httpserver.expect_request(f"/public/{name}").respond_with_data(gzip.compress(content))
    assert len(fetch_all("ewt", lambda path: gzip.decompress(path.read_bytes()))) == 3


def test_what_cannot_be_unpacked_is_not_kept(small: object, httpserver: HTTPServer, cache: Path) -> None:
    with pytest.raises(gzip.BadGzipFile):
        fetch_all("ewt", lambda path: gzip.decompress(path.read_bytes()))
    assert not list(cache.rglob("*.conllu"))


def test_a_connection_that_breaks_leaves_nothing(small: dict[str, File], cache: Path, httpserver: HTTPServer) -> None:
    serves(httpserver, FIRST, Response([TEXTS[FIRST][:9]], headers={"Content-Length": "99"}))
    assert refused().startswith(f"{small[FIRST].url}: no download (")
    assert not list(cache.rglob("*.conllu"))


def test_a_file_that_the_server_lacks(small: dict[str, File], httpserver: HTTPServer) -> None:
    serves(httpserver, FIRST, Response("gone", status=404))
    assert refused() == (
        f"{small[FIRST].url}: the server says 404; try later, or set TRIVIUM_DATA to a folder or mirror that"
        f" has UD_English-EWT/{FIRST}"
    )


def test_offline(small: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIVIUM_DATA", "http://127.0.0.1:9")
    assert refused() == (
        f"http://127.0.0.1:9/UD_English-EWT/{FIRST}: no download (ConnectionError); go online, or set TRIVIUM_DATA to"
        f" a folder or mirror that has UD_English-EWT/{FIRST}"
    )


def test_a_cache_that_cannot_be_written(small: object, cache: Path) -> None:
    cache.parent.mkdir()
    cache.write_text("a file where the folder should be")
    assert refused().startswith(f"{cache}/UD_English-EWT/{FIRST}: can't be written: ")


def test_the_registry_is_complete() -> None:
    for name, dataset in DATASETS.items():
        assert dataset.licence, name
        for file in dataset.files:
            assert re.fullmatch("[0-9a-f]{64}", file.sha256) and file.url.startswith("https://"), file
