"""Run files: which study, indicators, design choices and languages one batch covers.

A run file is YAML. It is checked wholly before anything starts: keys, types, choices, the study folder, every
indicator and period. Everything but ``run`` and ``study`` may be left out.

    run: nghe_an                  name of the run, and of its folders
    study: nghe_an                id of the study, or a path relative to the project
    indicators: all               all counts and ratios of the study, or a list of ids
    timing: main                  these six as in the notebooks; left out: the study's default
    reading: A
    roster: given
    anticipation: 3
    window_first: "2019-01"
    window_last: "2023-12"
    languages: [vi, en]
    n_draws: 9999
    seed: 20230307
    full: false                   true: every check on every indicator, not on the primary one alone
    jobs: 2                       how many notebooks at a time; left out: as many as there are cores
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from helpers.batch.parameters import (
    DESIGN_CHOICES,
    ESTIMATE,
    KINDS_TAKEN,
    MODELS,
    RUN_NAME,
    EstimateParameters,
    Parameters,
    unfit_indicator,
    unknown_name,
    validation_sentences,
)
from helpers.errors import DesignError, UsageError
from helpers.paths import project_root
from helpers.study import Study, build_design, load_study

ALL: Literal["all"] = "all"
_DEFAULTS = EstimateParameters()


class RunFile(BaseModel):
    """The content of a run file, before it is held against its study."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    run: str = Field(pattern=RUN_NAME)
    study: str = Field(min_length=1)
    indicators: Literal["all"] | list[str] = ALL
    timing: str = ""
    reading: str = ""
    roster: Literal["", "given", "worlds"] = ""
    anticipation: int = Field(-1, ge=-1)
    window_first: str = ""
    window_last: str = ""
    languages: list[Literal["vi", "en"]] = Field(["vi", "en"], min_length=1)
    n_draws: int = Field(_DEFAULTS.n_draws, ge=1)
    seed: int = Field(_DEFAULTS.seed, ge=0)
    full: bool = False
    jobs: int | None = Field(None, ge=1)

    @field_validator("indicators", mode="before")
    @classmethod
    def _is_list_or_all(cls, value: Any) -> Any:
        if isinstance(value, list) or value == ALL:
            return value
        raise PydanticCustomError(
            "list_of_ids", "write “{all}”, or a list of ids, as in [{id}]", {"all": ALL, "id": str(value)}
        )

    def parameters(self, notebook: str, **own: str) -> Parameters:
        """Return the parameters of one notebook under this run file; `own` names its indicator or language."""
        model = MODELS[notebook]
        shared = {name: getattr(self, name) for name in type(self).model_fields if name in model.model_fields}
        return model.checked(shared | own)


@dataclass(frozen=True, slots=True)
class Batch:
    """A run file held against its study.

    Attributes
    ----------
    settings : RunFile
        What the file says.
    study : Study
        The study, read and checked.
    indicators : tuple of str
        The indicators covered, in the study's order.
    """

    settings: RunFile
    study: Study
    indicators: tuple[str, ...]

    def fully_checked(self) -> "Batch":
        """Return the batch with every check tried on every indicator."""
        return replace(self, settings=self.settings.model_copy(update={"full": True}))


def read_run_file(path: Path) -> Batch:
    """Read a run file and check all of it.

    Raises
    ------
    UsageError
        If the file is missing, no YAML, holds an unknown key (the message names the nearest valid one), a value of
        another type, or an unknown study, indicator, timing, reading or period. All that is wrong is said at once.
    DataProblems
        If the study folder is not valid.
    """
    content = _read_yaml(path)
    known = tuple(RunFile.model_fields)
    unknown = [unknown_name("key", str(key), known) for key in content if key not in known]
    try:
        settings = RunFile.model_validate({key: value for key, value in content.items() if key in known})
    except ValidationError as error:
        raise UsageError(_in_file(path, [*unknown, validation_sentences(error)])) from None
    if unknown:
        raise UsageError(_in_file(path, unknown))
    study = load_study(settings.study)
    wrong = _unfit_indicators(settings, study)
    if wrong:
        raise UsageError(_in_file(path, wrong))
    _check_design(settings, study, path)
    return Batch(settings, study, _covered(settings, study))


def find_run_file(name: str) -> Path:
    """Return a run file given by path (from here, else from the project's root) or by name in ``notebooks/runs``.

    Raises
    ------
    UsageError
        If there is none.
    """
    shelf = project_root() / "notebooks" / "runs"
    for candidate in (Path(name), project_root() / name, shelf / f"{name}.yaml"):
        if candidate.is_file():
            return candidate.resolve()
    known = tuple(path.stem for path in sorted(shelf.glob("*.yaml")))
    raise UsageError(unknown_name("run file", name, known))


def _read_yaml(path: Path) -> Mapping[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except OSError as error:
        raise UsageError(f"Cannot read run file {path}: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"Run file {path.name} is no YAML that can be read: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise UsageError(f"Run file {path.name} holds no “key: value” lines. See notebooks/runs for examples.")
    return content


class _Loader(yaml.SafeLoader):
    """YAML without its trap that the second of two equal keys silently wins."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise yaml.YAMLError(f"key(s) {', '.join(twice)} stand twice")
        return super().construct_mapping(node, deep=deep)


def _in_file(path: Path, lines: Sequence[str]) -> str:
    return "\n".join([f"Run file {path.name} cannot be used; nothing was started:", *lines])


def _unfit_indicators(settings: RunFile, study: Study) -> list[str]:
    if settings.indicators == ALL:
        return []
    lines = [line for name in settings.indicators if (line := unfit_indicator(name, study))]
    if not settings.indicators:
        lines.append(f"indicators is an empty list; write “{ALL}”, or at least one id.")
    return lines or _alone(settings.indicators, study)


def _alone(names: Sequence[str], study: Study) -> list[str]:
    """Return that a ratio stands alone, where it does: it is read beside a count, never instead of one."""
    chosen = [study.indicator(name) for name in names]
    if any(one.kind == "count" for one in chosen):
        return []
    ratio = chosen[0]
    return [f"“{ratio.indicator}” is a ratio and is read beside a count: add “{ratio.denominator}”, or another one."]


def _covered(settings: RunFile, study: Study) -> tuple[str, ...]:
    taken = [indicator.indicator for indicator in study.indicators if indicator.kind in KINDS_TAKEN[ESTIMATE]]
    return tuple(name for name in taken if settings.indicators == ALL or name in settings.indicators)


def _check_design(settings: RunFile, study: Study, path: Path) -> None:
    window = (settings.window_first or study.window[0], settings.window_last or study.window[1])
    try:
        build_design(
            study,
            timing=settings.timing or None,
            reading=settings.reading or None,
            roster=settings.roster or None,
            anticipation=None if settings.anticipation < 0 else settings.anticipation,
            window=window,
        )
    except UsageError as error:
        raise UsageError(_in_file(path, [str(error)])) from None
    except DesignError as error:
        chosen = {name: getattr(settings, name) for name in DESIGN_CHOICES}
        own = [f"{name}: {value}" for name, value in chosen.items() if value != RunFile.model_fields[name].default]
        if not own:
            raise
        raise UsageError(_in_file(path, [f"{', '.join(own)} admits no estimate. {error}"])) from None
