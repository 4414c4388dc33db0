import pytest

from helpers.cleaning import UnbalancedAccount
from helpers.cleaning.layout.ledger import Ledger, check_balance


def test_a_cell_is_filed_once() -> None:
    ledger = Ledger("a.xlsx", "T05")
    ledger.file_furniture((1, 1), "title")
    with pytest.raises(UnbalancedAccount, match="A1 is filed as title and as header"):
        ledger.file_furniture((1, 1), "header")


def test_lost_and_invented_cells_are_raised() -> None:
    ledger = Ledger("a.xlsx", "T05")
    ledger.file_furniture((1, 1), "title")
    check_balance(ledger, [(1, 1)])
    with pytest.raises(UnbalancedAccount, match=r"1 cells lost \(B1\), 0 invented"):
        check_balance(ledger, [(1, 1), (1, 2)])
    with pytest.raises(UnbalancedAccount, match=r"0 cells lost \(\), 1 invented \(A1\)"):
        check_balance(ledger, [])
