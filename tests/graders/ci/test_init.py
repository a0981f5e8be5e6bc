"""The files that `trivium ci init` writes: with documented keys only, and no secret where students push."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from graders.ci.init import FILES, IMAGE_FILES, PYTHON
from graders.cli.main import main
from graders.course.assignment import assignment_names, course_root
from tests.support.platforms import load

SUPPORT = Path(__file__).parents[2] / "support"
SCHEMAS = {
    "github": json.loads((SUPPORT / "github_workflow.schema.json").read_text()),
    "gitlab": json.loads((SUPPORT / "gitlab_pipeline.schema.json").read_text()),
}


def init(*arguments: object) -> int:
    return main(["ci", "init", *map(str, arguments)])


@pytest.mark.parametrize("image", [[], ["--image"]], ids=["repository", "image"])
@pytest.mark.parametrize("platform", SCHEMAS)
def test_every_assignment_has_files_with_documented_keys_only(platform: str, image: list[str], tmp_path: Path) -> None:
    for name in assignment_names():
        out = tmp_path / name
        assert init(platform, name, "-o", out, *image) == 0
        expected = {*FILES[platform], *(IMAGE_FILES if image else ())}
        files = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
        assert files == expected
        for path in out.rglob("*.yml"):
            jsonschema.validate(load(path), SCHEMAS[platform])
        for file in files:
            text = (out / file).read_text()
            assert not re.search(r"<%|%>|<#", text) and text.endswith("\n") and "\n\n\n" not in text
            assert all(line == line.rstrip() and len(line) <= 120 for line in text.splitlines()), file


@pytest.mark.parametrize("platform", SCHEMAS)
def test_students_have_no_secret_and_no_reference(platform: str, tmp_path: Path) -> None:
    init(platform, "a2", "-o", tmp_path)
    for path in (tmp_path / "student").rglob("*"):
        if path.is_file():
            assert not re.search(r"secrets\.|_TOKEN|_KEY|SEED|solutions|trivium grade|tags", path.read_text())
    wheel = re.search(r"\./(trivium-\S+?\.whl\[\w+\])", (course_root() / "assignments/a2/README.md").read_text())
    [sanity] = list((tmp_path / "student").rglob("*.yml"))
    assert wheel and f'pip install "./{wheel[1]}"' in sanity.read_text()


def test_each_secret_is_in_the_job_that_needs_it(tmp_path: Path) -> None:
    init("github", "a2", "-o", tmp_path)
    workflow = load(tmp_path / "staff/.github/workflows/grade.yml")
    secrets = {name: set(re.findall(r"secrets\.(\w+)", json.dumps(job))) for name, job in workflow["jobs"].items()}
    assert secrets == {
        "fetch": {"COURSE_KEY", "STUDENTS_TOKEN"},
        "grade": {"COURSE_KEY", "TRIVIUM_SEED"},
        "tell": {"COURSE_KEY", "COMMENTS_TOKEN"},
    }
    assert "secrets" not in json.dumps({key: value for key, value in workflow.items() if key != "jobs"})
    checkouts = [
        step["with"] for job in workflow["jobs"].values() for step in job["steps"] if "checkout" in step.get("uses", "")
    ]
    assert all(options["persist-credentials"] == "false" for options in checkouts)


def test_the_version_of_python_is_the_one_that_is_tested() -> None:
    assert f">={PYTHON}" in (course_root() / "pyproject.toml").read_text()


def test_a_file_that_is_there_is_replaced_only_by_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "staff/repositories.txt"
    mine.parent.mkdir()
    mine.write_text("org/ada\n")
    assert init("github", "a2", "-o", tmp_path) == 2
    assert capsys.readouterr() == ("", f"trivium ci: {mine}: is there already; --force replaces it\n")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine] and mine.read_text() == "org/ada\n"
    assert init("github", "a2", "-o", tmp_path, "--force") == 0
    assert mine.read_text().startswith("# The students' repositories")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("github", "a9"), "no assignment 'a9': choose from a1, "),
        (("github", "a2", "--tag", '$(id)"'), '--tag $(id)": expected a pattern such as submit-*'),
        (("classroom50", "a2", "--tag", "v*"), "--tag: Classroom 50 says itself what is handed in"),
        (("classroom50", "a2", "--image"), "--image: autograder.py finds the course where it is installed"),
    ],
)
def test_what_cannot_be_is_one_line(
    arguments: tuple[str, ...], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(*arguments, "-o", tmp_path) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(f"trivium ci: {message}") and err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_another_pattern_of_tags(tmp_path: Path) -> None:
    init("gitlab", "a2", "-o", tmp_path, "--tag", "v*")
    assert '--tag "v*"' in (tmp_path / "staff/.gitlab-ci.yml").read_text()
