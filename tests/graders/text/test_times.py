from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from graders.text.times import time_in_words


@given(st.datetimes(datetime(1900, 1, 1), timezones=st.timezones()))
def test_a_time_is_the_same_in_words(time: datetime) -> None:
    shown = time_in_words(time.isoformat(), UTC)
    if shown != time.isoformat():  # in UTC it is a time of the years 1 to 9999
        _, day, month, year, clock, _ = shown.split()
        utc = time.astimezone(UTC)
        assert datetime.strptime(f"{day} {month} {year} {clock}", "%d %B %Y, %H:%M") == utc.replace(
            second=0, microsecond=0, tzinfo=None
        )


@given(st.text() | st.datetimes().map(datetime.isoformat))
def test_what_is_no_time_of_a_zone_is_shown_as_it_is(text: str) -> None:
    assert time_in_words(text) == text
