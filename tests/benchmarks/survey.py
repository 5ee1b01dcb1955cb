"""Survey estimates of a stratified cluster sample, against svy where it is installed and R's survey where R is."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churn.design_based.curves import survey_kaplan_meier
from surveys.comparisons.independence import independence_test
from surveys.design.design import Design
from surveys.estimates.means import combine, mean, ratio
from surveys.models.glm import SurveyGlm
from surveys.weighting.recipe import reweight
from surveys.weighting.steps import Rake
from tests.benchmarks.measure import best, tell

TIMES = (1, 3, 7, 14, 21, 30, 60, 90)
N_STRATA, N_CLUSTERS = 50, 2_000

R_SCRIPT = """
suppressMessages(library(survey)); suppressMessages(library(jsonlite))
args <- commandArgs(trailingOnly=TRUE); d <- read.csv(args[1]); reps <- as.integer(args[2])
best <- function(f) min(sapply(seq_len(reps), function(i) system.time(f())[["elapsed"]]))
des <- svydesign(id=~cluster, strata=~stratum, weights=~w, data=d, nest=FALSE)
m <- fromJSON(args[3])
out <- list(
  mean=best(function() svymean(~x, des)),
  funnel=best(function() svymean(~aware+signup+kept, des)),
  ratio=best(function() svyratio(~signup, ~aware, des)),
  "by group"=best(function() svyby(~signup, ~group, des, svymean)),
  "table with Rao-Scott"=best(function() svychisq(~group+quarter, des)),
  logit=best(function() svyglm(signup ~ x + factor(group), des, family=quasibinomial())),
  raking=best(function() rake(des, list(~group, ~quarter, ~sex), lapply(names(m), function(k)
    setNames(data.frame(as.integer(names(m[[k]])), unlist(m[[k]])), c(k, "Freq"))))))
cat(toJSON(out, auto_unbox=TRUE, digits=6))
"""


def simulate(rows: int) -> pd.DataFrame:
    """A stratified cluster sample of respondents, their steps and their tenures."""
    rng = np.random.default_rng(20131231)
    cluster = rng.integers(0, N_CLUSTERS, rows)
    effect = rng.normal(0, 0.3, N_CLUSTERS)[cluster]
    aware = rng.random(rows) < 0.8
    signup = aware & (rng.random(rows) < 1 / (1 + np.exp(1.0 - effect)))
    days = np.where(signup, np.minimum(np.ceil(rng.weibull(0.7, rows) * 60), rng.integers(1, 120, rows)), 0)
    return pd.DataFrame(
        {
            "stratum": cluster % N_STRATA,
            "cluster": cluster,
            "w": rng.gamma(4, 10, rows),
            "x": rng.normal(size=rows) + effect,
            "group": rng.integers(0, 6, rows),
            "quarter": rng.integers(0, 4, rows),
            "sex": rng.integers(0, 2, rows),
            "aware": aware.astype(float),
            "signup": signup.astype(float),
            "kept": (signup & (days > 30)).astype(float),
            "days": days,
            "left": (signup & (rng.random(rows) < 0.7)).astype(float),
        }
    )


def margins_of(frame: pd.DataFrame) -> dict[str, dict[int, float]]:
    """Known sizes of groups, a few percent away from what the weights give, all adding up to the same."""
    total = float(frame["w"].sum())
    known: dict[str, dict[int, float]] = {}
    for name in ("group", "quarter", "sex"):
        share = frame.groupby(name)["w"].sum() / total * (1 + 0.05 * np.cos(np.arange(frame[name].nunique())))
        known[name] = {int(level): float(value) * total / float(share.sum()) for level, value in share.items()}
    return known


def ours(frame: pd.DataFrame) -> dict[str, Callable[[], Any]]:
    """What is timed, the design being built already, as for the peers."""
    design = Design.from_frame(frame, weight="w", strata="stratum", cluster="cluster")
    steps = ("aware", "signup", "kept")
    rake = Rake({name: dict(levels) for name, levels in margins_of(frame).items()})
    return {
        "mean": lambda: mean(design, frame["x"]),
        "funnel": lambda: combine(*(mean(design, frame[step]) for step in steps), keys=steps),
        "ratio": lambda: ratio(design, frame["signup"], frame["aware"]),
        "by group": lambda: mean(design, frame["signup"], by=frame["group"]),
        "table with Rao-Scott": lambda: independence_test(design, frame["group"], frame["quarter"]),
        "logit": lambda: SurveyGlm("signup ~ x + factor(group)", family="quasibinomial").fit(design, frame),
        "raking": lambda: reweight(design, frame, rake),
        "Kaplan-Meier, 8 times": lambda: [
            curve.at(time)
            for curve in [
                survey_kaplan_meier(design, frame["days"], frame["left"], times=TIMES, rows=frame["signup"] == 1)
            ]
            for time in TIMES
        ],
    }


def svy_peer(frame: pd.DataFrame) -> dict[str, Callable[[], Any]]:
    """The same with svy; nothing where it is not installed."""
    if find_spec("svy") is None:
        return {}
    import polars as pl
    import svy

    data = pl.from_dict({name: frame[name].to_numpy() for name in frame.columns})
    sample = svy.Sample(data, svy.Design(stratum="stratum", psu="cluster", wgt="w"))
    controls = margins_of(frame)
    return {
        "mean": lambda: sample.estimation.mean("x"),
        "funnel": lambda: [sample.estimation.mean(step) for step in ("aware", "signup", "kept")],
        "ratio": lambda: sample.estimation.ratio("signup", "aware"),
        "by group": lambda: sample.estimation.mean("signup", by="group"),
        "table with Rao-Scott": lambda: sample.categorical.tabulate("group", "quarter"),
        "logit": lambda: sample.glm.fit(y="signup", x=["x", svy.Cat("group")], family="binomial"),
        "raking": lambda: sample.weighting.rake(controls=controls),
    }


def r_peer(frame: pd.DataFrame, repeats: int) -> dict[str, float]:
    """Seconds with R's survey; nothing where R, survey or jsonlite is not installed."""
    if shutil.which("Rscript") is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        script, data = Path(folder) / "survey.R", Path(folder) / "data.csv"
        script.write_text(R_SCRIPT, encoding="utf-8")
        frame.to_csv(data, index=False)
        command = ["Rscript", str(script), str(data), str(repeats), json.dumps(margins_of(frame))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else {}


def run(rows: int, repeats: int) -> None:
    """Time every line, ours and the peers' in one run."""
    frame = simulate(rows)
    from_r, from_svy = r_peer(frame, repeats), svy_peer(frame)
    for line, function in ours(frame).items():
        more = {}
        both = {"ours": function} | ({"svy": from_svy[line]} if line in from_svy else {})
        try:
            seconds: dict[str, float | None] = {**best(both, repeats)}
        except Exception as error:  # a peer's failure is a result, too
            more = {"svy_failed": f"{type(error).__name__}: {error}"[:200]}
            seconds = {**best({"ours": function}, repeats)}
        seconds["R survey"] = from_r.get(line)
        tell("survey", line, rows, seconds, **more)
