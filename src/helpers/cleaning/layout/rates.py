"""A printed percentage against the two counts that it is computed from."""

from helpers.cleaning.layout.ledger import Ledger
from helpers.cleaning.layout.numbers import Number
from helpers.cleaning.workbooks.cell_names import Position
from helpers.cleaning.workbooks.workbook import CellValue, Uncalculated
from helpers.messages import say

TYPED_RATE_TOLERANCE = 0.06
"""Percentage points between a printed and a recomputed rate when Excel holds a number: one decimal, rounded."""

DERIVED = "derived"


def file_rate(
    ledger: Ledger, position: Position, raw: CellValue, printed: Number, above: Number | None, below: Number | None
) -> None:
    """File a printed rate as furniture if it agrees with its counts or cannot be checked, else as quarantined."""
    if isinstance(raw, Uncalculated) or (isinstance(raw, str) and raw.startswith("#")):
        ledger.file_furniture(position, DERIVED)
        ledger.note(position, "rate_not_checked", raw, say("a formula without a value, or with an error"))
    elif printed.reason and printed.rule != "declared_missing":
        ledger.file_quarantine(position, raw, printed.reason, printed.remedy)
    elif above is None or below is None or above.value is None or below.value is None:
        ledger.file_furniture(position, DERIVED)
        ledger.note(position, "rate_not_checked", raw, say("a figure it is computed from is not reported"))
    elif expected := recomputed_rate(printed, above.value, below.value):
        rule = say(
            "the printed rate is not the one of its row: {above} of {below} is {rate}",
            above=f"{above.value:g}", below=f"{below.value:g}", rate=expected,
        )  # fmt: skip
        remedy = say("Check both counts and the rate against the office's own book; the counts were used.")
        ledger.file_quarantine(position, raw, rule, remedy)
    else:
        ledger.file_furniture(position, DERIVED)
        ledger.note_number(position, raw, printed)


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
        return say("undefined") if printed.value and above == 0 else ""
    rate = 100 * above / below
    if printed.value is None or (printed.mark == "zero_mark" and above == 0):
        return ""
    candidates, tolerance = [printed.value], 0.5 * 10.0**-printed.decimals + 1e-9
    if printed.decimals < 0:
        candidates, tolerance = [printed.value, 100 * printed.value], TYPED_RATE_TOLERANCE
    return "" if any(abs(value - rate) <= tolerance for value in candidates) else f"{rate:.2f}"
