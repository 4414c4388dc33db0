"""The account of one sheet: every cell is in the panel, in the quarantine, or named furniture, exactly once.

`Ledger` is filled while a sheet is read. `check_balance` then compares it with the cells that the sheet really has; a
difference is a fault of this program and is raised, never reported as the user's.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from helpers.cleaning.layout.numbers import Number
from helpers.cleaning.people.refusal import shown
from helpers.cleaning.workbooks.cell_names import Position, cell_name
from helpers.errors import ModelWardsError
from helpers.study.objects import Ward

PANEL, QUARANTINE = "panel", "quarantine"


class UnbalancedAccount(ModelWardsError):
    """Cells of a sheet were lost, invented or filed twice: a fault of the program, not of the data."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What a cell counts: the ward, the period, the indicator, and for a ratio the figure it is taken over."""

    ward: Ward
    period: str
    indicator: str
    denominator: float | None = None


@dataclass(slots=True)
class Ledger:
    """What became of each cell of one sheet.

    Attributes
    ----------
    file, sheet : str
        The sheet.
    released : str
        When its figures were released, in ISO form; "" if nothing says so.
    fates : dict of (row, column) to str
        ``panel``, ``quarantine``, or the kind of furniture.
    panel, quarantine, log : list of tuple
        Rows of the three tables, each begun by the cell's position; `helpers.cleaning.returns` makes frames of them.
    """

    file: str
    sheet: str
    released: str = ""
    fates: dict[Position, str] = field(default_factory=dict)
    panel: list[tuple[Position, str, str, str, str, float | None, float | None, str]] = field(default_factory=list)
    quarantine: list[tuple[Position, str, str, str]] = field(default_factory=list)
    log: list[tuple[Position, str, str, str]] = field(default_factory=list)

    def file_furniture(self, position: Position, kind: str) -> None:
        """File a cell as furniture: something a table has that is no figure of a ward."""
        self._file(position, kind)

    def file_quarantine(self, position: Position, value: object, rule: str, remedy: str) -> None:
        """File a cell as not used, with the reason and what to do."""
        self._file(position, QUARANTINE)
        self.quarantine.append((position, shown(value), rule, remedy))

    def file_figure(self, position: Position, value: object, number: Number, figure: Figure) -> None:
        """File a ward's figure: into the panel if it was read, else into the quarantine and as a missing panel row."""
        ward = figure.ward
        row = (ward.ward_id, ward.town_code, figure.period, figure.indicator)
        self.panel.append((position, *row, number.value, figure.denominator, number.mark))
        if number.value is None:
            self.file_quarantine(position, value, number.reason, number.remedy)
            return
        self._file(position, PANEL)
        self.note_number(position, value, number)

    def refile(self, position: Position, kind: str) -> None:
        """File a figure that is in the panel as furniture instead: another release of it was taken."""
        if self.fates[position] == PANEL:
            self.fates[position] = kind

    def note(self, position: Position, what: str, before: object, after: str) -> None:
        """Log a decision about a cell."""
        self.log.append((position, what, shown(before), after))

    def note_number(self, position: Position, value: object, number: Number) -> None:
        """Log how a number was read, unless it was typed or written plainly."""
        if number.value is not None and number.rule != "plain":
            self.note(position, number.rule, value, f"{number.value:.15g}")

    def counts(self) -> Counter[str]:
        """Return the number of cells of each fate."""
        return Counter(self.fates.values())

    def _file(self, position: Position, fate: str) -> None:
        if position in self.fates:
            raise UnbalancedAccount(
                f"{self.file} · {self.sheet} · {cell_name(position)} is filed as {self.fates[position]} and as {fate}. "
                "Please report this with the file's form (not its figures)."
            )
        self.fates[position] = fate


def check_balance(ledger: Ledger, expected: Iterable[Position]) -> None:
    """Check that a ledger files exactly the expected cells.

    Parameters
    ----------
    ledger : Ledger
        Filled from one sheet.
    expected : iterable of (row, column)
        The sheet's non-blank cells and the blank ones inside the body of its table.

    Raises
    ------
    UnbalancedAccount
        If a cell was lost or invented.
    """
    expected = set(expected)
    lost, invented = sorted(expected - ledger.fates.keys()), sorted(ledger.fates.keys() - expected)
    if lost or invented:
        raise UnbalancedAccount(
            f"{ledger.file} · {ledger.sheet}: {len(lost)} cells lost ({', '.join(map(cell_name, lost[:5]))}), "
            f"{len(invented)} invented ({', '.join(map(cell_name, invented[:5]))}). "
            "Please report this with the file's form (not its figures)."
        )
