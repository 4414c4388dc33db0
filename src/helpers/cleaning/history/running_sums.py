"""Cumulative figures of all files, into figures of single periods or into checks of them.

A cumulative figure whose period is also returned alone is only a check, and furniture; the others are differenced
within their year (see `helpers.cleaning.history.cumulative`). What cannot be differenced is quarantined with its
reason.
"""

from collections.abc import Iterable, Mapping

from helpers.cleaning.history.cumulative import Differenced, SumDisagreement, check_running_sum, difference
from helpers.cleaning.layout.filing import RunningSum
from helpers.cleaning.layout.ledger import Figure, Ledger
from helpers.cleaning.layout.numbers import Number
from helpers.cleaning.layout.rates import DERIVED
from helpers.study.periods import PeriodKind

DIFFERENCED = "differenced"

Cumulative = tuple[Ledger, RunningSum]


def file_running_sums(
    figures: Iterable[Cumulative], alone: Mapping[tuple[str, str, str], float], kind: PeriodKind
) -> None:
    """File the cumulative figures that are taken into the ledgers of their sheets.

    Parameters
    ----------
    figures : iterable of (ledger, figure)
        One per ward, period and indicator.
    alone : mapping of (ward_id, indicator, period) to float
        Figures of single periods that are in the panel.
    kind : str
        What a period is.
    """
    series: dict[tuple[str, str], dict[str, Cumulative]] = {}
    for ledger, figure in figures:
        place = figure.place
        series.setdefault((place.ward.ward_id, place.indicator), {})[place.period] = ledger, figure
    for (ward_id, indicator), by_period in sorted(series.items()):
        given = {period: figure.number.value for period, (_, figure) in by_period.items()}
        single = {period: alone[key] for period in given if (key := (ward_id, indicator, period)) in alone}
        made = difference(given, kind)
        wrong = check_running_sum(single, given, kind)
        for period, (ledger, figure) in by_period.items():
            if period in single:
                _file_check(ledger, figure, wrong.get(period))
            else:
                _file_difference(ledger, figure, made[period])


def _file_check(ledger: Ledger, figure: RunningSum, disagreement: SumDisagreement | None) -> None:
    if figure.raw is None:
        return
    if disagreement is not None:
        ledger.file_quarantine(figure.position, figure.raw, disagreement.rule, disagreement.remedy)
    else:
        ledger.file_furniture(figure.position, DERIVED)


def _file_difference(ledger: Ledger, figure: RunningSum, made: Differenced) -> None:
    place, number = figure.place, figure.number
    about = Figure(place.ward, place.period, place.indicator)
    if number.value is None:
        ledger.file_figure(figure.position, figure.raw, number, about)
        return
    if made.value is None:
        number = Number(None, "missing", DIFFERENCED, made.rule, made.remedy)
        ledger.file_figure(figure.position, figure.raw, number, about)
        return
    number = Number(made.value, "number" if made.value else "zero", DIFFERENCED)
    ledger.file_figure(figure.position, figure.raw, number, about)
