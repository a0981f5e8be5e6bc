"""Automatic mutants of the reference's answers: each has one small mistake, made by a rule and not by hand.

A package such as mutmut or cosmic-ray runs a test suite on files on disk once for each mutant. Here only the checks of
one question have to be asked, in a forked child that has torch and the recordings already, and only the answers between
the markers are changed; so these are a hundred lines of our own.

The same reference gives the same mutants in the same order, with the same ids.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from typing import TypeVar

from graders.course.assignment import Assignment
from graders.course.planted import ANSWER, Files, reference_files

Node = TypeVar("Node", bound=ast.AST)

OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
TWINS = {
    name: other
    for pair in ("any all", "floor ceil", "max min", "mean sum", "minimum maximum", "new_zeros new_ones", "zeros ones")
    for name, other in (pair.split(), reversed(pair.split()))
} | {"zeros_like": "ones_like", "bmm": "add", "tanh": "sigmoid"}
"""Functions and methods that stand in each other's place."""
SHAPING = {"astype", "bool", "copy", "permute", "reshape", "squeeze", "transpose", "unsqueeze"}
"""Methods that are left out."""
COMMUTATIVE = {"logaddexp", "max", "maximum", "min", "minimum"}
"""Functions whose arguments are not swapped."""
GUARDS = {"strict"}
"""Keywords that change nothing in a right answer."""


@dataclass(frozen=True)
class Mutant:
    """The reference with one change in an answer."""

    id: str
    """What stood there and what does now, such as `a + b → a - b`: unique in its question."""
    question: str
    files: Files


@dataclass(frozen=True)
class _Slot:
    """A place in the syntax tree: a field of a node, or an entry of a list there."""

    holder: ast.AST
    field: str
    index: int | None = None

    def put(self, node: ast.AST | None) -> None:
        """Set what stands there; None leaves the field empty."""
        if self.index is None:
            setattr(self.holder, self.field, node)
        else:
            getattr(self.holder, self.field)[self.index] = node


def mutants_of(assignment: Assignment) -> list[Mutant]:
    """Return all mutants of an assignment's reference, in the order of its files and answers."""
    reference = reference_files(assignment)
    return [
        Mutant(id, question, {**reference, file: mutated})
        for file, text in reference.items()
        for question, id, mutated in mutants_in(text)
    ]


