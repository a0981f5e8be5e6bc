"""Policies on late work, as tables of times; their file; the times of submission."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.exports.gradescope import results_json
from graders.exports.table import console_table, feedback, gradebook_csv
from graders.records.policies import Adjustment, Extension, Penalty, Policy, adjust, days_begun, hours_begun
from graders.records.policy_file import (
    PolicyError,
    known_as,
    parse_time,
    read_policy,
    read_times,
    times_of,
    with_policy,
)
from graders.records.student import Student
from tests.support.pages import report_html
from tests.support.results import PASSED, handed_in_by, made

BERLIN = ZoneInfo("Europe/Berlin")
DUE = datetime(2026, 11, 20, 23, 59)
PLAIN = Policy(DUE, "Europe/Berlin", penalty=Penalty("day", percent=10))


def at(text: str, zone: object = BERLIN) -> datetime:
    """Return a time; without an offset in Berlin."""
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=zone)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("due", "submitted", "days", "hours"),
    [
        ("2026-11-20T23:59", "2026-11-20T23:58", 0, 0),
        ("2026-11-20T23:59", "2026-11-20T23:59", 0, 0),
        ("2026-11-20T23:59", "2026-11-20T23:59:01", 1, 1),
        ("2026-11-20T23:59", "2026-11-21T00:59", 1, 1),
        ("2026-11-20T23:59", "2026-11-21T00:59:01", 1, 2),
        ("2026-11-20T23:59", "2026-11-21T23:59", 1, 24),
        ("2026-11-20T23:59", "2026-11-21T23:59:01", 2, 25),
        # Other zones: the same moment, whatever its offset.
        ("2026-11-20T23:59", "2026-11-20T22:59:00+00:00", 0, 0),
        ("2026-11-20T23:59", "2026-11-20T14:59:01-08:00", 1, 1),
        # Clocks go back at 3:00 on 25 October: that day has 25 hours.
        ("2026-10-24T23:59", "2026-10-25T23:59", 1, 25),
        ("2026-10-24T23:59", "2026-10-26T00:00", 2, 26),
        ("2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00", 1, 1),  # the second 2:30 of that night
        # Clocks go forward at 2:00 on 29 March: that day has 23 hours.
        ("2026-03-28T23:59", "2026-03-29T23:59", 1, 23),
        ("2026-03-28T23:59", "2026-03-30T00:00", 2, 24),
        ("2026-03-28T02:30", "2026-03-29T03:30", 1, 24),  # 2:30 does not exist there
        ("2026-03-28T02:30", "2026-03-29T03:31", 2, 25),
    ],
)
def test_days_follow_the_clock_on_the_wall_and_hours_pass(due: str, submitted: str, days: int, hours: int) -> None:
    assert days_begun(at(due), at(submitted), BERLIN) == days
    assert hours_begun(at(due), at(submitted)) == hours


TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda time: time.replace(tzinfo=UTC))
ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"])


@given(TIMES, TIMES, ZONES)
def test_days_and_hours_are_about_what_passed(due: datetime, submitted: datetime, zone: str) -> None:
    days, hours, passed = days_begun(due, submitted, ZoneInfo(zone)), hours_begun(due, submitted), submitted - due
    if passed <= timedelta(0):
        assert (days, hours) == (0, 0)
    else:
        assert timedelta(hours=hours - 1) < passed <= timedelta(hours=hours)
        change = timedelta(hours=1)
        assert timedelta(days=days - 1) - change < passed <= timedelta(days=days) + change


HOURLY = Policy(DUE, "Europe/Berlin", penalty=Penalty("hour", points=0.5, at_most=3))
FREE = msgspec.structs.replace(PLAIN, late_days=2)
GRACE = msgspec.structs.replace(PLAIN, grace="15m")
CAPPED = msgspec.structs.replace(PLAIN, late_cap=70, penalty=None)
OF_ALL = msgspec.structs.replace(PLAIN, penalty=Penalty("day", percent=10, of="maximum", at_most=25))
CLOSES = msgspec.structs.replace(
    FREE,
    closes=datetime(2026, 11, 23, 23, 59),
    extensions=(Extension("ben", due=datetime(2026, 11, 22, 23, 59), reason="ill"), Extension("cem", late_days=0)),
)
NOTHING = "no points after 2026-11-23 23:59 CET"


@pytest.mark.parametrize(
    ("policy", "student", "submitted", "points", "why"),
    [
        (PLAIN, "ada", "2026-11-20T10:00", 8, "on time"),
        (PLAIN, "ada", "2026-11-21T00:00", 7.2, "1 min late; 10 % of the points earned off for 1 day"),
        (PLAIN, "ada", "2026-11-22T10:00", 6.4, "1 d 10 h late; 20 % of the points earned off for 2 days"),
        (PLAIN, "ada", "2027-11-20T10:00", 0, "364 d 10 h late; 100 % of the points earned off for 365 days"),
        (PLAIN, "ada", None, 8, "no time of submission is known: taken as on time"),
        (HOURLY, "ada", "2026-11-21T02:00", 6.5, "2 h 1 min late; 1.5 points off for 3 hours"),
        (HOURLY, "ada", "2026-11-25T02:00", 5, "4 d 2 h late; 3 points off for 99 hours"),
        (FREE, "ada", "2026-11-22T23:00", 8, "1 d 23 h late; 2 late days used"),
        (FREE, "ada", "2026-11-23T00:00", 7.2,
         "2 d 1 min late; 2 late days used; 10 % of the points earned off for 1 day"),
        (GRACE, "ada", "2026-11-21T00:14", 8, "15 min late, within 15 min of grace"),
        (GRACE, "ada", "2026-11-21T00:14:01", 7.2, "15 min 1 s late; 10 % of the points earned off for 1 day"),
        (CAPPED, "ada", "2026-11-21T00:14", 7, "15 min late; late work has at most 70 %"),
        (OF_ALL, "ada", "2026-11-22T10:00", 6, "1 d 10 h late; 20 % of all points off for 2 days"),
        (OF_ALL, "ada", "2026-11-29T10:00", 5.5, "8 d 10 h late; 25 % of all points off for 9 days"),
        (CLOSES, "ada", "2026-11-24T00:00", 0, f"3 d 1 min late; 2 late days used; {NOTHING}"),
        (CLOSES, "ben", "2026-11-24T00:00", 8,
         "extended to 2026-11-22 23:59 CET (ill); 1 d 1 min late; 2 late days used"),
        (CLOSES, "ben", "2026-11-26T00:00", 0,
         "extended to 2026-11-22 23:59 CET (ill); 3 d 1 min late; 2 late days used; "
         "no points after 2026-11-25 23:59 CET"),
        (CLOSES, "cem", "2026-11-21T00:00", 7.2, "1 min late; 10 % of the points earned off for 1 day"),
    ],
)  # fmt: skip
def test_what_a_policy_makes_of_8_of_10_points(
    policy: Policy, student: str, submitted: str | None, points: float, why: str
) -> None:
    found = adjust(policy, student, 8, 10, submitted and at(submitted))  # type: ignore[arg-type]
    assert (found.raw, found.points, found.why) == (8, points, why)


@given(
    st.integers(0, 2000),
    TIMES,
    st.sampled_from([PLAIN, HOURLY, FREE, GRACE, CAPPED, OF_ALL, CLOSES]),
    st.integers(0, 9),
)
def test_no_policy_gives_points_and_later_is_never_better(
    cents: int, time: datetime, policy: Policy, later: int
) -> None:
    first, second = (adjust(policy, "ada", cents / 100, 20, t) for t in (time, time + timedelta(hours=7 * later)))
    assert 0 <= second.points <= first.points <= first.raw == cents / 100
    assert round(first.points * 100) == pytest.approx(first.points * 100)


def test_points_are_rounded_to_cents_half_up() -> None:
    assert adjust(PLAIN, "ada", 0.05, 10, at("2026-11-21T00:00")).points == 0.04  # 0.005 off, rounded to 0.01
    assert adjust(PLAIN, "ada", 6.35, 10, at("2026-11-21T00:00")).points == 5.71


def test_a_policy_is_in_every_export() -> None:
    [result], _ = with_policy([made("ada", PASSED)], PLAIN, {"ada": at("2026-11-21T00:00")})
    why = "1 min late; 10 % of the points earned off for 1 day"
    assert result.policy == Adjustment(
        8, 7.2, why, "2026-11-21T00:00:00+01:00", "2026-11-20T23:59:00+01:00", late_days_used=0
    )
    assert (result.points, result.final_points) == (8, 7.2)
    header, row = gradebook_csv([result]).splitlines()
    assert header.startswith("submission,1d,total,max,percent,final,policy,")
    assert row.startswith(f"ada,8,8,8,100,7.2,{why},")
    assert f"7.2 points count: {why}".encode() in results_json(result) and b'"score": 7.2' in results_json(result)
    page = report_html([result])
    assert "8 points before the policy on late work, 7.2 after it" in page and why in page
    assert "Handed in Saturday 21 November 2026, 00:00 UTC+01:00; due Friday 20 November 2026, 23:59 UTC+01:00." in page
    assert " ada          8      8  100    7.2\n" in console_table([result])
    assert feedback(result) == f"1d 8/8; 8 of 8 points; 7.2 count: {why}"


GOOD = """\
due = 2026-11-20T23:59:00
timezone = "Europe/Berlin"
grace = "15m"
late_days = 2
closes = 2026-11-27T23:59:00
late_cap = 80

