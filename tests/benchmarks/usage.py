"""Logs of any size, and what is timed on them: one system, one job, one process at a time."""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SECOND = 10**6
DAY = 86_400 * SECOND
START, N_DAYS = date(2024, 1, 1), 455
AS_OF = START + timedelta(days=N_DAYS - 1)
EVENTS_OF_ACCOUNT = 78.56
GAP, TIMES = 30, (30, 90, 180)
OURS = ("churn", "churn.engine.open", "churn.cohorts.lifecycle", "churn.cohorts.retention", "scipy.stats")
PEERS = ("duckdb", "polars", "pandas")
MOST_ROWS = {"pandas": 20_000_000}  # it needs 14 GB for 1e8


def write_log(path: Path, rows: int, accounts: str) -> int:
    """
    Write a log in the order of time, a row group to a day; give how many events it has.

    Accounts sign up over a year, stay for Weibull times (shape 0.7), are active on a day with a probability of
    their own, and then have one event and a Poisson number more.
    """
    rng = np.random.default_rng(4242)
    n = max(int(rows / EVENTS_OF_ACCOUNT), 1)
    opened, active = rng.integers(0, 365, n), rng.beta(2, 5, n)
    closed = opened + np.minimum(120 * rng.weibull(0.7, n), 1e6)
    number = (np.arange(n, dtype=np.int64) * 2_654_435_761 + 12_345) % 2**53
    name = pa.array(number) if accounts == "int64" else pa.array(np.char.mod("u%015x", number))
    schema = pa.schema([("account", name.type), ("time", pa.timestamp("us", tz="UTC"))])
    midnight = np.datetime64(START, "us").astype(np.int64)
    total = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for day in range(N_DAYS):
            alive = np.flatnonzero((opened <= day) & ((closed > day) | (opened == day)))
            today = alive[(rng.random(len(alive)) < active[alive]) | (opened[alive] == day)]
            who = np.repeat(today, 1 + rng.poisson(1.6, len(today)))
            when = midnight + day * DAY + rng.integers(0, DAY, len(who))
            order = np.argsort(when, kind="stable")
            times = pa.array(when[order], pa.timestamp("us", tz="UTC"))
            writer.write_table(pa.table([name.take(pa.array(who[order])), times], schema=schema))
            total += len(who)
    return total


def digest(*tables: Iterable[Iterable[Any]]) -> str:
    """Make one short word of tables of whole numbers, whatever the order of their rows."""
    told = [sorted(tuple(int(value) for value in row) for row in table) for table in tables]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:12]


def survival(duration: np.ndarray, event: np.ndarray, count: np.ndarray) -> list[float]:
    """The product limit at TIMES, from counts."""
    size = int(duration.max()) + 1
    gone = np.bincount(duration[event], weights=count[event], minlength=size)
    at_risk = np.cumsum(np.bincount(duration, weights=count, minlength=size)[::-1])[::-1]
    curve = np.cumprod(1 - gone / np.maximum(at_risk, 1))
    return [round(float(curve[min(at, size - 1)]), 9) for at in TIMES]


def run_floor(job: str, path: Path) -> Any:
    """The least that anybody must do: count, first and last of each account."""
    connection = _duckdb()
    sql = f"SELECT count(*), sum(n) FROM (SELECT account, count(*) n, min(time), max(time) FROM '{path}' GROUP BY 1)"
    return connection.execute(sql).fetchall()


def run_scan(job: str, path: Path) -> Any:
    """Decode both columns, and no more."""
    return _duckdb().execute(f"SELECT min(hash(account)), bit_xor(epoch_us(time)) FROM '{path}'").fetchall()


