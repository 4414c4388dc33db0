"""A total that a file gives, against the figures that it may be the sum of.

A total row may sum the rows since the total before it, all rows, or the totals above it; a total column the figures of
its row. It is right if it is one of these sums. Over a figure that is not reported it can only be too small.
"""

from collections.abc import Sequence

from helpers.cleaning.layout.ledger import Ledger
from helpers.cleaning.layout.numbers import Number
from helpers.cleaning.workbooks.cell_names import Position
from helpers.cleaning.workbooks.workbook import CellValue, Uncalculated
from helpers.messages import say, say_plural

TOTAL, TOTAL_FORMULA = "total", "total_formula"


def file_total(
    ledger: Ledger, position: Position, raw: CellValue, total: Number, scopes: Sequence[Sequence[Number]]
) -> None:
    """File a total as furniture if it is the sum of one of its scopes or cannot be checked, else as quarantined.

    Parameters
    ----------
    scopes : sequence of sequence of Number
        What it may sum, the likeliest first.
    """
    scopes = [scope for scope in scopes if scope]
    if isinstance(raw, Uncalculated):
        ledger.file_furniture(position, TOTAL_FORMULA)
    elif total.value is None:
        ledger.file_quarantine(position, raw, total.reason, total.remedy)
    elif not scopes:
        ledger.file_furniture(position, TOTAL)
        ledger.note(position, "total_not_checked", raw, say("nothing in the table that it could sum"))
    elif not any(_may_be_sum(total.value, scope) for scope in scopes):
        ledger.file_quarantine(position, raw, *_not_the_sum(scopes[0]))
    else:
        ledger.file_furniture(position, TOTAL)
        ledger.note_number(position, raw, total)
        unknown = min(_count_unknown(scope) for scope in scopes if _may_be_sum(total.value, scope))
        if unknown:
            why = say_plural(
                "{count} figure it sums is not reported", "{count} figures it sums are not reported", count=unknown
            )
            ledger.note(position, "total_not_checked", raw, why)


def _may_be_sum(total: float, parts: Sequence[Number]) -> bool:
    given = sum(part.value for part in parts if part.value is not None)
    return total == given or (total > given and _count_unknown(parts) > 0)


def _count_unknown(parts: Sequence[Number]) -> int:
    return sum(part.value is None for part in parts)


def _not_the_sum(parts: Sequence[Number]) -> tuple[str, str]:
    given = f"{sum(part.value for part in parts if part.value is not None):g}"
    if _count_unknown(parts):
        rule = say("the total is not the sum of its figures, which is at least {sum}", sum=given)
    else:
        rule = say("the total is not the sum of its figures, which is {sum}", sum=given)
    return rule, say("Check the figures and the total against the office's own book; the figures were used.")
