"""Funnels from figures that others printed: awareness, and sign-up per aware person, rounded and sampled."""

from __future__ import annotations

import math

import numpy as np

from churn.adoption._joint import nested_deviations, rounding_deviations
from churn.adoption.joint import INDEPENDENT, LOG, ONE_PERSON, JointFunnel, Spread, add_staying
from surveys.core.arrays import Floats
from surveys.core.errors import StudyError, did_you_mean
from surveys.core.intervals import logit_limits
from surveys.core.results import Estimate, Note, Unavailable
from surveys.published.figure import N_NOT_PUBLISHED, PublishedFigure
from surveys.published.figures import PublishedFigures
from surveys.study.published import PublishedFunnel

OF_THE_AWARE = "conversion"
OF_RANDOM_SAMPLE = Note(
    "figures that others printed: intervals are those of a random sample of the size printed, and of rounding"
)
TWO_SAMPLES = Note("awareness and sign-up are from two samples, taken as independent")
OWN_LOG = Note("staying is of the study's own log")
NOT_NESTED = Note("'{signup}' is not less than '{aware}': nobody can sign up who has not heard")


def published_funnel(
    spec: PublishedFunnel,
    published: PublishedFigures,
    *,
    stayed: Estimate | None = None,
    horizon: float = 30.0,
    conf_level: float = 0.95,
) -> JointFunnel | Unavailable:
    r"""
    Join awareness and sign-up as printed, and staying where it is known.

    Parameters
    ----------
    spec : PublishedFunnel
        Which figures.
    published : PublishedFigures
        Where they are.
    stayed : Estimate, optional
        Share that stays, of the study's own log; used where `spec.stayed` is `usage`.
    horizon : float
        Tenure that staying is of, in days.
    conf_level : float
        Of the intervals.

    Returns
    -------
    JointFunnel or Unavailable
        Unavailable where a figure has no number of respondents, or the steps do not nest. Two steps
        where `spec.stayed` is `usage` and there is no `stayed`.

    Raises
    ------
    StudyError
        If a figure is not in the file, or is of a staying that nobody does, or everybody.
    SpecError
        If nobody stays by the study's own log, or everybody does.

    Notes
    -----
    In one sample, those who signed up are among those who have heard, so that sign-up per aware person is
    binomial among the :math:`na` who have: the variance of its logarithm is :math:`(1-c)/(nac)`, and it is
    independent of awareness. A figure rounded to within :math:`h` adds :math:`h^2/3` to its variance.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from surveys.published.figures import read_published
    >>> from surveys.study.published import PublishedFunnel
    >>> spec = PublishedFunnel(id="w3", label="Ifop", date="2009-06", aware="ifop_w3_twitter_aware",
    ...                        signup="ifop_w3_twitter_member")
    >>> published_funnel(spec, read_published(open_example("twitter_france"))).conditional["signup"].summary()
    '7.1% [4.3%, 11.7%], n = 284'
    """
    aware, signup = (_find(spec, identifier, published) for identifier in (spec.aware, spec.signup))
    later = stayed if spec.stayed == "usage" else _printed_staying(spec, published, conf_level)
    if isinstance(later, Unavailable):
        return later
    conditional = signup.measure == OF_THE_AWARE
    one_sample = conditional or (signup.n == aware.n and _who_asked(signup) == _who_asked(aware))
    if aware.n is None or (signup.n is None and not one_sample):
        return Unavailable(N_NOT_PUBLISHED)
    member = signup.value * aware.value if conditional else signup.value
    if not 0 < member < aware.value < 1:
        return Unavailable(Note(NOT_NESTED.message, {"signup": signup.id, "aware": aware.id}))
    factors = np.array([aware.value, member / aware.value])
    sampling = (
        nested_deviations(aware.value, member, aware.n)
        if one_sample
        else _apart(aware.value, member, aware.n, signup.n or aware.n)
    )
    rounding = (
        np.diag([aware.half_unit / aware.value, signup.half_unit / signup.value]) / math.sqrt(3)
        if conditional
        else rounding_deviations([aware.value, member], [aware.half_unit, signup.half_unit])
    )
    deviations = np.vstack([sampling, rounding])
    n_aware = round(aware.n * aware.value)
    steps = {
        "aware": _share(factors[0], deviations[:, 0], aware.n, conf_level),
        "signup": _share(factors[1], deviations[:, 1], n_aware, conf_level),
    }
    cumulative = {"aware": steps["aware"], "signup": _share(member, deviations.sum(axis=1), aware.n, conf_level)}
    heard = JointFunnel(
        platform=aware.entity,
        wave=spec.date,
        horizon=horizon,
        conditional=steps,
        cumulative=cumulative,
        factors=factors,
        spreads=(Spread(source=f"published {spec.aware}, {spec.signup}", sample=deviations, deviations=deviations),),
        conf_level=conf_level,
        notes=(OF_RANDOM_SAMPLE,) if one_sample else (OF_RANDOM_SAMPLE, TWO_SAMPLES),
    )
    if later is None:
        return heard
    if spec.stayed == "usage":
        return add_staying(heard, later, source=LOG, notes=(OWN_LOG, INDEPENDENT, ONE_PERSON))
    return add_staying(heard, later, source=f"published {spec.stayed}", staying="printed", notes=(INDEPENDENT,))


def _find(spec: PublishedFunnel, identifier: str, published: PublishedFigures) -> PublishedFigure:
    if identifier not in published:
        raise StudyError.at(
            f"study.toml, [[published.funnel]] '{spec.id}'",
            f"'{identifier}' is not in {published.path.name}",
            did_you_mean(identifier, published, "Name one of its rows"),
        )
    return published[identifier]


def _printed_staying(
    spec: PublishedFunnel, published: PublishedFigures, conf_level: float
) -> Estimate | Unavailable | None:
    """Give the share that stays as printed, of those who signed up."""
    if spec.stayed is None:
        return None
    figure = _find(spec, spec.stayed, published)
    if figure.n is None:
        return Unavailable(N_NOT_PUBLISHED)
    share = figure.value
    if not 0 < share < 1:
        raise StudyError.at(
            f"study.toml, [[published.funnel]] '{spec.id}'",
            f"'{figure.id}' is {share:g}, expected a share between 0 and 1",
            "Name a step that some, but not all, people take",
        )
    rounding = figure.half_unit / (share * math.sqrt(3))
    deviations = np.array([math.sqrt((1 - share) / (figure.n * share)), rounding])
    return _share(share, deviations, figure.n, conf_level)


def _who_asked(figure: PublishedFigure) -> str:
    """Name the publisher without whoever passed the figure on."""
    return figure.publisher.partition(" via ")[0]


def _apart(first: float, second: float, n_first: int, n_second: int) -> Floats:
    """Deviations of steps whose shares of everybody come from two samples."""
    relative = np.sqrt([(1 - first) / (n_first * first), (1 - second) / (n_second * second)])
    steps: Floats = relative[:, None] * np.array([[1.0, -1.0], [0.0, 1.0]])
    return steps


def _share(share: float, deviations: Floats, n: int, conf_level: float) -> Estimate:
    std_error = float(share * np.sqrt(deviations @ deviations))
    low, high = map(float, logit_limits(share, std_error, math.inf, conf_level))
    return Estimate(
        estimate=float(share),
        std_error=std_error,
        conf_low=low,
        conf_high=high,
        conf_level=conf_level,
        n=n,
        method="binomial and rounding, on the logit",
    )
