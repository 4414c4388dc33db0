"""The parameters of the five notebooks, as types.

papermill only warns of a parameter that a notebook does not have, and runs on with the default; it turns no text into
a number. So every parameter is checked here, before a kernel starts. A notebook's parameters cell repeats its model,
name by name and default by default (a test compares them), because the cell is what a researcher reads and edits.

An empty text, or -1, stands for "the study's default": papermill can read no optional parameter out of a cell.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from helpers.errors import UsageError
from helpers.study import Study
from helpers.study.objects import IndicatorKind

RUN_NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]*$"
STUDY_DEFAULT = -1
KINDS_TAKEN: Mapping[str, tuple[IndicatorKind, ...]] = {
    "03_estimate_effect": ("count", "ratio"),
    "04_check_robustness": ("count",),
}
"""The kinds of indicator that a notebook takes."""
ESTIMATE, CHECK = KINDS_TAKEN
REFUSALS: Mapping[str, str] = {
    ESTIMATE: "notebook 03 estimates counts, and ratios of counts",
    CHECK: "notebook 04 takes counts only, because a ratio says how the police worked and no claim rests on it",
}
DESIGN_CHOICES = ("timing", "reading", "roster", "anticipation", "window_first", "window_last")


class Parameters(BaseModel):
    """What every notebook takes: the name its tables are kept under, and the study folder."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    run: str = Field("nghe_an", pattern=RUN_NAME, description="name of the run: its folder under data/processed")
    study: str = Field("nghe_an", min_length=1, description="id of the study (folder of data/raw), or a path")

    @classmethod
    def checked(cls, values: Mapping[str, Any]) -> Self:
        """Return the parameters, or say everything that is wrong with them at once.

        Raises
        ------
        UsageError
            For an unknown name (with the nearest valid one), a value of another type, or one not allowed.

        Examples
        --------
        >>> EstimateParameters.checked({"indicatr": "fires"})
        Traceback (most recent call last):
        helpers.errors.UsageError: Unknown parameter “indicatr”; did you mean “indicator”?
        """
        known = tuple(cls.model_fields)
        unknown = [unknown_name("parameter", name, known) for name in values if name not in known]
        if unknown:
            raise UsageError("\n".join(unknown))
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise UsageError(validation_sentences(error)) from None


class CleanParameters(Parameters):
    """Parameters of notebook 01."""


class DesignParameters(Parameters):
    """What notebooks 02 to 04 take besides: the choices that turn a study into a design."""

    timing: str = Field("", description="which start dates (timings.csv); empty: the study's default")
    reading: str = Field("", description="which reading of the sources (rosters.csv); empty: the study's default")
    roster: Literal["", "given", "worlds"] = Field("", description="given or worlds; empty: the study's default")
    anticipation: int = Field(-1, ge=-1, description="periods left out before each start; -1: the study's default")
    window_first: str = Field("", description="first period; empty: the study's")
    window_last: str = Field("", description="last period; empty: the study's")

    seed: int = Field(20230307, ge=0, description="seed of whatever is drawn at random")


class DescribeParameters(DesignParameters):
    """Parameters of notebook 02."""


class DrawParameters(DesignParameters):
    """What notebooks 03 and 04 take besides: an indicator, and how many reassignments are drawn."""

    indicator: str = Field("crime_order", min_length=1, description="id of the indicator (indicators.csv)")
    n_draws: int = Field(9999, ge=1, description="number of random reassignments")


class EstimateParameters(DrawParameters):
    """Parameters of notebook 03."""


class CheckParameters(DrawParameters):
    """Parameters of notebook 04."""

    full: bool = Field(False, description="try every check, also where only the primary indicator gets it")


class ReportParameters(Parameters):
    """Parameters of notebook 05."""

    language: Literal["vi", "en"] = Field("vi", description="language of the findings: vi or en")


