from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from churn.days.zones import DAY, EPOCH, day_number, day_start, zone_offsets

ZONES = ("UTC", "Europe/Paris", "America/New_York", "Asia/Tokyo", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kolkata")


@pytest.mark.parametrize("zone", ZONES)
def test_local_days_are_those_of_the_calendar(zone: str):
    rng = np.random.default_rng(5)
    low, high = 1_230_768_000_000_000, 1_420_070_400_000_000
    found = zone_offsets(zone, low, high)
    near = np.concatenate([found.changes + step for step in (-1, 0, 1)])
    instants = np.sort(np.concatenate([rng.integers(low, high, 500), near[(near >= low) & (near <= high)]]))
    expected = [
        day_number((EPOCH + timedelta(microseconds=int(instant))).astimezone(ZoneInfo(zone)).date())
        for instant in instants
    ]
    assert found.local_days(instants).tolist() == expected


@pytest.mark.parametrize("zone", [zone for zone in ZONES if zone != "Pacific/Apia"])
def test_a_day_starts_at_the_first_instant_that_belongs_to_it(zone: str):
    first = day_number(date(2013, 1, 1))
    offsets = zone_offsets(zone, (first - 2) * DAY, (first + 367) * DAY)
    starts = np.array([day_start(zone, first + i) for i in range(365)])
    assert offsets.local_days(starts).tolist() == [first + i for i in range(365)]
    assert offsets.local_days(starts - 1).tolist() == [first + i - 1 for i in range(365)]


def test_a_day_whose_midnight_is_skipped_starts_at_the_jump():
    start = EPOCH + timedelta(microseconds=day_start("America/Sao_Paulo", day_number(date(2013, 10, 20))))
    assert start == datetime(2013, 10, 20, 3, tzinfo=UTC)
    assert start.astimezone(ZoneInfo("America/Sao_Paulo")).hour == 1


def test_days_before_1970_are_negative():
    assert zone_offsets("UTC", -5 * DAY, 0).local_days(np.array([-1, -DAY, -DAY - 1])).tolist() == [-1, -1, -2]
