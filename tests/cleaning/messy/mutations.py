"""Ways in which a file goes wrong between an office and a study, each knowing what it leaves of the truth.

A mutation changes pages in place. Figures carry whose they are, so whatever moves them whole leaves the truth in the
file. A mutation that parts figures from their headings, or writes another number, returns the keys that the file no
longer tells truly: nobody who reads only the file could notice.
"""

import unicodedata
from collections.abc import Callable, Sequence
from copy import deepcopy
from datetime import date

from cleaning.messy.sheets import Page
from cleaning.messy.spellings import Figure
from cleaning.messy.study import ANY, Choose, Key

Mutation = Callable[[list[Page], Choose], set[Key] | None]
"""Changes pages; returns the keys that the file now tells otherwise, or None if it does not apply to these pages."""

NOTHING: set[Key] = set()


def figures_of(cells: Sequence[object]) -> list[Figure]:
    return [cell for cell in cells if isinstance(cell, Figure)]


def _keys(cells: Sequence[object]) -> set[Key]:
    return {figure.key for figure in figures_of(cells)}


def _page(pages: list[Page], choose: Choose) -> Page:
    return choose([page for page in pages if any(map(figures_of, page.rows))])


def _body(page: Page) -> list[int]:
    return [number for number, row in enumerate(page.rows) if figures_of(row)]


def _texts(page: Page) -> list[tuple[int, int]]:
    return [
        (row, column)
        for row, cells in enumerate(page.rows)
        for column, cell in enumerate(cells)
        if isinstance(cell, str) and any(map(str.isalpha, cell)) and not cell.startswith("=")
    ]


def _shift_merges(page: Page, first: int, by: int, *, is_row: bool) -> None:
    """Move merged ranges behind an inserted or deleted line, and forget those that it cuts."""
    low, high = (0, 2) if is_row else (1, 3)
    kept = []
    for merge in page.merges:
        ends = list(merge)
        if ends[low] >= first + (by < 0):
            ends[low] += by
            ends[high] += by
        elif ends[high] >= first:
            continue
        kept.append((ends[0], ends[1], ends[2], ends[3]))
    page.merges = kept


def insert_row(pages: list[Page], choose: Choose) -> set[Key] | None:
    page = _page(pages, choose)
    place = choose(range(len(page.rows) + 1))
    page.rows.insert(place, [])
    _shift_merges(page, place, 1, is_row=True)
    return NOTHING


def insert_column(pages: list[Page], choose: Choose) -> set[Key] | None:
    page = _page(pages, choose)
    place = choose(range(max(map(len, page.rows)) + 1))
    for row in page.rows:
        if len(row) > place:
            row.insert(place, None)
    _shift_merges(page, place, 1, is_row=False)
    return NOTHING


def delete_row(pages: list[Page], choose: Choose) -> set[Key] | None:
    page = _page(pages, choose)
    place = choose(range(len(page.rows)))
    del page.rows[place]
    _shift_merges(page, place, -1, is_row=True)
    return NOTHING


def delete_column(pages: list[Page], choose: Choose) -> set[Key] | None:
    page = _page(pages, choose)
    place = choose(range(max(map(len, page.rows))))
    for row in page.rows:
        del row[place : place + 1]
    _shift_merges(page, place, -1, is_row=False)
    return NOTHING


def repeat_row(pages: list[Page], choose: Choose) -> set[Key] | None:
    page = _page(pages, choose)
    place = choose(_body(page))
    page.rows.insert(place, list(page.rows[place]))
    _shift_merges(page, place, 1, is_row=True)
    return NOTHING


def repeat_row_with_other_figures(pages: list[Page], choose: Choose) -> set[Key] | None:
    """Two rows of one ward and period that contradict each other: neither may be taken."""
    page = _page(pages, choose)
    place = choose(_body(page))
    row = [Figure(c.key, c.count, 77) if isinstance(c, Figure) else c for c in page.rows[place]]
    page.rows.insert(place, row)
    _shift_merges(page, place, 1, is_row=True)
    return NOTHING


