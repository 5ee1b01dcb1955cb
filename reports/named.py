"""The study's own estimates by the names under which they are printed, for claims to be held against."""

from __future__ import annotations

from collections.abc import Iterable

from churn.adoption.joint import JointFunnel
from reports.lookup import all_funnel_rows, joint_id
from reports.network import NETWORK, NetworkResults
from reports.usage import StayingResults
from surveys.claim_inputs import NOT_IN_THE_STUDY
from surveys.funnel import Funnel
from surveys.results import Estimate, Unavailable, absence
from surveys.shares import Shares


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
    >>> from surveys.shares import estimate_shares
    >>> from surveys.study import Share
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
