"""The steps of the workflow files, run from the first to the last: from repositories on this machine to comments.

Only GitHub's and GitLab's own machines are missing, and Docker: of the image the steps of its Dockerfile are run.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from graders.cli.main import main
from graders.course.assignment import course_root, load_assignment
from graders.sandbox.isolation import Isolation
from tests.support.platforms import GitHub, GitLab, Machine, course
from tests.support.repositories import git, pushed

pytestmark = pytest.mark.slow

SEED = "271828"
WRONG = b"\nright = sigmoid\ndef sigmoid(x):\n    return -right(x)\n"


@pytest.fixture(scope="module")
def course_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The private repository with the course and its reference, bare."""
    path = tmp_path_factory.mktemp("course") / "course.git"
    course(path, course_root())
    return path


@pytest.fixture(scope="module")
def handout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What students receive of assignment 2, unpacked: their template repository."""
    folder = tmp_path_factory.mktemp("handout")
    assert main(["handout", "a2", "-o", str(folder)]) == 0
    with ZipFile(folder / "a2.zip") as archive:
        archive.extractall(folder)
    return folder / "a2"


def files_in(folder: Path) -> dict[str, bytes]:
    """The files of a folder, hidden ones too, without a repository's own."""
    paths = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {name.as_posix(): path.read_bytes() for name, path in paths.items() if name.parts[0] != ".git"}


def reference() -> dict[str, bytes]:
    return {
        name: (load_assignment("a2").solutions / name).read_bytes() for name in load_assignment("a2").manifest.submit
    }


class Comments:
    """The API of both platforms, as far as comments on commits go."""

    def __init__(self, server: HTTPServer) -> None:
        self.made: dict[str, list[str]] = {}
        server.expect_request(re.compile("/.*/comments")).respond_with_handler(self._answer)

    def _answer(self, request: Request) -> Response:
        assert "t0ken" in request.headers.get("Authorization", "") + request.headers.get("PRIVATE-TOKEN", "")
        there = self.made.setdefault(request.path, [])
        field = "note" if "/projects/" in request.path else "body"
        if request.method == "POST":
            there.append(request.get_json()[field])
        return Response(json.dumps([{field: body} for body in there]), content_type="application/json")

    def on(self, commit: str) -> list[str]:
        return next((bodies for path, bodies in self.made.items() if f"/{commit}/" in path), [])


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer() as server:
        yield server


@pytest.fixture
def in_sandbox(isolation: Isolation) -> None:
    if isolation is Isolation.NONE:
        pytest.skip("no sandbox on this machine, and the workflows grade in one only")


def of_class(platform: GitHub | GitLab, staff: Path, course_repository: Path) -> dict[str, str]:
    """Push the class, the course and the staff's repository; return the commits of the class."""
    shutil.copytree(course_repository, platform.repository("org/course"))
    (staff / "repositories.txt").write_text("org/a2-ada\nben org/group/a2\norg/a2-chen\norg/a2-dora\n")
    pushed(platform.repository("org/staff"), files_in(staff))
    right = reference()
    in_folder = {f"hw/{name}": text for name, text in right.items()}
    wrong = {**right, "word2vec.py": right["word2vec.py"] + WRONG}
    return {
        "ada": pushed(platform.repository("org/a2-ada"), in_folder, "submit-1"),
        "ben": pushed(platform.repository("org/group/a2"), wrong, "submit-1"),
        "chen": pushed(platform.repository("org/a2-chen"), {"notes.txt": b"no answers"}, "submit-1"),
        "dora": pushed(platform.repository("org/a2-dora"), right),
    }


def check_first_run(platform: GitHub | GitLab, commits: dict[str, str], comments: Comments, out: Path) -> None:
    """What is the same on both platforms: marks, the JUnit report, and what students are told."""
    results = {path.stem: json.loads(path.read_text())["score"] for path in (out / "results").glob("*.json")}
    worth = sum(question.points for question in load_assignment("a2").manifest.questions)
    assert results["a2-ada.zip"] == worth > results["ben.zip"] > 0 and len(results) == 2
    [ada] = comments.on(commits["ada"])
    [ben] = comments.on(commits["ben"])
    [chen] = comments.on(commits["chen"])
    assert ada.startswith(f"## a2\\-ada: {worth:g} of {worth:g} points (100%)\n")
    assert ada.endswith("\na2, tag `submit-1`\n")
    assert "sigmoid has the right shape" in ben and SEED not in ben
    assert chen.startswith("## a2\\-chen: not read\n\nnothing to grade") and comments.on(commits["dora"]) == []


