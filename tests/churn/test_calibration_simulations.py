"""Whether calibrated intervals hold what a survey of everybody would find, when the log is not quite right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from churn.adoption.calibration import calibrate_to_log
from churn.adoption.log_margins import LogMargin
from surveys.data.codebook import Codebook
from surveys.design.design import Design
from surveys.samples.sample import Sample
from surveys.study.schema import Survey

SPEC = Survey.model_validate(
    {
        "wave": "W",
        "file": "",
        "platform": {
            "p": {
                "aware": {"item": "aware", "yes": [1]},
                "signup": {"item": "signup", "yes": [1], "not_asked": "no"},
            }
        },
    }
)
AWARE = 0.6


def draw_wave(rng: np.random.Generator, n: int, signup: float) -> Sample:
    aware = rng.random(n) < AWARE
    holds = aware & (rng.random(n) < signup / AWARE)
    frame = pd.DataFrame({"aware": aware.astype(float), "signup": np.where(aware, holds.astype(float), np.nan)})
    return Sample(
        spec=SPEC,
        frame=frame,
        codebook=Codebook(),
        design=Design.from_frame(frame),
        notes=(),
        place="frame",
        lines=np.arange(2, n + 2),
    )


def coverage(signup: float, n: int, ratio: float, studies: int, error: float = 0.035) -> dict[str, float]:
    """
    Calibrate waves to a log that counts `ratio` times the holders, with a relative error of its own.

    Gives the share of intervals that hold the truth, by step; of waves whose test agrees, and the gain in variance.
    """
    rng = np.random.default_rng(15)
    held: dict[str, list[bool]] = {"signup": [], "aware": [], "conversion": [], "signup where the test agrees": []}
    gain = []
    for _ in range(studies):
        share = ratio * signup * (1 + error * rng.standard_normal())
        known = LogMargin(wave="W", platform="p", step="signup", share=share, std_error=error * share)
        found = calibrate_to_log(draw_wave(rng, n, signup), [known])
        truths = {
            "signup": ("signup", "cumulative", signup),
            "aware": ("aware", "cumulative", AWARE),
            "conversion": ("signup", "conversion", signup / AWARE),
        }
        for name, (step, measure, truth) in truths.items():
            before, after = found.at("W", step, measure)
            held[name].append(after.conf_low <= truth <= after.conf_high)
            if name == "signup":
                gain.append((before.std_error / after.std_error) ** 2)
                if found.agrees("W"):
                    held["signup where the test agrees"].append(held[name][-1])
    return {name: round(float(np.mean(rows)), 3) for name, rows in held.items()} | {
        "agrees": round(len(held["signup where the test agrees"]) / studies, 2),
        "variance before over after": round(float(np.mean(gain)), 2),
    }


def test_a_log_that_is_a_tenth_off_leaves_the_interval_honest():
    found = coverage(0.10, 800, 0.9, 100)
    assert min(found["signup"], found["aware"], found["conversion"]) >= 0.90


@pytest.mark.slow
@pytest.mark.parametrize(("signup", "n"), [(0.078, 1630), (0.10, 1750), (0.02, 990)])
@pytest.mark.parametrize("ratio", [1.0, 0.95, 0.9, 0.8])
def test_calibrated_intervals_hold_the_truth_in_93_of_100_studies(signup: float, n: int, ratio: float):
    found = coverage(signup, n, ratio, 600)
    print(f"calibrated to a log, share {signup} of {n}, log over survey {ratio}: {found}")
    # 600 studies place a coverage of 0.95 to within 0.009, one standard error.
    names = ("signup", "aware", "conversion", "signup where the test agrees")
    assert min(found[name] for name in names) >= 0.93
