"""Departures by halves: accounts that fell silent are gone with a probability, for models that take weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from churn.definitions._departures import EDGES, band_of, gone_given_silence, silences_by_band
from churn.next_visit.visit_counts import LOCAL_DAYS, VisitCounts, count_visits
from churn.tenures.tenures import Tenures
from churn.usage.activity import Activity
from surveys.core.arrays import Floats, Ints
from surveys.core.errors import EstimateError, SpecError
from surveys.core.results import Note

WEIGHT, ACCOUNT = "weight", "account_number"
GAP = 60
ESTIMATED = Note(
    "weights are the estimated odds of being gone for good: standard errors need a jackknife that estimates them again"
)
LEFT_OUT = "{n} accounts that signed up in the last {gap} days of the window are left out"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DepartureOdds:
    """
    Probability that an account is gone for good, by when it was last seen and how long it has been silent.

    Attributes
    ----------
    tenure : ndarray of int, shape (n_bands,)
        Tenure of the last visit at which each band begins, in days.
    probability : ndarray of float, shape (n_bands, n_days)
        By band and days of silence; 1 from the longest silence on that the log supports.
    notes : tuple of Note
        Caveats.
    """

    tenure: Ints
    probability: Floats
    notes: tuple[Note, ...] = ()

    def at(self, tenure: Ints, silence: Ints) -> Floats:
        """
        Give the probability of accounts.

        Parameters
        ----------
        tenure, silence : ndarray of int, shape (n_accounts,)
            Tenure of the last visit, and days since; both in days, 0 or more.

        Returns
        -------
        ndarray of float, shape (n_accounts,)
        """
        last = self.probability.shape[1] - 1
        return np.asarray(self.probability[band_of(np.asarray(tenure)), np.minimum(silence, last)])

    def to_frame(self) -> pd.DataFrame:
        """Give one row per band and day of silence: `tenure`, `silence`, `probability`."""
        n_bands, n_days = self.probability.shape
        return pd.DataFrame(
            {
                "tenure": np.repeat(self.tenure, n_days),
                "silence": np.tile(np.arange(n_days), n_bands),
                "probability": self.probability.ravel(),
            }
        )


def departure_odds(counts: VisitCounts) -> DepartureOdds:
    """
    Estimate the probability that an account is gone for good.

    Parameters
    ----------
    counts : VisitCounts
        Consecutive and last active days. Where groups fall silent differently, those of one group.

    Returns
    -------
    DepartureOdds

    Notes
    -----
    Q(L|u) / Q(s|u) as in `compare_gap`: right on average over the accounts last seen at about the same tenure and
    silent for as long, which is enough for curves and models of groups; it is no score of a single account.

    Examples
    --------
    >>> from churn.usage.log import read_activity
    >>> from reports.examples import open_example
    >>> odds = departure_odds(count_visits(read_activity(open_example("twitter_france"))))
    >>> odds.at([30, 30, 30], [0, 10, 60]).round(2).tolist()
    [0.02, 0.15, 1.0]
    """
    ended, still = silences_by_band(counts.pairs, counts.silent, counts.size, len(counts.strata))
    return DepartureOdds(tenure=EDGES, probability=gone_given_silence(ended.sum(0), still.sum(0)), notes=counts.notes)


def fractional_tenures(activity: Activity, *, gap_days: int = GAP, odds: DepartureOdds | None = None) -> Tenures:
    """
    Give tenures in which an account that fell silent is gone with a probability, and else still there.

    Parameters
    ----------
    activity : Activity
        Active local days of each account.
    gap_days : int
        Accounts are judged as of so many days before the end; those silent since are gone in part.
    odds : DepartureOdds, optional
        Estimated from `activity`, if not given.

    Returns
    -------
    Tenures
        One or two rows per account: gone at the last visit with the weight of being gone, and censored when it is
        judged with the rest. The attributes hold `weight` and `account_number`, for estimators that take weights and
        clusters.

    Raises
    ------
    SpecError
        If `gap_days` is less than 0.
    EstimateError
        If no account signed up early enough.

    Examples
    --------
    >>> from churn.usage.log import read_activity
    >>> from churn.survival.kaplan_meier import kaplan_meier
    >>> from reports.examples import open_example
    >>> tenures = fractional_tenures(read_activity(open_example("twitter_france")))
    >>> f"{kaplan_meier(tenures, weight='weight').dropout(at=30).estimate:.3f}"
    '0.577'
    """
    if gap_days < 0:
        raise SpecError.at("fractional_tenures, gap_days", f"got {gap_days}", "Give 0 or more days")
    activity = activity.signups()
    if odds is None:
        odds = departure_odds(count_visits(activity, halves=False, replicates=1))
    last = activity.last_day - activity.first_day
    follow = activity.end_day - 1 - activity.first_day
    kept = np.flatnonzero(follow >= gap_days)
    if not len(kept):
        what = f"all accounts signed up in the last {gap_days} days"
        raise EstimateError.at("fractional_tenures", what, "Shorten the gap, or use a longer log")
    silence = (follow - last)[kept]
    gone = np.where(silence >= gap_days, odds.at(last[kept], silence), 0.0)
    rows = np.concatenate([kept[gone > 0], kept[gone < 1]])
    event = np.arange(len(rows)) < np.count_nonzero(gone > 0)
    weight = np.concatenate([gone[gone > 0], 1 - gone[gone < 1]])
    n_out = activity.n_accounts - len(kept)
    return Tenures(
        duration=np.where(event, last[rows], follow[rows] - gap_days).astype(np.float64),
        event=event,
        attributes=activity.attributes.iloc[rows].reset_index(drop=True).assign(**{WEIGHT: weight, ACCOUNT: rows}),
        n_excluded=n_out,
        notes=(
            *activity.notes,
            LOCAL_DAYS,
            ESTIMATED,
            *((Note(LEFT_OUT, {"n": n_out, "gap": gap_days}),) if n_out else ()),
        ),
    )
