"""A page's table as a table of a Word file: a header row on each page, columns as wide as their words need."""

from collections.abc import Sequence

from docx.document import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length, Pt
from docx.table import Table, _Cell, _Row

from helpers.reporting.word.letters import add_pieces, pieces_of
from helpers.reporting.word.look import CELL, CELL_SIZE, HEADING_PAPER, LINE, TABLE, TEXT_WIDTH
from helpers.reporting.word.page_tree import Element

LONGEST_COUNTED = 60
"""A cell with more letters than this is broken into lines anyhow, and claims no more width for it."""
CELL_MARGIN = Pt(3)
LETTER_WIDTH = Pt(0.5 * CELL_SIZE)
"""Of a figure in this type face, and of a letter on average: half of its size."""


def write_table(document: Document, element: Element, *, description: str) -> None:
    """Write a page's table at the end of a document.

    Parameters
    ----------
    document : Document
        It is changed.
    element : Element
        The page's ``table``: rows of ``th`` and ``td``, those of ``thead`` first.
    description : str
        What the table shows, for those who have it read to them.

    Raises
    ------
    ValueError
        If a row has another number of columns than the first.
    """
    rows = list(element.find_all("tr"))
    headers = sum(1 for head in element.find_all("thead") for _ in head.find_all("tr"))
    count = len(_cells(rows[0]))
    table = document.add_table(rows=len(rows), cols=count, style=TABLE)
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    widths = _widths(rows, count)
    _describe(table, description, widths)
    for place, (row, written) in enumerate(zip(rows, table.rows, strict=True)):
        _write_row(row, written, widths, is_header=place < headers)


def _cells(row: Element) -> list[Element]:
    return [child for child in row.children if isinstance(child, Element)]


def _span(cell: Element) -> int:
    return int(cell.attributes.get("colspan", "1"))


def _widths(rows: Sequence[Element], count: int) -> list[Length]:
    """Return how wide columns are: each has room for its longest word, the rest goes to where most is to be read."""
    words, texts = [1] * count, [1] * count
    for row in rows:
        cells = _cells(row)
        if sum(map(_span, cells)) != count:
            raise ValueError(f"A row of the table spans {sum(map(_span, cells))} columns, the first {count}.")
        for column, cell in enumerate(cells if len(cells) == count else ()):
            # A no-break blank joins words: only plain blanks let a line end.
            words[column] = max(words[column], *map(len, cell.text.split(" ")))
            texts[column] = max(texts[column], min(len(cell.text), LONGEST_COUNTED))
    room = int((TEXT_WIDTH - 2 * CELL_MARGIN * count) / LETTER_WIDTH)
    letters = list(words)
    while sum(letters) < room:
        # The next letter's width goes to the column whose longest cell is broken into most lines.
        letters[max(range(count), key=lambda column: texts[column] / letters[column])] += 1
    shares = [own * LETTER_WIDTH + 2 * CELL_MARGIN for own in letters]
    return [Length(int(TEXT_WIDTH * share / sum(shares))) for share in shares]


def _describe(table: Table, description: str, widths: Sequence[Length]) -> None:
    properties = table._tbl.tblPr
    for name in ("w:tblCaption", "w:tblDescription"):
        said = OxmlElement(name)
        said.set(qn("w:val"), description)
        properties.append(said)
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        line = OxmlElement(f"w:{side}")
        for key, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", LINE)):
            line.set(qn(f"w:{key}"), value)
        borders.append(line)
    layout = properties.find(qn("w:tblLayout"))
    (layout if layout is not None else properties.find(qn("w:tblLook"))).addprevious(borders)
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), str(CELL_MARGIN.twips))
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    properties.find(qn("w:tblLook")).addprevious(margins)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width


def _write_row(row: Element, written: _Row, widths: Sequence[Length], *, is_header: bool) -> None:
    properties = written._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))
    if is_header:
        properties.append(OxmlElement("w:tblHeader"))
    column = 0
    for cell in _cells(row):
        last = column + _span(cell) - 1
        place = written.cells[column] if last == column else written.cells[column].merge(written.cells[last])
        place.width = Length(sum(widths[column : last + 1]))
        _write_cell(cell, place, is_heading=is_header or _span(cell) > 1)
        column = last + 1


def _write_cell(cell: Element, place: _Cell, *, is_heading: bool) -> None:
    paragraph = place.paragraphs[0]
    paragraph.style = CELL
    if "number" in cell.classes:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    add_pieces(paragraph, pieces_of(cell.children))
    if is_heading:
        paragraph.paragraph_format.keep_with_next = True
        for run in paragraph.runs:
            run.bold = True
        ground = OxmlElement("w:shd")
        for key, value in (("val", "clear"), ("color", "auto"), ("fill", HEADING_PAPER)):
            ground.set(qn(f"w:{key}"), value)
        place._tc.get_or_add_tcPr().append(ground)
