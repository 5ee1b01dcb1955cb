"""Studies on real logs and tables of accounts: what a report counts is counted again by plain pandas."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reports.build.build import build_report
from tests.real.data import place_study, real

DAY = 86_400
COURSE = ["code_module", "code_presentation"]
UNCOUNTED = re.compile(
    r"rules\..*|silence\..*|gaps\..*|following\..*|projection\.error\..*|definitions\.(least|most)|network\.wait"
)
"""Simulated; silences, contacts and waits, which have tests of their own; numbers that rest on no count."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Plain:
    """
    Accounts, one row each: when each came under observation, how long it was seen, and whether it left.

    `days` has a row for each account and day (or instant) of activity, for logs.
    """

    tenures: pd.DataFrame
    groups: tuple[str, ...] = ()
    days: pd.DataFrame | None = None
    end: pd.Timestamp | None = None
    others: dict[str, int] = field(default_factory=dict)

    def objection(self, identifier: str, value: float, base: int | None) -> str:
        """Say what is wrong with a printed number; nothing where its count is right."""
        kind, *rest = identifier.split(".")
        if identifier in self.others:
            return _differs(base, self.others[identifier])
        if kind in ("dropout", "survival", "causes") or identifier == "projection.last":
            return _differs(base, len(self.tenures))
        if kind == "risk":
            return _differs(value, self.at(float(rest[0]))[rest[1]])
        if kind == "bygroup":
            column = next(name for name in self.groups if identifier.startswith(f"bygroup.{name}."))
            level = identifier.removeprefix(f"bygroup.{column}.").rpartition(".")[0]
            return _differs(base, int((self.tenures[column].astype(str) == level).sum()))
        if kind == "cohorts":
            return self.cohort_objection(rest, value, base)
        if kind == "lifecycle":
            counts = self.lifecycle()
            return _differs(base, counts["before"]) if rest == ["churn"] else _differs(value, counts[rest[0]])
        return "no plain count is known"

    def at(self, time: float) -> dict[str, int]:
        """Count accounts at risk at a tenure, and those gone or censored by then."""
        duration, entry, gone = (self.tenures[name] for name in ("duration", "entry", "event"))
        by_then = duration <= time
        return {
            "n_at_risk": int(((duration >= time) & ((entry < time) | (entry <= 0))).sum()),
            "n_event": int((gone & by_then).sum()),
            "n_censor": int((~gone & by_then).sum()),
        }

    @cached_property
    def months(self) -> pd.DataFrame:
        """Give the calendar months in which each account was active, from 0, and that of its first day."""
        assert self.days is not None
        month = self.days["day"].dt.year * 12 + self.days["day"].dt.month
        active = pd.DataFrame({"account": self.days["account"], "month": month}).drop_duplicates()
        return active.assign(first=active.groupby("account")["month"].transform("min"))

    def cohort_objection(self, rest: list[str], value: float, base: int | None) -> str:
        active = self.months
        sizes = active.groupby("first")["account"].nunique()
        if rest[0] != "second":
            year, month = map(int, rest[0].split("-"))
            return _differs(base, int(sizes[year * 12 + month]))
        assert self.end is not None
        whole = [m for m in sizes.index if m + 2 <= self.end.year * 12 + self.end.month]
        second = active[active["month"] == active["first"] + 1].groupby("first")["account"].nunique()
        shares = {m: second.get(m, 0) / sizes[m] for m in whole}
        fits = [sizes[m] for m, share in shares.items() if abs(share - value) < 1e-12]
        return "" if base in fits else f"base {base}, counted {fits}"

    def lifecycle(self) -> dict[str, int]:
        """Count what became of accounts in the last month that is over."""
        assert self.end is not None
        active, last = self.months, self.end.year * 12 + self.end.month - 1
        here, before = (set(active[active["month"] == m]["account"]) for m in (last, last - 1))
        new = set(active[active["first"] == last]["account"])
        return {
            "before": len(before),
            "new": len(new),
            "retained": len(here & before),
            "resurrected": len(here - before - new),
            "lost": len(before - here),
        }


def _differs(found: float | None, expected: float) -> str:
    return "" if found == expected else f"{found}, counted {expected}"


def telco(folder: Path) -> Plain:
    place_study("telco_ibm", folder, real("telco_ibm"))
    frame = pd.read_csv(real("telco_ibm") / "Telco-Customer-Churn.csv", keep_default_na=False)
    tenures = frame.assign(duration=frame["tenure"], event=frame["Churn"] == "Yes", entry=0)
    return Plain(tenures=tenures, groups=("Contract", "InternetService"))


def oulad(folder: Path) -> Plain:
    """On the clock of each course: who registered after its start came under observation late."""
    data = real("oulad")
    table = pd.read_csv(data / "studentRegistration.csv").merge(pd.read_csv(data / "courses.csv"), on=COURSE)
    table = table.dropna(subset="date_registration")
    table = table[~(table["date_unregistration"] <= table["date_registration"].clip(lower=0))]
    end = table[["module_presentation_length", "date_unregistration"]].max(axis=1)
    whole = {name: table[name].astype("Int64") for name in ("date_registration", "date_unregistration")}
    table = table.assign(date_start=0, date_end=end.astype("Int64"), **whole)
    table.to_csv(folder / "accounts.csv", index=False)
    place_study("oulad_course_clock", folder)
    gone = table["date_unregistration"].notna()
    duration = table["date_unregistration"].where(gone, table["date_end"]).astype(float)
    return Plain(tenures=pd.DataFrame({"duration": duration, "event": gone, "entry": table["date_registration"]}))