MODELS: Mapping[str, type[Parameters]] = {
    "01_clean_program_data": CleanParameters,
    "02_describe_design": DescribeParameters,
    "03_estimate_effect": EstimateParameters,
    "04_check_robustness": CheckParameters,
    "05_report_findings": ReportParameters,
}
"""The notebooks in the order in which they run, each with its parameters."""


def notebook_named(name: str) -> str:
    """Return the notebook that a number ("03"), a name or a file name stands for.

    Examples
    --------
    >>> notebook_named("03"), notebook_named("05_report_findings.ipynb")
    ('03_estimate_effect', '05_report_findings')
    """
    wanted = name.removesuffix(".ipynb").rsplit("/", maxsplit=1)[-1]
    found = [notebook for notebook in MODELS if notebook == wanted or notebook[:2] == wanted.zfill(2)]
    if not found:
        raise UsageError(unknown_name("notebook", name, tuple(MODELS)))
    return found[0]


def effective_parameters(parameters: Parameters, study: Study) -> Parameters:
    """Return the parameters with every "study's default" filled in from the study.

    Two runs with equal effective parameters are the same run, however they were asked for.
    """
    if not isinstance(parameters, DesignParameters):
        return parameters
    first, last = study.window
    filled = {
        "timing": parameters.timing or study.default_timing,
        "reading": parameters.reading or study.default_reading,
        "roster": parameters.roster or study.default_roster,
        "anticipation": study.default_anticipation
        if parameters.anticipation == STUDY_DEFAULT
        else parameters.anticipation,
        "window_first": parameters.window_first or first,
        "window_last": parameters.window_last or last,
    }
    return parameters.model_copy(update=filled)


def parameters_key(parameters: Parameters, study: Study) -> str:
    """Return what tells these effective parameters from the others of the run, as a file name.

    The indicator or language, then each design choice that is not the study's default. Draws and seed are no part of
    it: a table holds one row for an estimate, whatever it was drawn with.

    Examples
    --------
    >>> from helpers.study import load_study
    >>> study = load_study("nghe_an")
    >>> asked = EstimateParameters(indicator="fires", timing="plan", reading="A")
    >>> parameters_key(effective_parameters(asked, study), study)
    'fires.timing-plan'
    """
    plain = effective_parameters(type(parameters)(run=parameters.run, study=parameters.study), study).model_dump()
    own = effective_parameters(parameters, study).model_dump()
    first = [str(own[name]) for name in ("indicator", "language") if name in own]
    choices = [name for name in DESIGN_CHOICES if name in own]
    return ".".join(first + [f"{name}-{own[name]}" for name in choices if own[name] != plain[name]])


def unknown_name(kind: str, name: str, known: tuple[str, ...]) -> str:
    """Return one sentence that a name is unknown, with the nearest valid one, else with all of them.

    Examples
    --------
    >>> unknown_name("key", "langauges", ("languages", "seed"))
    'Unknown key “langauges”; did you mean “languages”?'
    """
    near = get_close_matches(str(name), known, n=1)
    advice = f"did you mean “{near[0]}”?" if near else f"there are: {', '.join(known)}."
    return f"Unknown {kind} “{name}”; {advice}"


def validation_sentences(error: ValidationError) -> str:
    """Return pydantic's findings as one line each: name, value, what was expected."""
    lines = []
    for finding in error.errors(include_url=False):
        name = ".".join(str(part) for part in finding["loc"])
        advice = " Put it in quotes." if finding["type"] == "string_type" else ""
        lines.append(f"{name} is {finding['input']!r}: {finding['msg'][0].lower()}{finding['msg'][1:]}.{advice}")
    return "\n".join(lines)


def unfit_indicator(name: str, study: Study, notebook: str = ESTIMATE) -> str:
    """Return why notebook 03 or 04 cannot take an indicator, or an empty text."""
    kinds = {indicator.indicator: indicator.kind for indicator in study.indicators}
    if name not in kinds:
        return unknown_name("indicator", name, tuple(kinds))
    if kinds[name] not in KINDS_TAKEN[notebook]:
        return f"Indicator “{name}” is a {kinds[name]}; {REFUSALS[notebook]}."
    return ""
