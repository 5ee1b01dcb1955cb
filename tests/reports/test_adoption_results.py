"""What a report has of the joint funnel: waves, levels, printed figures, people, and what made a difference."""

from __future__ import annotations

import dataclasses
from functools import cache

import pandas as pd
import pytest

from churn.adoption.joint import ONE_PERSON, SAME_CURVE, JointFunnel
from churn.design_based.recall import RecallCurve, read_recall
from churn.survival.kaplan_meier import kaplan_meier
from churn.tenures.counts import TenureCounts
from reports.examples import open_example
from reports.results.adoption import AdoptionResults, compute_adoption
from reports.results.named import name_estimates
from reports.results.staying import GroupStaying, StayingResults
from surveys.core.errors import StudyError
from surveys.core.results import Estimate, Unavailable
from surveys.funnel.funnel import Funnel
from surveys.published.figures import read_published
from surveys.study.schema import Study
from tests.churn.joined import WAVES, example_curve, example_funnel


@cache
def study() -> Study:
    return open_example("twitter_france")


@cache
def staying() -> StayingResults:
    """Only the curve of the log, which is all that is joined."""
    blank = Unavailable(reason=None)  # type: ignore[arg-type]
    return StayingResults.given(
        study(),
        tenures=None,
        counts=None,
        by_gap_curve=example_curve(),
        curve=example_curve(),
        visits=None,
        gap=None,
        by_gap=blank,
        dropout=blank,
        returned=blank,
        groups=(),
        incidence=None,
        projection=blank,
        activity=None,
        bias=None,
        notes=(),
    )


def compute(of: Study, funnel: Funnel | None = None, log: StayingResults | None = None) -> AdoptionResults | None:
    return compute_adoption(of, funnel, log, read_published(study()))


@pytest.fixture(scope="module")
def adoption() -> AdoptionResults:
    found = compute(study(), example_funnel(), staying())
    assert found is not None
    return found


def printed(adoption: AdoptionResults, name: str) -> JointFunnel:
    found = next(each.funnel for each in adoption.printed if each.spec.id == name)
    assert isinstance(found, JointFunnel)
    return found


def changed(**published: object) -> Study:
    section = study().published
    assert section is not None
    return study().model_copy(update={"published": section.model_copy(update=published)})


def test_every_wave_that_asked_who_signed_up_is_joined(adoption: AdoptionResults):
    """Those of 2007 and 2008 did not ask about Twitter."""
    assert tuple(joint.wave for joint in adoption.waves) == WAVES
    assert all(joint.platform == "twitter" and joint.steps[-1] == "stayed" for joint in adoption.waves)


def test_levels_are_of_the_last_wave_and_share_the_curve_of_all_accounts(adoption: AdoptionResults):
    assert {("sex", "Femmes"), ("age", "18-24")} <= {(each.group, each.level) for each in adoption.levels}
    assert not any(each.own_curve for each in adoption.levels)
    joined = [each.funnel for each in adoption.levels if isinstance(each.funnel, JointFunnel)]
    assert {joint.wave for joint in joined} == {"2013-10"}
    assert len({joint.conditional["stayed"].estimate for joint in joined}) == 1


def test_a_level_has_the_curve_of_its_own_accounts_where_the_log_tells_them_apart():
    women = kaplan_meier(TenureCounts.from_frame(pd.DataFrame({"duration": [1, 60], "event": [1, 0], "n": [25, 75]})))
    own = GroupStaying(name="sex", curves={"Femmes": women}, at=None, test=None, means=None)  # type: ignore[arg-type]
    found = compute(study(), example_funnel(), staying().but(groups=(own,)))
    assert found is not None
    stayed = {each.level: (each.own_curve, each.funnel) for each in found.levels}
    told, joint = stayed["Femmes"]
    assert told
    assert isinstance(joint, JointFunnel)
    assert joint.conditional["stayed"].estimate == pytest.approx(0.75)
    assert SAME_CURVE not in joint.notes
    assert not stayed["18-24"][0]


def test_a_level_that_cannot_be_joined_says_why():
    gone = kaplan_meier(TenureCounts.from_frame(pd.DataFrame({"duration": [1], "event": [1], "n": [9]})))
    own = GroupStaying(name="sex", curves={"Femmes": gone}, at=None, test=None, means=None)  # type: ignore[arg-type]
    found = compute(study(), example_funnel(), staying().but(groups=(own,)))
    assert found is not None
    women = next(each.funnel for each in found.levels if each.level == "Femmes")
    assert isinstance(women, Unavailable)


