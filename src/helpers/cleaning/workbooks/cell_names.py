"""Names of cells: ``C7`` is row 7, column 3."""

import re

Position = tuple[int, int]
"""Row and column, from 1."""

_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


def cell_name(position: Position) -> str:
    """Return the name of a cell, given as row and column from 1; column 0 is the whole row, row 0 the whole sheet.

    Examples
    --------
    >>> cell_name((7, 3)), cell_name((1, 28)), cell_name((7, 0)), cell_name((0, 0))
    ('C7', 'AB1', 'row 7', '')
    """
    row, column = position
    if column == 0:
        return f"row {row}" if row else ""
    letters = ""
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row}"


def cell_position(name: str) -> Position | None:
    """Return row and column of a cell's name; None if it is none. The inverse of `cell_name`."""
    match = _REFERENCE.fullmatch(name)
    return (int(match[2]), column_number(match[1].encode())) if match else None


def column_number(letters: bytes) -> int:
    """Return the number of a column, from 1, given by its letters."""
    column = 0
    for letter in letters:
        column = column * 26 + letter - ord("A") + 1
    return column
