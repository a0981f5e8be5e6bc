"""The page that reports a training: one HTML file with scores, plots, examples, and how to repeat it.

The same training gives the same page, to the byte, but for the rows "finished" and "training time". What is special to
an assignment is in a template of its own that extends `page.html.jinja`, and in a module beside that.
"""

from __future__ import annotations

import platform
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sanity.training.plots import displayable
from sanity.training.recipe import option

if TYPE_CHECKING:
    import torch

Fact = tuple[str, ...]
"""A name, a value, and perhaps its meaning."""
Facts = Mapping[str, Sequence[Fact]]
"""The table "This training": rows by their heading."""


def page_of(
    template: Path,
    title: str,
    drawn: Mapping[str, str],
    captions: Mapping[str, str],
    facts: Facts,
    **context: Any,
) -> str:
    """Return the HTML page, which loads nothing from elsewhere; any text is safe in it.

    Args:
        template: one that extends page.html.jinja.
        title: the heading of the page.
        drawn: SVG by file name.
        captions: the headings above plots, by the names of their files.
        facts: see `facts_of`.
        context: what else the template names.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([template.parent, Path(__file__).parent]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["displayable"] = displayable
    page = environment.get_template(template.name)
    return page.render(title=title, plots=drawn, captions=captions, facts=facts, **context)


def facts_of(
    argv: Sequence[str],
    recipe: Any,
    data: Sequence[Fact],
    libraries: Sequence[str],
    device: torch.device,
    trained: Any,
) -> Facts:
    """Return the table "This training": what is needed to get the same numbers again, and how long it took.

    Args:
        argv: the arguments of run.py.
        recipe: a dataclass with `seed`, whose fields have `help` in their metadata.
        data: the rows on the data.
        libraries: the packages that the numbers depend on.
        device: where it was trained.
        trained: the result of a training loop: its `progress`, and the `best_update`.
    """
    import torch

    progress = trained.progress
    versions = {name: version_of(name) for name in libraries}
    hyperparameters = {one: getattr(recipe, one.name) for one in fields(recipe)}
    return {
        "Run": [
            ("command", shlex.join(("python", "run.py", *argv))),
            ("seed", f"{recipe.seed}"),
            ("updates", f"{progress.update}, the last in epoch {progress.epoch}"),
            ("best weights", f"of update {trained.best_update}", "saved in the model, and used for test"),
            ("finished", in_words(datetime.now().astimezone())),
            ("training time", duration(progress.seconds), "with validation, without test"),
        ],
        "Data": data,
        "Machine": [
            ("device", device_in_words(device)),
            ("threads", f"{torch.get_num_threads()}", "of the CPU; another number rounds sums differently"),
            ("system", f"{platform.system()} {platform.machine()}"),
        ],
        "Versions": [
            ("Python", platform.python_version()),
            *((name, installed) for name, installed in versions.items() if installed),
        ],
        "Recipe": [
            (option(one.name), "no limit" if value is None else f"{value}", one.metadata["help"])
            for one, value in hyperparameters.items()
        ],
    }


def device_in_words(device: torch.device) -> str:
    """Return the device and its kind: `cpu, AVX2` or `cuda, NVIDIA H200, CUDA 12.8`."""
    import torch

    if device.type == "cuda":
        return f"{device}, {torch.cuda.get_device_name(device)}, CUDA {torch.version.cuda}"
    return f"{device}, {torch.backends.cpu.get_cpu_capability()}"


def version_of(package: str) -> str | None:
    """Return the version of an installed package; None if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def in_words(time: datetime) -> str:
    """Return a time with its zone in words: `Sunday 29 November 2026, 12:35 CET`."""
    return f"{time:%A} {time.day} {time:%B %Y, %H:%M %Z}"


def duration(seconds: float) -> str:
    """Return a number of seconds in words: `7.3 s`, `1 min 23 s` or `2 h 5 min`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
