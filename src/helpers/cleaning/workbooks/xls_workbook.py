"""Sheets of an old ``.xls`` (Excel 5 to 2003): values from calamine, from the records what calamine does not tell."""

import json
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from helpers.cleaning.people.parts import PERSONAL_PART, not_searched
from helpers.cleaning.workbooks.ole_container import pivot_streams, workbook_stream
from helpers.cleaning.workbooks.raw_sheet import (
    FileNote,
    RawSheet,
    RawValue,
    check_extent,
    check_names,
    check_none_lost,
    filled_cells,
    merged_cells,
)
from helpers.cleaning.workbooks.workbook_kinds import damaged
from helpers.cleaning.workbooks.xls_parts import holds_pictures, old_personal_parts
from helpers.cleaning.workbooks.xls_scan import OldScan, scan_records
from helpers.messages import say

MOST_SECONDS = 120
"""The largest file that is read at all takes a tenth of this."""

_READER = Path(__file__).with_name("xls_values.py")
_MACROS = "_VBA_PROJECT".encode("utf-16-le")
_EMBEDDED = "MBD".encode("utf-16-le")
"""With this the folders begin in which another program's file lies."""
_READ: Mapping[str, Callable[[Any], object]] = {
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda seconds: timedelta(seconds=seconds),
}


def read_xls(data: bytes) -> tuple[list[RawSheet], list[FileNote]]:
    """Return the worksheets in the workbook's order, and what the log should say of the file.

    Raises
    ------
    UnreadableWorkbook
        If the file is damaged, encrypted, too large, or a cell cannot be read.
    """
    try:
        stream = workbook_stream(data)
        scans = scan_records(stream)
        personal = list(old_personal_parts(stream, pivot_streams(data)))
    except (struct.error, ValueError, IndexError) as error:
        raise damaged() from error
    for place, own in enumerate(scans, start=1):
        check_extent(own.scan, str(place))
    read = _values(data)
    sheets = [sheet for sheet in read if sheet["type"] == "WorkSheet"]
    check_names([sheet["name"] for sheet in read])
    if len(sheets) != len(scans):
        raise damaged()
    notes: list[FileNote] = [
        ("xls", "", say("a formula of an old .xls that was never calculated cannot be told from one that gives 0"))
    ]
    notes += [(PERSONAL_PART, kind, "") for kind in personal]
    if _EMBEDDED in data or holds_pictures(stream):
        notes.append(not_searched())
    if _MACROS in data:
        notes.append(("macros", "", say("the file carries macros; they were not run")))
    return [_sheet(sheet, own) for sheet, own in zip(sheets, scans, strict=True)], notes


def _values(data: bytes) -> list[dict[str, Any]]:
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_READER)], input=data, capture_output=True, timeout=MOST_SECONDS, check=True
        )
        read: list[dict[str, Any]] = json.loads(done.stdout, object_hook=_undated)
    except (subprocess.SubprocessError, ValueError) as error:
        raise damaged() from error
    return read


def _undated(found: dict[str, Any]) -> Any:
    """Return the date that `helpers.cleaning.workbooks.xls_values.dated` wrote; any other object as it is."""
    if len(found) != 1:
        return found
    ((kind, value),) = found.items()
    return _READ[kind](value)


def _sheet(read: dict[str, Any], own: OldScan) -> RawSheet:
    name: str = read["name"]
    values: dict[tuple[int, int], RawValue] = filled_cells(read["rows"])
    check_none_lost(values, own.typed, name)
    return RawSheet(name, read["visible"] != "Visible", values, merged_cells(read["merges"]), own.scan)