def run_ours(job: str, path: Path, timezone: str = "UTC") -> Any:
    from churn.cohorts.lifecycle import measure_lifecycle
    from churn.cohorts.retention import RetentionRule, measure_retention
    from churn.survival.kaplan_meier import kaplan_meier
    from churn.tenures.counts import count_tenures
    from churn.tenures.tenures import DropoutRule, measure_tenures
    from churn.usage.log import read_activity
    from surveys.study.schema import Study

    about = {"title": "a log", "as_of": AS_OF, "timezone": timezone}
    usage = {"events": path.name, "account": "account", "time": "time", "opening_days": 0}
    activity = read_activity(Study.model_validate({"folder": path.parent, "study": about, "usage": usage}))
    if job == "events":
        days = int(np.bitwise_count(activity.words).sum(dtype=np.int64))
        spans = [int((ticks // SECOND).sum()) for ticks in (activity.first, activity.last)]
        return [activity.n_accounts, activity.n_events, *spans, days]
    curve = kaplan_meier(count_tenures(measure_tenures(activity, DropoutRule("inactive", GAP))))
    stayed = [round(float(curve.at(at).estimate), 9) for at in TIMES]  # type: ignore[union-attr]
    triangles = [_cells(measure_retention(activity, RetentionRule(period=period))) for period in ("week", "month")]
    life = measure_lifecycle(activity)
    months = np.arange(len(life.period_start)) + START.year * 12 + START.month - 1
    rows = zip(months, life.n_active, life.n_new, life.n_retained, strict=True)
    return [digest(*triangles, rows), stayed]


def _cells(retention: Any) -> list[tuple[int, int, int]]:
    row, age = np.nonzero(retention.n_seen)
    cohort = [(day - date(1970, 1, 1)).days for day in retention.cohort]
    return [(cohort[i], k, retention.n_seen[i, k]) for i, k in zip(row, age, strict=True)]


def _duckdb() -> Any:
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 2; SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
    return connection


def _end() -> int:
    return int((datetime.combine(AS_OF, datetime.min.time(), UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days + 1) * DAY


def run_duckdb(job: str, path: Path) -> Any:
    """SQL by hand: for the states of accounts as good as we know how, for the rest as it is usually written."""
    connection = _duckdb()
    if job == "events":
        first = (START - date(1970, 1, 1)).days
        words = range(-(-N_DAYS // 62))
        bits = ", ".join(f"bit_or(CASE WHEN d // 62 = {j} THEN 1::BIGINT << (d % 62) ELSE 0 END) w{j}" for j in words)
        days = " + ".join(f"sum(bit_count(w{j}))" for j in words)
        sql = f"""SELECT count(*), sum(n), sum(a // {SECOND}), sum(z // {SECOND}), {days} FROM (
            SELECT account, count(*) n, min(t) a, max(t) z, {bits} FROM (
                SELECT account, epoch_us(time) t, (epoch_us(time) // {DAY} - {first})::INT d FROM '{path}'
            ) GROUP BY 1)"""
        return [int(value) for value in connection.execute(sql).fetchall()[0]]
    connection.execute(f"CREATE VIEW log AS SELECT account, make_timestamp(epoch_us(time)) t FROM '{path}'")
    triangles = []
    for unit in ("week", "month"):
        sql = f"""WITH e AS (SELECT account, date_trunc('{unit}', t) p FROM log GROUP BY ALL),
            c AS (SELECT account, min(p) c FROM e GROUP BY 1)
            SELECT epoch_us(c::TIMESTAMP) // {DAY}, datediff('{unit}', c, p), count(*) FROM e JOIN c USING (account)
            GROUP BY ALL"""
        triangles.append(connection.execute(sql).fetchall())
    sql = """WITH e AS (SELECT account, year(t) * 12 + month(t) - 1 m FROM log GROUP BY ALL),
        o AS (SELECT m, lag(m) OVER (PARTITION BY account ORDER BY m) b FROM e)
        SELECT m, count(*), sum((b IS NULL)::INT), sum(coalesce(b = m - 1, false)::INT) FROM o GROUP BY 1"""
    life = connection.execute(sql).fetchall()
    cut = _end() - GAP * DAY
    sql = f"""WITH u AS (SELECT epoch_us(min(t)) a, epoch_us(max(t)) z FROM log GROUP BY account)
        SELECT ((CASE WHEN z <= {cut} THEN z ELSE {cut} END) - a + {DAY - 1}) // {DAY} d, z <= {cut} e, count(*) n
        FROM u WHERE a < {cut} GROUP BY ALL"""
    found = connection.execute(sql).fetchnumpy()
    return [digest(*triangles, life), survival(found["d"], found["e"], found["n"])]


def run_polars(job: str, path: Path) -> Any:
    import polars as pl

    log = pl.scan_parquet(path).with_columns(t=pl.col("time").dt.replace_time_zone(None))
    micros = pl.col("t").dt.timestamp("us")
    if job == "events":
        each = log.group_by("account").agg(
            n=pl.len(), a=micros.min(), z=micros.max(), d=micros.floordiv(DAY).n_unique()
        )
        sums = [pl.col("n").sum(), (pl.col("a") // SECOND).sum(), (pl.col("z") // SECOND).sum(), pl.col("d").sum()]
        found = each.select(pl.len().alias("len"), *sums).collect(engine="streaming")
        return [int(value) for value in found.row(0)]
    triangles = []
    months = pl.col("p").dt.year().cast(pl.Int64) * 12 + pl.col("p").dt.month() - 1
    opened = pl.col("c").dt.year().cast(pl.Int64) * 12 + pl.col("c").dt.month() - 1
    for unit, age in (("1w", (pl.col("p") - pl.col("c")).dt.total_days() // 7), ("1mo", months - opened)):
        periods = log.select("account", p=pl.col("t").dt.truncate(unit).cast(pl.Date)).unique()
        cohorts = periods.group_by("account").agg(c=pl.col("p").min())
        cells = periods.join(cohorts, on="account").group_by(pl.col("c").cast(pl.Int32), age=age).agg(n=pl.len())
        triangles.append(cells.collect(engine="streaming").rows())
    active = log.select("account", p=pl.col("t").dt.truncate("1mo").cast(pl.Date)).unique().select("account", m=months)
    before = active.sort("account", "m").with_columns(b=pl.col("m").shift(1).over("account"))
    new, kept = pl.col("b").is_null().sum(), (pl.col("b") == pl.col("m") - 1).sum()
    life = before.group_by("m").agg(n=pl.len(), new=new, kept=kept).collect(engine="streaming").rows()
    cut = _end() - GAP * DAY
    each = log.group_by("account").agg(a=micros.min(), z=micros.max()).filter(pl.col("a") < cut)
    stop = pl.min_horizontal(pl.col("z"), pl.lit(cut))
    tenure = (stop - pl.col("a") + DAY - 1) // DAY
    counts = each.group_by(d=tenure, e=pl.col("z") <= cut).agg(n=pl.len()).collect(engine="streaming")
    return [digest(*triangles, life), survival(*(counts[name].to_numpy() for name in ("d", "e", "n")))]


def run_pandas(job: str, path: Path) -> Any:
    import pandas as pd

    log = pd.read_parquet(path)
    log["t"] = log.pop("time").dt.tz_localize(None)
    micros = log["t"].to_numpy().astype("datetime64[us]").astype(np.int64)
    each = log.assign(u=micros).groupby("account")["u"].agg(["size", "min", "max"])
    if job == "events":
        days = log.assign(d=micros // DAY)[["account", "d"]].drop_duplicates()
        spans = [int((each[name] // SECOND).sum()) for name in ("min", "max")]
        return [len(each), int(each["size"].sum()), *spans, len(days)]
    triangles = []
    for unit in ("W", "M"):
        period = log["t"].dt.to_period(unit)
        cells = pd.DataFrame({"account": log["account"], "p": period.astype("int64"), "s": period.dt.start_time})
        cells["c"] = cells.groupby("account")["p"].transform("min")
        cells["s"] = cells.groupby("account")["s"].transform("min")
        found = cells.groupby(["s", "c", "p"])["account"].nunique().reset_index()
        day = found["s"].to_numpy().astype("datetime64[D]").astype(np.int64)
        triangles.append(list(zip(day, found["p"] - found["c"], found["account"], strict=True)))
    active = pd.DataFrame({"account": log["account"], "m": log["t"].dt.year * 12 + log["t"].dt.month - 1})
    active = active.drop_duplicates().sort_values(["account", "m"])
    active["b"] = active.groupby("account")["m"].shift()
    active["new"], active["kept"] = active["b"].isna(), active["b"] == active["m"] - 1
    life = active.groupby("m").agg(n=("m", "size"), new=("new", "sum"), kept=("kept", "sum")).reset_index()
    cut = _end() - GAP * DAY
    first, last = (each[name].to_numpy() for name in ("min", "max"))
    first, last = first[first < cut], last[first < cut]
    tenure = -((first - np.minimum(last, cut)) // DAY)
    return [
        digest(*triangles, life.itertuples(index=False, name=None)),
        survival(tenure, last <= cut, np.ones(len(first))),
    ]


SYSTEMS: dict[str, Callable[[str, Path], Any]] = {
    "floor": run_floor,
    "scan": run_scan,
    "ours": run_ours,
    "ours, New York": lambda job, path: run_ours(job, path, "America/New_York"),
    "duckdb": run_duckdb,
    "polars": run_polars,
    "pandas": run_pandas,
}


def measured(system: str, job: str, path: Path) -> dict[str, Any]:
    """Run one system in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.usage", system, job, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or [f"signal {-done.returncode}"])[-1][:200]}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def installed(rows: int) -> list[str]:
    """Peers to be timed."""
    return [peer for peer in PEERS if find_spec(peer) is not None and rows <= MOST_ROWS.get(peer, rows)]


def compare(benchmark: str, rows: int, repeats: int, accounts: str, folder: Path) -> None:
    """Time every system in turn, a few rounds, and print what each took, over the floor and over ours."""
    path = folder / "log.parquet"
    n = write_log(path, rows, accounts)
    systems = ["floor", "scan", "ours", "ours, New York", *installed(rows)]
    runs = {system: [] for system in systems}  # type: dict[str, list[dict[str, Any]]]
    for _ in range(repeats):
        for system in systems:
            runs[system].append(measured(system, benchmark, path))
    best = {name: min(found, key=lambda run: run.get("seconds", np.inf)) for name, found in runs.items()}
    floor, ours = best["floor"], best["ours"]
    for system, run in best.items():
        row = {"benchmark": benchmark, "system": system, "accounts": accounts, "rows": n} | run
        if "seconds" in run:
            row["ns_per_event"] = round(run["seconds"] / n * 1e9, 1)
            row["over_floor"] = round(run["seconds"] / floor["seconds"], 2)
            row["cpu_over_floor"] = round(run["cpu_seconds"] / floor["cpu_seconds"], 2)
        told = row.pop("result", None)
        if system in PEERS and told is not None:
            row["same_result"] = told == ours.get("result")
        print(json.dumps(row), flush=True)


def main() -> None:
    """Time one system on one job, its libraries being imported already."""
    system, job, path = sys.argv[1:]
    if system.startswith("ours"):
        for module in OURS:
            import_module(module)
        getattr(import_module("ibis"), "duckdb")  # noqa: B009
    elif system in PEERS:
        import_module(system)
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    result = SYSTEMS[system](job, Path(path))
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told = {"seconds": round(seconds, 3), "cpu_seconds": round(cpu, 3), "peak_mb": after.ru_maxrss // 1024}
    print(json.dumps(told | ({} if system in ("floor", "scan") else {"result": result})))


if __name__ == "__main__":
    main()
