"""Values of an old ``.xls`` as JSON on the standard output; run as a script, in a process of its own.

On damaged files of this kind calamine may panic, or ask for more memory than there is and so end its whole process.
That process is this one. It is kept short, and imports nothing of the project, which would take longer than reading.
"""

import datetime
import io
import json
import os
import sys

from python_calamine import CalamineWorkbook

MOST_MEMORY_BYTES = 4_000_000_000


def main() -> None:
    """Read a workbook from the standard input; write its sheets with rows and merged ranges."""
    _limit_memory()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    with CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read())) as workbook:
        sheets = [_sheet(workbook, place) for place in range(len(workbook.sheets_metadata))]
    sys.stdout.buffer.write(json.dumps(sheets, default=dated).encode())


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not on Windows, where an allocation that is too large fails by itself
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _sheet(workbook: CalamineWorkbook, place: int) -> dict[str, object]:
    about = workbook.sheets_metadata[place]
    sheet = workbook.get_sheet_by_index(place)
    return {
        "name": about.name,
        "type": str(about.typ).rpartition(".")[2],
        "visible": str(about.visible).rpartition(".")[2],
        "rows": sheet.to_python(skip_empty_area=False),
        "merges": sheet.merged_cell_ranges or [],
    }


def dated(value: object) -> dict[str, object]:
    """Return a date, time or duration as JSON can hold it: its type, and its ISO text or seconds."""
    if isinstance(value, datetime.timedelta):
        return {"timedelta": value.total_seconds()}
    if isinstance(value, datetime.date | datetime.time):
        return {type(value).__name__: value.isoformat()}
    raise TypeError(type(value).__name__)


if __name__ == "__main__":
    main()
