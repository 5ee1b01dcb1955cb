"""Cox models: from counts as from rows, against other software and by hand, and what cannot be estimated."""

from __future__ import annotations

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy import special

from churn.regression import fit as _cox_fit
from churn.regression._exact import _symmetric
from churn.regression._ties import Tied
from churn.regression.cox import Cox
from churn.regression.risk_sets import PatternSets, RowSets, Slots, Spells
from churn.tenures.counts import TenureCounts, count_tenures
from churn.tenures.tenures import Tenures
from surveys.core.errors import EstimateError, SpecError
from surveys.core.results import Estimate, Unavailable


def make_tenures(n: int = 600, seed: int = 3, *, delayed: bool = False) -> Tenures:
    rng = np.random.default_rng(seed)
    age, sex = rng.choice(["18-24", "25-34", "35+"], n), rng.choice(["F", "M"], n)
    rate = np.exp(-0.4 * (age == "25-34") - 0.8 * (age == "35+") + 0.3 * (sex == "M"))
    left, end = np.ceil(rng.exponential(12 / rate)), rng.integers(3, 25, n)
    duration = np.minimum(left, end)
    return Tenures(
        duration=duration,
        event=left <= end,
        entry=np.where(rng.random(n) < 0.4, np.floor(rng.random(n) * duration), np.nan) if delayed else None,
        attributes=pd.DataFrame({"age": age, "sex": sex, "town": rng.integers(0, 40, n)}),
    )


def brute_force(tenures: Tenures, x: np.ndarray, coefficient: np.ndarray, ties: str) -> float:
    """The partial log-likelihood as it is written down."""
    risk, total = np.exp(x @ coefficient), 0.0
    entry = np.full(len(x), -1.0) if tenures.entry is None else np.nan_to_num(tenures.entry, nan=-1.0)
    for time in np.unique(tenures.duration[tenures.event]):
        gone = tenures.event & (tenures.duration == time)
        at_risk = (tenures.duration >= time) & (entry < time)
        if ties == "exact":
            sets = [np.prod(risk[list(s)]) for s in combinations(np.flatnonzero(at_risk), int(gone.sum()))]
            total += np.log(risk[gone].prod() / np.sum(sets))
            continue
        for step in range(int(gone.sum())):
            share = step / gone.sum() if ties == "efron" else 0.0
            total -= np.log(risk[at_risk].sum() - share * risk[gone].sum())
        total += np.log(risk[gone]).sum()
    return total


@pytest.mark.parametrize("ties", ["efron", "breslow", "exact"])
def test_the_likelihood_is_that_of_the_textbook(ties: str):
    rng = np.random.default_rng(5)
    x = rng.normal(size=(14, 2))
    entry = np.where(np.arange(14) % 4 == 0, 1.0, np.nan)
    tenures = Tenures(duration=rng.integers(2, 6, 14), event=rng.random(14) < 0.7, entry=entry)
    fitted = Cox(ties=ties).fit(tenures, pd.DataFrame(x, columns=["a", "b"]))
    assert fitted.log_likelihood == pytest.approx(brute_force(tenures, x, fitted.estimate, ties), abs=1e-11)
    assert fitted.log_likelihood_null == pytest.approx(brute_force(tenures, x, np.zeros(2), ties), abs=1e-11)
    step = 1e-4
    for j in range(2):
        up, down = (brute_force(tenures, x, fitted.estimate + s * step * np.eye(2)[j], ties) for s in (1, -1))
        assert abs(up - down) / (2 * step) < 1e-6


@pytest.mark.parametrize("ties", ["efron", "breslow", "exact"])
@pytest.mark.parametrize("delayed", [False, True])
def test_counts_of_accounts_are_as_rows_of_them(ties: str, delayed: bool):
    tenures = make_tenures(delayed=delayed)
    counts = count_tenures(tenures, by=["age", "sex"])
    assert len(counts.n) < tenures.n_accounts
    rows, cells = (Cox("~ age + sex", ties=ties).fit(source) for source in (tenures, counts))
    np.testing.assert_allclose(cells.estimate, rows.estimate, rtol=1e-11)
    np.testing.assert_allclose(cells.covariance, rows.covariance, rtol=1e-11)
    assert cells.log_likelihood == pytest.approx(rows.log_likelihood, rel=1e-13)
    assert (cells.n, cells.n_event) == (rows.n, rows.n_event)
    ours, theirs = cells.concordance(), rows.concordance()
    assert ours.estimate.estimate == theirs.estimate.estimate
    assert ours.estimate.std_error == pytest.approx(theirs.estimate.std_error, rel=1e-12)
    assert ours.tied_both.tolist() == theirs.tied_both.tolist()


