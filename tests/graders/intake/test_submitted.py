"""When a submission was handed in, as platforms tell it."""

from __future__ import annotations

import pytest

from graders.intake.platforms import gradescope


@pytest.mark.parametrize(
    ("created", "submitted"),
    [
        (":created_at: 2026-11-20 17:55:17.331000000 Z", "2026-11-20 17:55:17.331000000 Z"),
        (
            ":created_at: !ruby/object:ActiveSupport::TimeWithZone\n    utc: 2026-11-20 18:00:00 Z\n    zone: x",
            "2026-11-20 18:00:00 Z",
        ),
        (":created_at: [1, 2]", ""),
        (":created_at: ~", ""),
        (":score: 1", ""),
    ],
)
def test_gradescope_tells_the_time(created: str, submitted: str) -> None:
    metadata = f"submission_303:\n  :submitters:\n  - :name: Ada\n  {created}\n"
    [part] = gradescope.parts(["submission_303/"], metadata.encode())
    assert part.submitted == submitted
