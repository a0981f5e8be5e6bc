"""GitHub and GitLab on this machine: they run the steps of the files that `trivium ci init` writes.

What is the platform's is replaced by what it does: a checkout is a clone, an artefact a copy of files, Python the one
that runs the tests. What is the file's is run as it is: each `run:`, each line of `script:`, by bash. pip installs for
real, from the folder or the wheel that the step names; variables of pip keep it from the network and put what it
installs into a folder of the test, without libraries, which are those of the tests.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support.repositories import ENVIRONMENT, git


def load(path: Path) -> dict[str, Any]:
    """Return a file as YAML in which every value is text: `on` is no truth value there, nor on the platforms."""
    found: dict[str, Any] = yaml.load(path.read_text(), yaml.BaseLoader)
    return found


@dataclass
class Machine:
    """A fresh machine for a job: nothing is on it but Python, git and bash."""

    folder: Path
    image: Path | None = None
    """A folder with what is in the container's image: what pip has installed, and the reference."""
    log: str = ""
    """What all steps have printed."""

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def installed(self) -> Path:
        """Where pip installs to."""
        return (self.image or self.folder) / "site"

    def run(self, script: str, environment: Mapping[str, str]) -> int:
        """Run a script by bash, as GitHub and GitLab do; return its exit status."""
        self.workspace.mkdir(parents=True, exist_ok=True)
        (self.folder / "home").mkdir(exist_ok=True)
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.workspace,
            env={
                "PATH": f"{self.installed / 'bin'}:{Path(sys.executable).parent}:/usr/bin:/bin",
                "PYTHONPATH": str(self.installed),
                "HOME": str(self.folder / "home"),
                "LANG": "C.UTF-8",
                "OMP_NUM_THREADS": "1",
                "OPENBLAS_NUM_THREADS": "1",
                "PIP_TARGET": str(self.installed),
                "PIP_NO_INDEX": "1",
                "PIP_NO_DEPS": "1",
                "PIP_NO_BUILD_ISOLATION": "0",  # pip reads: build with what is here
                "PIP_DISABLE_PIP_VERSION_CHECK": "1",
                "CI": "true",
                **ENVIRONMENT,
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self.log += done.stdout
        return done.returncode


@dataclass
class Done:
    """What became of a workflow or a pipeline."""

    status: dict[str, int] = field(default_factory=dict)
    """By job: that of the first step that failed, or 0."""
    logs: dict[str, str] = field(default_factory=dict)
    summaries: dict[str, str] = field(default_factory=dict)
    """GitHub: by job, its summary in Markdown."""


@dataclass
class Platform:
    """A server with repositories, in a folder."""

    folder: Path
    api: str = "http://127.0.0.1:9"
    runs: int = 0

    def repository(self, name: str) -> Path:
        return self.folder / "server" / f"{name}.git"

    def _machine(self, job: str) -> Machine:
        return Machine(self.folder / f"run-{self.runs}" / job)

    def _keep(self, machine: Machine, paths: Sequence[str], to: Path) -> None:
        """Copy what is there at paths in the workspace."""
        for path in filter(None, map(str.strip, paths)):
            source = machine.workspace / path
            (to / path).parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, to / path, dirs_exist_ok=True)
            elif source.exists():
                shutil.copy(source, to / path)


