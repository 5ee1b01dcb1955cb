from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from churn.days.zones import day_number
from churn.tenures.tenures import DropoutRule, measure_tenures, read_tenures
from churn.usage.accounts import AccountTable, read_accounts
from surveys.core.errors import StudyError
from tests.churn.logs import make_study, write_lines

CLOSED = {"signup": "opened", "closed": "closed", "dropout": {"rule": "closed"}}


def read(folder: Path, *lines: str, **usage: Any) -> AccountTable:
    write_lines(folder / "accounts.csv", *lines)
    return read_accounts(make_study(folder, **({"accounts": "accounts.csv"} | CLOSED | usage)))


def message(folder: Path, *lines: str, **usage: Any) -> list[str]:
    with pytest.raises(StudyError) as caught:
        read(folder, *lines, **usage)
    return str(caught.value).splitlines()


def tenures(folder: Path, *lines: str, **usage: Any):
    write_lines(folder / "accounts.csv", *lines)
    return read_tenures(make_study(folder, **({"accounts": "accounts.csv"} | CLOSED | usage)))


def test_dates_are_local_days_and_the_last_day_counts(tmp_path: Path):
    found = tenures(tmp_path, "account,opened,closed", "a,2013-12-01,2013-12-31", "b,2013-12-30,", "c,2013-12-31,")
    assert found.duration.tolist() == [30, 1, 0]
    assert found.event.tolist() == [True, False, False]


def test_instants_are_days_begun(tmp_path: Path):
    found = tenures(
        tmp_path,
        "account,opened,closed",
        "a,2013-12-01T10:00:00Z,2013-12-02T10:00:00Z",
        "b,2013-12-01T10:00:00Z,2013-12-02T10:00:01Z",
        "c,2013-12-01T10:00:00Z,2013-12-01T10:00:00Z",
        "d,2013-12-30T12:00:00Z,",
    )
    assert found.duration.tolist() == [1, 2, 0, 2]
    assert found.event.tolist() == [True, True, True, False]


def test_a_change_of_the_clock_does_not_lengthen_a_tenure_in_days(tmp_path: Path):
    found = tenures(tmp_path, "account,opened,closed", "a,2013-10-26,2013-10-28", timezone="Europe/Paris")
    assert found.duration.tolist() == [2]


def test_instants_beside_dates_become_local_days(tmp_path: Path):
    found = read(tmp_path, "account,opened,closed", "a,2013-12-01T23:30:00Z,2013-12-02", timezone="Europe/Paris")
    assert found.grain == "day"
    assert found.signup.tolist() == [day_number(date(2013, 12, 2))]
    assert found.closed is not None
    assert found.closed.tolist() == [day_number(date(2013, 12, 2))]


def test_observation_that_begins_late_is_told_in_days_completed(tmp_path: Path):
    found = tenures(
        tmp_path,
        "account,opened,seen_from,closed",
        "a,2013-12-01T00:00:00Z,2013-12-03T12:00:00Z,2013-12-03T13:00:00Z",
        "b,2013-12-01T00:00:00Z,,",
        "c,2013-12-01T00:00:00Z,2013-11-01T00:00:00Z,",
        entry="seen_from",
    )
    assert found.entry is not None
    np.testing.assert_array_equal(found.entry, [2, np.nan, np.nan])
    assert found.duration.tolist() == [3, 31, 31]


def test_observation_may_end_early(tmp_path: Path):
    found = tenures(
        tmp_path, "account,opened,closed,until", "a,2013-12-01,,2013-12-05", "b,2013-12-01,,", observed_until="until"
    )
    assert found.duration.tolist() == [4, 30]


def test_days_on_a_clock_of_their_own_need_no_calendar(tmp_path: Path):
    found = tenures(
        tmp_path,
        "account,opened,closed,until",
        "a,-159,,268",
        "b,-92,12,268",
        observed_until="until",
        time_unit="day",
    )
    assert found.duration.tolist() == [427, 104]
    assert found.event.tolist() == [False, True]


def test_last_activity_dates_the_dropout(tmp_path: Path):
    silent, seen, new = "a,2013-06-01,2013-12-01", "b,2013-06-01,2013-12-02", "c,2013-12-02,2013-12-20"
    found = tenures(
        tmp_path, "account,opened,seen", silent, seen, new, last_seen="seen", closed=None, dropout={"rule": "inactive"}
    )
    assert found.duration.tolist() == [183, 183]
    assert found.event.tolist() == [True, False]
    assert found.n_excluded == 1
    assert [str(note) for note in found.notes] == [
        "1 account that signed up in the last 30 days of the window is left out"
    ]
    assert str(found.returned) == "a table of accounts does not say who came back after a silence"


def test_all_problems_are_told_at_once(tmp_path: Path):
    found = message(
        tmp_path,
        "account,opened,closed",
        "a,2013-01-01,",
        "a,2013-01-01,",
        ",2013-01-01,",
        "b,,",
        "c,soon,",
        "d,2013-02-01,2013-01-01",
        "e,2014-02-01,",
        "f,2013-02-01,2014-01-01",
    )
    assert found == [
        "accounts.csv, row 4, column 'account': 1 of 8 accounts have no name. "
        "Fill in the account, or delete these rows.",
        "accounts.csv, row 3, column 'account': 1 of 8 accounts occur a second time. "
        "Keep one row per account, or name more columns under account in study.toml.",
        "accounts.csv, row 6, column 'opened': 1 of 8 accounts have a time that cannot be read, such as 'soon', "
        "expected a date such as 2013-04-05. "
        "Correct them, or say how times are written under time_unit or time_format in study.toml.",
        "accounts.csv, row 5, column 'opened': 1 of 8 accounts have no date of sign-up. "
        "Fill in the date, or leave these accounts out of the table.",
        "accounts.csv, row 7, column 'closed': 1 of 8 accounts have closed before sign-up. Correct these rows.",
        "accounts.csv, row 8, column 'opened': 1 of 8 accounts have signup after 2013-12-31, the end of the window. "
        "Correct these rows, or set as_of in study.toml to the last day the table covers.",
        "accounts.csv, row 9, column 'closed': 1 of 8 accounts have closed after 2013-12-31, the end of the window. "
        "Correct these rows, or set as_of in study.toml to the last day the table covers.",
    ]


