"""One study: its sources, window, population and definitions, as `study.toml` states them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Language = Literal["fr", "en"]
Code = int | float | str
Label = str | dict[Language, str]
Columns = str | tuple[str, ...]
Step = Literal["aware", "signup", "active", "lapsed"]
Mode = Literal["online", "telephone", "face-to-face", "postal", "mixed"]

STEPS: tuple[Step, ...] = ("aware", "signup", "active", "lapsed")
ADDRESSES = ("postgresql", "spark")


def _known_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("expected the name of a time zone, such as 'Europe/Paris'") from None
    return name


class Section(BaseModel):
    """A table of `study.toml`; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class About(Section):
    """`[study]`: what the study is called, and the window that decides who is censored."""

    title: Label
    subtitle: Label | None = None
    author: str = ""
    language: tuple[Language, ...] = Field(default=("en",), min_length=1)
    as_of: date
    timezone: Annotated[str, AfterValidator(_known_timezone)] = "UTC"
    conf_level: float = Field(default=0.95, gt=0, lt=1)


class Population(Section):
    """`[population.NAME]`: how many people could hold an account, and who says so."""

    size: float = Field(gt=0)
    label: Label
    source: Label


class Answer(Section):
    """
    Which codes of an item mean yes, and what a question that was not asked means.

    Codes that are neither in `yes` nor in `missing` mean no; where `no` lists codes, any other code
    is refused. A blank cell is a question that was not asked; unless `not_asked` says what that
    means, blank cells are refused.
    """

    item: str
    yes: tuple[Code, ...] = Field(min_length=1)
    no: tuple[Code, ...] = ()
    missing: tuple[Code, ...] = ()
    not_asked: Literal["no", "missing"] | None = None


class Recall(Section):
    """
    When people say they left, in bands such as `7-30 d`; `still` lists the codes of those who stay.

    `since` names an item that holds the days from sign-up to the interview: whoever is asked before a
    band is over then counts for as long as they could tell.
    """

    item: str
    bands: dict[str, str] = Field(min_length=1)
    still: tuple[Code, ...] = Field(min_length=1)
    missing: tuple[Code, ...] = ()
    not_asked: Literal["no", "missing"] | None = None
    since: str | None = None


class Platform(Section):
    """`[survey.platform.NAME]`: the items behind each step of the funnel for one service."""

    label: Label | None = None
    aware: Answer | None = None
    signup: Answer | None = None
    active: Answer | None = None
    lapsed: Answer | None = None
    left: Recall | None = None

    @model_validator(mode="after")
    def _has_a_step(self) -> Platform:
        if not (self.steps() or self.left):
            raise ValueError(f"expected at least one of {', '.join(STEPS)} or left")
        return self

    def steps(self) -> dict[Step, Answer]:
        """Give the steps asked directly, in the order of the funnel."""
        asked = {step: getattr(self, step) for step in STEPS}
        return {step: answer for step, answer in asked.items() if answer is not None}


class Group(Section):
    """`[survey.group.NAME]`: a way to split respondents, by codes or by bands of a number."""

    item: str
    label: Label | None = None
    bands: tuple[float, ...] = ()
    levels: dict[str, Label] = {}
    missing: tuple[Code, ...] = ()

    @model_validator(mode="after")
    def _bands_rise(self) -> Group:
        if any(low >= high for low, high in zip(self.bands, self.bands[1:], strict=False)):
            raise ValueError("expected bands to rise, as in [18, 25, 35]")
        if self.bands and self.levels:
            raise ValueError("expected bands or levels, not both")
        return self


class Base(Section):
    """`[survey.base.NAME]`: the people a percentage is of: those for whom any answer is yes."""

    any: tuple[Answer, ...] = Field(min_length=1)
    label: Label | None = None


class Share(Answer):
    """`[survey.share.NAME]`: one more percentage to report, of a base named or of everybody."""

    label: Label | None = None
    base: str | None = None


