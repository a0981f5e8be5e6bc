"""What students are told in this run: what assignment.toml says, unless --feedback says otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from graders.errors import OptionError
from sanity.core.feedback import GRADED, Dial, Level
from sanity.core.manifest import Manifest


def dial_now(manifest: Manifest, option: str = "") -> Dial:
    """Return the dial of an assignment at this time; raise OptionError, or ManifestError for an unknown question.

    Args:
        manifest: the assignment.
        option: levels that hold instead, at any date: of all questions, of single ones, or both, as in
            "sentence,1d=diagnosis"; "" for none.
    """
    dial = manifest.dial(datetime.now(UTC), GRADED)
    words = [word.strip() for word in option.split(",") if word.strip()]
    for word in [word for word in words if "=" not in word]:
        dial = replace(dial, levels={}, default=_level(word, option))
    for question, _, word in (word.partition("=") for word in words if "=" in word):
        dial = replace(dial, levels={**dial.levels, manifest.question(question.strip()).id: _level(word, option)})
    return dial


def _level(word: str, option: str) -> Level:
    try:
        return Level(word.strip())
    except ValueError:
        expected = f"{', '.join(Level)}, or 1d=LEVEL for one question"
        raise OptionError(f"--feedback {option}: {word.strip()!r} is no level: expected {expected}") from None