def test_who_enters_after_leaving_is_named(tmp_path: Path):
    with pytest.raises(StudyError) as caught:
        tenures(
            tmp_path, "account,opened,from,closed", "a,2013-01-01,2013-01-05,2013-01-05", "b,2013-01-01,,", entry="from"
        )
    assert str(caught.value) == (
        "accounts.csv, row 2, column 'from': 1 accounts come under observation when they are already gone or "
        "censored. Correct these rows, or leave these accounts out of the table."
    )


def test_days_on_a_clock_of_their_own_need_an_end(tmp_path: Path):
    found = message(tmp_path, "account,opened,closed", "a,0,5", "b,0,", time_unit="day")
    assert found == [
        "accounts.csv, row 3, column 'opened': 1 of 2 accounts have no end of observation, "
        "which days on a clock of their own need. "
        "Fill in a column for the day on which observation ended and name it under observed_until in study.toml."
    ]


def test_closing_after_observation_ended_is_refused(tmp_path: Path):
    lines = ("account,opened,closed,until", "a,2013-01-01,2013-03-01,2013-02-01")
    assert message(tmp_path, *lines, observed_until="until") == [
        "accounts.csv, row 2, column 'closed': 1 of 1 accounts have closed after their observation ended. "
        "Correct these rows."
    ]


def test_rows_are_placed_in_their_own_file(tmp_path: Path):
    write_lines(tmp_path / "a.csv", "account,opened,closed", "a,2013-01-01,")
    write_lines(tmp_path / "b.csv", "account,opened,closed", "b,2013-01-01,", "c,,")
    with pytest.raises(StudyError, match=r"^b.csv, row 3, column 'opened'"):
        read_accounts(make_study(tmp_path, accounts="*.csv", **CLOSED))


def test_a_long_table_keeps_the_order_of_its_rows(tmp_path: Path):
    first = date(2010, 1, 1)
    rows = [f"{i},{first + timedelta(days=i % 900)}," for i in range(20_000)]
    found = read(tmp_path, "account,opened,closed", *rows)
    assert found.accounts["account"].tolist() == [str(i) for i in range(20_000)]
    assert found.row.tolist() == list(range(2, 20_002))


def test_a_dropout_is_detected_a_gap_after_the_last_activity(tmp_path: Path):
    silent, seen, new = "a,2013-06-01,2013-12-01", "b,2013-06-01,2013-12-02", "c,2013-12-02,2013-12-20"
    dropout = {"rule": "detected"}
    found = tenures(tmp_path, "account,opened,seen", silent, seen, new, last_seen="seen", closed=None, dropout=dropout)
    assert found.duration.tolist() == [213, 213, 29]
    assert found.event.tolist() == [True, False, False]
    assert found.n_excluded == 0


def test_a_table_of_accounts_tells_no_silences(tmp_path: Path):
    with pytest.raises(ValidationError, match="'first_silence' needs a log of events"):
        tenures(tmp_path, "account,opened,seen", last_seen="seen", dropout={"rule": "first_silence"})
    table = read(tmp_path, "account,opened,closed", "a,2013-06-01,")
    with pytest.raises(StudyError) as caught:
        measure_tenures(table, DropoutRule("first_silence", 30))
    assert str(caught.value) == (
        "study.toml, usage.dropout: rule 'first_silence' needs a log of events; a table of accounts tells no silences. "
        "Use rule 'inactive', or a log of events."
    )


CAUSES = ("account,opened,closed,why", "a,2013-12-01,2013-12-05,moved", "b,2013-12-01,,", "c,2013-12-01,2013-12-04, ")


def test_closed_accounts_have_a_cause(tmp_path: Path):
    found = tenures(tmp_path, *CAUSES, cause="why", cause_blank="unknown")
    assert found.causes == ("moved", "unknown")
    assert found.cause is not None
    assert found.cause.tolist() == [1, 0, 2]
    assert found.to_frame()["cause"].tolist() == ["moved", pytest.approx(np.nan, nan_ok=True), "unknown"]
    assert found.attributes.columns.empty


def test_a_cause_goes_with_a_closing_date(tmp_path: Path):
    assert message(tmp_path, *CAUSES, "d,2013-12-01,,banned", cause="why") == [
        "accounts.csv, row 4, column 'why': 1 of 4 accounts are closed without a cause. "
        "Fill in the cause, or name that of blank cells under cause_blank in study.toml.",
        "accounts.csv, row 5, column 'why': 1 of 4 accounts have a cause and are not closed. "
        "Clear the cause, or fill in the date of closing.",
    ]


def test_causes_are_of_closing(tmp_path: Path):
    with pytest.raises(ValidationError, match="cause says why accounts were closed"):
        tenures(tmp_path, *CAUSES, cause="why", last_seen="closed", dropout={"rule": "inactive"})
