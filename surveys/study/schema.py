"""One study: its sources, window, population and definitions, as `study.toml` states them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from surveys.study.claims import Claim
from surveys.study.fields import Answer, Code, Columns, Label, Language, Section
from surveys.study.published import Published
from surveys.study.usage import Usage

Step = Literal["aware", "signup", "active", "lapsed"]
Means = Literal["ever", "now"]
Mode = Literal["online", "telephone", "face-to-face", "postal", "mixed"]

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
STEPS: tuple[Step, ...] = ("aware", "signup", "active", "lapsed")


def _known_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("expected the name of a time zone, such as 'Europe/Paris'") from None
    return name


class About(Section):
    """
    `[study]`: what the study is called, and the window that decides who is censored.

    `week_starts` is the day on which the weeks of cohorts and periods begin.
    """

    title: Label
    subtitle: Label | None = None
    author: str = ""
    language: tuple[Language, ...] = Field(default=("en",), min_length=1)
    as_of: date
    timezone: Annotated[str, AfterValidator(_known_timezone)] = "UTC"
    week_starts: Weekday = "monday"
    conf_level: float = Field(default=0.95, gt=0, lt=1)


class Population(Section):
    """
    `[population.NAME]`: how many people could hold an account, and who says so.

    `half_unit` is half of the last digit printed. `access` is the share of them whom the surveys are of,
    such as those with web access; all of them without it.
    """

    size: float = Field(gt=0)
    half_unit: float = Field(default=0.0, ge=0)
    access: float = Field(default=1.0, gt=0, le=1)
    label: Label
    source: Label


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


class Signup(Answer):
    """
    Who signed up: `means = "ever"` for those who have ever had an account, `"now"` for those who hold one now.

    Only those who ever had an account can have left it. Unless `means` says otherwise, "ever" is taken where
    leaving is asked too, and "now" elsewhere.
    """

    means: Means | None = None


def _as_signup(value: object) -> object:
    """Take a plain answer for one whose meaning is not said."""
    return Signup(**value.model_dump()) if type(value) is Answer else value


class Platform(Section):
    """
    `[survey.platform.NAME]`: the items behind each step of the funnel for one service.

    `main = true`, in one wave or in all, says that the study is about this service. Without it that is the one
    whose usage is known, or the only one asked about; of several others all are shown alike.
    """

    label: Label | None = None
    main: bool = False
    aware: Answer | None = None
    signup: Annotated[Signup | None, BeforeValidator(_as_signup)] = None
    active: Answer | None = None
    lapsed: Answer | None = None
    left: Recall | None = None

    @model_validator(mode="after")
    def _has_a_step(self) -> Platform:
        if not (self.steps() or self.left):
            raise ValueError(f"expected at least one of {', '.join(STEPS)} or left")
        return self

    @model_validator(mode="after")
    def _holders_have_not_left(self) -> Platform:
        if self.signup is not None and self.signup.means == "now" and self.asks_leaving:
            asked = "left" if self.left is not None else "lapsed"
            raise ValueError(
                f"{asked} is asked of those who hold an account now, and who have not left it; expected signup of "
                "those who ever had one, with means = 'ever'"
            )
        return self

    @property
    def asks_leaving(self) -> bool:
        """Whether people are asked if they left, or when."""
        return self.left is not None or self.lapsed is not None

    @property
    def signup_means(self) -> Means:
        """Whether sign-up is of those who ever had an account or of those who hold one now."""
        stated = None if self.signup is None else self.signup.means
        return stated or ("ever" if self.asks_leaving else "now")

    def steps(self) -> dict[Step, Answer]:
        """Give the steps asked directly, in the order of the funnel."""
        asked = {step: getattr(self, step) for step in STEPS}
        return {step: answer for step, answer in asked.items() if answer is not None}


class Group(Section):
    """
    `[survey.group.NAME]`: a way to split respondents, by codes or by bands of a number.

    Blank cells and those of `missing` are in no level, and counted. Text such as `NA` and codes labelled
    "Refused", "Don't know" and the like are refused until they are listed under `missing` or `levels`.
    """

    item: str
    label: Label | None = None
    bands: tuple[float, ...] = ()
    levels: dict[str, Label] = Field(default_factory=dict)
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
    margins: dict[str, dict[str, float] | float | str] = Field(default_factory=dict)
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

    `denominators` names other populations that its shares might be multiplied by. `universe`, `mode`,
    `wording` (by step) and `items_tested` (how long the list of platforms was) say whether waves can be
    compared; `caveat` is a remark that must stand beside every comparison with the wave. Waves of one
    `panel` share respondents, who keep their `id`. `frequency` is the column of how many people each row
    stands for. Of exports from LimeSurvey and Qualtrics, previews, tests, spam and unfinished answers are
    left out, except those that `keep` names.
    """

    wave: str
    file: str
    date: str = ""
    label: Label | None = None
    simulated: bool = False
    population: str | None = None
    denominators: tuple[str, ...] = ()
    universe: Label | None = None
    mode: Mode | None = None
    wording: dict[Step, Label] = Field(default_factory=dict)
    items_tested: int | None = Field(default=None, gt=0)
    caveat: Label | None = None
    panel: str | None = None
    sampling: Literal["probability", "quota", "opt-in", "census"] = "probability"
    weight: str | None = None
    frequency: str | None = None
    keep: tuple[Literal["preview", "test", "spam", "unfinished"], ...] = ()
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
    platform: dict[str, Platform] = Field(default_factory=dict)
    group: dict[str, Group] = Field(default_factory=dict)
    base: dict[str, Base] = Field(default_factory=dict)
    share: dict[str, Share] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _panels_know_respondents(self) -> Survey:
        if self.panel is not None and self.id is None:
            raise ValueError("panel needs id, the column that tells the same respondent in every wave")
        if self.panel is not None and self.frequency is not None:
            raise ValueError("panel needs one row for each respondent, and frequency says that rows stand for several")
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


class Net(Section):
    """
    `[[table.net]]`: one row for several codes: those listed, or the `top` or `bottom` few of a scale.

    The top of a scale is where the table's `levels` begin; without them, where the labels of the file begin;
    without labels, the highest number. Codes that mean no answer are in no net.
    """

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
    of the last survey that has the groups and the platform. `levels` names codes, in the order of the rows;
    codes of one name are one row. `net` joins rows; of choices, it names items. Bases are of those who were
    asked and answered; below the effective base `flagged` a share has a star, below `suppressed` it is not shown.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    label: Label | None = None
    wave: str | None = None
    platform: str | None = None
    item: str | None = None
    choices: dict[str, Label] = Field(default_factory=dict)
    set: str | None = None
    counted: tuple[Code, ...] = (1,)
    levels: dict[str, Label] = Field(default_factory=dict)
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


class DisclosureSection(Section):
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
    disclosure : DisclosureSection
        What a reader must be told about the surveys.
    """

    folder: Path = Path()
    study: About
    population: dict[str, Population] = Field(default_factory=dict)
    survey: tuple[Survey, ...] = ()
    published: Published | None = None
    usage: Usage | None = None
    claim: tuple[Claim, ...] = ()
    table: tuple[Crosstab, ...] = ()
    truth: Truth | None = None
    disclosure: DisclosureSection = DisclosureSection()

    @field_validator("survey")
    @classmethod
    def _one_subject(cls, surveys: tuple[Survey, ...]) -> tuple[Survey, ...]:
        named = dict.fromkeys(name for survey in surveys for name, one in survey.platform.items() if one.main)
        if len(named) > 1:
            raise ValueError(f"expected one platform with main = true, got {' and '.join(named)}")
        return surveys