class Replicates(Section):
    """
    `[survey.replicates]`: replicate weights, in the file or made from strata and clusters.

    The file's columns are named by `prefix` (followed by a number) or `columns`; `mse` takes
    deviations from the estimate rather than from the mean of the replicates; `factors` are to be
    multiplied by the weight. `make` leaves out each primary unit in turn, or draws units `number`
    times, and weighs every replicate by the steps of `[[survey.weighting]]`.
    """

    kind: Literal["JK1", "JKn", "BRR", "Fay", "bootstrap", "SDR", "other"] | None = None
    make: Literal["jackknife", "bootstrap"] | None = None
    prefix: str | None = None
    columns: tuple[str, ...] = ()
    holding: Literal["weights", "factors"] = "weights"
    scale: float | None = Field(default=None, gt=0)
    rscales: float | tuple[float, ...] | None = None
    rho: float = Field(default=0.0, ge=0, lt=1)
    mse: bool = False
    df: int | None = Field(default=None, gt=0)
    number: int = Field(default=200, ge=2)
    seed: int = Field(default=1, ge=0)

    @model_validator(mode="after")
    def _one_source(self) -> Replicates:
        if (self.make is not None) + (self.prefix is not None) + bool(self.columns) != 1:
            raise ValueError("expected one of prefix, columns or make")
        if self.make is None and self.kind is None:
            raise ValueError("expected kind, which tells how the replicates of the file were made")
        return self


class Weighting(Section):
    """
    `[[survey.weighting]]`: one step that weighs respondents to what is known of the population.

    `margins` gives, by group or by item, the people in each level or code; or the sum of a number,
    for `calibrate`; or the name of a CSV file whose column `total` gives people by its other columns.
    """

    kind: Literal["poststratify", "rake", "calibrate", "trim"]
    margins: dict[str, dict[str, float] | float | str] = {}
    distance: Literal["linear", "raking", "logit"] = "linear"
    bounds: tuple[float, float] | None = None
    lower: float | None = None
    upper: float | None = None
    strict: bool = True

    @model_validator(mode="after")
    def _parts_fit(self) -> Weighting:
        limited = self.lower is not None or self.upper is not None
        if self.kind == "trim" and (self.margins or not limited):
            raise ValueError("trim needs lower or upper, and no margins")
        if self.kind != "trim" and (limited or not self.margins):
            raise ValueError(f"{self.kind} needs margins, and no lower or upper")
        if self.kind == "poststratify" and len(self.margins) != 1:
            raise ValueError("poststratify needs one margin; cross columns in a CSV file, or rake")
        if self.kind != "calibrate" and (self.bounds is not None or self.distance != "linear"):
            raise ValueError(f"distance and bounds are for calibrate, not for {self.kind}")
        if self.distance == "logit" and self.bounds is None:
            raise ValueError("distance 'logit' needs bounds, such as [0.4, 2.5]")
        if self.bounds is not None and not self.bounds[0] < 1 < self.bounds[1]:
            raise ValueError("expected bounds below and above 1, such as [0.4, 2.5]")
        return self


class Survey(Section):
    """
    `[[survey]]`: one wave: its file, its design, and what its items mean.

    `universe`, `mode`, `wording` (by step) and `items_tested` (how long the list of platforms was)
    say whether waves can be compared; `caveat` is a remark that must stand beside every comparison
    with the wave. Waves of one `panel` share respondents, who keep their `id`.
    """

    wave: str
    file: str
    date: str = ""
    label: Label | None = None
    simulated: bool = False
    population: str | None = None
    universe: Label | None = None
    mode: Mode | None = None
    wording: dict[Step, Label] = {}
    items_tested: int | None = Field(default=None, gt=0)
    caveat: Label | None = None
    panel: str | None = None
    sampling: Literal["probability", "quota", "opt-in", "census"] = "probability"
    weight: str | None = None
    strata: Columns | None = None
    cluster: Columns | None = None
    nest: bool = False
    fpc: Columns | None = None
    lonely_psu: Literal["fail", "adjust", "average", "certainty", "remove"] = "fail"
    replicates: Replicates | None = None
    weighting: tuple[Weighting, ...] = ()
    id: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    decimal: Literal[".", ","] | None = None
    platform: dict[str, Platform] = {}
    group: dict[str, Group] = {}
    base: dict[str, Base] = {}
    share: dict[str, Share] = {}

    @model_validator(mode="after")
    def _panels_know_respondents(self) -> Survey:
        if self.panel is not None and self.id is None:
            raise ValueError("panel needs id, the column that tells the same respondent in every wave")
        return self

    @model_validator(mode="after")
    def _replicates_stand_alone(self) -> Survey:
        if self.replicates is None or self.replicates.make is not None:
            return self
        if self.weight is None:
            raise ValueError("replicates need weight, the column of the weights of the whole sample")
        if self.strata or self.cluster or self.fpc:
            raise ValueError("replicates of the file stand in the place of strata, cluster and fpc: remove these")
        return self

    @model_validator(mode="after")
    def _bases_exist(self) -> Survey:
        for name, share in self.share.items():
            if share.base is not None and share.base not in self.base:
                raise ValueError(f"share '{name}' has base '{share.base}', expected one of {sorted(self.base)}")
        return self


