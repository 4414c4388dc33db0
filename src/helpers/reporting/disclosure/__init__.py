"""Disclosure control: what of a run on restricted data may leave the office, and what is said about the rest.

`protect_tables` is the only door: from a run's tables, with what each ward contributes to them (`ward_contributions`),
to those that pages, figures and files are made from.
"""

from helpers.reporting.disclosure.contributions import ward_contributions
from helpers.reporting.disclosure.other_tables import public_manifest
from helpers.reporting.disclosure.protection import CONTRIBUTIONS, Protection, protect_tables

__all__ = ["CONTRIBUTIONS", "Protection", "protect_tables", "public_manifest", "ward_contributions"]
