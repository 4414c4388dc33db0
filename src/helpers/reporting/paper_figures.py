"""Figures ready for a paper: vectors as wide as one or two columns, with their captions beside them as text."""

from collections.abc import Mapping
from pathlib import Path

from helpers.paths import written_beside
from helpers.reporting.figure import Figure
from helpers.reporting.findings import Findings
from helpers.reporting.style import WIDTH_IN

MM_PER_IN = 25.4
ONE_COLUMN, TWO_COLUMNS = "one_column", "two_columns"
COLUMNS_MM: Mapping[str, float] = {ONE_COLUMN: 88.0, TWO_COLUMNS: 180.0}
"""Widths of one and two columns that most journals ask for."""
CAPTIONS = "captions.txt"


def write_paper_figures(findings: Findings, folder: Path) -> tuple[Path, ...]:
    """Write the main figures as PDF and SVG in both widths, and their captions; return the paths.

    The main figures are the forest of all indicators and those of the first indicator. In two columns letters keep
    their size; for one column the page's picture is shrunk as a whole, its smallest letters to 4.7 points.

    Parameters
    ----------
    findings : Findings
        What the run found, in one language.
    folder : Path
        Where to write. Nothing that lies there is removed.
    """
    figures = main_figures(findings)
    paths = []
    for figure in figures:
        for column, width_mm in COLUMNS_MM.items():
            width_in = width_mm / MM_PER_IN
            sized = figure.at_width(width_in, drawn_in=WIDTH_IN if column == ONE_COLUMN else None)
            stem = f"{figure.file_stem}.{column}"
            paths += [
                _write(folder / f"{stem}.pdf", sized.pdf()),
                _write(folder / f"{stem}.svg", sized.svg.encode()),
            ]
    if figures:
        paths.append(_write(folder / CAPTIONS, _captions(figures).encode()))
    return tuple(paths)


def main_figures(findings: Findings) -> tuple[Figure, ...]:
    """Return the figures that a paper would print: the forest, and those of the first indicator."""
    own = findings.pictures[findings.verdicts[0].indicator] if findings.verdicts else ()
    return tuple(figure for figure in (findings.forest, *own) if isinstance(figure, Figure))


def _captions(figures: tuple[Figure, ...]) -> str:
    """Return, for each figure, its file, its caption with the mark of the data's origin, and its alternative text."""
    told = [
        f"{figure.file_stem}\n{words.title} {words.caption} [{words.mark}]\n{words.alt}\n"
        for figure in figures
        for words in [figure.words]
    ]
    return "\n".join(told)


def _write(path: Path, content: bytes) -> Path:
    with written_beside(path) as beside:
        beside.write_bytes(content)
    return path