class OverList(Section):
    """
    `[published.over_list.NAME]`: figures, by wave, that depend on the whole list of platforms tested.

    Such as the share who are members of any of them: where the list grew, the series is broken.
    """

    label: Label
    figure: dict[str, str] = Field(min_length=1)


class Published(Section):
    """`[published]`: figures that others printed, and which of them are this study's own series."""

    file: str
    country: str | None = None
    publisher: str | None = None
    base: str | None = None
    platform: dict[str, str] = {}
    wave: dict[str, str] = {}
    over_list: dict[str, OverList] = {}


class Dropout(Section):
    """
    `[usage] dropout`: what counts as gone, and when.

    `horizon`, in the unit of a table of tenures, stands in the place of `horizon_days` where that unit is
    not days.
    """

    rule: Literal["inactive", "first_silence", "detected", "closed"] = "inactive"
    gap_days: int = Field(default=30, gt=0)
    horizon_days: int = Field(default=30, gt=0)
    horizon: int | None = Field(default=None, gt=0)


def _check_address(events: str | None, table: str | None) -> None:
    """Refuse addresses that are not known or hold a password, which the message must not repeat."""
    scheme, slashes, rest = (events or "").partition("://")
    if not slashes:
        if table is not None:
            raise ValueError("table goes with the address of a database or of Spark under events")
        return
    if scheme not in ADDRESSES:
        raise ValueError(f"events has an address that begins with {scheme}://, expected {' or '.join(ADDRESSES)}")
    user = rest.partition("?")[0].rpartition("@")[0]
    if ":" in user or "password" in rest.partition("?")[2].lower():
        raise ValueError("events holds a password; put it into PGPASSWORD or ~/.pgpass instead")
    if not table:
        raise ValueError("expected table, which names the log at the address under events")


