"""The rules of disclosure control: what is too small to be published, and how the rest is rounded."""

import math
from dataclasses import dataclass

from helpers.reporting.disclosure.system import Interval
from helpers.study.objects import ROUNDING_BASE, SMALLEST_COUNT, SMALLEST_WARD_COUNT, Study

FEWEST_WARDS_OF_A_RATIO = 2
"""A ratio of a single ward would be a figure about that ward, and its staff."""
MOST_SHARE = 0.7
"""A group in which one ward has more than this share of the incidents counts as too few wards: the project's choice."""
PROTECTED_SHARE = 0.2
"""How far, relative to its size, the count of a group of too few wards must stay uncertain either way."""
RATIO_STEP = 0.01
"""Ratios are published in whole per cent, as the pages write them."""
COARSE_RATIO_STEP = 0.05
"""Ratios of too few wards are published in steps of five per cent: finer ones would betray their counts."""
NO_LOWER_BOUND = -1.0
NEAR_NO_LOWER_BOUND = -0.99
SMALLEST_SIGNED = 0.001
"""An end of an interval keeps its side of zero when rounded outwards, so that a verdict can be read off it."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Thresholds of a study, never laxer than the project's.

    Attributes
    ----------
    smallest_count : int
        Smallest count above zero that is published.
    smallest_ward_count : int
        Fewest wards of a published count.
    rounding_base : int
        What published counts are multiples of.
    """

    smallest_count: int = SMALLEST_COUNT
    smallest_ward_count: int = SMALLEST_WARD_COUNT
    rounding_base: int = ROUNDING_BASE

    def rounded(self, value: float) -> float:
        """Return a count as it is published, if it is.

        Examples
        --------
        >>> Rules().rounded(12.0), Rules().rounded(13.0)
        (10.0, 15.0)
        """
        return float(self.rounding_base * math.floor(value / self.rounding_base + 0.5))

    def is_small(self, count: float) -> bool:
        """Return whether a count is so small that somebody could be known by it."""
        return 0 < count < self.smallest_count

    def count_shown(self, count: float) -> Interval:
        """Return between what a published count must lie, whole numbers and the rule against small ones considered.

        Examples
        --------
        >>> Rules().count_shown(9.0), Rules().count_shown(0.0), Rules().count_shown(21.0)
        ((8.0, 12.0), (0.0, 0.0), (18.0, 22.0))
        """
        if count == 0:
            return 0.0, 0.0
        middle, most = self.rounded(count), (self.rounding_base - 1) // 2
        least = middle - self.rounding_base / 2
        return max(float(self.smallest_count), float(math.ceil(least))), middle + most

    def expected_shown(self, expected: float) -> Interval:
        """Return between what a published expected count must lie."""
        middle, half = self.rounded(expected), self.rounding_base / 2
        return max(0.0, middle - half), middle + half

    def small_needs(self) -> Interval:
        """Return the interval that the count of any small cell must be hidden in."""
        return 1.0, float(self.smallest_count - 1)

    def group_needs(self, count: float) -> Interval:
        """Return the interval that the count of a group of too few wards must be hidden in.

        Examples
        --------
        >>> Rules().group_needs(100.0), Rules().group_needs(3.0)
        ((80.0, 120.0), (0.0, 8.0))
        """
        reach = max(float(self.rounding_base), PROTECTED_SHARE * count)
        return max(0.0, count - reach), count + reach


def rules_of(study: Study) -> Rules:
    """Return a study's thresholds."""
    own = study.disclosure
    return Rules(own.smallest_count, own.smallest_ward_count, own.rounding_base)


def coarse_ratio(value: float, step: float) -> float:
    """Return a ratio (less one) to the nearest step.

    Examples
    --------
    >>> coarse_ratio(-0.3849, 0.01), coarse_ratio(-0.3849, 0.05)
    (-0.38, -0.4)
    """
    return round(step * round(value / step), 10) if math.isfinite(value) else value


def coarse_interval(low: float, high: float, step: float) -> Interval:
    """Return an interval rounded outwards, its ends on their side of zero; no bound stays no bound.

    Examples
    --------
    >>> coarse_interval(-0.61, -0.004, 0.05), coarse_interval(-1.0, float("inf"), 0.05)
    ((-0.65, -0.001), (-1.0, inf))
    """
    wide_low = round(step * math.floor(round(low / step, 9)), 10) if math.isfinite(low) else low
    wide_high = round(step * math.ceil(round(high / step, 9)), 10) if math.isfinite(high) else high
    if low > NO_LOWER_BOUND:
        wide_low = max(wide_low, NEAR_NO_LOWER_BOUND)
    if low > 0 >= wide_low:
        wide_low = SMALLEST_SIGNED
    if high < 0 <= wide_high:
        wide_high = -SMALLEST_SIGNED
    return wide_low, wide_high
