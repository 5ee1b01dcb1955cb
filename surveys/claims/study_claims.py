"""All claims of a study: told apart, worded in its languages, and held against figures, populations and own results."""

from __future__ import annotations

import math
from collections.abc import Collection
from pathlib import Path

from surveys.claims.arithmetic import half_of_last_digit
from surveys.claims.check import CheckedClaim, check_claim
from surveys.claims.inputs import Influences, Own
from surveys.core.results import Estimate, Note
from surveys.published.figures import PublishedFigures
from surveys.study.schema import Study

A_POPULATION = Note("the size of a population, as its source gives it")


def check_claims(
    study: Study,
    published: PublishedFigures | None,
    *,
    own: Own | None = None,
    influences: Influences | None = None,
) -> tuple[CheckedClaim, ...]:
    """
    Hold every claim of a study against published figures, sizes of populations and the study's own results.

    Parameters
    ----------
    study : Study
        Its populations are inputs by their names.
    published : PublishedFigures or None
        None where the study has none.
    own : mapping of str to Estimate or Unavailable, optional
        The study's own results, by name; those that rest on simulated data bear nothing out.
    influences : mapping, optional
        As for `check_claim`.

    Returns
    -------
    tuple of CheckedClaim
        In the order of the study.

    Raises
    ------
    StudyError
        If a claim names a figure that nobody gives, or a formula or a sum cannot be read.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from surveys.published.figures import read_published
    >>> study = open_example("twitter_france")
    >>> check_claims(study.model_copy(update={"claim": study.claim[:1]}), read_published(study))[0].verdict
    'consistent'
    """
    known = PublishedFigures(path=Path("[published]"), figures={}) if published is None else published
    results = {**populations(study), **(own or {})}
    simulated = simulated_names(study, own or {})
    return tuple(
        check_claim(
            claim,
            known,
            own=results,
            influences=influences,
            simulated=simulated,
            conf_level=study.study.conf_level,
        )
        for claim in study.claim
    )


def populations(study: Study) -> dict[str, Estimate]:
    """Give the sizes of a study's populations, rounded as they are written."""
    return {
        name: Estimate(
            estimate=population.size,
            std_error=math.nan,
            conf_low=population.size - half_of_last_digit(f"{population.size:.0f}"),
            conf_high=population.size + half_of_last_digit(f"{population.size:.0f}"),
            n=None,
            unit="people",
            method="rounding",
            notes=(A_POPULATION,),
        )
        for name, population in study.population.items()
    }


def simulated_names(study: Study, names: Collection[str]) -> frozenset[str]:
    """
    Tell which of the study's own results rest on simulated data.

    Parameters
    ----------
    study : Study
        Says which of its surveys are simulated, and whether its usage is.
    names : collection of str
        Of results; one of a wave has the wave's name in its own.

    Returns
    -------
    frozenset of str
        Those of simulated waves, and those of other data where the usage, or a survey, is simulated.
    """
    usage = study.usage is not None and study.usage.simulated
    elsewhere = usage or any(survey.simulated for survey in study.survey)
    waves = {survey.wave: survey.simulated for survey in study.survey}

    def rests_on_simulation(name: str) -> bool:
        named = [simulated for wave, simulated in waves.items() if f".{wave}." in f".{name}."]
        if named and name.startswith(("funnel.", "share.")):
            return any(named)
        return elsewhere

    return frozenset(name for name in names if rests_on_simulation(name))
