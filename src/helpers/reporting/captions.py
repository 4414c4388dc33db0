"""Captions: who was compared with whom, by which estimator, with which inference."""

import math
from collections.abc import Sequence
from typing import get_args

from helpers.estimation.effects import Inference
from helpers.reporting.briefing import Briefing
from helpers.reporting.effects import Effect
from helpers.reporting.figure import FigureWords

COUNTED = ("randomisation", "comparison_only")
"""Inference that rests on a number of assignments."""


def figure_words(name: str, briefing: Briefing, *, title: str, caption: str, alt: str) -> FigureWords:
    """Return a figure's words, its mark taken from the run's manifest."""
    return FigureWords(name=name, title=title, caption=caption, alt=alt, origin=briefing.origin, mark=briefing.mark)


def effect_caption(effect: Effect | None, briefing: Briefing) -> str:
    """Return the caption of anything that shows effects: numbers of wards, estimator, specification, inference."""
    if effect is None:
        return ""
    names = (f"estimator.{effect.estimator}", f"specification.{effect.specification}")
    sentences = [
        counts_sentence(effect, briefing),
        *(briefing.say(name) for name in names if briefing.wording.has(name)),
        inference_sentence(effect, briefing),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def counts_sentence(effect: Effect, briefing: Briefing) -> str:
    """Return how many wards are compared, or "" if the table does not say."""
    if math.isnan(effect.n_treated) or math.isnan(effect.n_comparison):
        return ""
    number = briefing.wording.number
    return briefing.say(
        "caption.counts", treated_count=number(effect.n_treated), comparison_count=number(effect.n_comparison)
    )


def inference_sentence(effect: Effect, briefing: Briefing) -> str:
    """Return how p-values and intervals were made, with the number of assignments and the smallest possible p."""
    if effect.inference not in get_args(Inference):
        return briefing.say("inference.none")
    if effect.inference not in COUNTED:
        return briefing.say(f"inference.{effect.inference}")
    if math.isnan(effect.n_assignments):
        return briefing.say(f"inference.{effect.inference}_bare")
    return briefing.say(
        f"inference.{effect.inference}",
        assignments=briefing.wording.number(effect.n_assignments),
        smallest_p=briefing.wording.small(effect.smallest_p),
    )


def joined(names: Sequence[str], briefing: Briefing) -> str:
    """Return names as a list in words: "a, b and c"."""
    if len(names) < 2:
        return "".join(names)
    return briefing.say("list.last", most=", ".join(names[:-1]), last=names[-1])
