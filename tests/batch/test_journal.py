from pathlib import Path

import pytest

from helpers.batch.journal import JOURNAL, Entry, append_entry, read_journal
from helpers.errors import UnwritableOutput


def test_the_last_line_about_a_task_is_its_state(tmp_path: Path) -> None:
    for status in ("started", "failed", "started", "done"):
        append_entry(tmp_path, Entry(task="a", status=status, key="k", seconds=1.5))
    append_entry(tmp_path, Entry(task="b", status="started", key="k"))
    journal = read_journal(tmp_path)
    assert {name: entry.status for name, entry in journal.items()} == {"a": "done", "b": "started"}
    assert journal["a"].seconds == 1.5


def test_a_torn_last_line_is_passed_over_and_spoils_no_later_one(tmp_path: Path) -> None:
    append_entry(tmp_path, Entry(task="a", status="done", key="k"))
    with (tmp_path / JOURNAL).open("a", encoding="utf-8") as file:
        file.write('{"task": "b", "sta')
    assert set(read_journal(tmp_path)) == {"a"}
    append_entry(tmp_path, Entry(task="c", status="done", key="k"))
    assert set(read_journal(tmp_path)) == {"a", "c"}


def test_no_journal_is_an_empty_one(tmp_path: Path) -> None:
    assert read_journal(tmp_path / "nowhere") == {}


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UnwritableOutput, match="MODEL_WARDS_OUTPUT"):
        append_entry(tmp_path / "file" / "run", Entry(task="a", status="done", key="k"))
