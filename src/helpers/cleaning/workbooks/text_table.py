"""A text file of cells (.csv, .tsv, .txt) as one sheet: what a spreadsheet would show, without guessing silently.

The delimiter is found by evidence as the encoding is (`helpers.cleaning.workbooks.encodings`): under the right one rows
have the same number of fields, and no field has another delimiter inside, except as the decimal comma of a number.
Title lines above a table may have fewer fields. Rows count as a spreadsheet counts them: blank ones too, a quoted field
with line breaks once.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from helpers.cleaning.workbooks.cell_names import Position
from helpers.cleaning.workbooks.encodings import decode_text
from helpers.cleaning.workbooks.workbook import Sheet
from helpers.errors import DataProblems, Problem
from helpers.messages import Message, say

DELIMITERS = (",", ";", "\t", "|")
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}

MOST_BYTES = 50_000_000
"""All cells of such a file are held in memory; figures by the million come as a long-form file, which takes another
way."""

MOST_CELLS = 2_000_000
"""As many as a sheet of a workbook may have."""

MOST_SAMPLED = 1_000_000
"""Characters at the beginning of a file on which its delimiter is decided."""

LEAST_MARGIN = 0.2
"""The best delimiter must lead the next by this share of clean rows."""

_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?(?:\r\n|\r|\n|$)', re.IGNORECASE)
_INSIDE = {
    ",": re.compile(r"(?<!\d),(?!\s|$)|,(?![\s\d]|$)"),
    ";": re.compile(r";(?!\s|$)"),
    "\t": re.compile(r"\t"),
    "|": re.compile(r"\|(?!\s|$)"),
}
_WHOLE = re.compile(r"\s*\d{1,3}(?:\.\d{3})*\s*")
_DECIMALS = re.compile(r"\s*\d{1,2}\s*%?\s*")
_SIGNATURES = ((b"PK\x03\x04", "Excel (.xlsx)"), (b"\xd0\xcf\x11\xe0", "Excel (.xls)"), (b"%PDF", "PDF"),
               (b"{\\rtf", "RTF"), (b"\x1f\x8b", "gzip"), (b"PAR1", "Parquet"))  # fmt: skip
_PAGE = re.compile(rb"\s*<(?:!doctype|html|\?xml|table)", re.IGNORECASE)
_WHOLE_SHEET: Position = (0, 0)

_SAVE_AGAIN = say("Save the table as .xlsx or as “CSV UTF-8”, and send it again.")


def read_text_table(path: Path, file: str, known: Collection[str] = ()) -> Sheet:
    """Return the one sheet of a text file; every cell is text as it stands, blank cells are left out.

    Encoding and delimiter, and the line ``sep=;`` if there is one, are in the sheet's notes. A text that looks like a
    formula is a text.

    Parameters
    ----------
    path : Path
        The file.
    file : str
        How problems and tables name it.
    known : collection of str
        Names and headings that the study uses, as evidence for an old encoding.

    Raises
    ------
    DataProblems
        If the file is too large, no text, in an encoding or with a delimiter that is not certain, or has a quotation
        mark that is not closed.
    """
    data = _bytes(path, file)
    decoded = decode_text(data, file, known)
    notes: list[tuple[Position, str, str, str]] = [(_WHOLE_SHEET, "encoding", decoded.encoding, decoded.reason)]
    text, delimiter = decoded.text, ""
    separator = _SEPARATOR_LINE.match(text)
    if separator:
        delimiter, text = separator[1], text[separator.end() :]
        reason = say("the first line says so; a spreadsheet does not show it")
    else:
        delimiter, reason = _find_delimiter(text, file)
    notes.append((_WHOLE_SHEET, "delimiter", DELIMITER_NAMES.get(delimiter, delimiter) or "none", reason))
    records = _records(text, delimiter, file)
    if delimiter == ",":
        _refuse_broken_decimals(records, file)
    cells = {
        (row, column): field
        for row, fields in enumerate(records, start=1)
        for column, field in enumerate(fields, start=1)
        if _is_filled(field)
    }
    return Sheet(file, "", False, cells, notes=tuple(notes))


_LONG_FORM = say(
    "Send the figures as a long-form file (unit, period, indicator, value; UTF-8 with commas, or Parquet), which may "
    "be of any size, or the table in parts."
)


def _refused(file: str, rule: Message, remedy: Message, cell: str = "") -> DataProblems:
    return DataProblems([Problem(file, "", cell, "", rule, remedy)])


def _bytes(path: Path, file: str) -> bytes:
    if path.stat().st_size > MOST_BYTES:
        rule = say("a text file of at most {most} MB is expected", most=MOST_BYTES // 1_000_000)
        raise _refused(file, rule, _LONG_FORM)
    data = path.read_bytes()
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            rule = say("the file is no text, but {kind} under another name", kind=kind)
            raise _refused(file, rule, say("Give the file its own name back, or save the table as .xlsx."))
    if _PAGE.match(data):
        rule = say("the file is no table of text, but a web page or XML under another name")
        raise _refused(file, rule, _SAVE_AGAIN)
    return data


def _records(text: str, delimiter: str, file: str) -> list[list[str]]:
    """Return all records, blank ones as empty lists."""
    records: list[list[str]] = []
    count = 0
    try:
        for fields in _reader(text, delimiter):
            records.append(fields)
            count += sum(map(_is_filled, fields))
            if count > MOST_CELLS:
                rule = say("sheets of at most {most} cells are expected", most=f"{MOST_CELLS:,}")
                raise _refused(file, rule, _LONG_FORM)
    except csv.Error:
        row = say("row {row}", row=len(records) + 1)
        rule = say("a quotation mark is not closed at the end of its field, or a field is longer than any cell can be")
        remedy = say("Double every quotation mark inside a quoted field, or save the table as .xlsx.")
        raise _refused(file, rule, remedy, row) from None
    return records


def _is_filled(field: str) -> bool:
    return bool(field) and not field.isspace()


def _reader(text: str, delimiter: str) -> Iterator[list[str]]:
    # A file of one column still needs some delimiter: one that no text holds.
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or "\x1f", strict=True)


@dataclass(frozen=True, slots=True)
class _Trial:
    """A file's beginning under a delimiter: rows of several fields, those with whole fields, those of one width."""

    delimiter: str
    parted: int
    clean: int
    regular: int
    width: int


