"""The desk over HTTP: who may come in, what is marked, and what is refused."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import msgspec
import pytest

import graders.cli.main
from graders.cli.main import main
from graders.desk.serve import DeskOptions, DeskServer
from graders.errors import OptionError
from graders.records.gradebook import Gradebook
from graders.records.student import Student
from tests.support.desk import class_at, graded, served, submitted
from tests.support.results import CRASHED, FAILED

ANSWERS = {"ada-lovelace": "They hide padding.", "bela-novak": "Masks.", "chen-wei": ""}


class Answer(NamedTuple):
    status: int
    text: str
    headers: http.client.HTTPMessage


class Client:
    """A browser without script: sends requests, and keeps the cookie."""

    def __init__(self, server: DeskServer) -> None:
        address = urlsplit(server.address)
        self.host, self.token = address.netloc, address.query
        self.cookie = ""

    def ask(self, path: str, method: str = "GET", body: str = "", **headers: str) -> Answer:
        connection = http.client.HTTPConnection(self.host)
        sent = {"Host": self.host, "Cookie": self.cookie} | {n.replace("_", "-"): v for n, v in headers.items()}
        connection.request(method, path, body or None, {name: value for name, value in sent.items() if value})
        reply = connection.getresponse()
        text = reply.read().decode()
        connection.close()
        return Answer(reply.status, text, reply.headers)

    def enter(self) -> None:
        entered = self.ask(f"/?{self.token}")
        assert (entered.status, entered.headers["Location"]) == (303, "/")
        self.cookie = entered.headers["Set-Cookie"].partition(";")[0]

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        return self.ask(path, "POST", urlencode(fields), **{"Origin": f"http://{self.host}", **headers})

    def codes(self) -> dict[str, str]:
        """Return the code of each submission by what the overview calls it."""
        return {unescape(label): code for code, label in re.findall(r'/student/(\w+)">([^<]*)<', self.ask("/").text)}

    def mark(self, name: str, question: str, points: str, comment: str = "", **fields: str) -> Answer:
        """Look at a question, and mark it."""
        code = self.codes()[name]
        page = self.ask(f"/question/{question}/{code}").text
        seen = re.search(r'name="seen" value="(\w+)"', page)
        assert seen
        form = {"code": code, "question": question, "seen": seen[1], "mode": "question", "then": "next"}
        return self.post("/mark", {**form, "points": points, "comment": comment, **fields})


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return class_at(tmp_path, ANSWERS)


@pytest.fixture
def desk(out: Path) -> Iterator[Client]:
    with served(DeskOptions(grades=out, person="Grace")) as server:
        client = Client(server)
        client.enter()
        yield client


def sheet(out: Path) -> list[str]:
    return (out / "marks.csv").read_text("utf-8-sig").splitlines()[1:]


def test_only_who_has_the_token_comes_in(out: Path) -> None:
    with served(DeskOptions(grades=out, person="Grace")) as server:
        stranger = Client(server)
        for path in ("/", "/trail", "/desk.js", "/student/0123", "/?token=wrong", "/trail?" + stranger.token):
            refused = stranger.ask(path)
            assert (refused.status, "ada" in refused.text) == (403, False)
        assert stranger.ask("/", Cookie="trivium-desk-1=x").status == 403
        refused = stranger.post("/mark", {"code": "x"})
        assert refused.status == 403
        stranger.enter()
        assert stranger.ask("/").status == 200
    assert not (out / "marks.csv").exists()


def test_the_cookie_is_for_this_desk_alone_and_not_for_scripts(desk: Client) -> None:
    cookie = desk.ask(f"/?{desk.token}").headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and desk.host.partition(":")[2] in cookie


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}", ""])
def test_another_host_is_refused_even_with_the_token(desk: Client, host: str) -> None:
    name = host.format(port=desk.host.partition(":")[2])
    for path in ("/", f"/?{desk.token}"):
        if name:
            assert desk.ask(path, Host=name).status == 421
    assert desk.ask("/", Host=desk.host.replace("127.0.0.1", "localhost")).status == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", ""])
def test_a_form_of_another_page_is_refused(desk: Client, out: Path, origin: str) -> None:
    code = desk.codes()["ada-lovelace"]
    fields = {"code": code, "question": "1g", "seen": "", "points": "3", "comment": ""}
    for path in ("/mark", "/export"):
        assert desk.post(path, fields, Origin=origin).status == 403
    assert not (out / "marks.csv").exists() and not (out / "gradebook.csv").exists()


def test_every_answer_keeps_scripts_frames_and_caches_out(desk: Client) -> None:
    for path in ("/", "/trail", "/desk.js", "/desk.css", "/nothing"):
        headers = desk.ask(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
        assert "Access-Control-Allow-Origin" not in headers and "Server" not in headers


def test_a_form_is_small(desk: Client) -> None:
    assert desk.post("/mark", {"comment": "x" * 200_000}).status == 413


def test_answers_are_marked_one_after_the_other(desk: Client, out: Path) -> None:
    codes = desk.codes()
    assert list(codes) == sorted(ANSWERS)
    page = desk.ask(f"/question/1g/{codes['ada-lovelace']}").text
    assert "They hide padding." in page and "Dot product" not in page.partition('class="file"')[0]
    marked = desk.mark("ada-lovelace", "1g", "2,5", "Say why.")
    assert (marked.status, marked.headers["Location"]) == (303, f"/question/1g/{codes['bela-novak']}")
    desk.mark("chen-wei", "1g", "0", "Nothing there.")
    assert desk.mark("bela-novak", "1g", "excused", "ill").headers["Location"] == "/"
    assert sheet(out) == ["ada-lovelace,1g,2.5,Say why.", "chen-wei,1g,0,Nothing there.", "bela-novak,1g,excused,ill"]
    overview = desk.ask("/").text
    assert "3 of 3" in overview
    assert "Say why." in desk.ask(f"/question/1g/{codes['bela-novak']}").text  # a comment to take again
    trail = desk.ask("/trail").text
    assert trail.count("<td>Grace</td>") == 3 and "2.5: Say why." in trail


def test_all_questions_of_a_submission_are_on_one_page_those_to_be_marked_first(desk: Client) -> None:
    code = desk.codes()["ada-lovelace"]
    page = desk.ask(f"/student/{code}").text
    assert re.findall(r'class="question" id="(\w+)"', page)[:4] == ["1g", "1i", "2a", "1a"]
    refused = desk.mark("ada-lovelace", "1g", "9", mode="student")
    assert refused.status == 400 and 'name="mode" value="student"' in refused.text
    marked = desk.mark("ada-lovelace", "1g", "3", mode="student")
    assert marked.headers["Location"] == f"/student/{code}#1i"


def test_a_checked_question_is_changed_with_a_reason(desk: Client, out: Path) -> None:
    refused = desk.mark("ada-lovelace", "1d", "5")
    assert refused.status == 400
    assert "Not saved: 1d: a change of a mark needs a reason: write it into the comment" in refused.text
    assert 'value="5"' in refused.text  # what was typed is still there
    assert desk.mark("ada-lovelace", "1d", "5", "copied", then="stay").status == 303
    assert "By the checks: 8." in desk.ask(f"/question/1d/{desk.codes()['ada-lovelace']}").text
    assert sheet(out) == ["ada-lovelace,1d,5,copied"]


@pytest.mark.parametrize(
    ("points", "comment", "line"),
    [
        ("4", "", "points '4': expected a number from 0 to 3, or excused"),
        ("<b>", "", "points '<b>': expected a number from 0 to 3, or excused"),
        ("1", "x" * 4001, "the comment has 4,001 characters: expected at most 4,000"),
    ],
)
def test_what_cannot_be_a_mark_is_said_and_not_written(
    desk: Client, out: Path, points: str, comment: str, line: str
) -> None:
    refused = desk.mark("ada-lovelace", "1g", points, comment)
    assert refused.status == 400 and f"Not saved: {line}" in unescape(refused.text)
    assert "<b>'" not in refused.text
    assert not (out / "marks.csv").exists()


def test_two_tabs_see_each_other(desk: Client, out: Path) -> None:
    code = desk.codes()["ada-lovelace"]
    seen = re.search(r'name="seen" value="(\w+)"', desk.ask(f"/question/1g/{code}").text)
    assert seen
    desk.mark("ada-lovelace", "1g", "3", "clear")
    late = desk.mark("ada-lovelace", "1g", "1", "vague", seen=seen[1])
    assert late.status == 409
    assert "Somebody else has marked this meanwhile" in late.text and "clear" in late.text and "vague" in late.text
    assert sheet(out) == ["ada-lovelace,1g,3,clear"]
    now = re.search(r'name="seen" value="(\w+)"', late.text)
    assert now and now[1] != seen[1]
    assert desk.mark("ada-lovelace", "1g", "1", "vague", seen=now[1]).status == 303
    assert sheet(out) == ["ada-lovelace,1g,1,vague"]


def test_an_edit_of_the_sheet_is_a_conflict_too_and_a_broken_sheet_is_one_line(desk: Client, out: Path) -> None:
    code = desk.codes()["ada-lovelace"]
    seen = re.search(r'name="seen" value="(\w+)"', desk.ask(f"/question/1g/{code}").text)
    assert seen
    (out / "marks.csv").write_text("student,question,points,comment\nada-lovelace,1g,2,by hand\nzoe,1g,1,\n")
    assert desk.mark("ada-lovelace", "1g", "1", seen=seen[1]).status == 409
    assert "the gradebook has no submission called &#39;zoe&#39;" in desk.ask("/").text
    (out / "marks.csv").write_text("x,y\n")
    broken = desk.ask("/")
    assert (broken.status, broken.text.count("\n")) == (500, 1) and "the column student is missing" in broken.text


def test_exports_are_written_when_asked_for(desk: Client, out: Path) -> None:
    desk.mark("ada-lovelace", "1g", "2", "Say why.")
    written = desk.post("/export", {})
    assert (written.status, written.headers["Location"].startswith("/?written=")) == (303, True)
    assert "files are written" in desk.ask(written.headers["Location"]).text
    assert "Say why." in (out / "results" / "ada-lovelace.json").read_text()


def test_what_is_not_there_is_not_found(desk: Client) -> None:
    code = desk.codes()["ada-lovelace"]
    for path in ("/student/0000", f"/question/9z/{code}", "/question/1g/0000", "/static/../door.py", "/door.py"):
        assert desk.ask(path).status == 404
    assert desk.post("/mark", {"code": "0000", "question": "1g"}).status == 404
    assert desk.ask("/mark").status == 405


HOSTILE = (
    "</pre><script>alert(1)</script>\x1b[31m <img src=http://evil.example/x onerror=alert(1)> {{ 7919*7907 }} \u202e"
)


def test_hostile_names_code_and_verdicts_are_text(tmp_path: Path) -> None:
    name = "<script>alert(2)</script>"
    source = submitted(tmp_path / "class" / "x", HOSTILE, code=f"# {HOSTILE}\nclass NMT:\n    pass\n")
    shouting = replace(FAILED, message=HOSTILE, detail=HOSTILE, diagnosis=HOSTILE)
    result = graded(source, shouting, replace(CRASHED, detail=HOSTILE))
    out = tmp_path / "grades"
    with Gradebook(out / "gradebook.sqlite") as book:
        book.put("k", msgspec.structs.replace(result, submission=name, notes=(HOSTILE,)), source)
    with served(DeskOptions(grades=out, person="<b>me</b>")) as server:
        desk = Client(server)
        desk.enter()
        [code] = desk.codes().values()
        desk.mark(name, "1g", "1", HOSTILE)
        for path in ("/", f"/student/{code}", f"/question/1d/{code}", f"/question/1g/{code}", "/trail"):
            page = desk.ask(path).text
            assert page.count("<script") == 1 and "<img" not in page and "<b>me" not in page
            assert "\x1b" not in page and "\u202e" not in page and "62615533" not in page


def test_blind_hides_names_everywhere(tmp_path: Path) -> None:
    out = tmp_path / "grades"
    people = {"ada-lovelace": "Ada Lovelace", "bela-novak": "Béla Novák"}
    with Gradebook(out / "gradebook.sqlite") as book:
        for name, person in people.items():
            answer = f"By {person}, {name}@example.edu."
            source = submitted(tmp_path / "class" / name, answer, code=f"# {person}\nclass NMT:\n    pass\n")
            student = Student(person, email=f"{name}@example.edu")
            result = graded(source, replace(FAILED, detail=f"/home/{name}/x.py"), students=(student,))
            book.put(name, result, source)
    (out / "marks.csv").write_text(
        "student,question,points,comment\nada-lovelace,1g,9,\nbela-novak,1d,5,Dear Béla Novák\n"
    )
    with served(DeskOptions(grades=out, person="Grace", blind=True)) as server:
        desk = Client(server)
        desk.enter()
        codes = desk.codes()
        assert len(codes) == 2 and all(re.fullmatch(r"submission [0-9a-f]{6}", label) for label in codes)
        paths = ["/", "/trail", *(f"/student/{code}" for code in codes.values())]
        paths += [f"/question/{id}/{code}" for id in ("1d", "1g") for code in codes.values()]
        for path in paths:
            page = desk.ask(path).text.lower()
            # What staff wrote about this student stands in its own form, to be edited; nobody else's page has it.
            page = re.sub(r"<textarea.*?</textarea>", "", page, flags=re.DOTALL)
            assert not re.search("lovelace|novak|novák", page), path
            assert "▒" in page or not path.startswith(("/student", "/question"))
        assert list(codes) == list(desk.codes())


def test_the_command_prints_the_address_and_a_missing_library_is_one_line(
    out: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DeskServer, "run", lambda self, ready: ready())
    assert main(["desk", str(out), "--as", "Grace"]) == 0
    said = capsys.readouterr().out
    assert re.fullmatch(
        r"the desk of Grace is open; Ctrl-C closes it, and nothing is lost\n"
        r"http://127\.0\.0\.1:\d+/\?token=[\w-]{43}\n",
        said,
    )
    missing = ModuleNotFoundError("No module named 'starlette'", name="starlette.applications")
    monkeypatch.setattr(graders.cli.main, "import_module", lambda name: (_ for _ in ()).throw(missing))
    assert main(["desk", str(out)]) == 2
    assert capsys.readouterr().err == "trivium desk: starlette is not installed: pip install 'trivium[desk]'\n"


def test_a_port_in_use_and_a_folder_without_a_gradebook_are_one_line(out: Path, tmp_path: Path) -> None:
    with served(DeskOptions(grades=out, person="Grace")) as server:
        port = urlsplit(server.address).port
        assert port
        with pytest.raises(OptionError, match=rf"^--port {port}: Address already in use$"):
            DeskServer(DeskOptions(grades=out, person="Grace", port=port))
    with pytest.raises(OptionError, match=r"^--port 99999: expected 0 to 65535$"):
        DeskServer(DeskOptions(grades=out, person="Grace", port=99999))
    with pytest.raises(OptionError, match="no gradebook there"):
        DeskServer(DeskOptions(grades=tmp_path, person="Grace"))