def cdnow(folder: Path) -> Plain:
    place_study("cdnow", folder, real("cdnow"))
    orders = pd.read_csv(real("cdnow") / "CDNOW_master.txt", sep=r"\s+", dtype=str)
    orders = orders.assign(day=pd.to_datetime(orders["date"], format="%Y%m%d"), account=orders["customer_id"])
    seen = orders.groupby("account")["day"].agg(["min", "max"])
    status = pd.Timestamp("1998-04-01")
    event = seen["max"] <= status
    duration = (seen["max"].where(event, status) - seen["min"]).dt.days
    tenures = pd.DataFrame({"duration": duration, "event": event, "entry": 0})
    return Plain(
        tenures=tenures, days=orders[["account", "day"]], end=pd.Timestamp("1998-07-01"), others=_fan(seen["min"])
    )


SILENT = ("gone", "detected", "first_silence")


def _fan(first: pd.Series) -> dict[str, int]:
    """Name the numbers of the definitions whose base is every account, all of them having been seen for long."""
    months = ("30_days", "anniversary", "calendar")
    gone = [f"{kind}.{gap}.{month}" for kind in SILENT for gap in (7, 14, 30, 60, 90) for month in months]
    kinds = [*gone, *(f"{kind}.0.{month}" for kind in ("absent", "unseen", "next_visit") for month in months)]
    return {f"definitions.{kind}": len(first) for kind in kinds} | {"returned": len(first), "unseen": len(first)}


def collegemsg(folder: Path) -> Plain:
    place_study("collegemsg", folder, real("collegemsg"))
    log = pd.read_csv(real("collegemsg") / "CollegeMsg.txt", sep=" ")
    seen = log.groupby("source")["weight"].agg(["min", "max"])
    end = pd.Timestamp("2004-10-27", tz="America/Los_Angeles")
    local = pd.to_datetime(log["weight"], unit="s", utc=True).dt.tz_convert("America/Los_Angeles")
    days = pd.DataFrame({"account": log["source"], "day": local.dt.tz_localize(None).dt.normalize()})
    first = days.groupby("account")["day"].min()
    limit = end.timestamp()
    kept = seen[seen["min"] < limit - 30 * DAY]
    event = kept["max"] <= limit - 30 * DAY
    duration = np.ceil((kept["max"].where(event, limit - 30 * DAY) - kept["min"]) / DAY)
    pairs = log[["source", "target"]].drop_duplicates()
    others = {
        "returned": len(seen),
        "network.dialogue": len(log),
        "network.reciprocated": len(pairs),
        "network.mutual": len(pd.DataFrame(np.sort(pairs.to_numpy(), axis=1)).drop_duplicates()),
    }
    everybody = len(set(log["source"]) | set(log["target"]))
    others |= {f"network.{name}": everybody for name in ("gini.accounts", "gini.exchanged", "top20.accounts")}
    others |= {"network.never_posted": everybody}
    others |= {f"network.{name}": len(seen) for name in ("gini.active", "top20.active")}
    months = ("30_days", "anniversary", "calendar")
    bare = end.tz_localize(None)
    over = {
        "30_days": int((limit - seen["min"] >= 60 * DAY).sum()),
        "anniversary": int((first + pd.DateOffset(months=2) <= bare).sum()),
        "calendar": int((first.dt.to_period("M").dt.to_timestamp() + pd.DateOffset(months=2) <= bare).sum()),
    }
    for gap in (7, 14, 30, 60, 90):
        before = int((seen["min"] < limit - gap * DAY).sum())
        others |= {f"definitions.{kind}.{gap}.{m}": before for kind in SILENT for m in months}
    others |= {f"definitions.{kind}.0.{m}": over[m] for kind in ("absent", "unseen") for m in months}
    others |= {"definitions.detected.30.30_days": len(seen)}
    after = {  # those for whom a day after the first month lies in the log
        "30_days": int(((bare - first).dt.days > 31).sum()),
        "anniversary": int((first + pd.DateOffset(months=1) < bare).sum()),
        "calendar": int((first.dt.to_period("M").dt.to_timestamp() + pd.DateOffset(months=1) < bare).sum()),
    }
    others |= {f"definitions.next_visit.0.{month}": n for month, n in after.items()}
    others |= {"definitions.absent.0.30_days": int(((bare - first).dt.days >= 60).sum())}  # in local dates, as told
    others |= {"unseen": int(((bare - first).dt.days >= 30).sum())}
    tenures = pd.DataFrame({"duration": duration, "event": event, "entry": 0})
    return Plain(tenures=tenures, days=days, end=bare, others=others)


STUDIES: dict[str, Callable[[Path], Plain]] = {"telco": telco, "oulad": oulad, "cdnow": cdnow, "collegemsg": collegemsg}


@pytest.mark.parametrize("name", STUDIES)
def test_every_count_in_the_ledger_is_that_of_a_plain_count(name: str, tmp_path: Path):
    plain = STUDIES[name](tmp_path)
    pages = build_report(tmp_path, tmp_path / "report", languages=["fr", "en"], formats=["html"]).documents
    assert [page.name for page in pages] == ["report.en.html", "report.fr.html"]
    ledger = json.loads((tmp_path / "report" / "results.json").read_text(encoding="utf-8"))["numbers"]
    rows = [row for row in ledger if not UNCOUNTED.fullmatch(row["id"])]
    wrong = [f"{r['id']}: {said}" for r in rows if (said := plain.objection(r["id"], r["value"], r["base"]))]
    assert "\n".join(wrong) == ""
    assert len(rows) > 30
