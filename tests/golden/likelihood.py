"""The likelihood interval of a share: its exact ends, and the ends that R reads off a few points of the profile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import interpolate, optimize, special, stats

FARTHEST = 60.0
STEPS, MOST_STEPS, POINTS = 5, 10, 3
"""Of R's `profile`: steps to the end looked for, how many there may be, and points of the spline for each."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """
    The profile of a share's logit, divided by the dispersion that R's `svyglm` estimates.

    Attributes
    ----------
    share, logit_error, df, conf_level : float
        The estimate, the design's standard error of its logit, degrees of freedom of Student's t.
    n : float
        Rows counted, to whose number R scales the weights.
    replicated : bool
        Whether the error comes from replicates, where R compares it with an error that holds the dispersion.
    """

    share: float
    logit_error: float
    df: float
    n: float
    replicated: bool = False
    conf_level: float = 0.95

    @property
    def dispersion(self) -> float:
        return self.n / (self.n - 1)

    @property
    def cutoff(self) -> float:
        """The root of the likelihood ratio at which the interval ends."""
        t = stats.t.ppf(0.5 + self.conf_level / 2, self.df)
        size = self.n / self.dispersion if self.replicated else self.n
        return float(t * self.logit_error * np.sqrt(size * self.share * (1 - self.share)))

    def root(self, logit: float) -> float:
        """Give the root of the likelihood ratio against a logit."""
        p, q = self.share, 1 - self.share
        gap = special.xlogy(p, p / special.expit(logit)) + special.xlogy(q, q / special.expit(-logit))
        return float(np.sqrt(max(2 * self.n * gap / self.dispersion, 0.0)))

    def exact(self) -> list[float]:
        """Give the ends of the interval, as roots."""
        middle = special.logit(self.share)
        found = []
        for sign in (-1, 1):

            def beyond(distance: float, sign: int = sign) -> float:
                return self.root(middle + sign * distance) - self.cutoff

            found.append(special.expit(middle + sign * optimize.brentq(beyond, 0, FARTHEST, xtol=1e-14, rtol=1e-14)))
        return found

    def interpolated(self) -> list[float]:
        """
        Give the ends as R does: `profile` steps along the logit, `confint` joins points of a spline by lines.

        Steps go on until the root passes what `svyciprop` takes as the greatest, ten at most.
        """
        middle = special.logit(self.share)
        tail = stats.norm.cdf(-self.cutoff) / 2
        greatest = np.sqrt(stats.f.ppf(1 - tail, 1, self.n - 1))
        step = self.logit_error * greatest / STEPS
        points = [(middle, 0.0)]
        for sign in (-1, 1):
            for k in range(1, MOST_STEPS):
                points.append((middle + sign * k * step, sign * self.root(middle + sign * k * step)))
                if abs(points[-1][1]) >= greatest:
                    break
        x, y = np.array(sorted(points)).T
        spline = interpolate.make_interp_spline(
            x, y, k=3, bc_type=([(3, _third(x[:4], y[:4]))], [(3, _third(x[-4:], y[-4:]))])
        )
        along = np.linspace(x[0], x[-1], POINTS * len(x))
        ends: list[float] = special.expit(np.interp([-self.cutoff, self.cutoff], spline(along), along)).tolist()
        return ends


def _third(x: np.ndarray, y: np.ndarray) -> float:
    """Give the third derivative of the cubic through four points, which R's spline has at its ends."""
    return float(6 * np.polyfit(x - x[0], y, 3)[0])
