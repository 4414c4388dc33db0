"""When a sheet's figures were released: from ``releases.csv``, its date of signature, or a date in the file's name.

The study's own file comes first, then what the sheet says of itself. A date in the name of a file, or of a folder that
it lies in, is the last resort, and counts only where it can be read in one way. A sheet with several dates of signature
has none, whatever its file is called: it was not released on one day. Where a date comes from is logged.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import PurePosixPath

from helpers.cleaning.corrections import RETURNS_FOLDER
from helpers.cleaning.files import FileReading
from helpers.cleaning.layout.sheet_reading import SheetReading
from helpers.cleaning.long_form.reading import LongReading
from helpers.cleaning.people.refusal import shown
from helpers.errors import Problem
from helpers.messages import Message, say
from helpers.panel import repeated_text
from helpers.study.objects import Release
from helpers.study.schemas import RELEASES
from helpers.text import nfc

_YEAR_FIRST = r"(?P<year>(?:19|20)\d\d)(?P<mark>[-._/ ]?)(?P<month>\d\d)(?P=mark)(?P<day>\d\d)"
_DAY_FIRST = r"(?P<day>\d{1,2})(?P<mark>[-._/ ])(?P<month>\d{1,2})(?P=mark)(?P<year>(?:19|20)\d\d)"
_IN_WORDS = (
    r"ng[aà]y[-._ ]*(?P<day>\d{1,2})[-._ ]*th[aá]ng[-._ ]*(?P<month>\d{1,2})[-._ ]*n[aă]m[-._ ]*(?P<year>(?:19|20)\d\d)"
)
_PATTERNS = tuple(
    re.compile(rf"(?<!\d)(?={pattern}(?!\d))", re.IGNORECASE) for pattern in (_YEAR_FIRST, _DAY_FIRST, _IN_WORDS)
)
LAST_MONTH = 12


def date_in_name(name: str) -> date | None:
    """Return the one date that the name of a file or folder holds, if it can be read in one way.

    A number for the day that could be a month too is read only beside the year in front, or between the words.

    Examples
    --------
    >>> [str(date_in_name(name)) for name in ("2023-07-20", "Vinh_20230720", "20.07.2023", "ngày 5 tháng 7 năm 2023")]
    ['2023-07-20', '2023-07-20', '2023-07-20', '2023-07-05']
    >>> [date_in_name(name) for name in ("05-07-2023", "15-06-2023 14-07-2023", "Vinh_2023", "2023-13-45")]
    [None, None, None, None]
    """
    found: set[date | None] = set()
    for pattern in _PATTERNS:
        for match in pattern.finditer(nfc(name)):
            found |= _readings(match, is_day_first=pattern is _PATTERNS[1])
    return found.pop() if len(found) == 1 else None


def _readings(match: re.Match[str], *, is_day_first: bool) -> set[date | None]:
    """Return what a date may say: one day, none of the calendar, or (day and month exchanged) two."""
    year, month, day = int(match["year"]), int(match["month"]), int(match["day"])
    orders = [(month, day), (day, month)] if is_day_first else [(month, day)]
    days: set[date | None] = set()
    for own_month, own_day in orders:
        try:
            days.add(date(year, own_month, own_day))
        except ValueError:
            continue
    return days


def date_releases(
    readings: Sequence[FileReading], releases: Iterable[Release]
) -> tuple[tuple[FileReading, ...], list[Problem]]:
    """Return the readings with the day of release of every sheet and long file that tells one.

    Parameters
    ----------
    readings : sequence of FileReading
        Ledgers of sheets are dated, and say where the date comes from; long files are returned anew.
    releases : iterable of Release
        The study's ``releases.csv``.

    Returns
    -------
    readings : tuple of FileReading
        In the given order.
    problems : list of Problem
        Rows of ``releases.csv`` that fit no file or sheet.
    """
    stated = {(_file(row.file), nfc(row.sheet)): row for row in releases}
    dated = tuple(_dated(reading, stated) for reading in readings)
    return dated, list(_unplaced(stated, readings))


def _file(name: str) -> str:
    name = nfc(name.strip().replace("\\", "/"))
    return name if name.startswith(f"{RETURNS_FOLDER}/") else f"{RETURNS_FOLDER}/{name}"


def _dated(reading: FileReading, stated: Mapping[tuple[str, str], Release]) -> FileReading:
    for sheet in reading.sheets:
        _date_sheet(sheet, stated)
    return reading if reading.long is None else replace(reading, long=_dated_long(reading.long, stated))


def _date_sheet(reading: SheetReading, stated: Mapping[tuple[str, str], Release]) -> None:
    ledger, sheet = reading.ledger, reading.sheet
    if ledger is None:
        return
    own = _stated(stated, sheet.file, sheet.name)
    if own is None and len(reading.signed) > 1:
        days = ", ".join(reading.signed)
        ledger.note((0, 0), "released", days, say("several dates of signature: none is taken"))
        return
    if own is None and reading.signed:
        found: tuple[str, Message] | None = (reading.signed[0], say("date of signature"))
    else:
        found = own or _named(sheet.file)
    if found is not None:
        ledger.released = found[0]
        ledger.note((0, 0), "released", *found)


def _dated_long(reading: LongReading, stated: Mapping[tuple[str, str], Release]) -> LongReading:
    found = _stated(stated, reading.file, "") or _named(reading.file)
    if found is None or reading.problems:
        return reading
    log = [*reading.log, (reading.file, "", 0, 0, "released", *found)]
    return replace(reading, panel=reading.panel.assign(released=repeated_text(found[0], len(reading.panel))), log=log)


def _stated(stated: Mapping[tuple[str, str], Release], file: str, sheet: str) -> tuple[str, Message] | None:
    """Return what ``releases.csv`` says of a sheet; a row without a sheet speaks for the whole file."""
    row = stated.get((nfc(file), nfc(sheet))) or stated.get((nfc(file), ""))
    return None if row is None else (row.released_date.isoformat(), say("from releases.csv"))


def _named(file: str) -> tuple[str, Message] | None:
    """Return what a file's name says, else the name of the folder it lies in, and so on outwards."""
    path = PurePosixPath(file)
    day = date_in_name(path.stem)
    if day is not None:
        return day.isoformat(), say("date in the file's name")
    for folder in reversed(path.parts[1:-1]):
        day = date_in_name(folder)
        if day is not None:
            return day.isoformat(), say("date in the name of the file's folder")
    return None


def _unplaced(stated: Mapping[tuple[str, str], Release], readings: Sequence[FileReading]) -> Iterator[Problem]:
    sheets = {nfc(reading.file): {nfc(one.sheet.name) for one in reading.sheets} for reading in readings}
    for (file, sheet), row in stated.items():
        if file not in sheets:
            rule = say("no return has this name")
            remedy = say("Correct the name of the file, or remove the row.")
            yield Problem(RELEASES.file, "", "", shown(row.file), rule, remedy)
        elif sheet and sheet not in sheets[file]:
            rule = say("{file} has no such sheet", file=row.file)
            remedy = say("Write the sheet as its tab says, or leave it empty to mean the whole file.")
            yield Problem(RELEASES.file, "", "", shown(row.sheet), rule, remedy)
