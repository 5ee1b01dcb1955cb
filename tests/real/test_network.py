from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churn.network.concentration import lorenz, measure_concentration, never_posted
from churn.network.dialogue import measure_dialogue
from churn.network.following import measure_following, read_following_tenures
from churn.network.messages import Messages, read_early_contacts, read_messages
from churn.usage.log import read_activity
from surveys.core.results import Estimate
from surveys.study.schema import Study
from tests.churn.test_network_messages import plain, told
from tests.real.data import place_study, real


class TestCollegeMsg:
    @pytest.fixture
    def log(self) -> pd.DataFrame:
        return pd.read_csv(real("collegemsg") / "CollegeMsg.txt", sep=" ")

    @pytest.fixture
    def study(self, tmp_path: Path) -> Study:
        return place_study("collegemsg", tmp_path, real("collegemsg"))

    @pytest.fixture
    def messages(self, study: Study) -> Messages:
        return read_messages(study)

    def test_accounts_messages_and_edges_are_the_published_ones(self, messages: Messages):
        assert (messages.n_accounts, messages.n_messages, messages.n_edges) == (1_899, 59_835, 20_296)
        assert messages.exchanged().max() == 1_546
        assert round(messages.exchanged().mean(), 3) == 63.017

    def test_gini_of_messages_sent_and_received_is_that_of_konect(self, messages: Messages):
        found = measure_concentration(lorenz(messages.exchanged()))
        assert abs(100 * found.gini.estimate - 75.4) <= 0.05
        assert round(100 * found.gini.estimate, 4) == 75.3661
        assert found.gini.std_error == pytest.approx(found.bootstrap_error["gini"], rel=0.05)

    def test_the_top_fifth_sends_what_a_plain_count_says(self, messages: Messages, log: pd.DataFrame):
        sent = messages.accounts["sent"].to_numpy()
        every, active = lorenz(sent).top_share(0.2), lorenz(sent[sent > 0]).top_share(0.2)
        assert (round(every, 3), round(active, 3)) == (0.833, 0.750)
        counts = log["source"].value_counts().to_numpy()
        plainly = np.interp(0.2 * 1_899, np.arange(1_351), np.concatenate([[0], counts.cumsum()])) / counts.sum()
        assert every == pytest.approx(plainly, abs=1e-12)

    def test_accounts_that_never_wrote_are_those_that_only_receive(self, messages: Messages):
        found = never_posted(messages.accounts["sent"].tolist())
        assert (found.n, round(found.estimate * 1_899)) == (1_899, 549)

    def test_counts_are_those_of_a_plain_computation(self, messages: Messages, log: pd.DataFrame):
        columns = (log["source"].astype(str), log["weight"], log["target"].astype(str))
        rows = list(zip(*(column.tolist() for column in columns), strict=True))
        assert told(messages) == plain(rows)

    def test_half_of_the_messages_answer_one_received(self, messages: Messages):
        dialogue = measure_dialogue(messages)
        assert isinstance(dialogue.answers, Estimate)
        assert isinstance(dialogue.mutual, Estimate)
        assert dialogue.answers.estimate == pytest.approx(messages.n_answers / 59_835)
        assert 0.49 < dialogue.answers.estimate < 0.52
        assert dialogue.mutual.estimate == pytest.approx((20_296 - messages.n_ties) / messages.n_ties)
        assert dialogue.answers.std_error > 3 * np.sqrt(0.25 / 59_835), "messages depend on each other"

    def test_contacts_of_the_first_week_are_those_of_a_plain_computation(self, study: Study, log: pd.DataFrame):
        start = log.groupby("source")["weight"].transform("min")
        plainly = log[log["weight"] - start < 7 * 86_400].groupby("source")["target"].nunique()
        found = read_early_contacts(study, days=7)
        assert dict(zip(found["account"].astype(int), found["contacts"], strict=True)) == plainly.to_dict()

    def test_those_who_write_to_more_in_their_first_week_stay_longer(self, study: Study):
        found = measure_following(read_following_tenures(study))
        assert (found.number, found.landmark_days) == ("contacts", 7)
        assert isinstance(found.ratio, Estimate)
        assert found.ratio.conf_low > 1


def test_the_top_fifth_of_customers_of_cdnow_places_what_a_plain_count_says(tmp_path: Path):
    study = place_study("cdnow", tmp_path, real("cdnow"))
    activity = read_activity(study)
    found = lorenz(activity.n_events_of).top_share(0.2)
    lines = (real("cdnow") / "CDNOW_master.txt").read_text(encoding="ascii").split("\n")
    orders = pd.Series([line.split()[0] for line in lines if line.strip()[:1].isdigit()]).value_counts().to_numpy()
    assert (len(orders), orders.sum()) == (23_570, 69_659)
    held = np.concatenate([[0], orders.cumsum()])
    assert found == pytest.approx(np.interp(0.2 * len(orders), np.arange(len(held)), held) / orders.sum(), abs=1e-12)
    assert round(found, 3) == 0.579
