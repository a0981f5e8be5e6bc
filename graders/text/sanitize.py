"""Sanitizes text from submissions: removes terminal codes and control characters, and limits the length."""

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
    r"""Return text that can be encoded as UTF-8: lone surrogates (invalid bytes of a file name) become `\udcff`.

    >>> encodable("a\udcff")
    'a\\udcff'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def clean_text(text: str, limit: int = 4000) -> str:
    r"""Return text without terminal codes and control characters; longer text keeps its start and end, `limit` in all.

    Tabs and newlines stay; a carriage return, which progress bars print, becomes a newline.

    >>> clean_text("\x1b[31mred\x1b[0m\rdone")
    'red\ndone'
    """
    if not text.isprintable():  # else there is nothing to remove, which is found out much faster
        text = _LINE_END.sub("\n", _TERMINAL_CODE.sub("", encodable(text)))
        text = _INVISIBLE.sub("", text)
    if len(text) <= limit:
        return text
    if limit < 100:
        return text[: limit - 1] + "…"
    half = (limit - 50) // 2  # the line between them has fewer than 50 characters
    return f"{text[:half]}\n… {len(text) - 2 * half:,} characters left out …\n{text[-half:]}"


def clean_name(name: str, limit: int = 255) -> str:
    r"""Return the name of a file or student as one line; control characters become visible ones (␛, ␊, �).

    >>> clean_name("ada\x1b[2J\n")
    'ada␛[2J␊'
    """
    if not name.isprintable():
        name = _INVISIBLE.sub("�", _LINE_END.sub("�", name.translate(_CONTROL_PICTURES)))
    return clean_text(name, limit).replace("\n", " ")