@dataclass
class GitHub(Platform):
    """GitHub Actions."""

    image: Path | None = None
    """What jobs in a container have, see `Machine`."""
    of_image: Mapping[str, str] = field(default_factory=dict)
    """The variables that the image sets."""

    def run(
        self,
        file: Path,
        repository: str,
        secrets: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> Done:
        """Run the jobs of a workflow of a repository in their order; each begins whatever became of the others."""
        self.runs += 1
        workflow, done = load(file), Done()
        context = {f"secrets.{name}": value for name, value in (secrets or {}).items()}
        context |= {f"vars.{name}": value for name, value in (variables or {}).items()}
        context |= {"github.run_id": str(self.runs), "github.run_attempt": "1", "github.actor": "teacher"}
        for name, job in workflow["jobs"].items():
            assert "if" in job or all(status == 0 for status in done.status.values())
            self._job(name, job, workflow.get("env", {}), repository, context, done)
        return done

    def _job(
        self, name: str, job: Any, env: Mapping[str, str], repository: str, context: Mapping[str, str], done: Done
    ) -> None:
        machine = self._machine(name)
        machine.image = self.image if "container" in job else None
        summary = machine.folder / "summary.md"
        context = {**context, "github.workspace": str(machine.workspace)}
        environment = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_SERVER_URL": (self.folder / "server").as_uri(),
            "GITHUB_API_URL": self.api,
            "GITHUB_REPOSITORY": repository,
            "GITHUB_WORKSPACE": str(machine.workspace),
            "GITHUB_STEP_SUMMARY": str(summary),
            **(self.of_image if "container" in job else {}),
        }
        status = 0
        for step in job["steps"]:
            if status and step.get("if") != "${{ !cancelled() }}":
                continue
            filled = {key: self._filled(step.get(key, {}), context) for key in ("with", "env")}
            if "uses" in step:
                self._use(step["uses"], filled["with"], machine, repository)
            else:
                of_job = self._filled({**env, **job.get("env", {})}, context)
                exit_status = machine.run(self._text(step["run"], context), environment | of_job | filled["env"])
                status = status or exit_status
        done.status[name], done.logs[name] = status, machine.log
        done.summaries[name] = summary.read_text() if summary.exists() else ""

    def _use(self, action: str, options: Mapping[str, str], machine: Machine, repository: str) -> None:
        kept = self.folder / "artefacts"
        match action.partition("@")[0]:
            case "actions/checkout":
                to = machine.workspace / options.get("path", ".")
                to.mkdir(parents=True, exist_ok=True)
                git(to, "clone", "--quiet", str(self.repository(options.get("repository", repository))), ".")
            case "actions/setup-python":
                assert options["python-version"] == "{}.{}".format(*sys.version_info[:2])
            case "actions/upload-artifact":
                shutil.rmtree(kept / options["name"], ignore_errors=True)
                paths = options["path"].splitlines()
                self._keep(machine, paths, kept / options["name"])
                if len(paths) == 1 and (kept / options["name"] / paths[0]).is_dir():  # what is in it, without its name
                    (kept / options["name"] / paths[0]).rename(kept / "part")
                    shutil.rmtree(kept / options["name"])
                    (kept / "part").rename(kept / options["name"])
            case "actions/download-artifact":
                to = machine.workspace / options.get("path", ".")
                shutil.copytree(kept / options["name"], to, dirs_exist_ok=True)
            case "actions/cache/save":
                self._keep(machine, [options["path"]], self.folder / "cache" / options["key"])
            case "actions/cache/restore":
                found = sorted((self.folder / "cache").glob(f"{options['restore-keys']}*"))
                if found:
                    shutil.copytree(found[-1], machine.workspace, dirs_exist_ok=True)
            case _:
                raise AssertionError(f"no such action here: {action}")

    def _filled(self, values: Mapping[str, str], context: Mapping[str, str]) -> dict[str, str]:
        return {name: self._text(value, context) for name, value in values.items()}

    def _text(self, text: str, context: Mapping[str, str]) -> str:
        """Return text with its expressions evaluated: a secret or a variable that is not set is empty."""

        def value(found: re.Match[str]) -> str:
            name = found[1]
            return context.get(name, "") if name.startswith(("secrets.", "vars.")) else context[name]

        return re.sub(r"\$\{\{ ([\w.]+) \}\}", value, text)


@dataclass
class GitLab(Platform):
    """GitLab CI/CD."""

    def run(self, file: Path, repository: str, variables: Mapping[str, Mapping[str, str]] | None = None) -> Done:
        """Run the jobs of a pipeline in the order of the file.

        `variables` are those of the project, by the environment that is their scope, or by "*".
        """
        self.runs += 1
        pipeline, done = load(file), Done()
        kept = self.folder / "artefacts"
        jobs = {name: job for name, job in pipeline.items() if "script" in job}
        assert [job.get("stage") for job in jobs.values()] == pipeline.get("stages", [None])
        for name, job in jobs.items():
            job = {**pipeline.get(job.get("extends", ""), {}), **job}
            machine = self._machine(name)
            machine.workspace.mkdir(parents=True)
            git(machine.workspace, "clone", "--quiet", str(self.repository(repository)), ".")
            for path in (self.folder / "cache", *(kept / other for other in job.get("dependencies", done.status))):
                if path.exists() and (path.name != "cache" or "cache" in job):
                    shutil.copytree(path, machine.workspace, dirs_exist_ok=True)
            scoped = (variables or {}).get(job.get("environment", {}).get("name", ""), {})
            environment = {
                "GITLAB_CI": "true",
                "CI_SERVER_URL": (self.folder / "server").as_uri(),
                "CI_API_V4_URL": self.api,
                "CI_PROJECT_DIR": str(machine.workspace),
                **(variables or {}).get("*", {}),
                **scoped,
                **job.get("variables", {}),
            }
            status = machine.run("\n".join([*job.get("before_script", []), *job["script"]]), environment)
            machine.run("\n".join(job.get("after_script", [])), environment)  # in a shell of its own
            artefacts = job.get("artifacts", {})
            self._keep(machine, [*artefacts.get("paths", []), *artefacts.get("reports", {}).values()], kept / name)
            self._keep(machine, job.get("cache", {}).get("paths", []), self.folder / "cache")
            done.status[name], done.logs[name] = status, machine.log
            assert "when" in job or status == 0 or name == list(jobs)[-1] or name == "fetch"
        return done


def course(repository: Path, root: Path) -> None:
    """Make a bare repository of the course as it is in this folder, with its reference."""
    work = repository.parent / "course-work"
    for name in ("assignments", "graders", "sanity", "solutions"):
        shutil.copytree(root / name, work / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for name in ("pyproject.toml", "constraints.txt", "README.md", "LICENSE"):
        shutil.copy(root / name, work)
    git(work, "init", "--quiet")
    git(work, "add", "--all", "--force")
    git(work, "commit", "--quiet", "-m", "The course")
    git(repository.parent, "clone", "--quiet", "--bare", str(work), str(repository))
    shutil.rmtree(work)