def test_github_from_tags_to_comments(
    in_sandbox: None, tmp_path: Path, course_repository: Path, server: HTTPServer
) -> None:
    platform, comments = GitHub(tmp_path / "github", server.url_for("").rstrip("/")), Comments(server)
    assert main(["ci", "init", "github", "a2", "-o", str(tmp_path / "ci")]) == 0
    commits = of_class(platform, tmp_path / "ci/staff", course_repository)
    workflow = tmp_path / "ci/staff/.github/workflows/grade.yml"
    secrets = {"STUDENTS_TOKEN": "r", "COMMENTS_TOKEN": "t0ken", "TRIVIUM_SEED": SEED, "COURSE_KEY": "k"}
    done = platform.run(workflow, "org/staff", secrets, {"COURSE_REPOSITORY": "org/course"})
    assert done.status == {"fetch": 0, "grade": 1, "tell": 0}, done.logs  # 1: one submission could not be read
    grades = tmp_path / "github/artefacts/grades"
    check_first_run(platform, commits, comments, grades)
    assert ET.parse(grades / "junit.xml").getroot().findall("testsuite[@name='ben.zip']/testcase/failure")
    assert "a2-dora: no tag submit-* yet" in done.logs["fetch"]
    assert "grading: in the sandbox" in done.logs["grade"] and "3 of 3 comments are new" in done.logs["tell"]
    assert done.summaries["grade"].count("## ") == 3
    assert not any(SEED in log for log in done.logs.values())

    # Ben mends it; a second run grades only that, with the same seed, and repeats no comment.
    again = pushed(platform.repository("org/group/a2"), reference(), "submit-2")
    done = platform.run(workflow, "org/staff", secrets, {"COURSE_REPOSITORY": "org/course"})
    assert "class of 3, 1 graded, 1 not read" in done.logs["grade"]
    assert [len(comments.on(commits[name])) for name in ("ada", "ben", "chen")] == [1, 1, 1]
    assert "(100%)" in comments.on(again)[0] and "1 of 3 comments are new" in done.logs["tell"]


def test_gitlab_from_tags_to_comments(
    in_sandbox: None, tmp_path: Path, course_repository: Path, server: HTTPServer
) -> None:
    platform, comments = GitLab(tmp_path / "gitlab", server.url_for("").rstrip("/")), Comments(server)
    assert main(["ci", "init", "gitlab", "a2", "-o", str(tmp_path / "ci")]) == 0
    commits = of_class(platform, tmp_path / "ci/staff", course_repository)
    variables = {
        "*": {"COURSE_TOKEN": "c", "COURSE_PROJECT": "org/course"},
        "fetch": {"STUDENTS_TOKEN": "r"},
        "grade": {"TRIVIUM_SEED": SEED},
        "tell": {"COMMENTS_TOKEN": "t0ken"},
    }
    done = platform.run(tmp_path / "ci/staff/.gitlab-ci.yml", "org/staff", variables)
    assert done.status == {"fetch": 0, "grade": 1, "tell": 0}, done.logs
    check_first_run(platform, commits, comments, tmp_path / "gitlab/artefacts/grade/grades")
    junit = ET.parse(tmp_path / "gitlab/artefacts/grade/junit.xml").getroot()
    assert junit.findall("testsuite[@name='ben.zip']/testcase/failure")


@pytest.mark.parametrize("platform", ["github", "gitlab"])
def test_students_check_their_answers_at_a_push(platform: str, tmp_path: Path, handout: Path) -> None:
    assert main(["ci", "init", platform, "a2", "-o", str(tmp_path / "ci")]) == 0
    runner = (GitHub if platform == "github" else GitLab)(tmp_path / platform)
    template = files_in(handout) | files_in(tmp_path / "ci/student")
    [file] = (tmp_path / "ci/student").rglob("*.yml")
    status = {}
    for name, files in {"stub": template, "right": template | reference()}.items():
        pushed(runner.repository(f"org/{name}"), files)
        done = runner.run(file, f"org/{name}")
        status[name] = done.status["sanity"]
        assert ("All Sanity Checks Passed for Question 1a" in done.logs["sanity"]) is (name == "right")
    assert status == {"stub": 1, "right": 0}


def test_fail_under_in_a_job_of_github(in_sandbox: None, tmp_path: Path, handout: Path) -> None:
    """In a repository to which no student pushes: a right answer passes, a wrong one fails, with annotations."""
    checkout = tmp_path / "workspace" / "student"
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(checkout.parent)}
    machine = Machine(tmp_path)
    environment["PYTHONPATH"] = str(course_root())
    grade = f"{sys.executable} -m graders.cli grade a2 student -q 1a --out ../out --fail-under 80 --junit ../junit.xml"
    name = "100%, mine: ünï/word2vec.py"
    for wrong in (False, True):
        text = reference()["word2vec.py"] + (WRONG if wrong else b"")
        pushed(tmp_path / "bare.git", {name: text}, work=checkout)
        assert machine.run(grade, environment) == int(wrong)
        suite = ET.parse(tmp_path / "junit.xml").getroot().find("testsuite")
        assert suite is not None and suite.get("failures", "0") == ("0" if not wrong else suite.get("failures"))
    assert "student: 0 of 2 points is below --fail-under 80 %" in machine.log
    line = 1 + next(n for n, line in enumerate((checkout / name).read_text().splitlines()) if "def sigmoid" in line)
    assert f"::error file=100%25%2C mine%3A ünï/word2vec.py,line={line},title=1a Sigmoid::" in machine.log


