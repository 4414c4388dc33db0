from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from helpers.cleaning import clean_returns, readings
from helpers.cleaning.files import FileReading, read_file
from helpers.cleaning.layout.vocabulary import Vocabulary
from helpers.cleaning.long_form.reading import LongReading
from helpers.cleaning.reading_store import reading_as_text, reading_of_text
from helpers.cleaning.readings import read_files, settled
from helpers.messages import Message, said_in

Office = Any  # the fixture's class lives in conftest.py, which cannot be imported


def odd(page: Worksheet) -> None:
    page["D7"], page["H5"], page["G8"] = "?", "Số lạ", "=D7+D8"
    page.row_dimensions[8].hidden = True


@pytest.fixture
def paths(office: Office) -> dict[str, Path]:
    office.send("a.xlsx", periods=("2023-05", "2023-06"), edit=odd)
    office.send("b.xlsx", periods=("2023-07",))
    office.put("returns/c.xlsx", b"<html>")
    rows = "Lê Mao;2023-05;3\nQuang Trung;2023-05;4\n"
    office.put("returns/d.csv", f"Đơn vị;Tháng;Phạm pháp hình sự | Tổng số vụ\n{rows}")
    office.put(
        "returns/e.csv", "unit,period,indicator,value\n16735,2023-08,crime_order,2\n16717,2023-08,crime_order,\n"
    )
    return {f"returns/{path.name}": path for path in sorted(office.returns.iterdir(), reverse=True)}


def plain(found: list[FileReading]) -> list[object]:
    return [
        (one.file, one.sheets, one.problems, *(plain_long(one.long) if one.long is not None else ())) for one in found
    ]


def plain_long(long: LongReading) -> tuple[object, ...]:
    return long.panel.to_csv(), long.panel.dtypes.to_dict(), long.quarantine.to_csv(), long.fates, long.log


def test_any_number_of_workers_reads_the_same(
    paths: dict[str, Path], vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = read_files(paths, vocabulary)
    assert [one.file for one in alone] == sorted(paths)
    assert [bool(one.problems) for one in alone] == [False, False, True, False, False]
    monkeypatch.setattr(readings, "WORTH_A_PROCESS_BYTES", 1)
    assert plain(read_files(paths, vocabulary, workers=2)) == plain(alone)


def test_an_unchanged_file_is_not_read_twice(
    office: Office, paths: dict[str, Path], vocabulary: Vocabulary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "processed" / "cache"
    alone = read_files(paths, vocabulary)
    assert plain(read_files(paths, vocabulary, cache=cache)) == plain(alone)
    entries = {path: path.read_bytes() for path in cache.iterdir()}
    assert sorted(path.name[64:] for path in entries) == [
        *[".reading.json"] * 4, ".reading.panel.parquet", ".reading.quarantine.parquet",
    ]  # fmt: skip
    read: list[str] = []

    def noted(path: Path, file: str, *others: Any) -> FileReading:
        read.append(file)
        return read_file(path, file, *others)

    monkeypatch.setattr(readings, "read_file", noted)
    assert plain(read_files(paths, vocabulary, cache=cache)) == plain(alone)
    assert read == ["returns/c.xlsx"]
    for damaged, kept in entries.items():
        for content in (b"", kept[:-9], kept.replace(b"2023", b"2024"), kept[:40] + b"?" + kept[41:]):
            damaged.write_bytes(content)
            assert plain(read_files(paths, vocabulary, cache=cache)) == plain(alone)
            assert {path: path.read_bytes() for path in cache.iterdir()} == entries


def test_what_a_reading_depends_on_is_read_again(
    office: Office, paths: dict[str, Path], vocabulary: Vocabulary, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"

    def names() -> set[str]:
        read_files(paths, vocabulary, cache=cache)
        return {path.name for path in cache.iterdir()}

    first = names()
    office.send("b.xlsx", periods=("2023-08",))
    second = names()
    assert len(first & second) == 5 and len(second) == 6
    del paths["returns/b.xlsx"]
    assert names() == first & second
    read_files(paths, Vocabulary(**{**vocabulary_parts(vocabulary), "headings": {}}), cache=cache)
    assert not {path.name for path in cache.iterdir()} & second


def vocabulary_parts(vocabulary: Vocabulary) -> dict[str, Any]:
    return {name: getattr(vocabulary, name) for name in Vocabulary.__slots__ if not name.startswith("read_")}


def test_tables_are_the_same_with_and_without_a_cache(office: Office, paths: dict[str, Path], tmp_path: Path) -> None:
    paths["returns/c.xlsx"].unlink()
    office.correct({"file": "b.xlsx", "sheet": "T07-2023", "cell": "D7", "action": "replace", "old_value": "2",
                    "new_value": "3"})  # fmt: skip
    alone = office.clean()
    for _ in range(2):
        kept = clean_returns(office.study, cache=tmp_path / "cache")
        for name in type(alone).__slots__:
            pd.testing.assert_frame_equal(getattr(kept, name), getattr(alone, name))
    assert "correction" in set(alone.log["what"])


def test_what_looks_personal_is_not_kept(office: Office, vocabulary: Vocabulary, tmp_path: Path) -> None:
    path = office.put("returns/a.csv", "Đơn vị;Số vụ\nLê Mao;0912.345.678\n")
    (reading,) = read_files({"returns/a.csv": path}, vocabulary, cache=tmp_path / "cache")
    assert reading.problems
    assert not (tmp_path / "cache").exists()


def test_messages_are_kept_in_every_language(paths: dict[str, Path], vocabulary: Vocabulary) -> None:
    reading = settled(read_file(paths["returns/a.xlsx"], "returns/a.xlsx", vocabulary))
    text = reading_as_text(reading, vocabulary)
    assert text is not None
    (first, *_) = reading_of_text(text, "returns/a.xlsx", vocabulary).sheets
    assert first.ledger is not None
    said = [after for _, _, _, after in first.ledger.log if isinstance(after, Message)]
    assert said and any(said_in(one, "vi") != one for one in said)
