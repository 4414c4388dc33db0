"""What is wrong with a pre-analysis plan: unknown keys, and names that the rest of the study folder does not know."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from helpers.errors import Problem, UsageError
from helpers.messages import Message, say
from helpers.study.periods import PERIOD_EXAMPLES, PERIOD_KIND_NAMES, period_number
from helpers.study.pre_analysis_plan import PLAN_FILE, PreAnalysisPlan
from helpers.study.schemas import shown
from helpers.study.setting_problems import setting_problem
from helpers.study.tables import FolderTables, problem_at


def plan_problem(error: Mapping[str, Any]) -> Problem:
    """Return one of pydantic's errors as a problem; of an unknown key with the nearest that there is."""
    if error["type"] != "extra_forbidden":
        return setting_problem(error, file=PLAN_FILE)
    *tables, key = (str(part) for part in error["loc"])
    near = get_close_matches(key, _keys_below(tables), n=1)
    if not near:
        return setting_problem(error, file=PLAN_FILE)
    place = ".".join(shown(part) for part in (*tables, key))
    remedy = say("Did you mean “{near}”? If not, remove it.", near=near[0])
    return Problem(PLAN_FILE, "", place, "", say("no such key belongs here"), remedy)


def _keys_below(tables: list[str]) -> tuple[str, ...]:
    model: Any = PreAnalysisPlan
    for table in tables:
        model = model.model_fields[table].annotation
    return tuple(model.model_fields)


def plan_problems(plan: PreAnalysisPlan, folder: FolderTables) -> list[Problem]:
    """Return every name in a plan that the rest of the folder does not know."""
    return [*_unknown_names(plan, folder), *_wrong_window(plan, folder)]


def _unknown_names(plan: PreAnalysisPlan, folder: FolderTables) -> Iterator[Problem]:
    outcomes, design = plan.outcomes, plan.design
    places = [("outcomes.primary", outcomes.primary, "indicators.csv", "indicator")]
    places += [("outcomes.family", name, "indicators.csv", "indicator") for name in outcomes.family]
    places += [("outcomes.others", name, "indicators.csv", "indicator") for name in outcomes.others]
    places += [("design.timing", design.timing, "timings.csv", "timing")]
    places += [("design.reading", design.reading, "rosters.csv", "reading")]
    for place, name, file, column in places:
        known = sorted(value for (value,) in folder.keys(file, column))
        if folder.has(file) and name not in known:
            rule = say("{column} must stand in {target}", column=column, target=file)
            yield problem_at(PLAN_FILE, place, name, rule, _advice(name, known))


def _advice(name: str, known: list[str]) -> Message:
    near = get_close_matches(name, known, n=1)
    if near:
        return say("Did you mean “{near}”? If not, remove it.", near=near[0])
    return say("Choose one of: {choices}.", choices=", ".join(known))


def _wrong_window(plan: PreAnalysisPlan, folder: FolderTables) -> Iterator[Problem]:
    if folder.settings is None:
        return
    kind, ends = folder.settings.period_kind, (plan.design.window_first, plan.design.window_last)
    numbers = []
    for place, label in zip(("design.window_first", "design.window_last"), ends, strict=True):
        try:
            numbers.append(period_number(kind, label))
        except UsageError:
            rule = say("a {period_kind} is expected", period_kind=PERIOD_KIND_NAMES[kind])
            remedy = say("Write it as in {example}.", example=PERIOD_EXAMPLES[kind])
            yield problem_at(PLAN_FILE, place, label, rule, remedy)
    if len(numbers) == len(ends) and numbers[0] > numbers[1]:
        rule = say("the window ends no earlier than it begins")
        yield problem_at(PLAN_FILE, "design", f"{ends[0]} … {ends[1]}", rule, say("Exchange the two."))