def test_every_printed_funnel_of_the_study_is_there(adoption: AdoptionResults):
    assert study().published is not None
    assert [each.spec for each in adoption.printed] == list(study().published.funnel)  # type: ignore[union-attr]
    missing = {each.spec.id for each in adoption.printed if isinstance(each.funnel, Unavailable)}
    assert missing == {"twitter-fr-2013-10", "facebook-fr-2013-10"}
    assert printed(adoption, "twitter-fr-2011-10").conditional["signup"].estimate == pytest.approx(8 / 85)


def test_people_are_counted_on_every_denominator_that_the_wave_names(adoption: AdoptionResults):
    assert list(adoption.people) == ["aware", "signup", "stayed"]
    last, counts = adoption.waves[-1], adoption.people["stayed"]
    names = list(counts.people)
    survey = next(survey for survey in study().survey if survey.wave == last.wave)
    assert names == [survey.population, *survey.denominators]
    own = last.people("stayed")
    assert isinstance(own, Estimate)
    assert counts.people[names[0]].estimate == pytest.approx(own.estimate)
    assert counts.choice[0] < counts.choice[1]
    assert counts.band.conf_low <= own.conf_low < own.conf_high <= counts.band.conf_high


def test_no_step_stands_out_from_the_first_wave_to_the_last(adoption: AdoptionResults):
    grown = adoption.comparisons[0]
    assert (grown.first, grown.second) == (None, None)
    assert (grown.decomposition.first.wave, grown.decomposition.second.wave) == ("2009-06", "2013-10")
    assert grown.decomposition.cause is None
    assert grown.decomposition.largest == "aware"
    assert grown.decomposition.gaps["signup"].conf_low < 0 < grown.decomposition.gaps["signup"].conf_high


def test_the_pairs_of_the_study_are_compared_in_its_order(adoption: AdoptionResults):
    """Ifop's Twitter to 2011 by awareness, then by sign-up; Facebook against Twitter by sign-up."""
    causes = {
        (each.first.id, each.second.id): each.decomposition.cause
        for each in adoption.comparisons[1:]
        if each.first is not None and each.second is not None
    }
    assert list(causes) == [tuple(pair) for pair in changed().published.compare]  # type: ignore[union-attr]
    assert causes["twitter-fr-2009-06", "twitter-fr-2011-10"] == "aware"
    assert causes["twitter-fr-2011-10", "twitter-fr-2012-10"] == "signup"
    assert causes["facebook-fr-2012-10", "twitter-fr-2012-10"] == "signup"


def test_the_report_says_by_itself_that_sign_up_per_aware_person_stood_still_until_2011(adoption: AdoptionResults):
    run = adoption.steady_printed["twitter-fr"]
    assert (run.step, run.first, run.last, run.n) == ("signup", "2009-06", "2011-10", 4)
    assert (run.least.estimate, run.most.estimate) == pytest.approx((2 / 28, 8 / 85))
    assert run.ended_by is not None
    assert run.ended_by.estimate == pytest.approx(12 / 89)
    assert run.p_value > 0.05


def test_a_series_of_one_funnel_has_no_run(adoption: AdoptionResults):
    assert not {"twitter-ca", "twitter-fr-atelier"} & set(adoption.steady_printed)


def test_without_a_survey_or_a_log_the_printed_figures_still_stand():
    for funnel, log in ((None, None), (example_funnel(), None), (None, staying())):
        found = compute(study(), funnel, log)
        assert found is not None
        assert (found.waves, found.levels, found.people, found.steady) == ((), (), {}, None)
        assert len(found.printed) == 22 + 2
        assert found.comparisons[0].first is not None


def test_without_anything_to_join_there_is_nothing():
    assert compute_adoption(study(), None, None, None) is None
    assert compute(changed(funnel=(), compare=())) is None


def test_the_log_ends_the_printed_funnels_that_ask_for_it():
    section = study().published
    assert section is not None
    asking = tuple(spec.model_copy(update={"stayed": "usage"}) for spec in section.funnel)
    found = compute(changed(funnel=asking), example_funnel(), staying())
    assert found is not None
    one = printed(found, "twitter-fr-2011-10")
    assert one.conditional["stayed"] == example_curve().at(30)
    pair = next(each.decomposition for each in found.comparisons if each.first is not None)
    assert pair.steps == ("aware", "signup")