def mutants_in(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield the question, the id and the new text of each mutant of a file."""
    code = _Code(text)
    seen, ids = {code.with_part(0)}, Counter[tuple[str, str]]()
    for answer in ANSWER.finditer(text):
        question, first = answer[2], text.count("\n", 0, answer.start(3)) + 1
        for id, mutated in _mutated(code, first, first + answer[3].count("\n") - 1):
            if mutated not in seen:
                seen.add(mutated)
                ids[question, id] += 1
                number = f" ({ids[question, id]})" if ids[question, id] > 1 else ""
                yield question, id + number, mutated


class _Code:
    """A file whose tree is changed in one place at a time: of its text, only the part with the change is made anew."""

    def __init__(self, text: str) -> None:
        self.tree = ast.parse(text)
        self.parts = [ast.unparse(part) for part in self.tree.body]
        self.part_of = {node: i for i, part in enumerate(self.tree.body) for node in ast.walk(part)}
        """The index of the statement of the module that a node lies in."""

    def with_part(self, index: int) -> str:
        """Return the text with one of the module's statements as it is in the tree now."""
        return "\n".join([*self.parts[:index], ast.unparse(self.tree.body[index]), *self.parts[index + 1 :]])


def _mutated(code: _Code, first: int, last: int) -> Iterator[tuple[str, str]]:
    """Yield an id and the text of the file for each mutant of the lines first to last."""
    for parent in ast.walk(code.tree):
        for slot, statement in _slots(parent):
            if not isinstance(statement, ast.stmt) or not first <= statement.lineno <= last:
                continue
            was, part = _headline(statement), code.part_of[statement]
            for other in _statements(statement):
                slot.put(other)
                yield f"{was} → {'nothing' if isinstance(other, ast.Pass) else _headline(other)}", code.with_part(part)
            slot.put(statement)
            for inner, node in _expressions(statement):
                for changed in _replacements(node, inner.field):
                    inner.put(changed)
                    yield f"{was} → {_headline(statement)}", code.with_part(part)
                inner.put(node)


def _headline(statement: ast.AST) -> str:
    """Return a statement in one line, without the statements inside it."""
    return ast.unparse(statement).partition("\n")[0]


def _slots(node: ast.AST) -> Iterator[tuple[_Slot, ast.AST]]:
    """Yield the places of a node's children, with the child there."""
    for field, value in ast.iter_fields(node):
        if isinstance(value, ast.AST):
            yield _Slot(node, field), value
        elif isinstance(value, list):
            yield from ((_Slot(node, field, i), item) for i, item in enumerate(value) if isinstance(item, ast.AST))


def _expressions(node: ast.AST) -> Iterator[tuple[_Slot, ast.AST]]:
    """Yield the places of all expressions in a statement, but not in the statements inside it."""
    for slot, child in _slots(node):
        guard = isinstance(child, ast.keyword) and child.arg in GUARDS
        if not (isinstance(child, ast.stmt) or guard or slot.field in ("annotation", "returns")):
            yield slot, child
            yield from _expressions(child)


def _statements(node: ast.stmt) -> Iterator[ast.stmt]:
    """Yield what a statement becomes: nothing, or another assignment."""
    if not isinstance(node, ast.Pass):
        yield ast.copy_location(ast.Pass(), node)
    if isinstance(node, ast.AugAssign):
        yield ast.copy_location(ast.Assign([node.target], node.value), node)
        if type(node.op) in OPERATORS:
            yield _with(node, op=OPERATORS[type(node.op)]())


def _replacements(node: ast.AST, field: str) -> Iterator[ast.AST]:
    """Yield what stands in the place of an expression, in a field of its parent."""
    if field in ("test", "ifs") and isinstance(node, ast.expr):
        yield ast.UnaryOp(ast.Not(), node)
    match node:
        case ast.BinOp(op=op) | ast.BoolOp(op=op) if type(op) in OPERATORS:
            yield _with(node, op=OPERATORS[type(op)]())
        case ast.Compare(ops=[op]) if type(op) in OPERATORS:
            yield _with(node, ops=[OPERATORS[type(op)]()])
        case ast.UnaryOp(op=ast.USub() | ast.Not()):
            yield node.operand
        case ast.Constant(value=bool()):
            yield ast.Constant(not node.value)
        case ast.Constant(value=int() | float() as number):
            yield from (ast.Constant(number + by) for by in (1, -1))
        case ast.Constant(value=None) if field == "slice":
            yield ast.Constant(0)
        case ast.Name() if field == "slice":
            yield from (ast.BinOp(node, op, ast.Constant(1)) for op in (ast.Add(), ast.Sub()))
        case ast.Slice():
            yield from (_with(node, **{end: None}) for end in ("lower", "upper") if getattr(node, end))
        case ast.IfExp():
            yield _with(node, body=node.orelse, orelse=node.body)
        case ast.Attribute(attr="T"):
            yield node.value
        case ast.Name() if node.id in TWINS and field == "func":
            yield _with(node, id=TWINS[node.id])
        case ast.Attribute() if node.attr in TWINS and field == "func":
            yield _with(node, attr=TWINS[node.attr])
        case ast.Tuple():
            yield from (_with(node, elts=elts) for elts in _swapped(node.elts))
        case ast.Call():
            yield from _calls(node)


def _calls(node: ast.Call) -> Iterator[ast.expr]:
    """Yield what a call becomes: with two arguments swapped, without a keyword, or its receiver."""
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if name not in COMMUTATIVE:
        yield from (_with(node, args=args) for args in _swapped(node.args))
    for keyword in node.keywords:
        if keyword.arg not in GUARDS:
            yield _with(node, keywords=[other for other in node.keywords if other is not keyword])
    if isinstance(node.func, ast.Attribute) and name in SHAPING:
        yield node.func.value


def _swapped(items: list[ast.expr]) -> Iterator[list[ast.expr]]:
    """Yield a list with each two neighbours swapped."""
    for i in range(len(items) - 1):
        yield [*items[:i], items[i + 1], items[i], *items[i + 2 :]]


def _with(node: Node, **fields: object) -> Node:
    """Return a copy of a node with other fields."""
    other = copy(node)
    for name, value in fields.items():
        setattr(other, name, value)
    return other
