"""What the library's estimators warned of or refused: its own words as it gave them, ours in the page's language."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from helpers.reporting.briefing import Briefing
from helpers.reporting.captions import joined
from helpers.reporting.table_text import is_known, retell
from helpers.reporting.verdicts import Verdict

LIBRARY_ESTIMATORS = ("callaway_santanna", "sun_abraham", "linear_imputation_library")


@dataclass(frozen=True, slots=True)
class LibraryNote:
    """One note: whose it is and on which indicators, what it says, and whether these are the library's own words."""

    source: str
    text: str
    is_quoted: bool


def library_notes(estimates: pd.DataFrame, verdicts: Sequence[Verdict], briefing: Briefing) -> tuple[LibraryNote, ...]:
    """Return each note of each library estimator once, with the indicators that it is about.

    Parameters
    ----------
    estimates : DataFrame
        A run's ``estimates.csv``: notes are in ``note``, one a line, refusals in ``reason``.
    verdicts : sequence of Verdict
        Which indicators are told, in their order.
    briefing : Briefing
        Language and terms.
    """
    if "note" not in estimates.columns:
        return ()
    order = [verdict.indicator for verdict in verdicts]
    found: dict[tuple[str, str], set[str]] = {}
    for estimator in LIBRARY_ESTIMATORS:
        own = estimates.loc[estimates["estimator"].eq(estimator) & estimates["indicator"].isin(order)]
        for row in own.sort_values(["cohort", "indicator"], kind="stable").to_dict("records"):
            for line in f"{_text(row['note'])}\n{_text(row['reason'])}".splitlines():
                if line:
                    found.setdefault((estimator, line), set()).add(str(row["indicator"]))
    return tuple(
        LibraryNote(
            source=_source(estimator, [name for name in order if name in indicators], len(order), briefing),
            text=retell(line, briefing, group="reason"),
            is_quoted=not is_known(line, group="reason"),
        )
        for (estimator, line), indicators in found.items()
    )


def _source(estimator: str, indicators: Sequence[str], told: int, briefing: Briefing) -> str:
    name = briefing.say(f"others.{estimator}")
    if len(indicators) == told > 1:
        return briefing.say("others.noted_all", estimator=name)
    names = joined([briefing.indicator_name(one) for one in indicators], briefing)
    return briefing.say("others.noted", estimator=name, indicators=names)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
