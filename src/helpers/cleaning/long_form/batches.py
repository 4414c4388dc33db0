"""A long-form file as batches of rows: texts by column, each spelling once.

A file of any size is read within the memory of one batch. CSV is read by Arrow, whole columns at a time, unless it has
quotation marks that are no plain pair around a field: Python's reader knows which of those are wrong. Rows count as a
spreadsheet counts them: the heading is row 1, blank rows count too, a quoted field with line breaks does not add rows.
"""

import codecs
import csv
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from helpers.cleaning.workbooks.workbook import as_text
from helpers.messages import Message, say

PARQUET_SUFFIX = ".parquet"
FIRST_ROW = 2
"""Row of the first figure, below the heading."""
BATCH_ROWS = 1 << 16
BLOCK_BYTES = 1 << 23
"""Of CSV: about 200,000 rows."""
MOST_HEADING_BYTES = 10_000
_AT_EDGES = (b',"', b'\n"', b'\r"', b'",', b'"\n', b'"\r')
"""A quotation mark that begins or ends a field."""

Codes = npt.NDArray[np.int32]


class UnreadableLongForm(Exception):
    """A file that cannot be read as a table: where, what is wrong, and what to do; the texts are for a `Problem`."""

    def __init__(self, rule: Message, remedy: Message, cell: str = "") -> None:
        super().__init__(rule)
        self.rule, self.remedy, self.cell = rule, remedy, cell


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of texts: `spellings` are distinct, and `codes`, shape (rows,), say which of them stands in a row."""

    codes: Codes
    spellings: list[str]

    def where(self, chosen: Collection[str]) -> npt.NDArray[np.bool_]:
        """Return in which rows one of some spellings stands, shape (rows,)."""
        return np.array([text in chosen for text in self.spellings], dtype=bool)[self.codes]

    def kept(self, keep: npt.NDArray[np.bool_]) -> "Coded":
        """Return the column of some rows, with the spellings that they hold."""
        codes = self.codes[keep]
        used = np.flatnonzero(np.bincount(codes, minlength=len(self.spellings)))
        place = np.zeros(len(self.spellings), dtype=np.int32)
        place[used] = np.arange(len(used))
        return Coded(place[codes], [self.spellings[code] for code in used])

    def merged(self) -> "Coded":
        """Return the column with spellings that are the same made one, and those without a row left out."""
        places: dict[str, int] = {}
        table = [places.setdefault(text, len(places)) for text in self.spellings]
        codes = np.array(table, dtype=np.int32)[self.codes]
        return Coded(codes, list(places)).kept(np.ones(len(codes), dtype=bool))


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of a file that are not blank: their numbers, and their texts by column, "" for a blank cell.

    `fractions` are the columns whose numbers the file types as fractions.
    """

    rows: npt.NDArray[np.int64]
    columns: dict[str, Coded]
    fractions: frozenset[str] = frozenset()


def read_heading(path: Path) -> list[str]:
    """Return the column names of a CSV or Parquet file in lower case; none if it cannot be read so."""
    try:
        if path.suffix.lower() == PARQUET_SUFFIX:
            columns = pq.read_schema(path).names
        else:
            with path.open("rb") as stream:
                line = stream.readline(MOST_HEADING_BYTES).decode("utf-8-sig")
            columns = next(csv.reader(line.splitlines()), [])
    except (OSError, UnicodeDecodeError, csv.Error, pa.ArrowException):
        return []
    return [str(column).strip().casefold() for column in columns]


def read_batches(path: Path, heading: Sequence[str]) -> Iterator[Batch]:
    """Yield the rows of a file in its order.

    Raises
    ------
    UnreadableLongForm
        If rows are ragged, a quotation mark is not closed, a CSV is not UTF-8, or a Parquet file is damaged.
    """
    first = FIRST_ROW
    for columns, fractions in _tables(path, heading):
        count = len(columns[0].codes)
        is_filled = ~np.logical_and.reduce([column.where([""]) for column in columns])
        rows = np.arange(first, first + count)[is_filled]
        first += count
        kept = [column.kept(is_filled) for column in columns]
        if len(rows):
            yield Batch(rows, dict(zip(heading, kept, strict=True)), fractions)


def _tables(path: Path, heading: Sequence[str]) -> Iterator[tuple[list[Coded], frozenset[str]]]:
    if path.suffix.lower() == PARQUET_SUFFIX:
        yield from _parquet_tables(path, heading)
        return
    read = _arrow_tables if _has_plain_quotes(path) else _quoted_tables
    for columns in read(path, heading):
        yield columns, frozenset()