class Usage(Section):
    """
    `[usage]`: the log of events, or the table of accounts, of one platform.

    A table of accounts gives dates; or else `tenure`, how long each account has lasted in `tenure_unit`,
    and `dropped`, whether it is gone; `entry` then is the tenure at which observation began. `cause` says
    why accounts closed; `cause_blank` names the cause where that cell is blank. `events` names files, or with
    `table` the address of a PostgreSQL server or of Spark, without a password.
    """

    events: str | None = None
    table: str | None = None
    accounts: str | None = None
    platform: str | None = None
    simulated: bool = False
    account: Columns = ()
    time: str | None = None
    signup: str | None = None
    entry: str | None = None
    closed: str | None = None
    last_seen: str | None = None
    observed_until: str | None = None
    tenure: str | None = None
    tenure_unit: Literal["days", "weeks", "months", "years"] | None = None
    dropped: Answer | None = None
    cause: str | None = None
    cause_blank: str | None = None
    group: tuple[str, ...] = ()
    time_unit: Literal["timestamp", "day", "s", "ms", "us"] = "timestamp"
    time_format: str | None = None
    delimiter: str | None = None
    encoding: str = "utf-8"
    dropout: Dropout = Dropout()

    @model_validator(mode="after")
    def _one_source(self) -> Usage:
        if (self.events is None) == (self.accounts is None):
            raise ValueError("expected either events or accounts")
        _check_address(self.events, self.table)
        if self.accounts is not None and "://" in self.accounts:
            raise ValueError("accounts are read from files, expected no address")
        if self.events is not None and self.time is None:
            raise ValueError("expected time, the column that says when each event happened")
        if self.events is not None and self.dropout.rule == "closed":
            raise ValueError("rule 'closed' needs accounts with a closing date; a log of events has none")
        if not self.account and self.tenure is None:
            raise ValueError("expected account, the column that names each account")
        if self.accounts is not None and self.tenure is None and self.signup is None:
            raise ValueError("expected signup, the column that says when each account was opened")
        if self.accounts is not None and self.dropout.rule == "first_silence":
            raise ValueError("rule 'first_silence' needs a log of events; a table of accounts tells no silences")
        needed = "closed" if self.dropout.rule == "closed" else "last_seen"
        if self.accounts is not None and self.tenure is None and getattr(self, needed) is None:
            raise ValueError(f"rule '{self.dropout.rule}' needs {needed}, a column of the accounts")
        return self

    @model_validator(mode="after")
    def _tenures_stand_alone(self) -> Usage:
        if self.tenure is None:
            if self.dropped is not None or self.tenure_unit is not None:
                raise ValueError("dropped and tenure_unit are of a table of tenures: name its column under tenure")
            if self.dropout.horizon is not None:
                raise ValueError("horizon is of a table of tenures: give horizon_days")
            return self
        dated = ("events", "time", "signup", "closed", "last_seen", "observed_until")
        if given := [name for name in dated if getattr(self, name) is not None]:
            raise ValueError(f"tenure stands in the place of dates: remove {', '.join(given)}")
        if self.tenure_unit is None or self.dropped is None:
            raise ValueError("tenure needs tenure_unit, what it counts, and dropped, which says who is gone")
        if self.dropout.rule != "closed":
            raise ValueError("a table of tenures says itself who is gone: set dropout = { rule = 'closed' }")
        if (self.tenure_unit == "days") != (self.dropout.horizon is None):
            where = "horizon_days" if self.tenure_unit == "days" else f"horizon, in {self.tenure_unit},"
            raise ValueError(f"tenures in {self.tenure_unit} need {where} in dropout")
        return self

    @model_validator(mode="after")
    def _causes_are_of_closing(self) -> Usage:
        if self.cause is not None and (self.accounts is None or self.dropout.rule != "closed"):
            raise ValueError("cause says why accounts were closed: it needs accounts and rule 'closed'")
        if self.cause is None and self.cause_blank is not None:
            raise ValueError("cause_blank is for blank cells of cause: name its column")
        return self

    @property
    def horizon(self) -> int:
        """The tenure of the headline, in days or in the unit of a table of tenures."""
        return self.dropout.horizon_days if self.dropout.horizon is None else self.dropout.horizon

    @property
    def source(self) -> str:
        """Where the log or the accounts are: a file, or a table at an address."""
        place = self.events or self.accounts or ""
        return place if self.table is None else f"{place} ({self.table})"


class Evidence(Section):
    """
    One published figure that a claim is held against.

    `differs` says in what the figure is not what the claim speaks of, one sentence for each of
    base, date and definition; a country or a measure that differs is noticed without it.
    """

    id: str
    top: float | None = Field(default=None, gt=0, lt=1)
    differs: dict[Literal["base", "date", "definition"], Label] = {}


class Claim(Section):
    """
    `[[claim]]`: a sentence to check, restated in our own words, and what to hold it against.

    `estimand` says how the value is reached: a `share` of a base, a number of `people` (a share
    times a population, or a count), or the share of messages of the `top_share` most active.
    """

    id: str
    statement: Label
    source: str
    date: str = ""
    estimand: Literal["share", "people", "top_share"]
    value: float = Field(gt=0)
    half_unit: float = Field(default=0.0, ge=0)
    measure: str
    country: str | None = None
    of: Label
    top: float | None = Field(default=None, gt=0, lt=1)
    evidence: tuple[Evidence, ...] = Field(min_length=1)
    population: Evidence | None = None
    claimed_population: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _parts_fit(self) -> Claim:
        if self.estimand != "people" and self.value >= 1:
            raise ValueError(f"a share lies between 0 and 1, got {self.value:g}")
        if self.estimand == "top_share" and (self.top is None or any(e.top is None for e in self.evidence)):
            raise ValueError("estimand 'top_share' needs top, in the claim and in each piece of evidence")
        if (self.population is None) != (self.claimed_population is None):
            raise ValueError("population and claimed_population go together")
        return self


