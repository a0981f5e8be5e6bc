"""What is raised where a handout cannot be built."""

from __future__ import annotations

from sanity.core.errors import UserError


class HandoutError(UserError):
    """The handout can't be built or written."""