def _has_plain_quotes(path: Path) -> bool:
    """Return whether every quotation mark of a CSV begins or ends a field, after seeing that all of it is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines, surplus, before = 0, 0, b"\n"
    with path.open("rb") as stream:
        stream.readline(MOST_HEADING_BYTES)
        while block := stream.read(BLOCK_BYTES):
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                row = FIRST_ROW + lines + error.object[: error.start].count(b"\n")
                rule, remedy = say("the text is not UTF-8"), say("Save it as “CSV UTF-8” and send it again.")
                raise UnreadableLongForm(rule, remedy, say("row {row}", row=row)) from None
            lines += block.count(b"\n")
            surplus += _surplus_marks(before + block) - _surplus_marks(before)
            before = block[-1:]
    return surplus == before.count(b'"')  # the end of the file ends a field too


def _surplus_marks(text: bytes) -> int:
    """Return the number of quotation marks without those beside a comma or a line's end, each counted once a side."""
    if b'"' not in text:
        return 0
    return text.count(b'"') - sum(text.count(pair) for pair in _AT_EDGES)


def _arrow_tables(path: Path, heading: Sequence[str]) -> Iterator[list[Coded]]:
    ragged: list[tuple[int, int]] = []

    def note(row: pa_csv.InvalidRow) -> str:
        ragged.append((row.number, row.actual_columns))
        return "skip"

    texts = dict.fromkeys(heading, pa.dictionary(pa.int32(), pa.string()))
    try:
        with pa_csv.open_csv(
            path,
            # One thread, because only so are ragged rows numbered.
            read_options=pa_csv.ReadOptions(
                use_threads=False, block_size=BLOCK_BYTES, skip_rows=1, column_names=list(heading)
            ),
            parse_options=pa_csv.ParseOptions(
                newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=note
            ),
            convert_options=pa_csv.ConvertOptions(column_types=texts, strings_can_be_null=False, null_values=[]),
        ) as stream:
            for record in stream:
                if ragged:
                    break
                yield [_coded(column) for column in record.columns]
    except pa.ArrowInvalid:
        if _is_heading_alone(path):
            return
        raise _no_table() from None
    if ragged:
        row, count = ragged[0]
        raise _ragged(row, count, len(heading))


def _is_heading_alone(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.readline(MOST_HEADING_BYTES)
        return not stream.read(1)


def _quoted_tables(path: Path, heading: Sequence[str]) -> Iterator[list[Coded]]:
    blank = [""] * len(heading)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, strict=True)
        row = 1
        try:
            next(reader)
            while records := list(islice(reader, BATCH_ROWS)):
                filled = [record or blank for record in records]
                for number, record in enumerate(filled, start=row + 1):
                    if len(record) != len(heading):
                        raise _ragged(number, len(record), len(heading))
                row += len(filled)
                yield [_coded(pa.array(column).dictionary_encode()) for column in zip(*filled, strict=True)]
        except csv.Error:
            raise _no_table() from None


def _parquet_tables(path: Path, heading: Sequence[str]) -> Iterator[tuple[list[Coded], frozenset[str]]]:
    try:
        schema = pq.read_schema(path)
        texts = [
            field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
        ]
        fractions = frozenset(
            name for name, field in zip(heading, schema, strict=True) if pa.types.is_floating(field.type)
        )
        with pq.ParquetFile(path, read_dictionary=texts) as source:
            for record in source.iter_batches(BATCH_ROWS):
                yield [_coded(column) for column in record.columns], fractions
    except (pa.ArrowException, OSError):
        raise _no_table() from None


def _coded(column: pa.Array) -> Coded:
    """Return a column as texts; blank is whatever has no text: a null, and a number that is none."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    found = ["" if value is None or value != value else as_text(value) for value in encoded.dictionary.to_pylist()]
    codes = encoded.indices.fill_null(len(found)).to_numpy(zero_copy_only=False)
    return Coded(codes, [*found, ""]).merged()


def _ragged(row: int, count: int, expected: int) -> UnreadableLongForm:
    remedy = say(
        "Correct it (row {row} has {count} fields, the heading {expected}), and save it again as “CSV UTF-8” with "
        "commas, or as Parquet.",
        row=row,
        count=count,
        expected=expected,
    )
    return UnreadableLongForm(_no_table().rule, remedy, say("row {row}", row=row))


def _no_table() -> UnreadableLongForm:
    rule = say("the file cannot be read as a table whose rows all have the columns of its heading")
    return UnreadableLongForm(rule, say("Correct it, and save it again as “CSV UTF-8” with commas, or as Parquet."))
