"""`trivium prove`: what the checks of an assignment catch."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from graders.cli.terminal import echo, error, is_terminal, progress_bar
from graders.course.assignment import load_assignment
from graders.course.planted.proof import Proof, Step, mutant_name
from graders.course.planted.proof import prove as prove_assignment


def prove(args: argparse.Namespace) -> int:
    """Print the kill matrix and the mutants that survive; return 1 if the checks catch too little."""
    assignment = load_assignment(args.assignment)
    try:
        with _progress(args.assignment) as step:
            proof = prove_assignment(assignment, step, jobs=args.jobs)
    except KeyboardInterrupt:
        error("trivium prove: interrupted; nothing is kept")
        return 130
    if args.json:
        echo(json.dumps(_document(proof), indent=2))
    else:
        for line in _lines(proof):
            echo(line)
    return 0 if proof.holds else 1


@contextmanager
def _progress(assignment: str) -> Iterator[Step]:
    """Show on a terminal how many bugs and mutants are done."""
    if not is_terminal(sys.stderr):
        yield lambda total: None
        return
    with progress_bar(transient=True) as bar:
        task = bar.add_task(f"bugs and mutants of {assignment}", total=None)
        yield lambda total: bar.update(task, total=total, advance=1)


def _lines(proof: Proof) -> Iterator[str]:
    """Yield the proof as text."""
    width = max(len(check.name) for check in proof.checks)
    question = ""
    for check in proof.checks:
        if check.question != question:
            question = check.question
            own = sum(caught.bug.question == question for caught in proof.bugs)
            yield f"Question {question}: {own} planted bugs"
        kills, alone = proof.kills(check.name)
        yield f"  {check.name:<{width}} {kills:>3}{'  alone: ' if alone else ''}{', '.join(alone)}"
    lonely = sum(not proof.kills(check.name)[1] for check in proof.checks)
    yield ""
    yield f"{len(proof.bugs) - len(proof.missed)} of {len(proof.bugs)} planted bugs are caught."
    yield from (f"  passes every check: {id}" for id in proof.missed)
    yield f"{lonely} of {len(proof.checks)} checks catch nothing alone, {len(proof.idle)} nothing at all."
    yield from (f"  catches nothing: {name}" for name in proof.idle)
    yield (
        f"{len(proof.named)} of {len(proof.bugs)} bugs are named by the first block that their student reads; "
        f"{len(proof.misnamed)} first blocks name another mistake."
    )
    yield from (f"  misnamed: {id}" for id in proof.misnamed)
    counted = proof.mutants - len(proof.equivalent)
    killed = counted - len(proof.survivors)
    yield (
        f"{killed} of {counted} mutants are caught ({proof.score:.1%}); "
        f"{len(proof.equivalent)} more are right answers, listed by hand."
    )
    yield from (f"  survives: {mutant_name(mutant)}" for mutant in proof.survivors)
    yield from (f"  listed as right, but caught or no longer made: {name}" for name in proof.stale)


def _document(proof: Proof) -> dict[str, object]:
    """Return the proof as plain data."""
    kills = {check.name: proof.kills(check.name) for check in proof.checks}
    return {
        "assignment": proof.assignment,
        "checks": {name: {"kills": number, "alone": alone} for name, (number, alone) in kills.items()},
        "bugs": {caught.bug.id: sorted(caught.checks) for caught in proof.bugs},
        "missed": proof.missed,
        "named": len(proof.named),
        "misnamed": proof.misnamed,
        "mutants": proof.mutants,
        "score": proof.score,
        "survivors": [mutant_name(mutant) for mutant in proof.survivors],
        "equivalent": proof.equivalent,
        "stale": proof.stale,
    }