def test_github_with_an_image(in_sandbox: None, tmp_path: Path, course_repository: Path, server: HTTPServer) -> None:
    """Its steps are run in a folder, without Docker: COPY copies, RUN runs, but the system's packages are there."""
    assert main(["ci", "init", "github", "a2", "--image", "-o", str(tmp_path / "ci")]) == 0
    git(tmp_path, "clone", "--quiet", str(course_repository), "context")
    machine, environment, steps = Machine(tmp_path / "image"), dict[str, str](), []
    for line in (tmp_path / "ci/staff/Dockerfile").read_text().splitlines():
        step, _, rest = line.partition(" ")
        steps.append(step)
        within = re.sub(r"/course\b", str(tmp_path / "image/course"), rest)
        if step == "COPY":
            *sources, to = within.split()
            for source in (tmp_path / "context" / name for name in sources):
                target = Path(to) / source.name if to.endswith("/") else Path(to)
                target.parent.mkdir(parents=True, exist_ok=True)
                (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
        elif step == "ENV":
            environment |= dict([within.split("=", 1)])
        elif step == "RUN" and "apt-get" not in rest:
            assert machine.run(within, {}) == 0, machine.log
    assert [step for step in dict.fromkeys(steps) if step != "#"] == ["FROM", "RUN", "COPY", "ENV"]
    assert (machine.installed / "bin/trivium").exists()
    platform, comments = GitHub(tmp_path / "github", server.url_for("").rstrip("/")), Comments(server)
    platform.image, platform.of_image = machine.folder, environment
    commits = of_class(platform, tmp_path / "ci/staff", course_repository)
    secrets = {"STUDENTS_TOKEN": "r", "COMMENTS_TOKEN": "t0ken", "TRIVIUM_SEED": SEED, "GITHUB_TOKEN": "p"}
    variables = {"COURSE_IMAGE": "an image"}
    done = platform.run(tmp_path / "ci/staff/.github/workflows/grade.yml", "org/staff", secrets, variables)
    assert done.status == {"fetch": 0, "grade": 1, "tell": 0}, done.logs
    check_first_run(platform, commits, comments, tmp_path / "github/artefacts/grades")


HOSTILE = """
import os, json, sys
from pathlib import Path
Path("{mark}").touch()
Path("result.json").write_text('{{"schema": "classroom50/result/v1", "score": 99, "max-score": 1}}')
os._exit(0)
"""


@pytest.mark.parametrize("how", ["a private repository", "a machine with the course"])
def test_classroom50_from_its_autograder(in_sandbox: None, how: str, tmp_path: Path, course_repository: Path) -> None:
    """The autograder runs in a checkout with modules called as those that it imports."""
    checkout = Machine(tmp_path)
    assert main(["ci", "init", "classroom50", "a2", "-o", str(checkout.workspace)]) == 0
    mark = tmp_path / "was-run"
    files = {**reference(), "result.json": b"{}"}
    for name in ("subprocess.py", "tempfile.py", "sitecustomize.py", "graders/__init__.py", "sanity/__init__.py"):
        files[name] = HOSTILE.format(mark=mark).encode()
    for name, content in files.items():
        (checkout.workspace / name).parent.mkdir(exist_ok=True)
        (checkout.workspace / name).write_bytes(content)
    environment = {
        name: name.lower() for name in ("CLASSROOM", "ASSIGNMENT", "COMMIT_URL", "RELEASE_URL", "REVIEW_URL")
    }
    environment |= {"SUBMISSION_TAG": "submit-1", "USERNAME": "ada", "TRIVIUM_SEED": SEED}
    if how == "a private repository":
        environment |= {"COURSE_REPOSITORY": course_repository.as_uri(), "COURSE_TOKEN": "t0ken"}
    else:
        environment |= {"TRIVIUM_SOLUTIONS": str(course_root() / "solutions"), "PYTHONPATH": str(course_root())}
    assert checkout.run("python autograder.py", environment) == 0, checkout.log
    report = json.loads((checkout.workspace / "result.json").read_text())
    assert report["score"] == report["max-score"] > 1000 and report["submission"] == "submit-1"
    assert not mark.exists() and SEED not in (checkout.workspace / "result.json").read_text()
    for missing in ("USERNAME", "SUBMISSION_TAG"):
        without = {name: value for name, value in environment.items() if name != missing}
        assert checkout.run("python autograder.py", without) == 2
        assert not (checkout.workspace / "result.json").exists()
