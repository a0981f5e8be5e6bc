"""Independent right answers and copies of them, for tests of similarity: from the reference and its variants.

`python -m tests.support.copies FOLDER` writes a class of four for the documents.
"""

from __future__ import annotations

import ast
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from graders.course.assignment import load_assignment
from graders.course.planted import ANSWER, load_variants, reference_files
from tests.support.class_exports import write

Files = Mapping[str, str]


@cache
def answers(assignment: str) -> dict[tuple[str, str, int], list[str]]:
    """Return the right answers of an assignment, each written differently, by file, question and part of the answer."""
    course = load_assignment(assignment)
    found: dict[tuple[str, str, int], dict[str, None]] = defaultdict(dict)
    for files in (reference_files(course), *(variant.files for variant in load_variants(course))):
        for name, text in files.items():
            for match, part in _parts(text):
                found[name, match[2], part].setdefault(match[3])
    return {place: list(texts) for place, texts in found.items()}


def student(assignment: str, number: int) -> dict[str, str]:
    """Return a right submission; the first ones have no answer in common, as far as there are so many answers."""
    files = reference_files(load_assignment(assignment))
    for name, text in files.items():
        for match, part in reversed(list(_parts(text))):
            texts = answers(assignment)[name, match[2], part]
            indent = " " * (len(match[1]) - len(match[1].lstrip(" ")))
            begin, end = (f"{indent}# Question {match[2]}: your code {what} here." for what in ("starts", "ends"))
            answered = f"{begin}\n{texts[number % len(texts)]}{end}"
            files[name] = files[name][: match.start()] + answered + files[name][match.end() :]
    return files


def _parts(text: str) -> Iterator[tuple[re.Match[str], int]]:
    """Yield the answers in a file; one with several parts is numbered."""
    seen: Counter[str] = Counter()
    for match in ANSWER.finditer(text):
        yield match, seen[match[2]]
        seen[match[2]] += 1


def renamed(files: Files) -> dict[str, str]:
    """Return a copy in which every variable that a function assigns has another name."""
    names = {
        node.id
        for text in files.values()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and not node.id.startswith("_")
    }
    word = re.compile(rf"(?<![\w.\"'<])({'|'.join(sorted(names, key=len, reverse=True))})\b(?![\"'>])")
    return {name: word.sub(lambda match: f"my_{match[1]}_2", text) for name, text in files.items()}


def reordered(files: Files) -> dict[str, str]:
    """Return a copy with the functions of each file, and of each class, the other way round."""

    def turned(body: list[ast.stmt]) -> list[ast.stmt]:
        functions = [node for node in body if isinstance(node, ast.FunctionDef)][::-1]
        return [node for node in body if not isinstance(node, ast.FunctionDef)] + functions

    copied = {}
    for name, text in files.items():
        tree = ast.parse(text)
        for node in (tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))):
            node.body = turned(node.body)
        copied[name] = ast.unparse(tree) + "\n"  # which drops the comments, too
    return copied


def commented(files: Files) -> dict[str, str]:
    """Return a copy with other comments, and with other space: two more empty lines and Windows's line ends."""
    copied = {}
    for name, text in files.items():
        lines = [re.sub(r"(?<=[)\w])  #.*", "", line) for line in text.split("\n") if "your code" not in line]
        copied[name] = "\r\n".join(f"{line}   # so\r\n\r\n" if line.endswith(")") else line for line in lines)
    return copied


def padded(files: Files) -> dict[str, str]:
    """Return a copy with a line inserted after each third one of the answers."""
    copied, rng = {}, random.Random(5)
    for name, text in files.items():
        lines, inside, depth = [], False, 0
        for line in text.split("\n"):
            lines.append(line)
            inside = inside if "# Question" not in line else "starts here" in line
            depth += sum(map(line.count, "([{")) - sum(map(line.count, ")]}"))
            is_whole = line.strip() and not line.rstrip().endswith((":", "\\")) and not depth
            if inside and is_whole and "# Question" not in line and rng.random() < 1 / 3:
                indent = line[: len(line) - len(line.lstrip())]
                lines.append(f"{indent}unused_{len(lines)} = {rng.randrange(100)}")
        copied[name] = "\n".join(lines)
    return copied


COPIES = {"renamed": renamed, "reordered": reordered, "commented": commented, "padded": padded}


def main(folder: Path) -> None:
    """Write a class of four, of which one has copied, for the documents."""
    ada = student("a4", 0)
    copied = padded(renamed(ada))
    for name, files in {"ada": ada, "bela": student("a4", 1), "chen": student("a4", 2), "dora": copied}.items():
        write(folder / name, {path: text.encode() for path, text in files.items()})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
