"""A light scan of an old workbook's records for what a reader of values does not tell.

[MS-XLS]: a stream of records, each with a number, a length and its content; first those of the workbook, then those of
each sheet. Only the records of cells, rows, columns, formats and sheets are looked at.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.cleaning.workbooks.cell_names import Position
from helpers.cleaning.workbooks.sheet_scan import Scan
from helpers.cleaning.workbooks.workbook_archive import is_percentage
from helpers.cleaning.workbooks.workbook_kinds import encrypted

_BOF, _EOF, _FILEPASS, _BOUNDSHEET = 0x0809, 0x000A, 0x002F, 0x0085
_FORMAT, _XF, _ROW, _COLINFO = 0x041E, 0x00E0, 0x0208, 0x007D
_NUMBER, _RK, _MULRK, _BOOLERR, _FORMULA = 0x0203, 0x027E, 0x00BD, 0x0205, 0x0006
_TEXTS = frozenset({0x00FD, 0x0204, 0x00D6})
_VERSION_97 = 0x0600
_WORKSHEET = 0
_BUILT_IN_PERCENTAGES = (9, 10)
_ERRORS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
}  # fmt: skip
_ROW_IS_HIDDEN, _COLUMN_IS_HIDDEN = 0x20, 0x01
_ON_OPENING = 0x02
"""The mark of a formula that is to be calculated when the file is opened; programs other than Excel set it."""
_RECALCULATED = 0x01C1
"""Excel notes here which version calculated the workbook. Without it, a formula whose result is a text of no length was
written by a program that calculates nothing."""


@dataclass(frozen=True, slots=True)
class OldScan:
    """One worksheet of an old workbook: the places of its typed cells in the order of the file, and the rest."""

    typed: tuple[Position, ...]
    scan: Scan


def scan_records(stream: bytes) -> list[OldScan]:
    """Return the scan of each worksheet in the workbook's order.

    Raises
    ------
    UnreadableWorkbook
        If the workbook is encrypted.
    struct.error, ValueError
        If its records are damaged.
    """
    sheets: list[int] = []
    formats, styles = set(_BUILT_IN_PERCENTAGES), list[int]()
    is_97, is_calculated = True, False
    for number, content in _records(stream, 0):
        if number == _FILEPASS:
            raise encrypted()
        if number == _BOF:
            is_97 = struct.unpack_from("<H", content)[0] == _VERSION_97
        elif number == _BOUNDSHEET:
            offset, _, kind = struct.unpack_from("<IBB", content)
            if kind == _WORKSHEET:
                sheets.append(offset)
        elif number == _FORMAT and is_percentage(_format_text(content, is_97)):
            formats.add(struct.unpack_from("<H", content)[0])
        elif number == _RECALCULATED:
            is_calculated = True
        elif number == _XF:
            styles.append(struct.unpack_from("<H", content, 2)[0])
    percents = frozenset(style for style, own in enumerate(styles) if own in formats)
    return [_scan_sheet(stream, offset, _Cells(percents, is_calculated)) for offset in sheets]


def _records(stream: bytes, offset: int) -> Iterator[tuple[int, bytes]]:
    """Yield the records of one part of the stream; charts that lie inside a sheet are parts of their own."""
    depth = 0
    while offset + 4 <= len(stream):
        number, length = struct.unpack_from("<HH", stream, offset)
        depth += number == _BOF
        depth -= number == _EOF
        if depth == 0:
            return
        if depth == 1:
            yield number, stream[offset + 4 : offset + 4 + length]
        offset += 4 + length
    raise ValueError("the workbook ends within a sheet")


def _format_text(content: bytes, is_97: bool) -> str:
    if not is_97:
        return content[3:].decode("latin-1")
    is_wide = content[4] & 1
    return content[5:].decode("utf-16-le" if is_wide else "latin-1", "replace")


def _scan_sheet(stream: bytes, offset: int, cells: "_Cells") -> OldScan:
    hidden_rows: set[int] = set()
    hidden_columns: set[int] = set()
    for number, content in _records(stream, offset):
        if number == _ROW:
            if struct.unpack_from("<H", content, 12)[0] & _ROW_IS_HIDDEN:
                hidden_rows.add(struct.unpack_from("<H", content)[0] + 1)
        elif number == _COLINFO:
            first, last, _, _, flags = struct.unpack_from("<5H", content)
            if flags & _COLUMN_IS_HIDDEN:
                hidden_columns.update(range(first + 1, min(last, 255) + 2))
        else:
            cells.note(number, content)
    return OldScan(tuple(cells.typed), cells.scan(frozenset(hidden_rows), frozenset(hidden_columns)))


class _Cells:
    """What the records of cells say."""

    def __init__(self, percent_styles: frozenset[int], is_calculated: bool) -> None:
        self.typed: list[Position] = []
        self._is_calculated = is_calculated
        self._percent_styles = percent_styles
        self._percents: set[Position] = set()
        self._errors: dict[Position, str] = {}
        self._uncalculated: set[Position] = set()
        self._last_row = self._last_column = 0

    def note(self, number: int, content: bytes) -> None:
        if number == _MULRK:
            row, column = struct.unpack_from("<HH", content)
            for place in range((len(content) - 6) // 6):
                self._number((row + 1, column + place + 1), struct.unpack_from("<H", content, 4 + 6 * place)[0])
        elif number in (_NUMBER, _RK, _BOOLERR, _FORMULA) or number in _TEXTS:
            row, column, style = struct.unpack_from("<HHH", content)
            position = (row + 1, column + 1)
            self._extend(position)
            if number in (_NUMBER, _RK):
                self._number(position, style)
            elif number == _BOOLERR:
                self._result(position, 2 if content[7] else 1, content[6])
            elif number == _FORMULA:
                self._formula(position, style, content)

    def _formula(self, position: Position, style: int, content: bytes) -> None:
        if content[12:14] != b"\xff\xff":
            self._number(position, style)
        elif content[6] == 3:
            if not self._is_calculated or struct.unpack_from("<H", content, 14)[0] & _ON_OPENING:
                self._uncalculated.add(position)
        else:
            self._result(position, content[6], content[8])

    def _result(self, position: Position, kind: int, value: int) -> None:
        """Note a truth value (1) or an error (2); texts are the other reader's."""
        if kind == 2:
            self._errors[position] = _ERRORS.get(value, "#ERROR")
        elif kind == 1:
            self.typed.append(position)

    def _number(self, position: Position, style: int) -> None:
        self._extend(position)
        self.typed.append(position)
        if style in self._percent_styles:
            self._percents.add(position)

    def _extend(self, position: Position) -> None:
        self._last_row, self._last_column = max(self._last_row, position[0]), max(self._last_column, position[1])

    def scan(self, hidden_rows: frozenset[int], hidden_columns: frozenset[int]) -> Scan:
        return Scan(
            typed_count=len(self.typed),
            uncalculated=frozenset(self._uncalculated),
            errors=self._errors,
            percents=frozenset(self._percents),
            hidden_rows=hidden_rows,
            hidden_columns=hidden_columns,
            last_row=self._last_row,
            last_column=self._last_column,
        )