def test_robust_errors_and_the_test_of_proportional_hazards_are_the_same_from_counts():
    tenures = make_tenures()
    counts = count_tenures(tenures, by=["age", "sex"])
    rows, cells = (Cox("~ age + sex", std_errors="robust").fit(source) for source in (tenures, counts))
    np.testing.assert_allclose(cells.covariance, rows.covariance, rtol=1e-11)
    assert cells.robust_score_test().statistic == pytest.approx(rows.robust_score_test().statistic, rel=1e-11)
    for transform in ("km", "identity", "rank", "log"):
        ours, theirs = (fitted.proportional_hazards_test(transform).to_frame() for fitted in (cells, rows))
        np.testing.assert_allclose(ours["statistic"], theirs["statistic"], rtol=1e-10)


@pytest.mark.parametrize("strata", [(), ("town",)])
@pytest.mark.parametrize("delayed", [False, True])
def test_row_by_row_and_from_tables_it_is_the_same(strata: tuple[str, ...], delayed: bool, monkeypatch):
    tenures = make_tenures(delayed=delayed)
    model = Cox("~ age + sex", strata=strata, clusters="town")
    tables = model.fit(tenures)
    monkeypatch.setattr(_cox_fit, "risk_sets", lambda spells, slots, n: (s := RowSets(spells, slots), s.unit))
    rows = model.fit(tenures)
    assert isinstance(tables._fit.likelihood.sets, PatternSets)
    assert isinstance(rows._fit.likelihood.sets, RowSets)
    np.testing.assert_allclose(rows.estimate, tables.estimate, rtol=1e-10)
    np.testing.assert_allclose(rows.covariance, tables.covariance, rtol=1e-10)
    assert rows.log_likelihood == pytest.approx(tables.log_likelihood, rel=1e-12)


def test_exact_ties_are_the_same_row_by_row(monkeypatch):
    tenures = make_tenures(200)
    tables = Cox("~ age", ties="exact").fit(tenures)
    monkeypatch.setattr(_cox_fit, "risk_sets", lambda spells, slots, n: (s := RowSets(spells, slots), s.unit))
    np.testing.assert_allclose(Cox("~ age", ties="exact").fit(tenures).estimate, tables.estimate, rtol=1e-10)


def test_agrees_with_statsmodels_in_strata():
    from statsmodels.duration.hazard_regression import PHReg

    tenures = make_tenures()
    x = pd.get_dummies(tenures.attributes["age"]).to_numpy(float)[:, 1:]
    sex = (tenures.attributes["sex"] == "M").to_numpy(int)
    for ties in ("efron", "breslow"):
        theirs = PHReg(tenures.duration, x, status=tenures.event, strata=sex, ties=ties).fit(disp=0)
        ours = Cox("~ age", ties=ties, strata="sex").fit(tenures)
        np.testing.assert_allclose(ours.estimate, theirs.params, atol=2e-6)
        np.testing.assert_allclose(ours.std_error, theirs.bse, atol=2e-5)


def test_the_score_test_of_two_groups_without_ties_is_the_log_rank_test():
    time, group = np.arange(1.0, 11.0), np.array([0, 1] * 5)
    fitted = Cox().fit(Tenures(duration=time, event=np.ones(10)), pd.DataFrame({"group": group}))
    at_risk = np.array([(time >= t).sum() for t in time])
    expected = np.array([((time >= t) & (group == 1)).sum() for t in time]) / at_risk
    log_rank = (group.sum() - expected.sum()) ** 2 / (expected * (1 - expected)).sum()
    assert fitted.score_test().statistic == pytest.approx(log_rank, rel=1e-12)


@pytest.mark.parametrize("gone", [2, 15, 64, 30_000])
@pytest.mark.parametrize("share", [0.01, 0.499, 0.7, 1.0])
def test_any_number_of_tied_accounts_is_summed_to_rounding(gone: int, share: float):
    found = Tied.of(np.array([gone, 3]), "efron").denominators(np.array([50.0, 7.0]), np.array([50 * share, 2.0]))
    u = np.arange(gone) / gone
    pool = 50 - u * 50 * share
    exact = [np.log(pool), 1 / pool, u / pool, pool**-2, u * pool**-2, u**2 * pool**-2]
    np.testing.assert_allclose([x[0] for x in found], [x.mean() for x in exact], rtol=5e-14)


def test_sets_of_tied_accounts_are_summed_to_rounding():
    count, gone = np.array([700.0, 300.0]), 40.0
    log_sum, mean, _ = _symmetric(np.array([[0.0], [1.0]]), np.array([0.0, 0.5]), count, gone)
    k = np.arange(gone + 1)

    def log_choose(n: float, i: np.ndarray) -> np.ndarray:
        return special.gammaln(n + 1) - special.gammaln(i + 1) - special.gammaln(n - i + 1)

    terms = log_choose(700, gone - k) + log_choose(300, k) + 0.5 * k
    assert log_sum == pytest.approx(special.logsumexp(terms), rel=1e-13)
    assert mean[0] == pytest.approx((k * special.softmax(terms)).sum(), rel=1e-11)