[penalty]
per = "day"
percent = 10

[[extension]]
student = "ada"
due = 2026-11-25T23:59:00+01:00
reason = "ill"
"""


def read(tmp_path: Path, text: str) -> Policy:
    (tmp_path / "policy.toml").write_text(text)
    return read_policy(tmp_path / "policy.toml")


def test_a_policy_in_full(tmp_path: Path) -> None:
    extended = datetime(2026, 11, 25, 23, 59, tzinfo=timezone(timedelta(hours=1)))
    assert read(tmp_path, GOOD) == Policy(
        DUE,
        "Europe/Berlin",
        grace="15m",
        late_days=2,
        closes=datetime(2026, 11, 27, 23, 59),
        late_cap=80,
        penalty=Penalty("day", percent=10),
        extensions=(Extension("ada", due=extended, reason="ill"),),
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("due = 2026-11-20T23:59:00\nt", "t", ": due is missing"),
        ("20T23:59:00\nt", "20\nt", ": due = 2026-11-20: expected a date with a time such as 2026-11-20T23:59:00"),
        ("2026-11-20T", "0026-11-20T", ": due = 0026-11-20T23:59:00: expected a year from 2000 to 2999"),
        ("Berlin", "Berln", ": timezone = 'Europe/Berln': expected the name of a time zone such as Europe/Berlin"),
        ("Europe/Berlin", "../etc", ": timezone = '../etc': expected the name of a time zone such as Europe/Berlin"),
        ('"15m"', "15", ": grace = 15: expected text"),
        ('"15m"', '"soon"', ": grace = 'soon': expected a time such as 90s, 10m or 1.5h"),
        ("late_days = 2", "late_days = -1", ": late_days = -1: expected a whole number from 0"),
        ("late_cap = 80", "late_cap = 101", ": late_cap = 101: expected a number up to 100"),
        ("late_cap", "latecap", ": latecap is not known here; known are due, timezone, grace, late_days, closes, "
         "late_cap, penalty, extension"),
        ("11-27", "11-17", ": closes = 2026-11-17T23:59:00: expected a time after due"),
        ('"day"', '"week"', ": [penalty]: per = 'week': expected day or hour"),
        ("percent = 10\n", "", ": [penalty]: expected percent or points, one of them"),
        ("percent = 10", "percent = 10\npoints = 1", ": [penalty]: expected percent or points, one of them"),
        ('student = "ada"\n', "", ":12: [[extension]] without a student: student is missing"),
        ("2026-11-25T23:59:00+01:00", "'soon'", ":12: [[extension]] ada: due = 'soon': expected a date with a time "
         "such as 2026-11-20T23:59:00"),
        ("due = 2026-11-25T23:59:00+01:00\n", "", ": [[extension]] ada: expected due or late_days"),
        ("late_days = 2", "late_days =", ": not valid TOML: Invalid value (at line 4, column 12)"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_policy_is_one_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert GOOD.count(old) == 1
    with pytest.raises(PolicyError) as error:
        read(tmp_path, GOOD.replace(old, new))
    assert str(error.value) == f"{tmp_path / 'policy.toml'}{said}"


def test_two_extensions_of_one_student_and_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"\[\[extension\]\] ada: there is one for this student already$"):
        read(tmp_path, GOOD + GOOD[GOOD.index("[[") :])
    with pytest.raises(PolicyError, match=r"nowhere\.toml: no such file$"):
        read_policy(tmp_path / "nowhere.toml")


def test_an_extension_of_nobody_is_a_warning_and_names_are_found() -> None:
    policy = msgspec.structs.replace(PLAIN, extensions=(Extension("ADA", late_days=3), Extension("zoe", late_days=1)))
    [ada], warnings = with_policy([made("ada", PASSED)], policy, {"ada": at("2026-11-22T00:00")})
    assert ada.policy and ada.policy.late_days_used == 2
    assert warnings == ["[[extension]] zoe: the gradebook has no submission of this name"]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-20T23:10:05+01:00", "2026-11-20T23:10:05+01:00"),
        ("2026-11-20 23:10:05.123 -08:00", "2026-11-20T23:10:05.123000-08:00"),  # Gradescope's metadata
        ("2026-11-20 17:55:17.331000000 Z", "2026-11-20T17:55:17.331000+00:00"),
        ("2026-11-20 23:10:05 -0800", "2026-11-20T23:10:05-08:00"),  # Gradescope's sheet
        ("2026-11-20T22:10:05Z", "2026-11-20T22:10:05+00:00"),
        ("2026-11-20 22:10:05 UTC", "2026-11-20T22:10:05+00:00"),
        (" 2026-11-20 23:10 ", "2026-11-20T23:10:00"),
        ("20.11.2026 9:10", "2026-11-20T09:10:00"),
        ("20.11.2026, 23:10:05", "2026-11-20T23:10:05"),
        ("2026-11-20", None),
        ("11/12/2026 23:10", None),  # November or December?
        ("soon", None),
    ],
)
def test_times_as_platforms_and_spreadsheets_write_them(text: str, time: str | None) -> None:
    if time is None:
        with pytest.raises(ValueError):
            parse_time(text)
    else:
        assert parse_time(text).isoformat() == time


def test_times_of_submission_come_from_any_sheet_and_a_bad_row_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "submitted.csv"
    path.write_bytes(
        "Name;Submission Time\nJosé;20.11.2026 23:10\nada;soon\nzoe;2026-11-20 10:00\n7;\n".encode("cp1252")
    )
    times, warnings = read_times(path, {name: name for name in ("José", "ada", "7")}, PLAIN)
    assert times == {"José": datetime(2026, 11, 20, 23, 10, tzinfo=BERLIN)}
    assert warnings == [
        f"{path}:3: submitted 'soon': expected a time such as 2026-11-20 23:59 or 2026-11-20T23:59:00+01:00",
        f"{path}:4: the gradebook has no submission called 'zoe'; correct the name",
    ]
    path.write_text("a,b\n")
    with pytest.raises(PolicyError) as error:
        read_times(path, {}, PLAIN)
    assert str(error.value) == f"{path}:1: expected the columns student and submitted, found a, b"


def test_students_are_known_by_numbers_and_addresses_and_of_a_group_the_last_time_counts(tmp_path: Path) -> None:
    """The sheet of Gradescope's grades, as it is."""
    pair = handed_in_by(made("pair", PASSED), Student("Ada", "0007", "ada@example.org"), Student("Ben", "0008"))
    other = handed_in_by(made("other", PASSED), Student("Ada", "0009", "other.ada@example.org"))
    path = tmp_path / "grades.csv"
    path.write_text(
        "First Name,Last Name,SID,Email,Submission Time\n"
        "Ada,L,7,ada@example.org,2026-11-20 22:00:00 +0100\n"
        "Ben,N,8,,2026-11-20 23:00:00 +0100\n"
        "Ada,X,9,Other.Ada@example.org,2026-11-20 21:00:00 +0100\n"
    )
    times, warnings = read_times(path, known_as([pair, other]), PLAIN)
    assert {name: time.hour for name, time in times.items()} == {"pair": 23, "other": 21}
    assert warnings == []
    assert "Ada" not in known_as([pair, other])


def test_a_platforms_own_time_counts_without_a_sheet() -> None:
    told = msgspec.structs.replace(made("ada", PASSED), submitted="2026-11-20 23:10:05.123000000 Z")
    assert times_of([told, made("ben", PASSED)], PLAIN) == {
        "ada": datetime(2026, 11, 20, 23, 10, 5, 123000, tzinfo=UTC)
    }