def swap_rows(pages: list[Page], choose: Choose) -> set[Key] | None:
    """Swap two rows whose keys are written in full; over a section row, the file tells it otherwise."""
    page = _page(pages, choose)
    rows = [n for n in _body(page) if not any(top <= n <= bottom for top, _, bottom, _ in page.merges)]
    if len(rows) < 2 or any(cell is None for n in rows for cell in page.rows[n][:2]):
        return None
    one, other = sorted((choose(rows), choose(rows)))
    page.rows[one], page.rows[other] = page.rows[other], page.rows[one]
    return NOTHING if all(figures_of(row) for row in page.rows[one : other + 1]) else {ANY}


def _swap(page: Page, one: int, other: int, rows: Sequence[int]) -> None:
    width = max(one, other) + 1
    for number in rows:
        row = page.rows[number]
        row += [None] * (width - len(row))
        row[one], row[other] = row[other], row[one]


def _figure_columns(page: Page) -> list[int]:
    return sorted({c for row in page.rows for c, cell in enumerate(row) if isinstance(cell, Figure)})


def swap_columns(pages: list[Page], choose: Choose) -> set[Key] | None:
    """Swap two columns with all that stands over them."""
    page = _page(pages, choose)
    columns = _figure_columns(page)
    header = page.rows[: _body(page)[0]]
    is_grouped = sum(1 for row in header if sum(isinstance(cell, str) for cell in row) > 1) > 1
    if page.merges or is_grouped or len(columns) < 2:
        return None
    _swap(page, choose(columns), choose(columns), [n for n, row in enumerate(page.rows) if len(row) > 1])
    return NOTHING


def swap_bodies(pages: list[Page], choose: Choose) -> set[Key] | None:
    """Swap the figures of two columns, and leave their headings: the file tells it otherwise."""
    page = _page(pages, choose)
    columns = _figure_columns(page)
    one, other = choose(columns), choose(columns)
    if one == other:
        return None
    rows = _body(page)
    loose = {key for n in rows for c in (one, other) for key in _keys(page.rows[n][c : c + 1])}
    _swap(page, one, other, rows)
    return loose


def shift_row(pages: list[Page], choose: Choose) -> set[Key] | None:
    """Insert a cell into one row: what stands right of it comes under the next heading."""
    page = _page(pages, choose)
    row = page.rows[choose(_body(page))]
    first = next(c for c, cell in enumerate(row) if isinstance(cell, Figure))
    row.insert(choose(range(first, len(row))), None)
    return _keys(row)


def move_header(pages: list[Page], choose: Choose) -> set[Key] | None:
    """Swap the last header row with the row below it."""
    page = _page(pages, choose)
    place = _body(page)[0]
    if place == 0 or page.merges:
        return None
    page.rows[place - 1], page.rows[place] = page.rows[place], page.rows[place - 1]
    return NOTHING


def retype_number(pages: list[Page], choose: Choose) -> set[Key] | None:
    """Write a figure in another way that means the same."""
    figures = [f for row in _page(pages, choose).rows for f in figures_of(row) if f.count]
    if not figures:
        return None
    figure = choose(figures)
    assert figure.count is not None
    figure.written = choose(
        (figure.count, str(figure.count), f" {figure.count} ", f"{figure.count:,}".replace(",", "."))
    )
    return NOTHING


def mistype_number(pages: list[Page], choose: Choose) -> set[Key] | None:
    """Write another number: the file tells it otherwise."""
    figure = choose([f for row in _page(pages, choose).rows for f in figures_of(row)])
    figure.written = choose((999, "1.234", 0, "-"))
    return {figure.key}


SPOILT = ("abc", "12 vụ", "#REF!", "1.5", "-3", "5;6x", "1,234", "?", "1/2", "mười", date(2023, 1, 2), "1e999", "12%")


def spoil_number(pages: list[Page], choose: Choose) -> set[Key] | None:
    """Write something that is no number, or may be two."""
    figure = choose([f for row in _page(pages, choose).rows for f in figures_of(row)])
    figure.written, figure.count = choose(SPOILT), None
    return NOTHING


def misspell_text(pages: list[Page], choose: Choose) -> set[Key] | None:
    """Drop or double a letter of a text; what names a number (“Quý II”) is spared."""
    page = _page(pages, choose)
    row, column = choose(_texts(page))
    text = str(page.rows[row][column])
    letters = [n for n, letter in enumerate(text) if letter.isalpha() and letter not in "IVX"]
    if not letters:
        return None
    place = choose(letters)
    page.rows[row][column] = text[:place] + choose(("", "q" + text[place])) + text[place + 1 :]
    return NOTHING


