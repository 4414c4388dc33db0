"""Tables for pages and notebooks: real headers, the origin's mark in the caption, every cell escaped."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd
from markupsafe import Markup

from helpers.reporting.briefing import Briefing
from helpers.reporting.templates import render

MOST_ROWS_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading, and whether its cells are numbers (set right)."""

    label: str
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows under a common heading; with an empty heading they stand alone. The first cell of a row is its header."""

    heading: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table ready to be shown.

    Attributes
    ----------
    caption : str
        What it shows.
    columns : tuple of Column
        Headings.
    groups : tuple of RowGroup
        Rows; each row has one text per column.
    briefing : Briefing
        Language, and the origin that the caption is marked with.
    note : str
        How to read it, or "".
    """

    caption: str
    columns: tuple[Column, ...]
    groups: tuple[RowGroup, ...]
    briefing: Briefing = field(repr=False)
    note: str = ""

    @property
    def is_grouped(self) -> bool:
        """Return whether rows stand under headings."""
        return any(group.heading for group in self.groups)

    @property
    def html(self) -> Markup:
        """Return the table's element."""
        return render("table.html.j2", table=self, briefing=self.briefing)

    def _repr_html_(self) -> str:
        """Return the table for a notebook."""
        return str(self.html)


def frame_table(
    frame: pd.DataFrame, briefing: Briefing, *, caption: str, columns: Sequence[str] | None = None
) -> Table:
    """Return any of a run's tables for reading: headings and numbers in the briefing's language.

    Parameters
    ----------
    frame : DataFrame
        A run's table; only its first rows are shown when it is long, and the note says how many there are.
    briefing : Briefing
        Run and language.
    caption : str
        What the table shows, in the briefing's language.
    columns : sequence of str, optional
        Which columns, in which order; all by default.
    """
    shown = frame.loc[:, list(columns)] if columns is not None else frame
    numeric = {str(name) for name in shown.columns if pd.api.types.is_numeric_dtype(shown[name])}
    rows = tuple(
        tuple(_cell(value, str(name), briefing) for name, value in row.items())
        for row in shown.head(MOST_ROWS_SHOWN).to_dict("records")
    )
    note = briefing.say("table.shortened", shown=MOST_ROWS_SHOWN, n=len(shown)) if len(shown) > MOST_ROWS_SHOWN else ""
    return Table(
        caption=caption,
        columns=tuple(Column(_heading(str(name), briefing), str(name) in numeric) for name in shown.columns),
        groups=(RowGroup("", rows),),
        briefing=briefing,
        note=note,
    )


def _heading(name: str, briefing: Briefing) -> str:
    return briefing.say(f"column.{name}") if briefing.wording.has(f"column.{name}") else name


def _cell(value: object, name: str, briefing: Briefing) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and pd.isna(value)):
        return "–"
    if isinstance(value, bool):
        return briefing.say("table.yes" if value else "table.no")
    if isinstance(value, int):
        return briefing.wording.number(value)
    if isinstance(value, float):
        return briefing.wording.number(value, decimals=0 if value.is_integer() else 3)
    text = str(value)
    known = {indicator.indicator for indicator in briefing.study.indicators}
    return briefing.indicator_name(text) if name == "indicator" and text in known else text
