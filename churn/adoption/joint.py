"""The joint funnel: hearing of a service, signing up, and staying, with one interval carried through."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from churn.survival_curve import SurvivalCurve
from surveys.errors import SpecError
from surveys.funnel import Funnel
from surveys.results import Estimate, Note, Unavailable

SAME_CURVE = Note("staying is measured on all accounts of the log, whatever the wave")
INDEPENDENT = Note("survey and log are taken as independent samples")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JointFunnel:
    """
    Awareness, sign-up per aware person, and staying, for one platform and wave.

    Attributes
    ----------
    platform, wave : str
        Which service, and which round of the survey.
    horizon : float
        Tenure at which staying is read, in days.
    conditional : dict of str to Estimate
        `aware` of the base, `signup` of the aware, `stayed` of those who signed up; shares.
    cumulative : dict of str to Estimate
        The same steps, each as a share of the base.
    population : Estimate or None
        Size of the base, in people; a size without sampling error has no width.
    notes : tuple of Note
        Assumptions and caveats.
    """

    platform: str
    wave: str
    horizon: float
    conditional: dict[str, Estimate]
    cumulative: dict[str, Estimate]
    population: float | None
    notes: tuple[Note, ...] = ()

    def people(self, step: str) -> Estimate | Unavailable:
        """
        Give the number of people who reached a step.

        Parameters
        ----------
        step : str
            `aware`, `signup` or `stayed`.

        Returns
        -------
        Estimate or Unavailable
            In people; Unavailable where the survey names no population.
        """
        if self.population is None:
            return Unavailable(Note("the survey names no population"))
        share, size = self.cumulative[step], self.population
        return Estimate(
            estimate=share.estimate * size,
            std_error=share.std_error * size,
            conf_low=share.conf_low * size,
            conf_high=share.conf_high * size,
            conf_level=share.conf_level,
            n=share.n,
            unit="people",
            method=share.method,
        )

    def to_frame(self) -> pd.DataFrame:
        """Give one row per step and measure, with the columns of an estimate."""
        rows = [
            {"step": step, "measure": measure, **_columns(estimate)}
            for measure, steps in (("conditional", self.conditional), ("cumulative", self.cumulative))
            for step, estimate in steps.items()
        ]
        return pd.DataFrame(rows)

    def summary(self) -> str:
        """Say the last step in one line of English."""
        last = self.cumulative["stayed"].summary()
        return f"{self.platform}, {self.wave}: still there after {self.horizon:g} days, {last}"


def join_funnel(
    funnel: Funnel, curve: SurvivalCurve, *, platform: str, wave: str, horizon: float = 30.0
) -> JointFunnel:
    r"""
    Join what people say with what accounts do.

    Parameters
    ----------
    funnel : Funnel
        Awareness and sign-up, from surveys.
    curve : SurvivalCurve
        Share of accounts retained by tenure, from the log of the same platform.
    platform, wave : str
        Which part of the funnel to join.
    horizon : float
        Tenure at which staying is read, in days; greater than zero.

    Returns
    -------
    JointFunnel
        Shares of each step and their product, each with an interval at the funnel's level.

    Raises
    ------
    SpecError
        If the funnel has no such platform and wave, lacks a step, or the curve ends before the horizon.

    Notes
    -----
    Sign-up as a share of the base already is one estimate, so that only its product with staying is to
    be found: by linearisation on the logarithm, :math:`var(\log pS) = var(p)/p^2 + var(S)/S^2`, the two
    sources being independent. The interval is taken on the logit of the product with the degrees of
    freedom of Welch and Satterthwaite [1]_, so that it stays between 0 and 1.

    References
    ----------
    .. [1] F. E. Satterthwaite (1946), "An approximate distribution of estimates of variance
       components", *Biometrics Bulletin* 2, 110-114.

    Examples
    --------
    >>> from churn.curves import kaplan_meier
    >>> from churn.tenures import read_tenures
    >>> from reports.examples import open_example
    >>> from surveys.funnel import estimate_funnel
    >>> study = open_example("twitter_france")
    >>> joint = join_funnel(
    ...     estimate_funnel(study), kaplan_meier(read_tenures(study)), platform="twitter", wave="2012-10")
    >>> list(joint.conditional)
    ['aware', 'signup', 'stayed']
    """
    stayed = curve.at(horizon)
    if isinstance(stayed, Unavailable):
        raise SpecError.at("horizon", str(stayed), "Choose a shorter horizon")
    wanted = (("aware", "cumulative"), ("signup", "cumulative"), ("signup", "conversion"))
    frame = funnel.to_frame().query("wave == @wave and platform == @platform and level == ''").set_index("step")
    for step, measure in wanted:
        if not ((frame.index == step) & (frame["measure"] == measure)).any():
            raise SpecError.at(
                f"platform '{platform}', wave '{wave}'", f"no {step}, {measure}", "Ask for it in the survey"
            )
    aware, signup, conversion = (funnel.at(wave, platform, *step) for step in wanted)
    known = frame[frame["measure"] == "cumulative"].loc[["signup"]].iloc[0]
    size = float(known["population"]) / signup.estimate
    return JointFunnel(
        platform=platform,
        wave=wave,
        horizon=horizon,
        conditional={"aware": aware, "signup": conversion, "stayed": stayed},
        cumulative={"aware": aware, "signup": signup, "stayed": product_of_shares(signup, stayed, float(known["df"]))},
        population=size if math.isfinite(size) else None,
        notes=(SAME_CURVE, INDEPENDENT),
    )


def product_of_shares(first: Estimate, second: Estimate, degrees_of_freedom: float = math.inf) -> Estimate:
    """
    Multiply two independent shares, carrying both uncertainties.

    Parameters
    ----------
    first, second : Estimate
        Shares between 0 and 1, exclusive, with standard errors.
    degrees_of_freedom : float
        Of the first; the second counts as known to the normal law.

    Returns
    -------
    Estimate
        Their product, its base that of the first.

    Raises
    ------
    SpecError
        If a share is 0 or 1: its linearised standard error is zero, and means nothing.

    Examples
    --------
    >>> share = Estimate(estimate=0.12, std_error=0.008, conf_low=0.105, conf_high=0.137, n=2005, method="logit")
    >>> stay = Estimate(estimate=0.42, std_error=0.006, conf_low=0.408, conf_high=0.432, n=8000, method="log-log")
    >>> product_of_shares(share, stay).summary()
    '5.0% [4.4%, 5.8%], n = 2,005'
    """
    from scipy import stats

    if not (0 < first.estimate < 1 and 0 < second.estimate < 1):
        raise SpecError.at(
            "shares",
            f"got {first.estimate:g} and {second.estimate:g}, expected shares between 0 and 1",
            "Join steps that some, but not all, people take",
        )
    share = first.estimate * second.estimate
    relative = np.array([first.std_error / first.estimate, second.std_error / second.estimate]) ** 2
    effective = (
        relative.sum() ** 2 / (relative[0] ** 2 / degrees_of_freedom) if math.isfinite(degrees_of_freedom) else math.inf
    )
    std_error = share * math.sqrt(relative.sum())
    quantile = float(stats.t.ppf(0.5 + first.conf_level / 2, effective))
    half = quantile * std_error / (share * (1 - share))
    low, high = (1 / (1 + math.exp(-(math.log(share / (1 - share)) + sign * half))) for sign in (-1, 1))
    return Estimate(
        estimate=share,
        std_error=std_error,
        conf_low=low,
        conf_high=high,
        conf_level=first.conf_level,
        n=first.n,
        unit="share",
        method="linearised product, on the logit",
    )


def _columns(estimate: Estimate) -> dict[str, float | int | str | None]:
    return {
        "estimate": estimate.estimate,
        "std_error": estimate.std_error,
        "conf_low": estimate.conf_low,
        "conf_high": estimate.conf_high,
        "n": estimate.n,
        "method": estimate.method,
    }
