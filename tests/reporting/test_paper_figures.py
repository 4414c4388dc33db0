"""Figures for a paper: their widths, words and bytes."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from matplotlib.figure import Figure as Canvas

from helpers.reporting import Findings, build_findings
from helpers.reporting.paper_figures import COLUMNS_MM, main_figures, write_paper_figures
from helpers.reporting.shrinking import shrink_canvas
from helpers.study import Study

POINTS_PER_MM = 72 / 25.4


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("paper")


@pytest.fixture
def paths(findings: Findings, shelf: Path) -> tuple[Path, ...]:
    """Write the figures once: the findings of each test are the same."""
    return tuple(sorted(shelf.iterdir())) or write_paper_figures(findings, shelf)


@pytest.fixture
def findings(tables: dict[str, pd.DataFrame], manifest: dict[str, Any], study: Study) -> Findings:
    return build_findings(tables, manifest, study, language="vi")


def test_each_main_figure_comes_as_vectors_in_both_widths(
    findings: Findings, paths: tuple[Path, ...], shelf: Path
) -> None:
    count = len(main_figures(findings))
    assert count == 3 and len(paths) == 4 * count + 1
    for column, width_mm in COLUMNS_MM.items():
        for path in shelf.glob(f"*.{column}.pdf"):
            box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) [\d.]+ \]", path.read_bytes())
            assert box and float(box[1]) == pytest.approx(width_mm * POINTS_PER_MM, abs=0.01)
        for path in shelf.glob(f"*.{column}.svg"):
            width = re.search(r'width="([\d.]+)pt"', path.read_text(encoding="utf-8"))
            assert width and float(width[1]) == pytest.approx(width_mm * POINTS_PER_MM, abs=0.01)
    assert all(".synthetic." in path.name for path in paths if path.suffix != ".txt")


def test_captions_name_file_title_origin_and_finding(findings: Findings, paths: tuple[Path, ...], shelf: Path) -> None:
    assert shelf / "captions.txt" in paths
    text = (shelf / "captions.txt").read_text(encoding="utf-8")
    for figure in main_figures(findings):
        words = figure.words
        assert all(part in text for part in (figure.file_stem, words.title, words.caption, words.mark, words.alt))


def test_the_same_findings_give_the_same_bytes_without_a_date(findings: Findings, paths: tuple[Path, ...]) -> None:
    forest = main_figures(findings)[0]
    sized = forest.at_width(COLUMNS_MM["two_columns"] / 25.4)
    written = {path.name: path.read_bytes() for path in paths}
    assert written[f"{forest.file_stem}.two_columns.pdf"] == sized.pdf()
    assert written[f"{forest.file_stem}.two_columns.svg"] == sized.svg.encode()
    assert not [path for path in paths if re.search(rb"CreationDate|ModDate|Matplotlib|<dc:date", path.read_bytes())]


def test_shrinking_keeps_proportions() -> None:
    canvas = Canvas(figsize=(4, 2))
    ax = canvas.subplots()
    (line,) = ax.plot([0, 1], [0, 1], linewidth=2, markersize=6)
    ax.set_xlabel("x", fontsize=8)
    note = ax.annotate("a", xy=(0, 0), xytext=(4, 2), textcoords="offset points", fontsize=6)
    place = ax.get_position().bounds
    shrink_canvas(canvas, 0.5)
    assert ax.get_position().bounds == place
    assert (line.get_linewidth(), line.get_markersize(), note.get_fontsize()) == (1, 3, 3)
    assert ax.xaxis.label.get_fontsize() == 4 and note.xyann == (2, 1)
