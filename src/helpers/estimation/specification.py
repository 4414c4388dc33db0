"""The two specifications that every count effect is given under."""

from typing import Literal, get_args

Specification = Literal["two_way", "town_period"]
SPECIFICATIONS: tuple[Specification, ...] = get_args(Specification)
"""``two_way``: ward and period effects, right if there are no town-level shocks. ``town_period``: ward and
town × period effects; confirmatory, because towns were treated or not as wholes."""
CONFIRMATORY: Specification = "town_period"