def test_concordance_is_that_of_all_pairs():
    tenures = make_tenures(150, delayed=True)
    fitted = Cox("~ age", strata="sex").fit(tenures)
    score, sex = fitted._fit.log_risk, tenures.attributes["sex"].to_numpy()
    entry = np.nan_to_num(tenures.entry, nan=-1.0)
    counts = np.zeros(5)
    for i in np.flatnonzero(tenures.event):
        for j in range(len(score)):
            t = tenures.duration[i]
            if i == j or sex[i] != sex[j] or entry[j] >= t:
                continue
            if tenures.event[j] and tenures.duration[j] == t:
                counts[4 if score[i] == score[j] else 3] += 0.5
            elif tenures.duration[j] >= t:
                counts[2 if score[i] == score[j] else 0 if score[i] > score[j] else 1] += 1
    found = fitted.concordance().to_frame()
    assert found["stratum"].tolist() == ["sex=F", "sex=M"]
    assert found.drop(columns="stratum").sum().tolist() == counts.tolist()


def test_time_varying_rows_split_where_nothing_changes_leave_the_model_as_it_is():
    tenures = make_tenures(300)
    whole = Cox("~ age").fit(tenures)
    long = tenures.duration > 5
    split = Tenures(
        duration=np.r_[np.minimum(tenures.duration, 5), tenures.duration[long]],
        event=np.r_[tenures.event & ~long, tenures.event[long]],
        entry=np.r_[np.full(300, np.nan), np.full(long.sum(), 5.0)],
        attributes=pd.concat([tenures.attributes, tenures.attributes[long]], ignore_index=True).assign(
            account=np.r_[np.arange(300), np.flatnonzero(long)]
        ),
    )
    parts = Cox("~ age", clusters="account").fit(split)
    np.testing.assert_allclose(parts.estimate, whole.estimate, rtol=1e-10)
    np.testing.assert_allclose(parts.covariance, Cox("~ age", std_errors="robust").fit(tenures).covariance, rtol=1e-9)


def test_weights_that_are_all_alike_change_only_the_scale_of_the_likelihood():
    tenures = make_tenures(300)
    weighted = Tenures(duration=tenures.duration, event=tenures.event, attributes=tenures.attributes.assign(w=2.5))
    robust, plain = Cox("~ age", weights="w").fit(weighted), Cox("~ age", std_errors="robust").fit(tenures)
    assert robust.std_errors == "robust"
    np.testing.assert_allclose(robust.estimate, plain.estimate, rtol=1e-11)
    np.testing.assert_allclose(robust.covariance, plain.covariance, rtol=1e-10)


def test_residuals_add_to_zero_and_keep_their_place():
    tenures = make_tenures(200)
    attributes = tenures.attributes.copy()
    attributes.loc[3, "age"] = None
    fitted = Cox("~ age").fit(Tenures(duration=tenures.duration, event=tenures.event, attributes=attributes))
    assert str(fitted.notes[0]) == "1 account without a value of age is left out"
    assert fitted.n == 199
    residuals = fitted.residuals("martingale")
    assert 3 not in residuals["row"].tolist()
    assert residuals["residual"].sum() == pytest.approx(0, abs=1e-9)
    assert np.abs(fitted.residuals("score")[fitted.index].sum()).max() < 1e-8
    assert len(fitted.residuals("schoenfeld")) == fitted.n_event


def test_predicts_the_same_however_the_baseline_is_told():
    tenures = make_tenures()
    fitted = Cox("~ age + sex").fit(tenures)
    curves = fitted.survival(pd.DataFrame({"age": ["18-24", "35+"], "sex": ["F", "M"]}))
    baseline = fitted.baseline_hazard()["cumulative_hazard"].to_numpy()
    np.testing.assert_allclose(curves.curve(0).cumulative_hazard, baseline, rtol=1e-12)
    shift = fitted.contrast({"age[T.35+]": 1, "sex[T.M]": 1}).estimate
    np.testing.assert_allclose(curves.curve(1).cumulative_hazard, baseline * np.exp(shift), rtol=1e-12)
    kept = curves.curve(1).at(10)
    assert isinstance(kept, Estimate)
    assert kept.conf_low < kept.estimate < kept.conf_high
    assert isinstance(curves.curve(1).at(1000), Unavailable)
    assert curves.to_frame().columns[:3].tolist() == ["stratum", "profile", "time"]
    assert len(curves.summary().splitlines()) == 2