def _find_delimiter(text: str, file: str) -> tuple[str, Message]:
    """Return the delimiter that fits clearly best, "" for a single column, and the evidence."""
    sample = text if len(text) <= MOST_SAMPLED else text[: text.rfind("\n", 0, MOST_SAMPLED) + 1 or MOST_SAMPLED]
    trials = [trial for delimiter in DELIMITERS if (trial := _try(sample, delimiter))]
    most = max((trial.parted for trial in trials), default=0)
    if not most:
        return "", say("no row has more than one field")
    scores = sorted(((trial.clean + trial.regular) / (2 * most), trial.delimiter) for trial in trials)
    (second, _), (best, delimiter) = scores[-2] if len(scores) > 1 else (0.0, ""), scores[-1]
    if best - second < LEAST_MARGIN:
        names = ", ".join(DELIMITER_NAMES[name] for score, name in reversed(scores) if best - score < LEAST_MARGIN)
        rule = say("what parts the columns is uncertain: it could be {candidates}", candidates=names)
        raise _refused(file, rule, _SAVE_AGAIN)
    winner = next(trial for trial in trials if trial.delimiter == delimiter)
    reason = say(
        "{regular} of {rows} rows have {width} fields each",
        regular=winner.regular,
        rows=winner.parted,
        width=winner.width,
    )
    return delimiter, reason


def _try(sample: str, delimiter: str) -> _Trial | None:
    """Return a file's beginning under a delimiter, or None if that parts nothing."""
    if delimiter not in sample:
        return None
    rows = _sample_rows(sample, delimiter)
    several = [fields for fields in rows if len(fields) > 1]
    parted = [fields for fields in several if not _is_prose(fields)]
    if not parted and 1 < len(several) == len(rows):
        parted = several
    if not parted or (delimiter == "," and all(map(_is_decimal, parted))):
        return None
    clean = [fields for fields in parted if not any(_is_torn(field, delimiter) for field in fields)]
    widths = Counter(map(len, clean))
    width = max(widths, key=lambda number: (widths[number], number), default=0)
    return _Trial(delimiter, len(parted), len(clean), widths[width], width)


def _sample_rows(sample: str, delimiter: str) -> list[list[str]]:
    """Return the rows up to the first whose quotation marks do not fit: early under a wrong delimiter, or at a cut."""
    rows: list[list[str]] = []
    with suppress(csv.Error):
        rows.extend(_reader(sample, delimiter))
    return [row for row in rows if row]


def _is_prose(fields: Sequence[str]) -> bool:
    """Return whether a row has the delimiter only as punctuation, with a space after it."""
    return all(field.startswith(" ") for field in fields[1:])


def _is_decimal(fields: Sequence[str]) -> bool:
    return len(fields) == 2 and bool(_WHOLE.fullmatch(fields[0]) and _DECIMALS.fullmatch(fields[1]))


def _is_torn(field: str, delimiter: str) -> bool:
    """Return whether a field has another delimiter inside that is neither punctuation nor a decimal comma."""
    return any(_INSIDE[other].search(field) for other in DELIMITERS if other != delimiter)


def _refuse_broken_decimals(records: Sequence[Sequence[str]], file: str) -> None:
    """Raise if decimal commas were not quoted: then rows with decimals are wider than any other row."""
    widths = [(_width(fields), _has_decimals(fields)) for fields in records]
    limit = max((width for width, has_decimals in widths if not has_decimals), default=0)
    broken = [row for row, (width, has_decimals) in enumerate(widths, start=1) if has_decimals and width > limit > 1]
    if broken:
        rule = say(
            "commas part the columns, but also the decimals of numbers: this row has more fields than any heading"
        )
        remedy = say("Save the table with semicolons between the columns, or as .xlsx.")
        raise _refused(file, rule, remedy, say("row {row}", row=broken[0]))


def _width(fields: Sequence[str]) -> int:
    return max((number for number, field in enumerate(fields, start=1) if _is_filled(field)), default=0)


def _has_decimals(fields: Sequence[str]) -> bool:
    return any(_is_decimal(pair) for pair in pairwise(fields))
