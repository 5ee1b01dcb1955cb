from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churn.network.followed import count_silent, number_of, read_following
from churn.network.following import (
    BOUNDS,
    Bounds,
    DoseCurve,
    FollowingTenures,
    measure_following,
    read_following_tenures,
    start_at_landmark,
)
from churn.survival.kaplan_meier import kaplan_meier
from churn.tenures.counts import TenureCounts
from churn.tenures.tenures import Tenures
from surveys.core.errors import EstimateError, SpecError, StudyError
from surveys.core.results import Estimate, Unavailable
from tests.churn.logs import make_study, write_lines

FOLLOWING = {"file": "following.csv", "account": "id", "number": "n"}


def simulated(slope: float, n: int = 4000, seed: int = 1) -> FollowingTenures:
    """Exponential tenures whose log rate falls by `slope` for each unit of log(1 + number)."""
    rng = np.random.default_rng(seed)
    number = np.floor(np.exp(rng.normal(3, 1.6, n)))
    rate = 0.08 * np.exp(-slope * np.log1p(number))
    duration = np.ceil(rng.exponential(1 / rate))
    gone = duration <= 120
    frame = pd.DataFrame({"number": number, "duration": np.minimum(duration, 120), "event": gone})
    cells = frame.groupby(["number", "duration", "event"]).size().rename("n").reset_index()
    return FollowingTenures(counts=TenureCounts.from_frame(cells), number="followed", landmark_days=None)


class TestMeasure:
    def test_classes_are_kaplan_meier_of_their_accounts(self):
        tenures = simulated(0.4)
        found = measure_following(tenures)
        assert [group.name for group in found.classes] == ["0", "1-9", "10-20", "21-99", "100+"]
        number = tenures.counts.strata["number"]
        alone = kaplan_meier(tenures.counts.where(number.between(10, 20).to_numpy())).dropout(at=30)
        assert isinstance(alone, Estimate)
        assert found.to_frame().loc[2, ["dropout", "conf_low", "conf_high"]].tolist() == pytest.approx(
            [alone.estimate, alone.conf_low, alone.conf_high]
        )

    def test_the_ratio_has_the_interval_of_two_independent_shares(self):
        found = measure_following(simulated(0.4))
        assert isinstance(found.few, Estimate)
        assert isinstance(found.many, Estimate)
        assert isinstance(found.ratio, Estimate)
        error = np.hypot(found.few.std_error / found.few.estimate, found.many.std_error / found.many.estimate)
        ends = found.few.estimate / found.many.estimate * np.exp(np.array([-1, 1]) * 1.959964 * error)
        assert [found.ratio.conf_low, found.ratio.conf_high] == pytest.approx(ends.tolist(), rel=1e-6)

    def test_the_smooth_curve_recovers_a_planted_response(self):
        smooth = measure_following(simulated(0.4, n=20_000)).smooth
        assert isinstance(smooth, DoseCurve)
        truth = 1 - np.exp(-0.08 * (1 + smooth.number) ** -0.4 * 30)
        inside = (smooth.conf_low <= truth) & (truth <= smooth.conf_high)
        assert inside.mean() > 0.9
        assert np.abs(smooth.dropout - truth).max() < 0.05
        assert smooth.curvature is not None
        assert smooth.curvature.p_value > 0.01
        ratio = ((1 + smooth.number) / 101) ** -0.4
        assert np.abs(np.log(smooth.ratio / ratio)).max() < 0.25

    def test_the_ratio_of_hazards_is_one_at_the_reference(self):
        smooth = measure_following(simulated(0.4), reference=50).smooth
        assert isinstance(smooth, DoseCurve)
        at = smooth.number == 50
        assert [x[at].item() for x in (smooth.ratio, smooth.ratio_low, smooth.ratio_high)] == [1, 1, 1]

    def test_a_response_that_is_not_there_is_not_found(self):
        found = measure_following(simulated(0.0))
        assert isinstance(found.smooth, DoseCurve)
        assert found.smooth.association.p_value > 0.01
        assert not isinstance(found.trend, Unavailable)
        assert found.trend.p_value > 0.01

    def test_the_trend_falls_where_those_who_follow_more_stay(self):
        trend = measure_following(simulated(0.4)).trend
        assert not isinstance(trend, Unavailable)
        assert trend.z < -5

    def test_what_comes_after_the_horizon_does_not_bend_the_curve(self):
        tenures = simulated(0.4)
        cut = tenures.counts.duration <= 30
        early = TenureCounts.from_frame(
            tenures.counts.to_frame().assign(
                duration=np.minimum(tenures.counts.duration, 30), event=tenures.counts.event & cut
            )
        )
        whole, short = (
            measure_following(FollowingTenures(counts=counts, number="followed", landmark_days=None)).smooth
            for counts in (tenures.counts, early)
        )
        assert isinstance(whole, DoseCurve)
        assert isinstance(short, DoseCurve)
        assert whole.dropout == pytest.approx(short.dropout, abs=1e-9)

    def test_one_number_cannot_be_compared(self):
        frame = pd.DataFrame({"number": 5.0, "duration": [3, 40], "event": [True, False], "n": [10, 10]})
        counts = TenureCounts.from_frame(frame)
        found = measure_following(FollowingTenures(counts=counts, number="followed", landmark_days=None))
        assert all(isinstance(part, Unavailable) for part in (found.smooth, found.trend, found.many, found.ratio))
        assert found.to_frame()["dropout"].tolist() == [0.5]

    def test_a_horizon_that_is_none_is_refused(self):
        with pytest.raises(SpecError, match="horizon"):
            measure_following(simulated(0.4, n=50), horizon=0)

    @pytest.mark.parametrize(("starts", "few", "many"), [((1, 5), 2, 9), ((0, 5, 5), 2, 9), ((0, 5), 9, 9)])
    def test_bounds_that_do_not_rise_are_refused(self, starts: tuple[int, ...], few: int, many: int):
        with pytest.raises(SpecError, match="Bounds"):
            Bounds(starts=starts, few=few, many=many)

    def test_contacts_have_classes_of_their_own(self):
        assert BOUNDS["contacts"].names() == ["0", "1", "2-4", "5-9", "10+"]


