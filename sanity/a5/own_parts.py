"""Judging an answer with simple parts in the place of those that it runs on, or else with the submission's own."""

from __future__ import annotations

from collections.abc import Callable

from sanity.a5.mlp import fitted
from sanity.core.case import Case
from sanity.core.errors import CheckFailed, CouldNotRun
from sanity.core.probe import Run


def alone_or_whole(judge: Callable[[Case], None], run: Run, case: Case, expect: Run | None = None) -> None:
    """Judge an answer alone, with simple parts in the place of those that it runs on, or else with these.

    So a mistake in a part is none here; and who has written the whole in another way, so that those simple parts do not
    fit, is right if the whole is.

    Args:
        judge: raises CheckFailed or CouldNotRun unless the answer is right in a case.
        run: the submission.
        case: the case.
        expect: the reference, where it is compared with.
    """
    try:
        judge(case)
    except (CheckFailed, CouldNotRun) as problem:
        try:
            if expect:
                judge(fitted(run, expect, case.having(stand_ins=False, brief=True)))
            else:
                judge(case.having(stand_ins=False))
        except (CheckFailed, CouldNotRun):
            raise problem from None
