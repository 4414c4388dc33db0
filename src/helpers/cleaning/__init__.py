"""Cleaning: what offices sent, into a panel that loses nothing.

`clean_returns` reads all returns of a study; `describe_workbook` says how one file would be read before it is trusted.
Every cell of every file ends in the panel, in the quarantine with a reason, or as named furniture.
"""

from helpers.cleaning.clerk.inspection import SheetDescription, describe_workbook, descriptions_frame
from helpers.cleaning.layout.ledger import UnbalancedAccount
from helpers.cleaning.returns import CleanedReturns, clean_returns, quarantine_problems

__all__ = [
    "CleanedReturns",
    "SheetDescription",
    "UnbalancedAccount",
    "clean_returns",
    "describe_workbook",
    "descriptions_frame",
    "quarantine_problems",
]
