"""Comments on commits, posted to a server on this machine that answers as GitHub and GitLab do."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from graders.ci.posting import Comment, post
from graders.cli.main import main
from graders.errors import OptionError

BODY = "## ada: 2 of 2 points\n"
COMMENT = Comment("group/sub/a2-ada", "c0ffee", BODY)


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer() as server:
        yield server


def address(server: HTTPServer) -> str:
    return server.url_for("").rstrip("/")


def test_github(server: HTTPServer) -> None:
    url, headers = "/repos/org/a2-ada/commits/c0ffee/comments", {"Authorization": "Bearer t0ken"}
    comment = Comment("https://git.example.org/org/a2-ada.git", "c0ffee", BODY)
    environment = {"GITHUB_API_URL": address(server), "COMMENTS_TOKEN": "t0ken"}
    server.expect_ordered_request(url, "GET", headers=headers).respond_with_json([{"body": "nice"}])
    server.expect_ordered_request(url, "POST", headers=headers, json={"body": BODY}).respond_with_json({})
    assert post([comment], environment) == (1, [])
    server.expect_ordered_request(url, "GET").respond_with_json([{"body": "nice"}, {"body": BODY.strip()}])
    assert post([comment], environment) == (0, [])
    server.check_assertions()


def test_gitlab(server: HTTPServer) -> None:
    url, headers = "/projects/group/sub/a2-ada/repository/commits/c0ffee/comments", {"PRIVATE-TOKEN": "t0ken"}
    environment = {"CI_API_V4_URL": address(server), "COMMENTS_TOKEN": "t0ken"}
    server.expect_ordered_request(url, "GET", headers=headers).respond_with_json([])
    server.expect_ordered_request(url, "POST", headers=headers, json={"note": BODY}).respond_with_json({})
    assert post([COMMENT], environment) == (1, [])
    server.check_assertions()
    asked = {request.environ["RAW_URI"].partition("?")[0] for request, _ in server.log}
    assert asked == {"/projects/group%2Fsub%2Fa2-ada/repository/commits/c0ffee/comments"}


def test_what_is_not_taken_is_named_and_the_others_are_posted(
    server: HTTPServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "comments.json"
    path.write_text(
        json.dumps([{"repository": f"org/{name}", "commit": "c", "body": BODY} for name in ("a", "b", "c")])
    )
    monkeypatch.setenv("GITHUB_API_URL", address(server))
    monkeypatch.setenv("COMMENTS_TOKEN", "t0ken")
    server.expect_request("/repos/org/a/commits/c/comments").respond_with_data("no", status=403)
    server.expect_request("/repos/org/b/commits/c/comments").respond_with_data("<html>")
    server.expect_request("/repos/org/c/commits/c/comments").respond_with_json([])
    assert main(["ci", "post", str(path)]) == 1
    out, err = capsys.readouterr()
    first, second = err.splitlines()
    url = f"{address(server)}/repos/org/{{}}/commits/c/comments?per_page=100"
    assert first == f"org/a: GET {url.format('a')}: 403 FORBIDDEN"
    assert second == f"org/b: GET {url.format('b')}: the answer is no list of comments"
    assert out == "1 of 3 comments are new\n" and "t0ken" not in out + err


def test_a_redirection_is_not_followed_for_the_token_would_go_along(server: HTTPServer) -> None:
    server.expect_request("/repos/group/sub/a2-ada/commits/c0ffee/comments").respond_with_data(
        status=302, headers={"Location": server.url_for("/elsewhere")}
    )
    server.expect_request("/elsewhere").respond_with_json([{"body": BODY}])
    new, [problem] = post([COMMENT], {"GITHUB_API_URL": address(server), "COMMENTS_TOKEN": "t0ken"})
    assert new == 0 and "302 FOUND: it has another name or address now; write that in the list" in problem
    assert [request.path for request, _ in server.log] == ["/repos/group/sub/a2-ada/commits/c0ffee/comments"]


@pytest.mark.parametrize("answer", [b"", b"3", b'{"a": 1}', b'["x"]', b'[{"body": 7}]', b"\xff", b"[" * 100_000])
def test_an_answer_that_is_no_list_of_comments_is_one_line(server: HTTPServer, answer: bytes) -> None:
    server.expect_request("/repos/group/sub/a2-ada/commits/c0ffee/comments").respond_with_data(answer)
    new, [problem] = post([COMMENT], {"GITHUB_API_URL": address(server), "COMMENTS_TOKEN": "t0ken"})
    assert new == 0 and problem.endswith("per_page=100: the answer is no list of comments")


@pytest.mark.parametrize("answer", [b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[]", b""])
def test_a_server_that_does_not_speak_http_is_one_line(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(10_000)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        api = f"http://127.0.0.1:{listening.getsockname()[1]}"
        new, problems = post([COMMENT], {"GITHUB_API_URL": api, "COMMENTS_TOKEN": "x"})
        thread.join()
    assert new == 0 and len(problems) == 1 and problems[0].startswith("group/sub/a2-ada: GET ")


@pytest.mark.parametrize("api", ["http://[x", "http://127.0.0.1:port", "http://127.0.0.1:1"])
def test_an_address_where_nobody_answers_is_one_line(api: str) -> None:
    new, problems = post([COMMENT], {"GITHUB_API_URL": api, "COMMENTS_TOKEN": "x"})
    assert new == 0 and len(problems) == 1


def test_a_token_is_never_printed(server: HTTPServer) -> None:
    """One that was pasted with its line end works; one that no header can hold is refused without being named."""
    path = "/repos/group/sub/a2-ada/commits/c0ffee/comments"
    server.expect_request(path, headers={"Authorization": "Bearer t0ken"}).respond_with_json([{"body": BODY}])
    assert post([COMMENT], {"GITHUB_API_URL": address(server), "COMMENTS_TOKEN": "t0ken\n"}) == (0, [])
    with pytest.raises(OptionError, match=r"^COMMENTS_TOKEN: has a character that no token has$"):
        post([COMMENT], {"GITHUB_API_URL": address(server), "COMMENTS_TOKEN": "t0k\nen"})


def test_a_token_that_is_not_taken_is_said_once(server: HTTPServer) -> None:
    server.expect_request("/repos/group/sub/a2-ada/commits/c0ffee/comments").respond_with_data(status=401)
    with pytest.raises(OptionError, match=r"^COMMENTS_TOKEN: the platform does not take this token: .* 401 UNAUTH"):
        post([COMMENT, COMMENT], {"GITHUB_API_URL": address(server), "COMMENTS_TOKEN": "old"})
    assert len(server.log) == 1


def test_the_platform_says_when_to_come_again(server: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("graders.ci.posting.time.sleep", waited.append)
    path, environment = "/repos/o/{}/commits/c/comments", {"GITHUB_API_URL": address(server), "COMMENTS_TOKEN": "x"}
    comments = [Comment(f"o/{name}", "c", BODY) for name in "abc"]
    for status in (429, 403):
        server.expect_ordered_request(path.format("a")).respond_with_data(status=status, headers={"Retry-After": "60"})
    server.expect_ordered_request(path.format("a"), "GET").respond_with_json([])
    server.expect_ordered_request(path.format("a"), "POST").respond_with_json({})
    server.expect_ordered_request(path.format("b")).respond_with_data(status=429, headers={"Retry-After": "3600"})
    new, [problem, rest] = post(comments, environment)
    assert (new, waited) == (1, [60, 60])
    assert problem.endswith("429 TOO MANY REQUESTS")
    assert rest == "1 more were not tried: run the same command again later"


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"GITHUB_API_URL": "https://example.org"}, "COMMENTS_TOKEN is not set"),
        ({"COMMENTS_TOKEN": "x"}, "neither GITHUB_API_URL nor CI_API_V4_URL is set"),
    ],
)
def test_without_a_platform_or_a_token(environment: dict[str, str], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        post([COMMENT], environment)


def test_an_address_that_is_a_file_is_not_opened() -> None:
    new, [problem] = post([COMMENT], {"GITHUB_API_URL": "file:///etc", "COMMENTS_TOKEN": "x"})
    assert new == 0 and problem.endswith("is no address of an API")


def test_a_file_without_comments_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "comments.json"
    assert main(["ci", "post", str(path)]) == 2
    path.write_text('[{"repository": 7}]')
    assert main(["ci", "post", str(path)]) == 2
    none, wrong = capsys.readouterr().err.splitlines()
    assert none == f"trivium ci: {path}: cannot be read: No such file or directory"
    assert wrong.startswith(f"trivium ci: {path}: not a list as `trivium ci comments` writes it: ")
