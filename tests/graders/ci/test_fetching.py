"""Fetching what students have tagged, from repositories on this machine."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from pathlib import Path
from zipfile import ZipFile

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from graders.ci.fetching import fetch_all, read_fetched
from graders.ci.repositories import Repository, read_repositories, url_of
from graders.cli.main import main
from graders.errors import OptionError
from tests.support.repositories import git, pushed


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that is the platform's server."""
    monkeypatch.delenv("CI_SERVER_URL", raising=False)
    monkeypatch.setenv("GITHUB_SERVER_URL", (tmp_path / "server").as_uri())
    monkeypatch.chdir(tmp_path)
    return tmp_path / "server"


def content(archive: Path) -> dict[str, bytes]:
    with ZipFile(archive) as files:
        return {name: files.read(name) for name in files.namelist() if not name.endswith("/")}


def test_the_newest_tag_of_each_is_fetched(server: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in (1, 9, 10):
        commit = pushed(server / "org/a2-ada.git", {"hw/sgd.py": b"%d" % number}, f"submit-{number}")
    pushed(server / "org/a2-ada.git", {"sgd.py": b"later, not tagged"}, "other-11")
    pushed(server / "org/group-7/a2.git", {"sgd.py": b"group"}, "submit-final")
    pushed(server / "org/a2-chen.git", {"sgd.py": b"nothing yet"})
    Path("list.txt").write_text("# the class\n\norg/a2-ada\nteam-7  org/group-7/a2\norg/a2-chen\norg/a2-gone\n")
    Path("submissions").mkdir()
    Path("submissions/a2-chen.zip").write_bytes(b"of a tag that is gone")
    assert main(["ci", "fetch", "list.txt"]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == f"submissions/a2-ada.zip: org/a2-ada at submit-10, {commit[:10]}"
    assert out.splitlines()[1].startswith("submissions/team-7.zip: org/group-7/a2 at submit-final, ")
    assert out.splitlines()[2:] == ["a2-chen: no tag submit-* yet"]
    assert err.startswith("a2-gone: org/a2-gone: fatal: '") and len(err.splitlines()) == 1
    assert err.endswith("does not appear to be a git repository; fatal: Could not read from remote repository.\n")
    assert content(Path("submissions/a2-ada.zip")) == {"hw/sgd.py": b"10"}
    assert sorted(path.name for path in Path("submissions").iterdir()) == ["a2-ada.zip", "team-7.zip"]
    [ada, _] = read_fetched(Path("submissions.json"))
    assert (ada.name, ada.repository, ada.tag, ada.commit) == ("a2-ada", "org/a2-ada", "submit-10", commit)


def test_an_annotated_tag_and_another_pattern(server: Path) -> None:
    commit = pushed(server / "org/a.git", {"sgd.py": b"1"})
    work = server / "org/a.git-work"
    git(work, "tag", "-a", "-m", "mine", "v1.2")
    git(work, "push", "--quiet", "--tags")
    [one] = fetch_all([Repository("a", "org/a")], "v*", Path("out")).fetched
    assert (one.tag, one.commit) == ("v1.2", commit)
    assert fetch_all([Repository("a", "org/a")], "submit-*", Path("out")).without_tag == ("a",)
    assert json.loads(Path("out.json").read_text()) == [] and not Path("out/a.zip").exists()


def test_nothing_of_a_repository_is_run(server: Path, tmp_path: Path) -> None:
    """Neither a submodule, nor a filter, nor a link does anything."""
    bare = server / "org/evil.git"
    pushed(bare, {".gitattributes": b"* filter=evil\n", ".gitmodules": b'[submodule "x"]\npath=x\nurl=ext::touch x\n'})
    work = server / "org/evil.git-work"
    (work / "link.py").symlink_to("/etc/passwd")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "-m", "link")
    git(work, "tag", "submit-1")
    git(work, "push", "--quiet", "--tags")
    done = fetch_all([Repository("evil", "org/evil")], "submit-*", Path("out"))
    assert (len(done.fetched), done.problems) == (1, ())
    assert content(Path("out/evil.zip"))["link.py"] == b"/etc/passwd"  # as a link, which intake refuses


def test_what_is_archived_is_what_was_committed(server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No attribute of a student's leaves a file out, changes one, or starts a filter that this machine has."""
    attributes = b"*.py export-ignore filter=lfs\n*.txt export-subst eol=crlf\n"
    files = {".gitattributes": attributes, "sgd.py": b"a\n", "x.txt": b"$Format:%an$\n"}
    pushed(server / "org/a.git", files, "submit-1")
    filters = {"smudge": "touch ran; cat", "process": "touch ran", "required": "true"}
    monkeypatch.setenv("GIT_CONFIG_COUNT", str(len(filters)))
    for number, (name, value) in enumerate(filters.items()):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", f"filter.lfs.{name}")
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value)
    assert fetch_all([Repository("a", "org/a")], "submit-*", Path("out")).problems == ()
    assert content(Path("out/a.zip")) == files


def test_git_works_in_no_other_repository_and_asks_nobody(
    server: Path, httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where it is typed in an editor's terminal, or started by a hook."""
    pushed(server / "org/a.git", {"sgd.py": b"1"}, "submit-1")
    asks = tmp_path / "asks"
    asks.write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\n")
    asks.chmod(0o700)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "mine"))
    monkeypatch.setenv("GIT_ASKPASS", str(asks))
    httpserver.expect_request(re.compile("/")).respond_with_data(status=401, headers={"WWW-Authenticate": "Basic"})
    private = Repository("b", httpserver.url_for("/org/b.git"))
    done = fetch_all([Repository("a", "org/a"), private], "submit-*", Path("out"))
    assert [one.name for one in done.fetched] == ["a"] and len(done.problems) == 1
    assert not (tmp_path / "mine").exists() and not (tmp_path / "asked").exists()


