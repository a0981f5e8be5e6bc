"""Text that came from a submission, made fit to print: no terminal codes, no control characters, no floods."""

from __future__ import annotations

import re

# Terminal codes: CSI (colours, cursor), OSC (titles, links), DCS and its kin, and the two-character ones.
# Only complete ones: an unfinished code loses its escape character and the text after it stays readable.
_TERMINAL_CODE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b[PX^_][^\x1b]*\x1b\\"
    r"|\x1b[ -/]*[0-OQ-WYZ\\`-~]"
)
_LINE_END = re.compile(r"\r\n?|[\x85\u2028\u2029]")
# C0 but tab and newline, DEL and C1, the marks that reorder a line, and the two code points XML forbids.
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
_CONTROL_PICTURES = {code: 0x2400 + code for code in range(32)} | {127: 0x2421}


def encodable(text: str) -> str:
    r"""Return text with lone surrogates (bytes of a file name that are not UTF-8) written out as `\udcff`."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def clean_text(text: str, limit: int = 4000) -> str:
    """Return text without terminal codes and control characters, in at most limit characters: head and tail.

    Tabs and newlines stay; a carriage return, as progress bars write, counts as a newline.
    """
    text = _LINE_END.sub("\n", _TERMINAL_CODE.sub("", encodable(text)))
    text = _INVISIBLE.sub("", text)
    if len(text) <= limit:
        return text
    if limit < 100:
        return text[: limit - 1] + "…"
    half = (limit - 50) // 2  # the line between needs fewer than 50
    return f"{text[:half]}\n… {len(text) - 2 * half:,} characters left out …\n{text[-half:]}"


def clean_name(name: str, limit: int = 255) -> str:
    """Return a file or student name on one line; control characters are shown (␛, ␊, �), so that names differ."""
    shown = _INVISIBLE.sub("�", _LINE_END.sub("�", name.translate(_CONTROL_PICTURES)))
    return clean_text(shown, limit).replace("\n", " ")
