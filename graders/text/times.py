"""Points in time as people write them."""

from __future__ import annotations

from datetime import datetime, tzinfo


def time_in_words(text: str, zone: tzinfo | None = None) -> str:
    """Return an ISO time in words, in local time or another zone; any other text, or a time without a zone, as it is.

    >>> from datetime import UTC, timedelta, timezone
    >>> time_in_words("2026-11-29T11:35:28+00:00", timezone(timedelta(hours=1), "CET"))
    'Sunday 29 November 2026, 12:35 CET'
    >>> time_in_words("2026-11-30T00:35:28+01:00", UTC)
    'Sunday 29 November 2026, 23:35 UTC'
    >>> time_in_words("on Sunday")
    'on Sunday'
    """
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is None:
            return text
        time = time.astimezone(zone)
    except (ValueError, OverflowError, OSError):  # no time, or one that the zone puts before year 1 or after 9999
        return text
    return f"{time:%A} {time.day} {time:%B %Y, %H:%M %Z}"
