"""What the design cannot answer, in whole sentences: the rules of `helpers.checks.hopeless`, said by name."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from helpers.checks.hopeless import (
    MOST_LOST,
    NO_CELL,
    NO_OWN_TEST,
    NO_REJECTION,
    NONE_ATTAINABLE,
    NOT_KNOWN,
    ONLY_HALVING,
    SILENT_WARDS,
)
from helpers.reporting.briefing import Briefing
from helpers.reporting.captions import joined

OF_COHORTS = (NO_CELL, MOST_LOST, NO_REJECTION, NO_OWN_TEST)
OF_INDICATORS = (NONE_ATTAINABLE, NOT_KNOWN, ONLY_HALVING)
HOPELESS = "hopeless"


@dataclass(frozen=True, slots=True)
class Sentences:
    """Whole sentences, shown as a list."""

    said: tuple[str, ...]

    def _repr_html_(self) -> str:
        """Return the list for a notebook."""
        items = Markup("").join(Markup("<li>{}</li>").format(sentence) for sentence in self.said)
        return str(Markup("<ul>{}</ul>").format(items))


def hopeless_list(description: pd.DataFrame, briefing: Briefing) -> Sentences:
    """Return the questions that this design cannot answer, for a notebook; one sentence if there is none."""
    return Sentences(hopeless_sentences(description, briefing) or (briefing.say("hopeless.none"),))


def hopeless_sentences(description: pd.DataFrame, briefing: Briefing, *, with_silent: bool = True) -> tuple[str, ...]:
    """Return the questions that this design cannot answer.

    Parameters
    ----------
    description : DataFrame
        The run's ``design.csv``, or its rows of topic ``hopeless`` alone.
    briefing : Briefing
        Run and language.
    with_silent : bool
        Whether to say how many wards reported nothing but zeros; a page that names them leaves it out.

    Returns
    -------
    tuple of str
        By rule, cohorts of one rule in sentences of their own, indicators of one rule and cohort in one sentence.
    """
    rows = description.loc[description["topic"].eq(HOPELESS)]
    said: list[str] = []
    for rule in OF_COHORTS:
        said += [_of_cohort(rule, row["cohort"], row["value"], briefing) for row in _of_rule(rows, rule)]
    for rule in OF_INDICATORS:
        said += _of_indicators(rule, rows.loc[rows["measure"].eq(rule)], briefing)
    if with_silent:
        said += [
            briefing.say(
                "hopeless.silent_wards", indicator=briefing.indicator_name(row["indicator"]), n=int(row["value"])
            )
            for row in _of_rule(rows, SILENT_WARDS)
        ]
    return tuple(said)


def _of_rule(rows: pd.DataFrame, rule: str) -> list[dict[Any, Any]]:
    return rows.loc[rows["measure"].eq(rule)].to_dict("records")


def _of_cohort(rule: str, cohort: str, value: float, briefing: Briefing) -> str:
    wording = briefing.wording
    values: dict[str, Any] = {
        "cohort": briefing.cohort_name(cohort),
        "share": wording.number(100 * value),
        "smallest_p": wording.small(value),
    }
    return briefing.say(f"hopeless.{rule}", **values)


def _of_indicators(rule: str, rows: pd.DataFrame, briefing: Briefing) -> list[str]:
    said = []
    for cohort, own in rows.groupby("cohort", sort=False):
        names = [_with_size(rule, row, briefing) for row in own.to_dict("records")]
        said.append(
            briefing.say(f"hopeless.{rule}", cohort=briefing.cohort_name(str(cohort)), names=joined(names, briefing))
        )
    return said


def _with_size(rule: str, row: dict[Any, Any], briefing: Briefing) -> str:
    name = briefing.indicator_name(str(row["indicator"]))
    return f"{name} ({briefing.wording.percent(float(row['value']))})" if rule == ONLY_HALVING else name
