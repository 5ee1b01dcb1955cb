"""Whether intervals of the joint funnel hold the truth where sign-up is rare, and never go missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from churn.adoption.joint import product_of_shares
from surveys.core.intervals import wilson_interval
from surveys.core.results import Estimate
from surveys.design.design import Design
from surveys.estimates.means import proportion

STAYED, ACCOUNTS = 0.42, 4000


def stay(rng: np.random.Generator) -> Estimate:
    kept = rng.binomial(ACCOUNTS, STAYED) / ACCOUNTS
    low, high = wilson_interval(kept, ACCOUNTS)
    error = float(np.sqrt(kept * (1 - kept) / ACCOUNTS))
    return Estimate(
        estimate=kept, std_error=error, conf_low=float(low), conf_high=float(high), n=ACCOUNTS, method="Wilson"
    )


def simple(rng: np.random.Generator, n: int, share: float) -> tuple[Estimate, float]:
    """Ask a simple random sample."""
    found = proportion(Design.from_frame(pd.DataFrame({"i": range(n)})), (rng.random(n) < share).astype(float))
    return found.at(found.index[0]), float(found.df[0])


def clustered(rng: np.random.Generator, n: int, share: float) -> tuple[Estimate, float]:
    """Ask forty places of equal size in four strata, between which the share varies."""
    spread = 1 / 0.02 - 1
    rates = rng.beta(share * spread, (1 - share) * spread, 40)
    frame = pd.DataFrame(
        {"place": np.repeat(np.arange(40), n // 40), "region": np.repeat(np.arange(40) // 10, n // 40)}
    )
    holds = rng.random(len(frame)) < rates[frame["place"]]
    found = proportion(Design.from_frame(frame, cluster="place", strata="region"), holds.astype(float))
    return found.at(found.index[0]), float(found.df[0])


def coverage(draw, n: int, share: float, studies: int) -> tuple[float, int]:
    """Give the share of studies whose interval holds the truth, and of how many samples nobody had signed up."""
    rng = np.random.default_rng(20090921)
    held = empty = 0
    for _ in range(studies):
        signup, df = draw(rng, n, share)
        joint = product_of_shares(signup, stay(rng), df)
        held += joint.conf_low <= share * STAYED <= joint.conf_high
        empty += signup.estimate == 0
    return held / studies, empty


def test_one_sign_up_in_200_is_never_refused():
    held, empty = coverage(simple, 300, 0.005, 150)
    assert empty > 15
    assert held >= 0.92


@pytest.mark.slow
@pytest.mark.parametrize(
    ("draw", "n"), [(simple, 300), (simple, 1000), (simple, 2000), (clustered, 1000), (clustered, 2000)]
)
def test_the_interval_of_a_rare_funnel_holds_the_truth_in_93_to_98_of_100_studies(draw, n: int):
    held, empty = coverage(draw, n, 0.005, 2000)
    print(f"joint funnel at 0.5 %, {draw.__name__} sample of {n}: coverage {held:.3f}, nobody signed up in {empty}")
    assert 0.93 <= held <= 0.98
