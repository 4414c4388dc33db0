import csv
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpers.errors import DataProblems, Problem
from helpers.paths import study_folder
from helpers.study import Study, load_study


@dataclass(frozen=True)
class StudyCopy:
    """A copy of the shipped study that a test may break."""

    folder: Path

    def table(self, file: str) -> list[list[str]]:
        with (self.folder / file).open(encoding="utf-8", newline="") as handle:
            return list(csv.reader(handle))

    def write(self, file: str, rows: list[list[str]]) -> None:
        with (self.folder / file).open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle, lineterminator="\n").writerows(rows)

    def row_of(self, file: str, first_cells: str) -> int:
        wanted = first_cells.split(",")
        return next(n for n, row in enumerate(self.table(file), start=1) if row[: len(wanted)] == wanted)

    def set_cell(self, file: str, first_cells: str, column: str, value: str) -> int:
        rows = self.table(file)
        number = self.row_of(file, first_cells)
        rows[number - 1][rows[0].index(column)] = value
        self.write(file, rows)
        return number

    def add_row(self, file: str, line: str) -> int:
        rows = [*self.table(file), line.split(",")]
        self.write(file, rows)
        return len(rows)

    def drop_row(self, file: str, first_cells: str) -> None:
        rows = self.table(file)
        del rows[self.row_of(file, first_cells) - 1]
        self.write(file, rows)

    def replace(self, file: str, old: str, new: str) -> None:
        text = (self.folder / file).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        (self.folder / file).write_text(text.replace(old, new), encoding="utf-8")

    def load(self) -> Study:
        return load_study(self.folder)

    def problems(self) -> tuple[Problem, ...]:
        with pytest.raises(DataProblems) as caught:
            self.load()
        return caught.value.problems


@pytest.fixture(scope="session")
def nghe_an() -> Study:
    return load_study("nghe_an")


@pytest.fixture
def study_copy(tmp_path: Path) -> StudyCopy:
    folder = tmp_path / "copy"
    ignore: Callable[[str, list[str]], set[str]] = shutil.ignore_patterns("returns", "truth.csv", "process.toml")
    shutil.copytree(study_folder("nghe_an"), folder, ignore=ignore)
    return StudyCopy(folder)
