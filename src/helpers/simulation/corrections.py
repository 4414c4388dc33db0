"""What an office corrects later: a month that was sent with a few cases missing, and is sent again when they are known.

The corrected sheet holds the true counts; the first one is the same sheet with some counts too low, so nothing that
was never wrong is written in another way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from helpers.simulation.form import CORRECTED_TITLE, place_and_date
from helpers.simulation.office import Office, Reported
from helpers.simulation.parameters import CorrectionParameters
from helpers.simulation.workbook import Sheet
from helpers.study.objects import Study, Ward

Rows = Sequence[tuple[Ward, Reported]]


@dataclass(frozen=True, slots=True)
class Corrector:
    """An office that corrects some of a year's months: how often, in which indicators, and the chance that decides.

    Attributes
    ----------
    parameters : CorrectionParameters or None
        None: it corrects nothing.
    wholes : mapping of str to str or None
        Each count's id, and that of the count it is part of: a case missed in a part is missed in the whole.
    rng : Generator
        Its own stream, so the months that are not corrected stay as they were.
    """

    parameters: CorrectionParameters | None
    wholes: Mapping[str, str | None]
    rng: np.random.Generator

    @classmethod
    def of_study(cls, study: Study, parameters: CorrectionParameters | None, rng: np.random.Generator) -> "Corrector":
        """Return an office that may miss cases in every count of a study that has no parts of its own."""
        counts = {own.indicator: own.part_of for own in study.indicators if own.kind == "count"}
        parts = set(counts.values())
        return cls(parameters, {name: whole for name, whole in counts.items() if name not in parts}, rng)

    def first_and_corrected(
        self, sheet: Sheet, office: Office, rows: Rows, place: str, signed: date
    ) -> tuple[Sheet, Sheet | None]:
        """Return the sheet that is sent first and, if the month is corrected, the one sent later; else None.

        Parameters
        ----------
        sheet : Sheet
            The month as it truly was.
        office : Office
            Who fills it in.
        rows : sequence of (Ward, Reported)
            What its rows say.
        place, signed : str and date
            Where and when the first sheet is signed.
        """
        if self.parameters is None or self.rng.random() >= self.parameters.month_share:
            return sheet, None
        missed = self._missed(rows, self.parameters)
        if not missed:
            return sheet, None
        known = [
            (ward, {name: _less(value, missed.get((at, name), 0)) for name, value in values.items()})
            for at, (ward, values) in enumerate(rows)
        ]
        first = replace(
            sheet,
            rows=tuple(
                office.row_with(cells, values, [name for own, name in missed if own == at])
                for at, (cells, (_, values)) in enumerate(zip(sheet.rows, known, strict=True))
            ),
            total=office.total_with(sheet.total, known),
        )
        later = signed + timedelta(days=self.parameters.days_later)
        return first, replace(sheet, title=CORRECTED_TITLE, place_and_date=place_and_date(place, later))

    def _missed(self, rows: Rows, parameters: CorrectionParameters) -> dict[tuple[int, str], int]:
        """Return the number of cases missed at first, by row and count; every count keeps at least one."""
        missed: dict[tuple[int, str], int] = {}
        for _ in range(parameters.figure_count):
            able = {
                name: [at for at, (_, values) in enumerate(rows) if self._can_miss(values, name, at, missed)]
                for name in sorted(self.wholes)
            }
            names = [name for name, places in able.items() if places]
            if not names:
                break
            name = names[self.rng.integers(len(names))]
            at = able[name][self.rng.integers(len(able[name]))]
            own = [counted for counted in (name, self.wholes[name]) if counted is not None]
            most = min(parameters.most_missed, *((rows[at][1][counted] or 0) - 1 for counted in own))
            missed |= dict.fromkeys([(at, counted) for counted in own], int(self.rng.integers(1, most + 1)))
        return missed

    def _can_miss(self, values: Reported, name: str, at: int, missed: Mapping[tuple[int, str], int]) -> bool:
        own = [counted for counted in (name, self.wholes[name]) if counted is not None]
        return all((values.get(counted) or 0) > 1 and (at, counted) not in missed for counted in own)


def _less(value: int | None, missed: int) -> int | None:
    return None if value is None else value - missed