def mistype_digit(pages: list[Page], choose: Choose) -> set[Key] | None:
    """Write another digit in a text: another month, year or code, which the file then tells."""
    page = _page(pages, choose)
    places = [(r, c) for r, c in _texts(page) if any(map(str.isdigit, str(page.rows[r][c])))]
    if not places:
        return None
    row, column = choose(places)
    text = str(page.rows[row][column])
    digits = [n for n, letter in enumerate(text) if letter.isdigit()]
    place = choose(digits)
    page.rows[row][column] = text[:place] + choose("0123456789") + text[place + 1 :]
    return {ANY}


def delete_text(pages: list[Page], choose: Choose) -> set[Key] | None:
    page = _page(pages, choose)
    row, column = choose(_texts(page))
    page.rows[row][column] = None
    return NOTHING


def restyle_text(pages: list[Page], choose: Choose) -> set[Key] | None:
    """Write a text in a way that must change nothing: capitals, decomposed, spaces, an invisible letter."""
    page = _page(pages, choose)
    row, column = choose(_texts(page))
    text = str(page.rows[row][column])
    page.rows[row][column] = choose(
        (text.upper(), unicodedata.normalize("NFD", text), f"  {text} ", text.replace(" ", "  "), f"{text}\u200b")
    )
    return NOTHING


def swap_texts(pages: list[Page], choose: Choose) -> set[Key] | None:
    """Swap two texts, perhaps two headings: the file tells it otherwise."""
    page = _page(pages, choose)
    texts = _texts(page)
    (a, b), (c, d) = choose(texts), choose(texts)
    page.rows[a][b], page.rows[c][d] = page.rows[c][d], page.rows[a][b]
    return {ANY}


def unmerge(pages: list[Page], choose: Choose) -> set[Key] | None:
    page = _page(pages, choose)
    if not page.merges:
        return None
    page.merges = []
    return NOTHING


def swap_pages(pages: list[Page], choose: Choose) -> set[Key] | None:
    if len(pages) < 2:
        return None
    pages.reverse()
    return NOTHING


def repeat_page(pages: list[Page], choose: Choose) -> set[Key] | None:
    """Send a page twice; if its name said its period, the copy's name does too."""
    page = deepcopy(_page(pages, choose))
    page.name = f"{page.name[:26]} ({len(pages) + 1})"
    pages.append(page)
    return NOTHING


def repeat_page_with_another_figure(pages: list[Page], choose: Choose) -> set[Key] | None:
    page = deepcopy(_page(pages, choose))
    page.name = f"{page.name[:26]} ({len(pages) + 1})"
    figure = choose([f for row in page.rows for f in figures_of(row)])
    figure.written = 999
    pages.append(page)
    return {figure.key} if figure.count is None else NOTHING


def add_number_outside(pages: list[Page], choose: Choose) -> set[Key] | None:
    """Write a number above, below or beside the table."""
    page = _page(pages, choose)
    width = max(map(len, page.rows))
    row, column = choose(((len(page.rows) + 1, choose(range(width))), (choose(_body(page)), width + choose((0, 1)))))
    page.put([[37]], row, column)
    return NOTHING


def cut_off(pages: list[Page], choose: Choose) -> set[Key] | None:
    """Lose the last rows of a page."""
    page = _page(pages, choose)
    first = choose(range(1, len(page.rows)))
    del page.rows[first:]
    page.merges = [merge for merge in page.merges if merge[2] < first]
    return NOTHING


MUTATIONS: tuple[Mutation, ...] = (
    insert_row, insert_column, delete_row, delete_column, repeat_row, repeat_row_with_other_figures, swap_rows,
    swap_columns, swap_bodies, shift_row, move_header, retype_number, mistype_number, spoil_number, misspell_text,
    mistype_digit, delete_text, restyle_text, swap_texts, unmerge, swap_pages, repeat_page,
    repeat_page_with_another_figure, add_number_outside, cut_off,
)  # fmt: skip
ALONE = (repeat_row_with_other_figures, repeat_page_with_another_figure)
"""What contradicts itself; another mutation might take away the half that is right."""
