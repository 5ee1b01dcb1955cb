"""The study's own estimates by the names under which they are printed, for claims to be held against."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from churn.adoption.joint import LOG, JointFunnel
from reports.results.lookup import all_funnel_rows, joint_id
from reports.results.network import NETWORK, NetworkResults
from reports.results.staying import StayingResults
from surveys.claims.inputs import NOT_IN_THE_STUDY
from surveys.core.arrays import Floats
from surveys.core.results import Estimate, Unavailable, absence
from surveys.funnel.funnel import Funnel
from surveys.funnel.shares import Shares


def name_estimates(
    *,
    funnel: Funnel | None = None,
    shares: Shares | None = None,
    staying: StayingResults | None = None,
    joint: Iterable[JointFunnel] = (),
    network: NetworkResults | None = None,
) -> dict[str, Estimate | Unavailable]:
    """
    Give estimates by their names in the ledger of printed numbers.

    Parameters
    ----------
    funnel, shares, staying, joint, network : results of a study, optional
        Parts that it has.

    Returns
    -------
    dict of str to Estimate or Unavailable
        Unavailable where the study could give it and its data do not, or it has no such data. Such as
        `funnel.2012-10.twitter.signup.cumulative` or `dropout`. `joint.2012-10.twitter.stayed` is by the
        study's own choice of measure, the last one given for a wave; `.stayed.recall` and `.stayed.log` name one.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> results = example_results()
    >>> named = name_estimates(funnel=results.funnel, staying=results.staying)
    >>> "dropout" in named, "funnel.2012-10.twitter.signup.cumulative" in named
    (True, True)
    """
    named: dict[str, Estimate | Unavailable] = {}
    if funnel is not None:
        named |= {row.id: absence(row.estimate) or row.estimate for row in all_funnel_rows(funnel)}
    if shares is not None:
        named |= {name: absence(share) or share for name, share in named_shares(shares).items()}
    named["dropout"] = Unavailable(NOT_IN_THE_STUDY) if staying is None else staying.dropout
    for each in joint:
        named |= {f"joint.{each.wave}.{each.platform}.{step}": each.cumulative[step] for step in each.steps}
        if "stayed" in each.steps:
            named[joint_id(each)] = each.cumulative["stayed"]
    named |= dict.fromkeys(NETWORK, Unavailable(NOT_IN_THE_STUDY))
    return named if network is None else named | network.named()


def name_influences(
    funnel: Funnel | None = None,
    shares: Shares | None = None,
    staying: StayingResults | None = None,
    joint: Iterable[JointFunnel] = (),
) -> dict[str, dict[str, Floats]]:
    """
    Give what each sample leaves uncertain about estimates, by the names of `name_estimates`.

    Parameters
    ----------
    funnel, shares, staying, joint : results of a study, optional
        Parts that it has.

    Returns
    -------
    dict of str to dict of str to ndarray
        By name, then by sample: deviations whose squares add up to the variance, and whose products to the
        covariance of two estimates of one sample.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> found = name_influences(example_results().funnel)
    >>> aware, signup = (found[f"funnel.2012-10.twitter.{step}.cumulative"]["2012-10"] for step in ("aware", "signup"))
    >>> round(float(aware @ signup / (aware @ aware * (signup @ signup)) ** 0.5), 2)
    0.23
    """
    found: dict[str, dict[str, Floats]] = {}
    surveyed = (("funnel", funnel), ("share", shares))
    for kind, part in surveyed:
        for wave, estimates in ({} if part is None else part.estimates).items():
            for i, key in enumerate(estimates.index):
                parts = map(str, key if isinstance(key, tuple) else (key,))
                found[".".join(filter(None, (kind, wave, *parts)))] = {wave: estimates.deviations[:, i]}
    if staying is not None and isinstance(staying.dropout, Estimate):
        found["dropout"] = {LOG: np.array([-staying.dropout.std_error])}
    for each in joint:
        found |= _of_joint(each)
    return found


def _of_joint(joint: JointFunnel) -> dict[str, dict[str, Floats]]:
    """Carry the deviations of the logarithms of the factors to the products of the first few of them."""
    found: dict[str, dict[str, Floats]] = {}
    for i, step in enumerate(joint.steps, start=1):
        share = joint.cumulative[step].estimate
        sources = {
            joint.wave if spread.source == f"survey {joint.wave}" else spread.source: share
            * spread.deviations[:, :i].sum(axis=1)
            for spread in joint.spreads
        }
        found[f"joint.{joint.wave}.{joint.platform}.{step}"] = sources
        if step == "stayed":
            found[joint_id(joint)] = sources
    return found


def named_shares(shares: Shares) -> dict[str, Estimate]:
    """
    Give the shares that surveys name by their names in the ledger.

    Parameters
    ----------
    shares : Shares
        Of a study.

    Returns
    -------
    dict of str to Estimate
        Such as `share.2013-10.young`, or `share.2013-10.young.sex.Women` for a level of a group.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from surveys.funnel.shares import estimate_shares
    >>> from surveys.study.schema import Share
    >>> study = open_example("twitter_france")
    >>> share = Share(item="q2_twitter", yes=(1,), missing=(8, 9), not_asked="no")
    >>> wave = study.survey[2].model_copy(update={"share": {"member": share}})
    >>> list(named_shares(estimate_shares(study.model_copy(update={"survey": (wave,)}))))[:2]
    ['share.2009-06.member', 'share.2009-06.member.age.18-24']
    """
    keys = shares.to_frame()[["wave", "share", "group", "level"]].itertuples(index=False)
    return {
        ".".join(filter(None, ("share", wave, share, group, level))): shares.at(wave, share, group=group, level=level)
        for wave, share, group, level in keys
    }