class Net(Section):
    """`[[table.net]]`: one row for several codes: those listed, or the `top` or `bottom` few of a scale."""

    label: Label | None = None
    codes: tuple[Code, ...] = ()
    top: int | None = Field(default=None, gt=0)
    bottom: int | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one_kind(self) -> Net:
        if (bool(self.codes), self.top is not None, self.bottom is not None).count(True) != 1:
            raise ValueError("expected codes, top or bottom")
        if self.codes and self.label is None:
            raise ValueError("expected label, what the codes are together")
        return self


class Crosstab(Section):
    """
    `[[table]]`: a banner table, whose columns are the levels of some groups.

    Its rows are the steps of a `platform`; the codes of an `item`; the `choices` of a question with
    several answers, item by item; or such a `set` as the data file describes it. Without `wave`, it is
    of the last survey that has the groups and the platform. `nets` join rows; of choices, they name items.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    label: Label | None = None
    wave: str | None = None
    platform: str | None = None
    item: str | None = None
    choices: dict[str, Label] = {}
    set: str | None = None
    counted: tuple[Code, ...] = (1,)
    levels: dict[str, Label] = {}
    missing: tuple[Code, ...] = ()
    not_asked: Literal["no", "missing"] | None = None
    base: str | None = None
    banner: tuple[str, ...] = Field(min_length=1)
    net: tuple[Net, ...] = ()
    adjustment: Literal["holm", "fdr", "none"] = "holm"
    flagged: float = Field(default=100, ge=0)
    suppressed: float = Field(default=30, ge=0)

    @model_validator(mode="after")
    def _one_kind_of_row(self) -> Crosstab:
        kinds = (self.platform is not None, self.item is not None, bool(self.choices), self.set is not None)
        if kinds.count(True) != 1:
            raise ValueError("expected rows: platform, item, choices or set")
        if self.platform is not None and (self.base is not None or self.net):
            raise ValueError("steps of a platform have their own bases and no nets")
        if self.item is None and any(net.top or net.bottom for net in self.net):
            raise ValueError("top and bottom are of the codes of one item")
        return self


class Truth(Section):
    """`[truth]`: what a simulated study was made from, to be shown beside its estimates."""

    file: str


class Disclosure(Section):
    """`[disclosure]`: what a reader of a survey must be told and its files do not say."""

    sponsor: Label | None = None
    institute: Label | None = None
    population: Label | None = None
    frame: Label | None = None
    recruitment: Label | None = None
    mode: Label | None = None
    weighting: Label | None = None
    response: Label | None = None
    incentives: Label | None = None
    limitations: Label | None = None
    contact: Label | None = None


class Study(Section):
    """
    A study: everything `study.toml` says, and the folder that its files are in.

    Attributes
    ----------
    folder : Path
        Where `study.toml` lies; every file is found from there.
    study : About
        Title, languages, window and time zone.
    population : dict of str to Population
        Sizes of populations, by name.
    survey : tuple of Survey
        Waves, in the order of the file.
    published : Published or None
        Figures that others printed.
    usage : Usage or None
        Log of events, or table of accounts.
    claim : tuple of Claim
        Sentences to check.
    table : tuple of Crosstab
        Banner tables.
    truth : Truth or None
        What a simulated study was made from.
    disclosure : Disclosure
        What a reader must be told about the surveys.
    """

    folder: Path = Path()
    study: About
    population: dict[str, Population] = {}
    survey: tuple[Survey, ...] = ()
    published: Published | None = None
    usage: Usage | None = None
    claim: tuple[Claim, ...] = ()
    table: tuple[Crosstab, ...] = ()
    truth: Truth | None = None
    disclosure: Disclosure = Disclosure()