def test_draws_ratios_and_curves():
    fitted = Cox("~ age + sex").fit(make_tenures())
    _, (left, right) = plt.subplots(1, 2)
    fitted.plot(left)
    fitted.survival(pd.DataFrame({"age": ["18-24"], "sex": ["F"]})).plot(right)
    assert left.get_xscale() == "log"
    np.testing.assert_allclose(left.lines[0].get_xdata(), np.exp(fitted.estimate))
    assert right.lines[0].get_ydata()[0] == 1
    plt.close("all")


@pytest.mark.parametrize(
    ("model", "line"),
    [
        (lambda: Cox("~ age", ties="efronn"), "ties 'efronn': not known here. Did you mean 'efron'?"),
        (
            lambda: Cox("~ agee").fit(make_tenures()),
            "formula '~ agee': no column is called 'agee'. Did you mean 'age'?",
        ),
        (
            lambda: Cox("y ~ age").fit(make_tenures()),
            "formula 'y ~ age': has an outcome. Write it as '~ x + z': the outcome is leaving.",
        ),
        (lambda: Cox().fit(make_tenures()), "Cox: has no covariates. Give a formula, or covariates to fit, not both."),
        (
            lambda: Cox("~ age", ties="exact", clusters="town"),
            "ties 'exact': go with neither weights nor clusters nor robust errors. Take ties='efron'.",
        ),
        (
            lambda: Cox("~ age").fit(make_tenures()).survival(pd.DataFrame({"age": ["40+"]})),
            "profiles: cannot be worked out: *. Correct them.",
        ),
    ],
)
def test_says_what_is_wrong_with_the_model(model, line: str):
    with pytest.raises(SpecError) as raised:
        model()
    start, _, end = line.partition("*")
    assert str(raised.value).startswith(start)
    assert str(raised.value).endswith(end)


def test_names_the_covariate_that_other_ones_determine():
    tenures = make_tenures(100)
    x = pd.DataFrame({"a": np.arange(100.0), "b": 2 * np.arange(100.0) + 1})
    with pytest.raises(EstimateError, match="Cox: 'b' does not vary among those at risk, or other covariates"):
        Cox().fit(tenures, x)


def test_names_the_covariate_that_tells_who_leaves():
    tenures = Tenures(duration=[1, 2, 3, 4, 5, 6], event=[1, 1, 1, 0, 0, 0])
    x = pd.DataFrame({"noise": [1, 0, 2, 1, 0, 1], "leaver": [1, 1, 1, 0, 0, 0]})
    with pytest.raises(EstimateError, match="'leaver' tells without error who leaves first"):
        Cox().fit(tenures, x)


def test_says_so_when_nobody_leaves():
    with pytest.raises(EstimateError, match="Cox: nobody leaves"):
        Cox().fit(Tenures(duration=[1, 2], event=[0, 0]), pd.DataFrame({"a": [0, 1]}))


def test_accounts_that_come_and_go_between_dropouts_change_nothing():
    spells = Spells(
        duration=np.array([2.0, 4.0, 6.0, 3.5]),
        entry=np.array([np.nan, np.nan, np.nan, 2.5]),
        event=np.array([True, True, False, False]),
        n=np.ones(4, np.int64),
        weight=np.ones(4),
        stratum=np.zeros(4, np.int64),
        unit=np.arange(4),
    )
    slots = Slots.of(spells)
    assert (slots.first[3], slots.last[3]) == (1, 0)
    assert PatternSets.of(spells, slots, 4).at_risk[:, 3].tolist() == [0, 0]
    frame = pd.DataFrame({"x": [0, 2, 1, 9], "duration": spells.duration, "event": spells.event, "n": 1})
    fitted = Cox("~ x").fit(TenureCounts.from_frame(frame.assign(entry=spells.entry)))
    assert fitted.residuals("martingale")["residual"].iloc[3] == 0


def test_dfbeta_is_about_what_leaving_a_weighted_account_out_changes():
    rng = np.random.default_rng(8)
    n = 400
    frame = pd.DataFrame({"x": rng.normal(size=n), "w": rng.choice([0.25, 0.5, 1, 2, 4], n)})
    duration = rng.exponential(np.exp(-0.4 * frame["x"])) + 0.01
    tenures = Tenures(duration=duration, event=rng.random(n) < 0.8, attributes=frame)
    fitted = Cox("~ x", weights="w").fit(tenures)
    told = fitted.residuals("dfbeta")["x"].to_numpy()
    without = [Cox("~ x", weights="w").fit(tenures.where(np.arange(n) != i)).estimate[0] for i in range(80)]
    changed = fitted.estimate[0] - np.array(without)
    assert np.polyfit(told[:80], changed, 1)[0] == pytest.approx(1, abs=0.1)
    assert np.corrcoef(told[:80], changed)[0, 1] > 0.98