def test_a_repository_that_cannot_be_read_now_keeps_its_archive(server: Path) -> None:
    pushed(server / "org/a.git", {"sgd.py": b"1"}, "submit-1")
    assert len(fetch_all([Repository("a", "org/a")], "submit-*", Path("out")).fetched) == 1
    (server / "org/a.git").rename(server / "org/gone")
    assert len(fetch_all([Repository("a", "org/a")], "submit-*", Path("out")).problems) == 1
    assert content(Path("out/a.zip")) == {"sgd.py": b"1"} and [*Path("out").iterdir()] == [Path("out/a.zip")]


def test_a_tag_of_no_commit_is_named(server: Path) -> None:
    pushed(server / "org/a.git", {"sgd.py": b"1"}, "submit-1")
    git(server / "org/a.git", "tag", "submit-2\u202e", "HEAD:sgd.py")
    done = fetch_all([Repository("a", "org/a")], "submit-*", Path("out"))
    assert done.problems == ("a: org/a: submit-2\ufffd is the tag of no commit",)


def test_the_token_is_for_the_platforms_server_alone(
    httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a repository elsewhere in the list nor one that redirects there is given it."""
    monkeypatch.setenv("STUDENTS_TOKEN", "t0ken")
    given: list[tuple[str, str]] = []

    def answer(request: Request) -> Response:
        given.append((request.path.split("/")[2], request.headers.get("Authorization", "")))
        return Response(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})

    with HTTPServer() as elsewhere:
        for server in (httpserver, elsewhere):
            server.expect_request(re.compile("/org/(here|there)")).respond_with_handler(answer)
        away = {"Location": elsewhere.url_for("/org/there.git/info/refs?service=git-upload-pack")}
        httpserver.expect_request(re.compile("/org/moved")).respond_with_data(status=302, headers=away)
        monkeypatch.setenv("GITHUB_SERVER_URL", httpserver.url_for("").rstrip("/"))
        for path in ("org/here", "org/moved", elsewhere.url_for("/org/there.git")):
            assert len(fetch_all([Repository("a", path)], "submit-*", tmp_path / "out").problems) == 1
    basic = f"Basic {b64encode(b'oauth2:t0ken').decode()}"
    assert {name for name, _ in given} == {"here.git", "there.git"}
    assert {name for name, authorization in given if authorization} == {"here.git"}
    assert ("here.git", basic) in given


@pytest.mark.parametrize("out", [".", "..", ""])
def test_a_folder_without_a_name_is_one_line(server: Path, out: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("list.txt").write_text("org/a\n")
    assert main(["ci", "fetch", "list.txt", "--out", out]) == 2
    assert capsys.readouterr().err.endswith(
        "expected a folder with a name: the list is written beside it, as NAME.json\n"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ada\n", "list.txt:1: expected OWNER/NAME or a URL, with a name before it or not: 'ada'"),
        ("# x\na b/c d\n", "list.txt:2: expected OWNER/NAME or a URL, with a name before it or not: 'a b/c d'"),
        ("../x  org/a\n", "list.txt:1: expected OWNER/NAME or a URL, with a name before it or not: '../x  org/a'"),
        ("--upload-pack=x/y\n", "list.txt:1: expected OWNER/NAME or a URL, with a name before it or not: "
                                "'--upload-pack=x/y'"),
        ("org/a\nother/a.git\n", "list.txt:2: a second a; write another name before the repository"),
        ("# nothing\n", "list.txt: lists no repository"),
    ],
)  # fmt: skip
def test_a_list_that_is_none_is_one_line(server: Path, text: str, message: str) -> None:
    Path("list.txt").write_text(text)
    with pytest.raises(OptionError) as error:
        read_repositories(Path("list.txt"))
    assert str(error.value) == message


def test_where_a_repository_is(server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert url_of("org/a") == url_of("org/a.git") == f"{server.as_uri()}/org/a.git"
    for url in ("https://git.example.org/a/b", "git@example.org:a/b.git"):
        assert url_of(url) == url
    assert url_of("./server/b") == str(server / "b")
    Path("list.txt").write_text("https://git.example.org/a/b.git\ngit@example.org:c/d.git\n")
    assert [one.name for one in read_repositories(Path("list.txt"))] == ["b", "d"]
    monkeypatch.delenv("GITHUB_SERVER_URL")
    with pytest.raises(OptionError, match="org/a: on which server"):
        url_of("org/a")
    for path, message in ((Path("none.txt"), "none.txt: cannot be read: No such file"),):
        with pytest.raises(OptionError, match=message):
            read_repositories(path)
        with pytest.raises(OptionError, match=message):
            read_fetched(path)
