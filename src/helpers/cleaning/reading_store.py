"""What was read from a file as text, and back: what is kept of files that do not change.

One line with a checksum, then JSON. It holds texts, numbers and dates, and nothing that could be run.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple
from datetime import date, datetime, time, timedelta
from typing import Any

from helpers.cleaning.files import FileReading
from helpers.cleaning.layout.filing import RunningSum
from helpers.cleaning.layout.ledger import Ledger
from helpers.cleaning.layout.numbers import Number
from helpers.cleaning.layout.placing import Place
from helpers.cleaning.layout.sheet_reading import SheetReading
from helpers.cleaning.layout.vocabulary import Vocabulary
from helpers.cleaning.layout.ward_lists import WardList
from helpers.cleaning.workbooks.cell_names import Position
from helpers.cleaning.workbooks.workbook import Sheet, Uncalculated
from helpers.cleaning.workbooks.xls_values import dated
from helpers.messages import Message

_READ: Mapping[str, Callable[[Any], object]] = {
    "=date": date.fromisoformat,
    "=datetime": datetime.fromisoformat,
    "=time": time.fromisoformat,
    "=timedelta": lambda seconds: timedelta(seconds=seconds),
    "=uncalculated": lambda _: Uncalculated(),
    "=message": lambda parts: Message(*parts),
}
"""By the one key of an object that stands for something else; no value of a message has such a name."""


def reading_as_text(reading: FileReading, vocabulary: Vocabulary) -> bytes | None:
    """Return a settled reading without problems as text, or None if it could not be read back the same."""
    try:
        body = json.dumps([_sheet_parts(sheet) for sheet in reading.sheets], ensure_ascii=False, default=marked)
        text = with_checksum(body)
        return text if reading_of_text(text, reading.file, vocabulary) == reading else None
    except (TypeError, ValueError, KeyError):
        return None


def reading_of_text(text: bytes, file: str, vocabulary: Vocabulary) -> FileReading:
    """Return the reading that `reading_as_text` made into a text, as that of a file.

    Raises
    ------
    ValueError
        If the text is damaged.
    """
    parts = json.loads(checked(text), object_hook=unmarked)
    return FileReading(file, tuple(_sheet(own, file, vocabulary) for own in parts))


def with_checksum(body: str) -> bytes:
    """Return a text below a line with its checksum."""
    text = body.encode()
    return hashlib.sha256(text).hexdigest().encode() + b"\n" + text


def checked(text: bytes) -> bytes:
    """Return the text below its checksum.

    Raises
    ------
    ValueError
        If it is not what was written.

    Examples
    --------
    >>> checked(with_checksum("[1, 2]"))
    b'[1, 2]'
    """
    checksum, _, body = text.partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != checksum:
        raise ValueError("the text is not what was written")
    return body


def _sheet_parts(reading: SheetReading) -> list[object]:
    assert reading.ledger is not None
    ledger = reading.ledger
    by_fate: dict[str, list[int]] = {}
    for position, fate in ledger.fates.items():
        by_fate.setdefault(fate, []).extend(position)
    return [
        reading.sheet.name,
        reading.sheet.is_hidden,
        list(reading.signed),
        ledger.released,
        by_fate,
        ledger.panel,
        [said(row) for row in ledger.quarantine],
        [said(row) for row in ledger.log],
        [
            [own.position, own.place.ward.ward_id, own.place.period, own.place.indicator, own.place.is_cumulative,
             own.raw, said(astuple(own.number))]
            for own in reading.running
        ],
        sorted(reading.expected_cells ^ _known_cells(ledger, reading.running)),
        [said(astuple(own)) for own in reading.ward_lists],
    ]  # fmt: skip


def _known_cells(ledger: Ledger, running: Iterable[RunningSum]) -> frozenset[Position]:
    """Return the cells that a sheet in balance has: those filed, and those that wait."""
    return frozenset(ledger.fates) | {own.position for own in running}


def _sheet(parts: list[Any], file: str, vocabulary: Vocabulary) -> SheetReading:
    name, is_hidden, signed, released, by_fate, panel, quarantine, log, running, others, lists = parts
    fates = {position: fate for fate, flat in by_fate.items() for position in zip(flat[::2], flat[1::2], strict=True)}
    ledger = Ledger(file, name, released, fates, _rows(panel), _rows(quarantine), _rows(log))
    sums = [
        RunningSum(
            tuple(position), Place(vocabulary.codes[ward_id][0], period, indicator, is_cumulative), raw,
            Number(*number),
        )
        for position, ward_id, period, indicator, is_cumulative, raw, number in running
    ]  # fmt: skip
    expected = _known_cells(ledger, sums) ^ {(row, column) for row, column in others}
    return SheetReading(
        Sheet(file, name, is_hidden, {}), ledger=ledger, running=sums, signed=tuple(signed), expected_cells=expected,
        ward_lists=tuple(WardList(*own) for own in lists),
    )  # fmt: skip


def _rows(rows: list[Any]) -> list[Any]:
    return [((position[0], position[1]), *fields) for position, *fields in rows]


def said(row: Iterable[object]) -> list[object]:
    """Return a row in which messages are what JSON can hold."""
    return [_said_text(value) if isinstance(value, Message) else value for value in row]


def _said_text(text: Message) -> dict[str, object]:
    values = {name: _said_text(value) if isinstance(value, Message) else value for name, value in text.values.items()}
    return {"=message": [text.template, values, text.plural]}


def marked(value: object) -> dict[str, object]:
    """Return a value as what JSON can hold, for `json.dumps`."""
    if isinstance(value, Uncalculated):
        return {"=uncalculated": True}
    return {f"={kind}": text for kind, text in dated(value).items()}


def unmarked(found: dict[str, Any]) -> object:
    """Return what an object read by `json.loads` stands for."""
    kind, value = next(iter(found.items()), ("", None))
    return _READ[kind](value) if len(found) == 1 and kind in _READ else found
