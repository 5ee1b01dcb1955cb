"""Accounts that are never closed: BG/NBD."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy import special

from churn.numeric.maximum import gradient
from churn.projection._purchases import expected_later, log_likelihood, score
from churn.projection.purchase_counts import PurchaseCounts, count_purchases
from churn.projection.purchases import fit_purchases
from churn.usage.activity import Activity
from churn.usage.log import read_activity
from surveys.core.errors import EstimateError, SpecError
from surveys.core.results import Unavailable
from surveys.study.schema import Study
from tests.real.data import real

PUBLISHED = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
R, ALPHA, A, B = 0.6, 5.0, 0.8, 2.5


def simulate(rng: np.random.Generator, n: int, until: float, later: float) -> pd.DataFrame:
    """Follow accounts that are seen at their own rate and go after a return with their own probability."""
    rate, leaving = rng.gamma(R, 1 / ALPHA, n), rng.beta(A, B, n)
    rows = []
    for one, gone in zip(rate, leaving, strict=True):
        times, now = [], 0.0
        while True:
            now += rng.exponential(1 / one)
            if now > until + later:
                break
            times.append(now)
            if rng.random() < gone:
                break
        before = [time for time in times if time <= until]
        rows.append((len(before), before[-1] if before else 0.0, until, len(times) - len(before)))
    return pd.DataFrame(rows, columns=["frequency", "recency", "age", "later"])


def log_of(tmp_path: Path, rows: list[tuple[str, str]], as_of: str) -> Activity:
    pd.DataFrame(rows, columns=["id", "day"]).to_csv(tmp_path / "log.csv", index=False)
    about = {"title": "log", "as_of": as_of, "timezone": "UTC"}
    usage = {"events": "log.csv", "account": "id", "time": "day", "opening_days": 0}
    return read_activity(Study.model_validate({"folder": tmp_path, "study": about, "usage": usage}))


def test_gives_the_published_parameters_of_cdnow():
    table = pd.read_csv(real("cdnow") / "cdnow_customers_summary.csv").rename(columns={"T": "age"})
    model = fit_purchases(PurchaseCounts.from_frame(table))
    for name, value in PUBLISHED.items():
        assert model.parameter(name).estimate == pytest.approx(value, abs=5e-4), name  # type: ignore[arg-type]
    assert model.log_likelihood == pytest.approx(-9582.43, abs=5e-3)
    account = {"frequency": 2, "recency": 30.43, "age": 38.86}
    assert model.expected(39, **account).estimate == pytest.approx(1.226, abs=5e-4)


def test_gives_the_published_parameters_from_the_log_of_cdnow_and_projects_its_other_half(tmp_path: Path):
    lines = (real("cdnow") / "CDNOW_sample.txt").read_text().split("\n")
    orders = [line.split() for line in lines if line.strip()]
    rows = [(line[1], f"{line[2][:4]}-{line[2][4:6]}-{line[2][6:]}") for line in orders]
    counts = count_purchases(log_of(tmp_path, rows, "1998-06-30"), hold_out_days=273)
    assert counts.n_accounts == 2357
    model = fit_purchases(counts)
    for name, value in PUBLISHED.items():
        assert model.parameter(name).estimate == pytest.approx(value, abs=1.5e-3), name  # type: ignore[arg-type]
    assert not isinstance(model.hold_out, Unavailable)
    assert model.hold_out.span == 39
    seen = model.hold_out.observed / model.hold_out.n
    assert seen.round(3).tolist() == [0.237, 0.697, 1.393, 1.56, 2.532, 2.947, 3.862, 6.359]
    assert model.hold_out.summary() == "over 39 weeks held out, 1,653 expected, 1,882 seen: -12.1%"


def test_recovers_the_truth_of_a_simulation():
    rng = np.random.default_rng(4)
    table = simulate(rng, 6000, 52, 52)
    model = fit_purchases(PurchaseCounts.from_frame(table))
    for name, truth in (("r", R), ("alpha", ALPHA), ("a", A), ("b", B)):
        found = model.parameter(name)  # type: ignore[arg-type]
        assert abs(np.log(found.estimate / truth)) < 3 * found.std_error / found.estimate
    expected = model.accounts(52)
    assert (expected["expected"] * expected["n"]).sum() == pytest.approx(table["later"].sum(), rel=0.05)


def test_expectations_are_those_of_the_published_formula():
    rng = np.random.default_rng(1)
    frequency = np.array([0.0, 1, 2, 8, 30])
    recency = np.where(frequency > 0, rng.uniform(5, 30, 5), 0)
    theta, age, span = np.log([R, ALPHA, A, B]), np.full(5, 40.0), 26.0
    z = span / (ALPHA + age + span)
    ahead = ((ALPHA + age) / (ALPHA + age + span)) ** (R + frequency)
    ahead *= special.hyp2f1(R + frequency, B + frequency, A + B + frequency - 1, z)
    before = np.maximum(frequency - 1, 0)
    odds = A / (B + before) * ((ALPHA + age) / (ALPHA + recency)) ** (R + frequency) * (frequency > 0)
    published = (A + B + frequency - 1) / (A - 1) * (1 - ahead) / (1 + odds)
    assert expected_later(theta, span, frequency, recency, age) == pytest.approx(published, rel=1e-10)


def test_the_score_is_the_gradient_of_the_likelihood():
    table = simulate(np.random.default_rng(3), 300, 30, 1)
    cells = tuple(table[name].to_numpy(float) for name in ("frequency", "recency", "age"))
    n, theta = np.arange(1.0, 301), np.log([0.4, 3.0, 0.7, 2.0])
    assert score(*cells, n)(theta) == pytest.approx(gradient(log_likelihood(*cells, n), theta), rel=1e-9)


def test_counts_of_cells_are_those_of_rows():
    table = simulate(np.random.default_rng(9), 400, 30, 1).round({"recency": 0})
    table.loc[(table["frequency"] > 0) & (table["recency"] == 0), "recency"] = 1.0
    rows = fit_purchases(PurchaseCounts.from_frame(table))
    cells = table.groupby(["frequency", "recency", "age"]).size().rename("n").reset_index()
    assert fit_purchases(PurchaseCounts.from_frame(cells)).theta == pytest.approx(rows.theta, abs=1e-9)


def test_an_account_counts_once_a_day_until_the_days_held_out(tmp_path: Path):
    rows = [
        ("a", "2013-01-01"), ("a", "2013-01-01"), ("a", "2013-01-15"), ("a", "2013-03-20"), ("a", "2013-03-31"),
        ("b", "2013-02-01"), ("c", "2013-03-25"),
    ]  # fmt: skip
    counts = count_purchases(log_of(tmp_path, rows, "2013-03-31"), hold_out_days=14)
    assert counts.to_frame().to_dict("list") == {
        "frequency": [0, 1],
        "recency": [0, 2],
        "age": [44 / 7, 75 / 7],
        "n": [1, 1],
        "n_later": [0, 2],
    }
    assert str(counts.notes[-1]) == "1 account first seen in the last 14 days, which are held out, is left out"
    whole = count_purchases(log_of(tmp_path, rows, "2013-03-31"), per="day")
    assert whole.to_frame()["recency"].tolist() == [0, 0, 89]
    assert whole.to_frame()["frequency"].tolist() == [0, 0, 3]


def test_who_was_never_seen_again_has_not_gone_by_the_model():
    model = fit_purchases(PurchaseCounts.from_frame(simulate(np.random.default_rng(2), 1500, 52, 1)))
    assert model.alive(frequency=0, recency=0, age=40).estimate == 1.0
    late = model.alive(frequency=4, recency=39, age=40)
    early = model.alive(frequency=4, recency=10, age=40)
    assert early.estimate < late.estimate
    assert early.conf_low < early.estimate < early.conf_high
    share = model.share_alive()
    assert 0 < share.conf_low < share.estimate < share.conf_high < 1


def test_says_so_when_nothing_was_held_out():
    model = fit_purchases(PurchaseCounts.from_frame(simulate(np.random.default_rng(2), 800, 52, 1)))
    assert str(model.hold_out) == "no days were held out"


def test_says_in_one_line_why_there_is_no_answer():
    once = PurchaseCounts.from_frame(pd.DataFrame({"frequency": [0], "recency": [0], "age": [9], "n": [50]}))
    with pytest.raises(EstimateError) as caught:
        fit_purchases(once)
    assert str(caught.value) == "fit_purchases: nobody was seen again. Observe accounts for longer."
    rng = np.random.default_rng(0)
    alike = pd.DataFrame({"frequency": rng.poisson(5, 400), "recency": 9.9, "age": 10.0}).query("frequency > 0")
    with pytest.raises(EstimateError) as caught:
        fit_purchases(PurchaseCounts.from_frame(alike))
    assert str(caught.value) == (
        "fit_purchases: the likelihood has no maximum: accounts hardly differ in how often they are seen, or hardly "
        "any go. Observe more accounts, or for longer."
    )


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({"frequency": 1.5}, "a frequency that is not a whole number from 0"),
        ({"recency": 12}, "a recency that does not lie between 0 and the age"),
        ({"frequency": 0}, "a recency above 0 for an account that was never seen again"),
        ({"recency": 0}, "a recency of 0 for an account that was seen again"),
    ],
)
def test_refuses_impossible_rows(row: dict[str, float], what: str):
    good = {"frequency": 2, "recency": 3, "age": 9}
    with pytest.raises(SpecError) as caught:
        PurchaseCounts.from_frame(pd.DataFrame([good, good | row]))
    assert str(caught.value) == f"PurchaseCounts, row 2: got {what}. Correct the row."


def test_draws_marks_only():
    model = fit_purchases(PurchaseCounts.from_frame(simulate(np.random.default_rng(2), 800, 52, 1)))
    figure, ax = plt.subplots()
    model.plot(ax)
    assert len(ax.lines) == 1
    assert ax.get_title() == ""
    plt.close(figure)
