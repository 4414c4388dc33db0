"""A recognised table, cell by cell, into a ledger: figures, totals, rates, population, and the rest as furniture.

What is *fatal* here is what makes the meaning of a whole row uncertain (`ward_rows`): a ward of another town, a ward
twice, a ward left out. A single cell that cannot be read is quarantined and the rest of the table is kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from helpers.cleaning.layout import Column, Layout
from helpers.cleaning.ledger import Figure, Ledger, check_balance
from helpers.cleaning.numbers import Expected, Number, read_number
from helpers.cleaning.personal import shown
from helpers.cleaning.sheet_scan import Position, cell_name, cell_position
from helpers.cleaning.vocabulary import NOTE, POPULATION, WARD_NAME, Vocabulary
from helpers.cleaning.workbook import Dropped, Sheet, Uncalculated
from helpers.errors import Problem
from helpers.study.objects import Ward

_EXPECTED: Mapping[str, Expected] = {"count": "count", "ratio": "count", "percentage": "percentage"}
TYPED_RATE_TOLERANCE = 0.06
"""Percentage points between a printed and a recomputed rate when Excel holds a number: one decimal, rounded."""

_CHECK_SUM = "Check the wards' figures and the total against the office's own book; the wards' figures were used."


@dataclass(frozen=True, slots=True)
class Body:
    """A table whose rows are known: the layout, the ward of each ward row, the town and the period."""

    layout: Layout
    wards: Mapping[int, Ward]
    town_code: str
    period: str


def ward_rows(
    sheet: Sheet, layout: Layout, vocabulary: Vocabulary, *, town_code: str, period: str
) -> tuple[Mapping[int, Ward], list[Problem]]:
    """Return the ward of each ward row, and what is wrong with the list of wards as a whole."""
    column = layout.column_of(WARD_NAME)
    wards: dict[int, Ward] = {}
    first_seen: dict[str, str] = {}
    problems: list[Problem] = []
    for row in layout.rows_of("ward"):
        cell, name = cell_name((row, column)), sheet.text((row, column))
        ward = vocabulary.ward_in(name, town_code=town_code, period=period)
        if ward is None:
            rule, remedy = _why_not(name, vocabulary, town_code, period)
            problems.append(Problem(sheet.file, sheet.name, cell, shown(name), rule, remedy))
        elif ward.ward_id in first_seen:
            rule = f"the ward {ward.ward_name_vi} stands twice in this table, first at {first_seen[ward.ward_id]}"
            problems.append(Problem(sheet.file, sheet.name, cell, shown(name), rule, "Delete the row that is wrong."))
        else:
            wards[row], first_seen[ward.ward_id] = ward, cell
    missing = [w for w in vocabulary.expected_wards(town_code, period) if w.ward_id not in first_seen]
    if missing and not problems:
        names = ", ".join(ward.ward_name_vi for ward in missing)
        rule = f"a return lists every ward of its town; not in this table: {names}"
        remedy = "Add the missing rows; leave their cells blank if nothing was reported. An absent row is never a zero."
        problems.append(Problem(sheet.file, sheet.name, "", "", rule, remedy))
    return wards, problems


def _why_not(name: str, vocabulary: Vocabulary, town_code: str, period: str) -> tuple[str, str]:
    called = vocabulary.wards_called(name)
    elsewhere = sorted({ward.town_name_vi for ward in called if ward.town_code != town_code})
    if not any(ward.town_code == town_code for ward in called):
        rule = f"this is a ward of {', '.join(elsewhere)}, and the file's other wards are of another town"
        suggestion = vocabulary.suggest_ward(name, town_code)
        guess = f" (perhaps “{suggestion}” is meant)" if suggestion else ""
        return rule, f"Correct the name{guess}, or send each town's wards in a file of their own."
    if sum(ward.town_code == town_code for ward in called) > 1:
        return f"this name may mean several wards of the town in {period}", "Write the full name."
    return (
        f"this ward does not exist throughout {period}",
        "See wards.csv for its days, and correct the name or the period.",
    )


def read_table(sheet: Sheet, body: Body, vocabulary: Vocabulary) -> Ledger:
    """Return the balanced account of a table without fatal problems.

    Raises
    ------
    UnbalancedAccount
        If a cell was lost, invented or filed twice.
    """
    ledger = Ledger(sheet.file, sheet.name)
    layout = body.layout
    figures = {column.number for column in layout.columns if column.meaning in vocabulary.indicators}
    _file_surroundings(ledger, sheet, layout)
    readings = {row: _read_row(sheet, row, layout.columns, vocabulary) for row in body.wards}
    for row in layout.rows_of("ward"):
        _file_ward_row(ledger, sheet, row, body, readings[row], vocabulary)
    for row in layout.rows_of("total"):
        _file_total_row(ledger, sheet, row, layout.columns, list(readings.values()), vocabulary)
    check_balance(ledger, sheet.cells.keys() | {(row, column) for row in body.wards for column in figures})
    return ledger


def _file_surroundings(ledger: Ledger, sheet: Sheet, layout: Layout) -> None:
    known = {column.number for column in layout.columns}
    for position, value in sorted(sheet.cells.items(), key=lambda item: item[0]):
        row, column = position
        if isinstance(value, Dropped):
            if not (row in layout.rows and column in known):
                ledger.file_quarantine(position, value, *_dropped(value))
        elif row < layout.first_header:
            ledger.file_furniture(position, "title")
        elif row <= layout.last_header:
            ledger.file_furniture(position, "header")
        elif row > layout.last_row:
            ledger.file_furniture(position, "footer")
        elif layout.rows.get(row) == "numbering":
            ledger.file_furniture(position, "column_number")
        elif column not in known:
            remedy = "Write a heading above it, or move it out of the table."
            ledger.file_quarantine(position, value, "no heading stands above this cell of the table", remedy)
    if sheet.is_hidden:
        ledger.note((0, 0), "hidden_sheet", sheet.name, "read like the others")
    for row in sorted(sheet.hidden_rows & layout.rows.keys()):
        ledger.note((row, 0), "hidden_row", "", "read like the others")
    for heading in layout.columns:
        place = cell_position(heading.cell) or (layout.last_header, heading.number)
        ledger.note(place, "heading", heading.heading, heading.meaning)


def _dropped(value: Dropped) -> tuple[str, str]:
    return f"taken out by corrections.csv: {value.reason}", "Nothing needs to be done."


def _read_row(sheet: Sheet, row: int, columns: Sequence[Column], vocabulary: Vocabulary) -> dict[str, Number]:
    """Return the numbers of one row by the meaning of their column."""
    numbers: dict[str, Number] = {}
    for column in columns:
        expected = _expected(column.meaning, vocabulary)
        if expected is not None:
            raw = sheet.cells.get((row, column.number))
            if isinstance(raw, Dropped):
                numbers[column.meaning] = Number(None, "missing", "dropped", *_dropped(raw))
            else:
                numbers[column.meaning] = read_number(raw, vocabulary.cells, expected=expected)
    return numbers


def _expected(meaning: str, vocabulary: Vocabulary) -> Expected | None:
    if meaning == POPULATION:
        return "count"
    if vocabulary.rate_of(meaning):
        return "percentage"
    indicator = vocabulary.indicators.get(meaning)
    return None if indicator is None else _EXPECTED.get(indicator.kind, "fraction")


def _file_ward_row(
    ledger: Ledger, sheet: Sheet, row: int, body: Body, numbers: Mapping[str, Number], vocabulary: Vocabulary
) -> None:
    ward = body.wards[row]
    for column in body.layout.columns:
        position, meaning = (row, column.number), column.meaning
        raw = sheet.cells.get(position)
        indicator = vocabulary.indicators.get(meaning)
        if indicator is not None:
            over = numbers.get(indicator.denominator or "")
            figure = Figure(ward, body.period, meaning, over.value if over else None)
            ledger.file_figure(position, raw, numbers[meaning], figure)
        elif raw is None:
            continue
        elif isinstance(raw, Dropped):
            ledger.file_quarantine(position, raw, *_dropped(raw))
        elif vocabulary.rate_of(meaning):
            _file_rate(ledger, position, raw, meaning, numbers, vocabulary)
        elif meaning == POPULATION:
            _file_population(ledger, position, raw, numbers[meaning], ward)
        else:
            ledger.file_furniture(position, meaning)
            if meaning == WARD_NAME and raw != ward.ward_name_vi:
                ledger.note(position, "ward_name", raw, f"{ward.ward_name_vi} ({ward.ward_id})")


def _file_population(ledger: Ledger, position: Position, raw: object, number: Number, ward: Ward) -> None:
    if number.reason and number.rule != "declared_missing":
        ledger.file_quarantine(position, raw, number.reason, number.remedy)
        return
    ledger.file_furniture(position, POPULATION)
    ledger.note_number(position, raw, number)
    if number.value is not None and ward.population_count is not None and number.value != ward.population_count:
        own = f"{ward.population_count} in wards.csv ({ward.population_year or 'no year'})"
        ledger.note(position, "population_differs", raw, own)


def _file_rate(
    ledger: Ledger, position: Position, raw: object, meaning: str, numbers: Mapping[str, Number], vocabulary: Vocabulary
) -> None:
    number = numbers[meaning]
    if isinstance(raw, Uncalculated) or (isinstance(raw, str) and raw.startswith("#")):
        ledger.file_furniture(position, "derived")
        ledger.note(position, "rate_not_checked", raw, "a formula without a value, or with an error")
        return
    if number.reason and number.rule != "declared_missing":
        ledger.file_quarantine(position, raw, number.reason, number.remedy)
        return
    ratio = vocabulary.indicators[vocabulary.rate_of(meaning) or ""]
    above, below = numbers.get(ratio.indicator), numbers.get(ratio.denominator or "")
    if above is None or below is None or above.value is None or below.value is None:
        ledger.file_furniture(position, "derived")
        ledger.note(position, "rate_not_checked", raw, "a figure it is computed from is not reported")
        return
    expected = recomputed_rate(number, above.value, below.value)
    if expected:
        rule = f"the printed rate is not the one of its row: {above.value:g} of {below.value:g} is {expected}"
        remedy = "Check both counts and the rate against the office's own book; the counts were used."
        ledger.file_quarantine(position, raw, rule, remedy)
        return
    ledger.file_furniture(position, "derived")
    ledger.note_number(position, raw, number)


def recomputed_rate(printed: Number, above: float, below: float) -> str:
    """Return "" if a printed percentage agrees with its two counts, else what it should be.

    With nothing below, the rate is undefined; a zero, a mark or nothing may be printed. A typed Excel number may be the
    percentage or, under a per cent format, a hundredth of it.

    Examples
    --------
    >>> recomputed_rate(Number(84.95, "number", "decimal_comma", decimals=2), 79, 93)
    ''
    >>> recomputed_rate(Number(85.0, "number", "plain"), 7, 8)
    '87.50'
    """
    if below == 0:
        return "undefined" if printed.value and above == 0 else ""
    rate = 100 * above / below
    if printed.value is None or (printed.mark == "zero_mark" and above == 0):
        return ""
    candidates, tolerance = [printed.value], 0.5 * 10.0**-printed.decimals + 1e-9
    if printed.decimals < 0:
        candidates, tolerance = [printed.value, 100 * printed.value], TYPED_RATE_TOLERANCE
    return "" if any(abs(value - rate) <= tolerance for value in candidates) else f"{rate:.2f}"


def _file_total_row(
    ledger: Ledger, sheet: Sheet, row: int, columns: Sequence[Column], parts: Sequence[Mapping[str, Number]],
    vocabulary: Vocabulary,
) -> None:  # fmt: skip
    totals = _read_row(sheet, row, columns, vocabulary)
    sums = {meaning: _sum(meaning, parts) for meaning in totals}
    for column in columns:
        position, meaning = (row, column.number), column.meaning
        raw = sheet.cells.get(position)
        if raw is None:
            continue
        if isinstance(raw, Dropped):
            ledger.file_quarantine(position, raw, *_dropped(raw))
        elif meaning not in totals:
            ledger.file_furniture(position, NOTE if meaning == NOTE else "total")
        elif isinstance(raw, Uncalculated):
            ledger.file_furniture(position, "total_formula")
        elif meaning in vocabulary.indicators and _expected(meaning, vocabulary) != "count":
            ledger.file_furniture(position, "total")
            ledger.note(position, "total_not_checked", raw, "not a sum of counts")
        elif vocabulary.rate_of(meaning):
            _file_rate(ledger, position, raw, meaning, sums | {meaning: totals[meaning]}, vocabulary)
        else:
            _file_total(ledger, position, raw, totals[meaning], [part[meaning] for part in parts])


def _sum(meaning: str, parts: Iterable[Mapping[str, Number]]) -> Number:
    values = [part[meaning].value for part in parts]
    known = [value for value in values if value is not None]
    complete = len(known) == len(values)
    return Number(sum(known) if complete else None, "number" if complete else "missing", "sum")


def _file_total(ledger: Ledger, position: Position, raw: object, total: Number, parts: Sequence[Number]) -> None:
    if total.value is None:
        ledger.file_quarantine(position, raw, total.reason, total.remedy)
        return
    known = [part.value for part in parts if part.value is not None]
    given = sum(known)
    is_complete = len(known) == len(parts)
    if total.value < given or (is_complete and total.value != given):
        sign = "" if is_complete else "at least "
        rule = f"the total is not the sum of its wards, which is {sign}{given:g}"
        ledger.file_quarantine(position, raw, rule, _CHECK_SUM)
        return
    ledger.file_furniture(position, "total")
    ledger.note_number(position, raw, total)
    if not is_complete:
        ledger.note(position, "total_not_checked", raw, f"{len(parts) - len(known)} of its wards not reported")