class TestReading:
    def test_numbers_are_read_beside_the_names_of_the_log(self, tmp_path: Path):
        write_lines(tmp_path / "following.csv", "id,n", "a,3", "c,0")
        frame = read_following(make_study(tmp_path, events="log.csv", following=FOLLOWING))
        assert frame.to_dict("list") == {"account": ["a", "c"], "followed": [3, 0]}
        known = pd.DataFrame({"account": ["a", "b"]})
        assert number_of(known, frame)[0] == 3
        assert np.isnan(number_of(known, frame)[1])
        assert count_silent(known, frame) == 1

    @pytest.mark.parametrize(
        ("lines", "problem"),
        [
            (("a,3", "a,4"), "row 3, column 'id'.*came before"),
            ((",3", "a,4"), "row 2, column 'id'.*blank"),
            (("a,x", "b,4"), "row 2, column 'n'.*no whole number"),
            (("a,1", "b,-4"), "row 3, column 'n'"),
            (("a,1", "b,2.5"), "row 3, column 'n'"),
            (("a,1", "b,"), "row 3, column 'n'"),
        ],
    )
    def test_impossible_rows_are_refused_by_their_place(self, tmp_path: Path, lines: tuple[str, ...], problem: str):
        write_lines(tmp_path / "following.csv", "id,n", *lines)
        with pytest.raises(StudyError, match=problem):
            read_following(make_study(tmp_path, events="log.csv", following=FOLLOWING))

    def test_names_of_another_kind_are_refused(self):
        with pytest.raises(StudyError, match="Write both alike"):
            number_of(pd.DataFrame({"account": [1]}), pd.DataFrame({"account": ["1"], "followed": [2]}))

    def test_accounts_that_the_file_does_not_know_are_left_out_and_said(self, tmp_path: Path):
        write_lines(
            tmp_path / "log.csv", "account,time", "a,2013-01-01", "a,2013-03-01", "b,2013-01-01", "c,2013-01-02"
        )
        write_lines(tmp_path / "following.csv", "id,n", "a,3", "b,200", "d,1")
        found = read_following_tenures(make_study(tmp_path, events="log.csv", following=FOLLOWING))
        assert found.counts.n_accounts == 2
        assert str(found.notes[0]).startswith("1 account of the log is not in the file")

    def test_a_file_that_knows_nobody_is_refused(self, tmp_path: Path):
        write_lines(tmp_path / "log.csv", "account,time", "a,2013-01-01")
        write_lines(tmp_path / "following.csv", "id,n", "z,3")
        with pytest.raises(StudyError, match="none of the accounts"):
            read_following_tenures(make_study(tmp_path, events="log.csv", following=FOLLOWING))

    def test_a_study_without_either_is_refused(self, tmp_path: Path):
        write_lines(tmp_path / "log.csv", "account,time", "a,2013-01-01")
        with pytest.raises(StudyError, match="does not say how many"):
            read_following_tenures(make_study(tmp_path, events="log.csv"))


class TestLandmark:
    def test_only_those_still_there_count_and_from_then_on(self):
        tenures = start_at_landmark(Tenures(duration=[7, 8, 40], event=[True, True, False]), 7)
        assert tenures.to_frame()["duration"].tolist() == [1, 33]

    def test_nobody_left_is_refused(self):
        with pytest.raises(EstimateError, match="still there"):
            start_at_landmark(Tenures(duration=[1], event=[True]), 7)

    def test_a_number_that_grows_with_time_only_does_not_seem_to_keep_accounts(self, tmp_path: Path):
        """Everybody writes to a new account each day while there: from sign-up on, staying would seem to be caused."""
        rng = np.random.default_rng(4)
        start = datetime(2013, 1, 1, tzinfo=UTC)
        rows = []
        for account in range(1500):
            days = int(rng.geometric(1 / 15))
            signup = int(rng.integers(0, 200))
            seen = [day for day in range(days) if day == 0 or day == days - 1 or rng.random() < 0.4]
            rows += [(account, start + timedelta(days=signup + day, seconds=9), 10_000 + account + day) for day in seen]
        account, time, to = zip(*rows, strict=True)
        table = pa.table({"account": account, "time": pa.array(time, pa.timestamp("us", "UTC")), "to": to})
        pq.write_table(table, tmp_path / "log.parquet")
        study = make_study(tmp_path, as_of=date(2013, 12, 31), events="log.parquet", recipient="to")
        tenures = read_following_tenures(study)
        assert (tenures.number, tenures.landmark_days) == ("contacts", 7)
        found = measure_following(tenures)
        assert isinstance(found.smooth, DoseCurve)
        assert found.smooth.association.p_value > 0.01
        assert any("from day 7" in str(note) for note in found.notes)
