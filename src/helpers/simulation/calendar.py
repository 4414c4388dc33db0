"""What the calendar does to every series, on the log scale: months, a town's own season, lockdowns.

A police month is half of one calendar month and half of the next, so the effect of a month or of a lockdown reaches a
period in proportion to the days they share.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from helpers.errors import DataProblems
from helpers.simulation.parameters import ProcessParameters, Series, TownSeason, problem
from helpers.study.design import Design
from helpers.study.objects import ALL_TOWNS, Study
from helpers.study.periods import period_days

Vector = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calendar:
    """The calendar of a simulated study.

    Attributes
    ----------
    common : ndarray, shape (P,)
        Log change that all wards share.
    town_season : ndarray, shape (W, P)
        Log change, by the ward's town, of a series of full tourism.
    locked_down : ndarray, shape (W, P)
        Share of the period's days that the ward's town was locked down.
    """

    common: Vector
    town_season: Matrix
    locked_down: Matrix

    def log_effects(self, series: Series) -> Matrix:
        """Return the log change in one series, shape (W, P)."""
        return self.common + series.tourism * self.town_season + series.lockdown * self.locked_down


def build_calendar(study: Study, design: Design, parameters: ProcessParameters) -> Calendar:
    """Return the calendar of a study under some parameters.

    Raises
    ------
    DataProblems
        If a town's season lacks a year of the window.
    """
    towns = sorted(set(design.town_codes))
    seasons = {season.town_code: season for season in parameters.town_seasons}
    centred = np.array(parameters.common_season) - np.log(np.mean(np.exp(parameters.common_season)))
    season_of = {town: _mean_over_days(design, _season_by_day(seasons.get(town))) for town in towns}
    locked = {town: _mean_over_days(design, _lockdown_by_day(study, parameters, town)) for town in towns}
    return Calendar(
        common=_mean_over_days(design, lambda day: float(centred[day.month - 1])),
        town_season=np.stack([season_of[town] for town in design.town_codes]),
        locked_down=np.stack([locked[town] for town in design.town_codes]),
    )


def _mean_over_days(design: Design, effect: Callable[[date], float]) -> Vector:
    means = []
    for period in design.periods:
        first, last = period_days(design.period_kind, period)
        days = [first + timedelta(days=step) for step in range((last - first).days + 1)]
        means.append(sum(map(effect, days)) / len(days))
    return np.array(means)


def _season_by_day(season: TownSeason | None) -> Callable[[date], float]:
    def effect(day: date) -> float:
        if season is None or not season.first_month <= day.month <= season.last_month:
            return 0.0
        if day.year not in season.log_effects:
            key = f"town_seasons.{season.town_code}.log_effects"
            raise DataProblems([problem(key, str(day.year), "every year of the window has an effect", "Add that year")])
        return season.log_effects[day.year]

    return effect


def _lockdown_by_day(study: Study, parameters: ProcessParameters, town: str) -> Callable[[date], float]:
    assumed_ends = {row.shock_id: row.assumed_last_date for row in parameters.lockdowns}
    spans = [
        (shock.first_date, shock.last_date or assumed_ends[shock.shock_id] or date.max)
        for shock in study.shocks
        if shock.shock_id in assumed_ends and shock.town_code in (town, ALL_TOWNS)
    ]
    return lambda day: float(any(first <= day <= last for first, last in spans))
