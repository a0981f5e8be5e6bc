"""The tests behind `python parser_transitions.py part_c` and `part_d`: short, and easy to step through in a debugger.

`python sanity_check.py` tests much more.
"""

import sys
from collections.abc import Sequence
from typing import Any

WORDS = ["time", "flies", "like", "arrows"]
HEADS = {"time": "flies", "flies": "ROOT", "like": "flies", "arrows": "like"}
TRANSITIONS = ["S", "S", "LA", "S", "S", "RA", "RA", "RA"]


class Attaching:
    """A model that knows the right head of each word, in sentences without repeats."""

    def __init__(self, heads: dict[str, str]) -> None:
        self.heads = heads

    def predict(self, partial_parses: Sequence[Any]) -> list[str]:
        """Return the next transition of each partial parse."""
        return [self.next_transition(partial_parse) for partial_parse in partial_parses]

    def next_transition(self, partial_parse: Any) -> str:
        """Return "LA" or "RA" where the two words on top of the stack have no more to wait for, and else "S"."""
        *_, below, top = ["", *partial_parse.stack]
        if self.heads.get(below) == top:
            return "LA"
        if self.heads.get(top) == below and not any(self.heads[word] == top for word in partial_parse.buffer):
            return "RA"
        return "S"


def test_step(module: Any, name: str, transitions: Sequence[str], expected: tuple[Any, Any, Any]) -> None:
    """Take some transitions from the start of WORDS, and compare stack, buffer and arcs."""
    parse = module.PartialParse(WORDS)
    for transition in transitions:
        parse.parse_step(transition)
    found = (list(parse.stack), list(parse.buffer), [tuple(arc) for arc in parse.dependencies])
    for what, mine, right in zip(("stack", "buffer", "dependencies"), found, expected, strict=True):
        if mine != right:
            verb = "are" if what == "dependencies" else "is"
            sys.exit(f"{name} test failed: after {', '.join(transitions)} the {what} {verb} {mine}, expected {right}")
    print(f"{name} test passed!")


def part_c(module: Any) -> None:
    """Test each transition, and then all of a sentence."""
    test_step(module, "SHIFT", ["S"], (["ROOT", "time"], ["flies", "like", "arrows"], []))
    test_step(module, "LEFT-ARC", ["S", "S", "LA"], (["ROOT", "flies"], ["like", "arrows"], [("flies", "time")]))
    test_step(module, "RIGHT-ARC", ["S", "S", "RA"], (["ROOT", "time"], ["like", "arrows"], [("time", "flies")]))
    arcs = [("flies", "time"), ("like", "arrows"), ("flies", "like"), ("ROOT", "flies")]
    test_step(module, "parse", TRANSITIONS, (["ROOT"], [], arcs))


def part_d(module: Any) -> None:
    """Parse sentences of different lengths, two at a time."""
    sentences = [WORDS, ["flies"], ["time", "flies"], ["flies", "like", "arrows"]]
    found = module.minibatch_parse(sentences, Attaching(HEADS), 2)
    expected = [sorted((HEADS[word], word) for word in sentence) for sentence in sentences]
    if [sorted(map(tuple, arcs)) for arcs in found] != expected:
        sys.exit(f"minibatch_parse test failed: got {found}, expected {expected}")
    print("minibatch_parse test passed!")


def run_parts(module: Any, arguments: Sequence[str]) -> None:
    """Run the part that the command line names."""
    parts = {"part_c": part_c, "part_d": part_d}
    if len(arguments) != 1 or arguments[0] not in parts:
        sys.exit(f"usage: python parser_transitions.py {' | '.join(parts)}")
    parts[arguments[0]](module)
