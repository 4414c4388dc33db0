"""Which ward, period and indicator the rows of a long-form file are of, and the spellings that say none.

A ward is given by its code, or its code with its first day; a code that stood for several wards over time means the one
that exists in the row's period.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

from helpers.cleaning.layout.vocabulary import Vocabulary
from helpers.cleaning.long_form.batches import Batch, Coded, Codes
from helpers.cleaning.people.refusal import shown
from helpers.cleaning.workbooks.cell_names import cell_name
from helpers.errors import Problem, UsageError
from helpers.messages import Message, say
from helpers.study.periods import PERIOD_EXAMPLES, PERIOD_KIND_NAMES, period_days
from helpers.text import closest

UNIT, PERIOD, INDICATOR = KEYS = ("unit", "period", "indicator")
NONE = -1
"""The number of what is not known."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Numbers of ward, period and indicator by row, each of shape (rows,); `NONE` where a spelling says none."""

    wards: Codes
    periods: Codes
    indicators: Codes

    @property
    def are_known(self) -> bool:
        """Return whether every row says all three."""
        return all(bool((codes != NONE).all()) for codes in (self.wards, self.periods, self.indicators))


@dataclass(slots=True)
class _Unknown:
    """Spellings that say nothing: in how many rows each stands, and the first of them."""

    counts: Counter[str] = field(default_factory=Counter)
    rows: dict[str, int] = field(default_factory=dict)

    def note(self, rows: npt.NDArray[np.int64], column: Coded) -> None:
        for code, count in enumerate(np.bincount(column.codes).tolist()):
            text = column.spellings[code]
            self.counts[text] += count
            self.rows.setdefault(text, int(rows[np.argmax(column.codes == code)]))


class KeyReader:
    """Reads the keys of a file's rows, batch after batch.

    Attributes
    ----------
    wards : list of Ward
        The study's wards by their number, sorted by id.
    periods : list of str
        The periods that the file names, by their number: in the order in which they appear.
    indicators : list of str
        The study's indicators by their number, sorted.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        found = {ward.ward_id: ward for wards in vocabulary.codes.values() for ward in wards}
        self.wards = [found[ward_id] for ward_id in sorted(found)]
        self.indicators = sorted(vocabulary.indicators)
        self.periods: list[str] = []
        self._last_days: dict[str, tuple[int, int]] = {}
        self._unknown = {name: _Unknown() for name in KEYS}
        number = {ward.ward_id: place for place, ward in enumerate(self.wards)}
        self._units = {unit: [number[ward.ward_id] for ward in wards] for unit, wards in vocabulary.codes.items()}
        # As `helpers.cleaning.layout.vocabulary.exists_in`: the last day of a period is one of the ward's days.
        self._first = np.array([ward.valid_from.toordinal() for ward in self.wards], dtype=np.int64)
        self._last = np.array([(ward.valid_to or date.max).toordinal() for ward in self.wards], dtype=np.int64)

    def read(self, batch: Batch) -> Keys:
        """Return the keys of a batch's rows, and remember the spellings that say none."""
        periods = np.array([self._period(text) for text in batch.columns[PERIOD].spellings], dtype=np.int64)
        known = {name: number for number, name in enumerate(self.indicators)}
        indicators = [known.get(text, NONE) for text in batch.columns[INDICATOR].spellings]
        numbers, last_days = periods[batch.columns[PERIOD].codes].T
        keys = Keys(
            self._wards(batch.columns[UNIT], last_days),
            numbers.astype(np.int32),
            np.array(indicators, dtype=np.int32)[batch.columns[INDICATOR].codes],
        )
        if not keys.are_known:
            self._note(batch, keys)
        return keys

    def _period(self, text: str) -> tuple[int, int]:
        """Return the number and the last day of a period, both `NONE` if the text is no period of the study's kind."""
        if text not in self._last_days:
            try:
                _, last = period_days(self.vocabulary.period_kind, text)
                self._last_days[text] = (len(self.periods), last.toordinal())
                self.periods.append(text)
            except UsageError:
                self._last_days[text] = (NONE, NONE)
        return self._last_days[text]

    def _wards(self, units: Coded, last_days: npt.NDArray[np.int64]) -> Codes:
        """Return the one ward of each row that its unit may mean and that exists in its period."""
        meant = [self._units.get(unit, []) for unit in units.spellings]
        candidates = np.full((len(meant), max(1, *map(len, meant), 1)), NONE, dtype=np.int32)
        for place, numbers in enumerate(meant):
            candidates[place, : len(numbers)] = numbers
        wards = np.full(len(last_days), NONE, dtype=np.int32)
        several = np.zeros(len(last_days), dtype=np.int32)
        for own in candidates.T:
            ward = own[units.codes]
            exists = (ward != NONE) & (self._first[ward] <= last_days) & (last_days <= self._last[ward])
            wards[exists] = ward[exists]
            several += exists
        wards[several > 1] = NONE
        return wards

    def _note(self, batch: Batch, keys: Keys) -> None:
        for name, is_unknown in (
            (PERIOD, keys.periods == NONE),
            (INDICATOR, keys.indicators == NONE),
            # Without a period nothing can be said about its ward.
            (UNIT, (keys.wards == NONE) & (keys.periods != NONE)),
        ):
            if is_unknown.any():
                self._unknown[name].note(batch.rows[is_unknown], batch.columns[name].kept(is_unknown))

    def problems(self, file: str, heading: list[str]) -> list[Problem]:
        """Return a problem for each spelling that says none; for units only if the periods and indicators are clear."""
        found = self._problems(PERIOD, file, heading, self._period_advice)
        found += self._problems(INDICATOR, file, heading, self._indicator_advice)
        return found or self._problems(UNIT, file, heading, _unit_advice)

    def _problems(
        self, name: str, file: str, heading: list[str], advice: Callable[[str], tuple[Message, Message]]
    ) -> list[Problem]:
        unknown = self._unknown[name]
        problems = []
        for text, count in sorted(unknown.counts.items()):
            rule, remedy = advice(text)
            if count > 1:
                rule = say("{rule} (in {count} rows)", rule=rule, count=count)
            cell = cell_name((unknown.rows[text], heading.index(name) + 1))
            problems.append(Problem(file, "", cell, shown(text), rule, remedy))
        return problems

    def _period_advice(self, _: str) -> tuple[Message, Message]:
        kind = self.vocabulary.period_kind
        rule = say(
            "a {kind} such as {example} is expected", kind=PERIOD_KIND_NAMES[kind], example=PERIOD_EXAMPLES[kind]
        )
        return rule, say("Write the period so.")

    def _indicator_advice(self, text: str) -> tuple[Message, Message]:
        near = closest(text, self.indicators)
        rule = say("an indicator of indicators.csv is expected")
        if near:
            return rule, say("Correct it (perhaps “{near}” is meant), or add it to indicators.csv.", near=near)
        return rule, say("Correct it, or add it to indicators.csv.")


def _unit_advice(_: str) -> tuple[Message, Message]:
    rule = say("one ward of wards.csv, by its code or code@valid_from, that exists in the row's period is expected")
    return rule, say("Correct the code (as text: a code that lost a leading zero is another code), or the period.")