def test_a_pair_of_an_unknown_funnel_is_named_with_the_nearest():
    with pytest.raises(StudyError) as caught:
        compute(changed(compare=(("twitter-fr-2009-06", "twitter-fr-2011-11"),)))
    assert str(caught.value).startswith(
        "study.toml, [published] compare: no [[published.funnel]] is called 'twitter-fr-2011-11'. Did you mean"
    )


def test_a_pair_without_respondents_is_left_to_what_is_printed():
    found = compute(changed(compare=(("twitter-fr-2012-10", "twitter-fr-2013-10"),)))
    assert found is not None
    assert found.comparisons == ()


def test_an_unknown_denominator_is_named_with_the_nearest():
    surveys = tuple(
        survey.model_copy(update={"denominators": ("credoc_2010_07",)}) if survey.wave == "2013-10" else survey
        for survey in study().survey
    )
    with pytest.raises(StudyError, match=r"no population is called 'credoc_2010_07'\. Did you mean 'credoc_2010_06'"):
        compute(study().model_copy(update={"survey": surveys}), example_funnel(), staying())


def test_a_wave_in_which_nobody_signed_up_is_joined_and_not_taken_apart():
    funnel = example_funnel()
    estimates = funnel.estimates["2009-06"]
    nobody = estimates.estimate.copy()
    nobody[list(estimates.index).index(("twitter", "", "", "signup", "cumulative"))] = 0.0
    without = dataclasses.replace(
        funnel, estimates={**funnel.estimates, "2009-06": dataclasses.replace(estimates, estimate=nobody)}
    )
    found = compute(study(), without, staying())
    assert found is not None
    assert tuple(joint.wave for joint in found.waves) == WAVES
    assert found.waves[0].cumulative["stayed"].estimate == 0
    assert found.comparisons[0].decomposition.first.wave == WAVES[1]


@cache
def recalls() -> tuple[RecallCurve, ...]:
    return tuple(read_recall(study(), wave, "twitter") for wave in ASKED)


ASKED = ("2011-10", "2012-10", "2013-10")


def with_recall(log: StayingResults | None) -> AdoptionResults:
    found = compute_adoption(study(), example_funnel(), log, read_published(study()), recalls())
    assert found is not None
    return found


def test_people_take_their_own_staying_where_it_was_asked_and_the_log_stands_beside_it():
    found = with_recall(staying())
    assert {joint.wave for joint in found.waves if joint.staying == "recall"} == set(ASKED)
    assert {joint.wave: joint.staying for joint in found.waves}["2010-09"] == "log"
    assert [joint.wave for joint in found.by_log] == list(WAVES)
    assert found.measures is not None
    assert list(found.measures.funnels) == ["recall", "log"]
    assert found.people["stayed"].share == found.waves[-1].cumulative["stayed"]
    assert all(isinstance(each.funnel, Unavailable) or each.funnel.staying == "recall" for each in found.levels)


def test_a_change_of_measure_is_never_taken_for_a_change_of_staying():
    compared = with_recall(staying()).comparisons[0].decomposition
    assert {compared.first.staying, compared.second.staying} == {"log"}
    without = with_recall(None).comparisons[0].decomposition
    assert {without.first.staying, without.second.staying} == {"recall"}
    assert (without.first.wave, without.second.wave) == ("2011-10", "2013-10")


def test_without_a_log_people_who_told_are_joined_all_the_same():
    found = with_recall(None)
    assert tuple(joint.wave for joint in found.waves) == ASKED
    assert found.by_log == ()
    assert found.measures is None
    assert all(ONE_PERSON not in joint.notes for joint in found.waves)


def test_without_recall_every_product_with_the_log_says_what_it_assumes(adoption: AdoptionResults):
    assert all(ONE_PERSON in joint.notes for joint in adoption.waves)
    levels = [each.funnel for each in adoption.levels if isinstance(each.funnel, JointFunnel)]
    assert levels
    assert all(ONE_PERSON in joint.notes for joint in levels)


def test_names_tell_the_measures_apart_and_the_short_one_is_the_choice_of_the_study():
    found = with_recall(staying())
    named = name_estimates(joint=(*found.by_log, *found.waves))
    name = "joint.2013-10.twitter.stayed"
    assert named[name] == named[f"{name}.recall"] == found.waves[-1].cumulative["stayed"]
    assert named[f"{name}.log"] == found.by_log[-1].cumulative["stayed"]
    assert named["joint.2009-06.twitter.stayed"] == named["joint.2009-06.twitter.stayed.log"]
