"""Usage logs and account tables of real services, from study file to curve and triangle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter

from churn.activity import read_activity
from churn.cohorts import retention_triangle
from churn.curves import kaplan_meier
from churn.tenures import DropoutRule, Tenures, measure_tenures, read_tenures
from surveys.study import Study
from tests.real.data import place_study, real

DAY = 86_400


def product_limit(duration: pd.Series, event: pd.Series, at: float) -> float:
    """The product limit, written out."""
    left = 1.0
    for time in sorted(duration[event & (duration <= at)].unique()):
        left *= 1 - (event & (duration == time)).sum() / (duration >= time).sum()
    return left


class TestCollegeMsg:
    @pytest.fixture
    def messages(self) -> pd.DataFrame:
        return pd.read_csv(real("collegemsg") / "CollegeMsg.txt", sep=" ")

    @pytest.fixture
    def study(self, tmp_path: Path) -> Study:
        return place_study("collegemsg", tmp_path, real("collegemsg"))

    def test_counts_are_the_published_ones(self, study: Study, messages: pd.DataFrame):
        activity = read_activity(study)
        assert activity.n_events == 59_835
        assert activity.n_accounts == 1_350
        assert len({*messages["source"], *messages["target"]}) == 1_899

    def test_half_of_the_senders_followed_for_30_days_send_nothing_after(self, study: Study):
        activity = read_activity(study)
        followed = activity.last.max() - activity.first >= 30 * DAY * 1_000_000
        silent = activity.last - activity.first < 30 * DAY * 1_000_000
        assert round(silent[followed].mean(), 3) == 0.522

    def test_dropout_is_that_of_a_plain_computation(self, study: Study, messages: pd.DataFrame):
        seen = messages.groupby("source")["weight"].agg(["min", "max"])
        end = pd.Timestamp("2004-10-27", tz="America/Los_Angeles").timestamp()
        seen = seen[seen["min"] < end - 30 * DAY]
        event = seen["max"] <= end - 30 * DAY
        stop = seen["max"].where(event, end - 30 * DAY)
        duration = np.ceil((stop - seen["min"]) / DAY)
        curve = kaplan_meier(read_tenures(study))
        assert curve.n == len(seen)
        assert curve.dropout(at=30).estimate == pytest.approx(1 - product_limit(duration, event, 30), abs=1e-12)

    def test_triangle_is_that_of_a_plain_computation(self, study: Study, messages: pd.DataFrame):
        local = pd.to_datetime(messages["weight"], unit="s", utc=True).dt.tz_convert("America/Los_Angeles")
        month = local.dt.year * 12 + local.dt.month
        cohort = month.groupby(messages["source"]).transform("min")
        expected = messages["source"].groupby([cohort, month - cohort]).nunique()
        ours = retention_triangle(read_activity(study)).to_frame()
        whole = ours[ours["complete"]]
        keys = [(day.year * 12 + day.month, age) for day, age in zip(whole["cohort"], whole["age"], strict=True)]
        assert whole["n_active"].tolist() == [expected.get(key, 0) for key in keys]
        assert set(ours.loc[~ours["complete"], "cohort"].map(str)) == set(ours["cohort"].map(str))


class TestCdnow:
    @pytest.fixture
    def orders(self) -> pd.DataFrame:
        frame = pd.read_csv(real("cdnow") / "CDNOW_master.txt", sep=r"\s+", dtype=str)
        return frame.assign(date=pd.to_datetime(frame["date"], format="%Y%m%d"))

    @pytest.fixture
    def study(self, tmp_path: Path) -> Study:
        return place_study("cdnow", tmp_path, real("cdnow"))

    def test_counts_are_the_published_ones_and_zeros_stay(self, study: Study):
        activity = read_activity(study)
        assert activity.n_events == 69_659
        assert activity.n_accounts == 23_570
        assert activity.accounts["customer_id"].iloc[0] == "00001"

    def test_half_of_the_customers_buy_on_one_day_only(self, study: Study):
        activity = read_activity(study)
        assert round((activity.first_day == activity.last_day).mean(), 3) == pytest.approx(0.51, abs=0.01)

    def test_dropout_is_that_of_a_plain_computation(self, study: Study, orders: pd.DataFrame):
        seen = orders.groupby("customer_id")["date"].agg(["min", "max"])
        status_day = pd.Timestamp("1998-06-30") - pd.Timedelta(days=90)
        event = seen["max"] <= status_day
        duration = (seen["max"].where(event, status_day) - seen["min"]).dt.days
        curve = kaplan_meier(read_tenures(study))
        assert curve.n == len(seen)
        for day in (30, 180, 365):
            assert curve.at(day).estimate == pytest.approx(product_limit(duration, event, day), abs=1e-12)

    def test_triangle_is_that_of_a_plain_computation(self, study: Study, orders: pd.DataFrame):
        month = orders["date"].dt.year * 12 + orders["date"].dt.month
        cohort = month.groupby(orders["customer_id"]).transform("min")
        expected = orders["customer_id"].groupby([cohort, month - cohort]).nunique()
        ours = retention_triangle(read_activity(study)).to_frame()
        assert ours["complete"].all()
        keys = [(day.year * 12 + day.month, age) for day, age in zip(ours["cohort"], ours["age"], strict=True)]
        assert ours["n_active"].tolist() == [expected.get(key, 0) for key in keys]


class TestOulad:
    @pytest.fixture
    def registrations(self) -> pd.DataFrame:
        """
        Registrations with the last day on which each was observed.

        Left out: 45 rows without a date of registration, and 19 students who withdrew on the day they
        registered, which the published figure leaves out too. One student withdrew after the course had
        ended and is observed until then.
        """
        folder = real("oulad")
        course = ["code_module", "code_presentation"]
        table = pd.read_csv(folder / "studentRegistration.csv").merge(pd.read_csv(folder / "courses.csv"), on=course)
        assert len(table) == 32_593
        assert len(table[course].drop_duplicates()) == 22
        table = table.dropna(subset="date_registration")
        table = table[table["date_unregistration"] != table["date_registration"]]
        end = table[["module_presentation_length", "date_unregistration"]].max(axis=1)
        whole = {name: table[name].astype("Int64") for name in ("date_registration", "date_unregistration")}
        return table.assign(date_start=0, date_end=end.astype("Int64"), **whole)

    def test_share_still_registered_after_30_days_is_the_published_one(
        self, registrations: pd.DataFrame, tmp_path: Path
    ):
        registrations.to_csv(tmp_path / "accounts.csv", index=False)
        tenures = read_tenures(place_study("oulad", tmp_path))
        curve = kaplan_meier(tenures)
        assert round(curve.at(30).estimate, 3) == 0.965
        stop = registrations["date_unregistration"].fillna(registrations["date_end"])
        event = registrations["date_unregistration"].notna()
        duration = (stop - registrations["date_registration"]).astype(float)
        assert curve.at(180).estimate == pytest.approx(product_limit(duration, event, 180), abs=1e-12)
        assert sorted(tenures.attributes["code_module"].cat.categories) == sorted(registrations["code_module"].unique())

    def test_late_registrations_enter_late_on_the_clock_of_the_course(
        self, registrations: pd.DataFrame, tmp_path: Path
    ):
        left_before = registrations["date_unregistration"] <= registrations["date_registration"].clip(lower=0)
        table = registrations[~left_before.fillna(False)]
        table.to_csv(tmp_path / "accounts.csv", index=False)
        curve = kaplan_meier(read_tenures(place_study("oulad_course_clock", tmp_path)))
        stop = table["date_unregistration"].fillna(table["date_end"]).astype(float)
        entry = table["date_registration"].clip(lower=0).astype(float)
        theirs = KaplanMeierFitter().fit(stop, table["date_unregistration"].notna(), entry=entry)
        for day in (10, 30, 90, 240):
            assert curve.at(day).estimate == pytest.approx(float(theirs.predict(day)), abs=1e-12)


class TestTelco:
    @pytest.fixture
    def curve(self):
        table = pd.read_csv(real("telco_ibm") / "Telco-Customer-Churn.csv")
        table = table[(table["Contract"] == "Month-to-month") & (table["InternetService"] != "No")]
        return kaplan_meier(Tenures(duration=table["tenure"], event=table["Churn"] == "Yes", time_unit="months"))

    def test_counts_are_the_published_ones(self, curve):
        assert curve.n == 3_351
        assert curve.n_event.sum() == 1_556

    @pytest.mark.parametrize(
        ("month", "published"), [(6, 0.7803), (12, 0.6950), (24, 0.5753), (48, 0.3872), (60, 0.2890)]
    )
    def test_share_retained_is_the_published_one(self, curve, month: int, published: float):
        assert curve.at(month).estimate == pytest.approx(published, abs=6e-5)

    def test_median_is_34_months_where_the_published_page_prints_one_half(self, curve):
        assert curve.median.estimate == 34
        assert curve.at(34).estimate == pytest.approx(0.4951, abs=6e-5)


def test_gap_of_the_rule_moves_the_dropout_of_collegemsg_little(tmp_path: Path):
    activity = read_activity(place_study("collegemsg", tmp_path, real("collegemsg")))
    by_gap = [kaplan_meier(measure_tenures(activity, DropoutRule("inactive", gap))) for gap in (21, 30, 45)]
    shares = [curve.dropout(at=30).estimate for curve in by_gap]
    assert max(shares) - min(shares) < 0.05
