"""Rules on late work: late days, penalties, caps, grace and extensions, as pure functions of times with zones.

A late day ends when the clock on the wall shows the due time again, in the policy's time zone: in the night in which
clocks change it has 23 or 25 hours. Late hours are hours that have passed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from graders.text.numbers import number
from sanity.core.durations import seconds_of
from sanity.core.manifest import Duration, Table, Text

Percent = Annotated[float, Meta(gt=0, le=100)]
Amount = Annotated[float, Meta(gt=0, le=1000)]
Days = Annotated[int, Meta(ge=0, le=365)]


Unit = Annotated[str, Meta(pattern="^(day|hour)$")]
"""For what a penalty is taken: each one that has begun."""
Base = Annotated[str, Meta(pattern="^(earned|maximum)$")]
"""What a penalty in percent is a part of."""


class Penalty(Table, frozen=True):
    """What late work loses for each day or hour that has begun: `percent` or `points`."""

    per: Unit
    percent: Percent | None = None
    points: Amount | None = None
    of: Base = "earned"
    at_most: Amount | None = None
    """The largest loss, in the same unit."""


class Extension(Table, frozen=True):
    """Another due time, or other late days, for one student."""

    student: Text
    due: datetime | None = None
    late_days: Days | None = None
    reason: str = ""


class Policy(Table, frozen=True, rename={"extensions": "extension"}):
    """The rules of one assignment, as policy.toml has them. Times without an offset are in `timezone`."""

    due: datetime
    timezone: Text
    grace: Duration | None = None
    """Work that is late by no more than this is on time."""
    late_days: Days = 0
    """Days late that cost nothing."""
    closes: datetime | None = None
    """Work that is handed in later has no points. It moves with an extension."""
    late_cap: Percent | None = None
    """Late work has at most this percentage of the points."""
    penalty: Penalty | None = None
    extensions: tuple[Extension, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        """The time zone; raises ZoneInfoNotFoundError or ValueError if there is none of this name."""
        return ZoneInfo(self.timezone)


class Adjustment(msgspec.Struct, frozen=True):
    """What a policy makes of the points of one submission."""

    raw: float
    """Points before the policy."""
    points: float
    """Points after it, in cents."""
    why: str
    """For the student: how late the work is, and what follows."""
    submitted: str = ""
    """When it was handed in, in ISO format with its offset; empty if that is not known."""
    due: str = ""
    """When it was due for this student."""
    late_days_used: int = 0


def days_begun(due: datetime, submitted: datetime, zone: tzinfo) -> int:
    """Return how many days have begun between two times with zones, by the clock on the wall in `zone`."""
    days = (submitted.astimezone(zone).date() - due.astimezone(zone).date()).days
    if days < 0 or submitted <= due:
        return 0
    return days if submitted <= days_after(due, days, zone) else days + 1


def days_after(due: datetime, days: int, zone: tzinfo) -> datetime:
    """Return the time, in UTC, at which the clock on the wall in `zone` shows the due time some days later."""
    wall = due.astimezone(zone).replace(tzinfo=None) + timedelta(days=days)
    return wall.replace(tzinfo=zone).astimezone(UTC)


def hours_begun(due: datetime, submitted: datetime) -> int:
    """Return how many hours have begun between two times with zones."""
    return max(0, -((due.astimezone(UTC) - submitted.astimezone(UTC)) // timedelta(hours=1)))


def adjust(policy: Policy, student: str, points: float, max_points: float, submitted: datetime | None) -> Adjustment:
    """Return what the policy makes of points.

    Args:
        policy: the rules.
        student: the name by which `extensions` call the student.
        points: the points earned.
        max_points: the points that could be earned.
        submitted: when the work was handed in; None if that is not known, which costs nothing. A time without an
            offset is in the policy's time zone.
    """
    zone = policy.zone
    extension = next((e for e in policy.extensions if e.student == student), None)
    common = _with_zone(policy.due, zone)
    due = _with_zone(extension.due, zone) if extension and extension.due else common
    allowed = policy.late_days if extension is None or extension.late_days is None else extension.late_days
    why = f" ({extension.reason})" if extension and extension.reason else ""
    reasons = [f"extended to {_shown(due, zone)}{why}"] if due != common else []
    if submitted is None:
        reasons.append("no time of submission is known: taken as on time")
        return Adjustment(points, points, "; ".join(reasons), due=due.isoformat())
    submitted = _with_zone(submitted, zone)
    late = submitted.astimezone(UTC) - due.astimezone(UTC)
    grace = timedelta(seconds=seconds_of(policy.grace)) if policy.grace else timedelta(0)
    kept, used = _cents(points), 0
    if late <= timedelta(0):
        reasons.append("on time")
    elif late <= grace:
        reasons.append(f"{_duration(late)} late, within {_duration(grace)} of grace")
    else:
        reasons.append(f"{_duration(late)} late")
        used = min(allowed, days_begun(due, submitted, zone))
        if used:
            reasons.append(f"{_count(used, 'late day')} used")
        kept, found = _late(policy, due, days_after(due, used, zone), submitted, kept, _cents(max_points))
        reasons += found
    return Adjustment(
        points,
        float(kept),
        "; ".join(reasons),
        submitted=submitted.isoformat(),
        due=due.isoformat(),
        late_days_used=used,
    )


def _late(
    policy: Policy, due: datetime, excused_until: datetime, submitted: datetime, points: Decimal, most: Decimal
) -> tuple[Decimal, list[str]]:
    """Return what late work keeps of its points, and why; until `excused_until` lateness is covered by late days."""
    zone = policy.zone
    if policy.closes:
        moved = due.astimezone(UTC) - _with_zone(policy.due, zone).astimezone(UTC)
        closes = _with_zone(policy.closes, zone).astimezone(UTC) + max(moved, timedelta(0))
        if submitted > closes:
            return Decimal(0), [f"no points after {_shown(closes, zone)}"]
    reasons: list[str] = []
    if submitted <= excused_until:
        return points, reasons
    if policy.penalty:
        by_day = policy.penalty.per == "day"
        units = days_begun(excused_until, submitted, zone) if by_day else hours_begun(excused_until, submitted)
        loss, reason = _loss(policy.penalty, units, points, most)
        points = max(points - loss, Decimal(0))
        reasons.append(f"{reason} for {_count(units, policy.penalty.per)}")
    if policy.late_cap is not None and points > (cap := _cents(most * Decimal(str(policy.late_cap)) / 100)):
        points = cap
        reasons.append(f"late work has at most {number(policy.late_cap)} %")
    return points, reasons


def _loss(penalty: Penalty, units: int, points: Decimal, most: Decimal) -> tuple[Decimal, str]:
    """Return what a number of days or hours cost, and that in words."""
    each = Decimal(str(penalty.percent if penalty.percent is not None else penalty.points))
    amount = each * units
    if penalty.at_most is not None:
        amount = min(amount, Decimal(str(penalty.at_most)))
    if penalty.percent is None:
        return _cents(amount), f"{_count(amount, 'point')} off"
    amount = min(amount, Decimal(100))
    base, words = (most, "all points") if penalty.of == "maximum" else (points, "the points earned")
    return _cents(base * amount / 100), f"{number(float(amount))} % of {words} off"


def _with_zone(time: datetime, zone: tzinfo) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=zone)


def _cents(points: float | Decimal) -> Decimal:
    return Decimal(str(points)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _count(amount: int | Decimal, what: str) -> str:
    return f"{number(float(amount))} {what}{'' if amount == 1 else 's'}"


def _shown(time: datetime, zone: tzinfo) -> str:
    return f"{time.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _duration(time: timedelta) -> str:
    """Return a duration in its two largest units that are not 0.

    >>> _duration(timedelta(days=1, hours=3, minutes=5)), _duration(timedelta(days=1, seconds=30))
    ('1 d 3 h', '1 d 30 s')
    """
    seconds = int(time.total_seconds())
    parts = [(seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s")]
    return " ".join([f"{amount} {unit}" for amount, unit in parts if amount][:2]) or "under 1 s"
