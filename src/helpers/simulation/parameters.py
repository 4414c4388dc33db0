"""What a simulated world is made of: the parameters of the process, and how they are read from a study.

`ProcessParameters` is what ``synthetic/process.toml`` holds, as one frozen object. It can as well be built in code:
``replace(parameters, shocks=WORLDS["B"])`` is the same study in a world with ward shocks.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from helpers.errors import DataProblems, Problem
from helpers.study.objects import Study

PROCESS_FILE = "synthetic/process.toml"
STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)
"""A misspelt key is refused: a parameter that silently kept its default would make the stated truth false."""

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(gt=0, le=1)]
Month = Annotated[int, Field(ge=1, le=12)]
Model = TypeVar("Model")


@dataclass(frozen=True, slots=True)
class Autoregression:
    """A stationary first-order autoregression on the log scale: standard deviation `sd`, lag-one correlation `rho`."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    sd: NotNegative
    rho: Annotated[float, Field(gt=-1, lt=1)]


@dataclass(frozen=True, slots=True)
class World:
    """What moves wards and whole towns away from their expected course, period by period."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    ward: Autoregression
    town: Autoregression


STILL = Autoregression(sd=0.0, rho=0.0)
WORLDS: Mapping[str, World] = {
    "A": World(ward=STILL, town=STILL),
    "B": World(ward=Autoregression(sd=0.25, rho=0.8), town=STILL),
    "C": World(ward=Autoregression(sd=0.25, rho=0.8), town=Autoregression(sd=0.15, rho=0.9)),
    "C2": World(ward=Autoregression(sd=0.25, rho=0.8), town=Autoregression(sd=0.30, rho=0.9)),
}
"""Where size and power are stated: independent counts; ward shocks; ward and town shocks; large town shocks."""


@dataclass(frozen=True, slots=True)
class Levels:
    """How far wards and towns lie apart for good: standard deviations of log rates shared by all series."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    ward_sd: NotNegative
    town_sd: NotNegative


@dataclass(frozen=True, slots=True)
class TownSeason:
    """A season that one town has and the others have not, by year: a resort's summers, full or empty.

    Attributes
    ----------
    town_code : str
        The town.
    first_month, last_month : int
        Calendar months it lasts from and to, both included, within one year.
    log_effects : mapping of year to float
        Log change of a series of full tourism, in each year of the window.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    town_code: str
    first_month: Month
    last_month: Month
    log_effects: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Lockdown:
    """A row of ``shocks.csv`` that is a lockdown; `assumed_last_date` if the sources give no end."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    shock_id: str
    assumed_last_date: date | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """One series of counts with a life of its own.

    Attributes
    ----------
    indicator : str
        Its id in ``indicators.csv``.
    rate_per_100k : float
        Recorded incidents per 100,000 inhabitants a year, without programme, season and shocks.
    dispersion : float
        κ of the negative binomial: variance μ + κμ² given the mean μ of a ward and period.
    level_sd : float
        Standard deviation of the ward's own log level in this series, beside the levels shared by all series.
    tourism : float
        Share of a town's season that this series feels: 0 none, 1 all.
    lockdown : float
        Log change in a period wholly under lockdown.
    recording_share : float
        Share of incidents that are recorded without programme.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    indicator: str
    rate_per_100k: Positive
    dispersion: NotNegative
    level_sd: NotNegative
    tourism: float = 0.0
    lockdown: float = 0.0
    recording_share: Share = 1.0


@dataclass(frozen=True, slots=True)
class Part:
    """A series nested in another: `share` of the recorded incidents of `whole`, without programme."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    indicator: str
    whole: str
    share: Share
    recording_share: Share = 1.0


@dataclass(frozen=True, slots=True)
class Follower:
    """A count that hangs on the incidents of another series: so many per incident of `leader` (deaths per crash)."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    indicator: str
    leader: str
    per_incident: Positive


@dataclass(frozen=True, slots=True)
class Clearance:
    """Cleared cases of `recorded`: a share of this period's, and of an earlier one's worth `backlog_share`."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    indicator: str
    recorded: str
    same_period_share: Share
    backlog_share: NotNegative


@dataclass(frozen=True, slots=True)
class ProcessParameters:
    """All parameters of the process written out in `helpers.simulation.process`.

    Attributes
    ----------
    seed : int
        Draws the levels of wards and towns, and the counts unless another seed is asked for.
    timing : str
        The timing (``timings.csv``) under which the programme truly starts.
    common_season : tuple of float, length 12
        Log change in each calendar month, in every town and series; centred when used.
    levels, shocks
        Lasting and passing differences between wards and between towns.
    town_seasons, lockdowns, series, parts, followers, clearance
        What the classes of these names say.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    seed: Annotated[int, Field(ge=0)]
    timing: str
    common_season: Annotated[tuple[float, ...], Field(min_length=12, max_length=12)]
    levels: Levels
    shocks: World
    series: Annotated[tuple[Series, ...], Field(min_length=1)]
    town_seasons: tuple[TownSeason, ...] = ()
    lockdowns: tuple[Lockdown, ...] = ()
    parts: tuple[Part, ...] = ()
    followers: tuple[Follower, ...] = ()
    clearance: tuple[Clearance, ...] = ()

    @property
    def indicators(self) -> tuple[str, ...]:
        """Return the ids of all simulated indicators, sorted."""
        names = [series.indicator for series in self.series] + [part.indicator for part in self.parts]
        names += [row.indicator for row in self.followers] + [row.indicator for row in self.clearance]
        return tuple(sorted(names))


@dataclass(frozen=True, slots=True)
class CorrectionParameters:
    """How offices correct what they sent (the ``[form.corrections]`` table): late cases come on top.

    Attributes
    ----------
    month_share : float
        Share of a town's months that it sends again.
    figure_count : int
        Counts of such a month that were too low at first.
    most_missed : int
        Most cases by which one of them was too low.
    days_later : int
        Days from the first return of a month to the corrected one.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    month_share: Annotated[float, Field(ge=0, le=1)]
    figure_count: Annotated[int, Field(ge=1)]
    most_missed: Annotated[int, Field(ge=1)]
    days_later: Annotated[int, Field(ge=1)]


