"""What tests of the joint funnel start from: the bundled example's two sides, and surveys simulated in memory."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from churn.adoption.joint import JointFunnel, join_funnel
from churn.simulation.study import PlantedPlatform, simulate_survey
from churn.survival.curve import SurvivalCurve
from churn.survival.kaplan_meier import kaplan_meier
from churn.tenures.counts import TenureCounts
from churn.tenures.tenures import read_tenures
from reports.examples import open_example
from surveys.core.results import Estimate
from surveys.data.codebook import Codebook
from surveys.design.design import Design
from surveys.funnel.funnel import Funnel, estimate_funnel, estimate_wave
from surveys.samples.sample import Sample
from surveys.study.schema import Survey

POPULATION = 38_300_000
WAVES = ("2009-06", "2009-11", "2010-09", "2011-10", "2012-10", "2013-10")
SPEC = Survey.model_validate(
    {
        "wave": "one",
        "file": "one.csv",
        "weight": "weight",
        "strata": "region",
        "cluster": "cluster",
        "platform": {
            "service": {
                "aware": {"item": "service_aware", "yes": [1], "missing": [8, 9]},
                "signup": {"item": "service_signup", "yes": [1], "missing": [8, 9], "not_asked": "no"},
            }
        },
    }
)


@cache
def example_funnel() -> Funnel:
    return estimate_funnel(open_example("twitter_france"))


@cache
def example_curve() -> SurvivalCurve:
    return kaplan_meier(read_tenures(open_example("twitter_france")))


@cache
def example_wave(wave: str) -> JointFunnel:
    return join_funnel(example_funnel(), example_curve(), platform="twitter", wave=wave)


def share(estimate: float, std_error: float, n: int = 1000) -> Estimate:
    return Estimate(estimate=estimate, std_error=std_error, conf_low=0.0, conf_high=1.0, n=n, method="test")


def draw_funnel(seed: int, *, n: int, aware: float, signup: float) -> Funnel:
    """Estimate a funnel from a clustered, weighted survey whose population shares are known."""
    frame = simulate_survey({"service": PlantedPlatform(aware=aware, signup=signup)}, n=n, seed=seed).frame
    sample = Sample(
        spec=SPEC,
        frame=frame,
        codebook=Codebook(),
        design=Design.from_frame(frame, weight="weight", strata="region", cluster="cluster"),
        notes=(),
        place="one.csv",
        lines=np.arange(2, n + 2),
    )
    estimates, notes = estimate_wave(sample, 0.95)
    rows = estimates.to_frame().assign(wave="one")
    rows["population"] = rows["estimate"] * POPULATION
    return Funnel(rows=rows, estimates={"one": estimates}, conf_level=0.95, notes=tuple(notes))


def draw_curve(seed: int, *, n: int, stayed: float) -> SurvivalCurve:
    """Draw tenures in days, of which a share `stayed` is longer than 30, some of them cut short by the end."""
    rng = np.random.default_rng([seed, 1])
    tenure = np.ceil(rng.weibull(0.5, n) * 30 / np.log(1 / stayed) ** 2)
    observed = rng.integers(10, 400, n)
    frame = pd.DataFrame({"duration": np.minimum(tenure, observed), "event": tenure <= observed, "n": 1})
    return kaplan_meier(TenureCounts.from_frame(frame))