@dataclass(frozen=True, slots=True)
class FormParameters:
    """How a simulated office fills in its form (the ``[form]`` table of ``synthetic/process.toml``).

    Attributes
    ----------
    province_office : str
        First line of every sheet.
    town_offices : mapping of town code to str
        The office that sends the return.
    blank_share : float
        Share of count cells left blank: not reported.
    decomposed_share : float
        Share of ward names whose accents are separate characters (Unicode NFD).
    corrections : CorrectionParameters or None
        How often a month is sent again, corrected; None is never.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    province_office: str
    town_offices: Mapping[str, str]
    blank_share: Annotated[float, Field(ge=0, lt=1)]
    decomposed_share: Annotated[float, Field(ge=0, le=1)]
    corrections: CorrectionParameters | None = None


def load_parameters(study: Study) -> ProcessParameters:
    """Return the process parameters of a study, from its ``synthetic/process.toml``.

    Raises
    ------
    DataProblems
        If the file is absent or no TOML, or a key is missing, unknown or outside its range, or names a timing, shock,
        town or indicator that the study has not: all of them in one list.

    Examples
    --------
    >>> from helpers.study import load_study
    >>> load_parameters(load_study("nghe_an")).timing
    'main'
    """
    content = {key: value for key, value in _read_toml(study).items() if key != "form"}
    parameters = _validated(ProcessParameters, content, at="")
    problems = [*_unknown_names(parameters, study), *_broken_links(parameters)]
    if problems:
        raise DataProblems(problems)
    return parameters


def load_form(study: Study) -> FormParameters:
    """Return how the offices of a study fill in their form, from its ``synthetic/process.toml``.

    Raises
    ------
    DataProblems
        As `load_parameters`; and if a town of the study has no office.
    """
    form = _validated(FormParameters, _read_toml(study).get("form", {}), at="form.")
    lacking = sorted(set(study.town_names) - set(form.town_offices))
    if lacking:
        rule = "every town needs the office that sends its return"
        raise DataProblems(problem(f"form.town_offices.{town}", "", rule, "Add that line") for town in lacking)
    return form


def problem(cell: str, value: str, rule: str, remedy: str, *, file: str = PROCESS_FILE) -> Problem:
    """Return a problem in one of the simulation's own files."""
    return Problem(file=file, sheet="", cell=cell, value=value, rule=rule, remedy=f"{remedy}.")


def _read_toml(study: Study) -> dict[str, Any]:
    path = study.folder / PROCESS_FILE
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        found = problem("", "", "a simulated study has this file", f"Write it, or do not simulate {study.study}")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        found = problem("", "", f"this file is TOML in UTF-8 ({error})", "Correct that line")
    raise DataProblems([found]) from None


def _validated(model: type[Model], content: Mapping[str, Any], *, at: str) -> Model:
    try:
        return TypeAdapter(model).validate_python(content)
    except ValidationError as error:
        raise DataProblems(
            problem(
                at + ".".join(str(step) for step in issue["loc"]),
                "" if issue["type"] == "missing" else str(issue["input"])[:40],
                issue["msg"],
                "Correct it as docs/study-folder.md explains",
            )
            for issue in error.errors(include_url=False)
        ) from None


def _unknown_names(parameters: ProcessParameters, study: Study) -> list[Problem]:
    known = {
        "timing": ({row.timing for row in study.timings}, [parameters.timing]),
        "lockdowns.shock_id": ({row.shock_id for row in study.shocks}, [row.shock_id for row in parameters.lockdowns]),
        "town_seasons.town_code": (set(study.town_names), [season.town_code for season in parameters.town_seasons]),
        "indicator": ({row.indicator for row in study.indicators}, parameters.indicators),
    }
    problems = [
        problem(key, name, f"the study has: {', '.join(sorted(names))}", "Use one of those, or add it to the study")
        for key, (names, used) in known.items()
        for name in used
        if name not in names
    ]
    last_dates = {shock.shock_id: shock.last_date for shock in study.shocks}
    problems += [
        problem("lockdowns", row.shock_id, "a lockdown ends, and shocks.csv gives no end", "Add assumed_last_date")
        for row in parameters.lockdowns
        if row.assumed_last_date is None and last_dates.get(row.shock_id, date.max) is None
    ]
    return problems


def _broken_links(parameters: ProcessParameters) -> list[Problem]:
    roots = {series.indicator for series in parameters.series}
    counts = roots | {part.indicator for part in parameters.parts}
    problems = [
        problem("parts.whole", part.whole, "a part belongs to one of the series", "Name a series")
        for part in parameters.parts
        if part.whole not in roots
    ]
    leaders = [row.leader for row in parameters.followers] + [row.recorded for row in parameters.clearance]
    problems += [
        problem("followers.leader, clearance.recorded", leader, "it follows a series or a part", "Name one of those")
        for leader in leaders
        if leader not in counts
    ]
    twice = sorted({name for name in parameters.indicators if parameters.indicators.count(name) > 1})
    problems += [problem("indicator", name, "an indicator is simulated once", "Remove the other") for name in twice]
    for whole in sorted({part.whole for part in parameters.parts}):
        taken = sum(part.share for part in parameters.parts if part.whole == whole)
        if taken >= 1:
            problems.append(problem("parts.share", f"{taken:g}", f"the parts of {whole} leave a rest", "Lower a share"))
    return problems
