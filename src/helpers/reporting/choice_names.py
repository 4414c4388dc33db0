"""Choices in words: what the tables write as ``timing:plan`` or ``within:412``, said in the page's language."""

from helpers.checks.choices import ALL_WARDS, WITHIN, WITHOUT
from helpers.reporting.briefing import Briefing

PERIODS = ("window_first", "window_last")


def alternative_name(item: str, briefing: Briefing) -> str:
    """Return what an alternative of `helpers.checks.alternatives` is called: "start dates: plan"."""
    kind, _, value = item.partition(":")
    kind = "anticipation" if kind == "donut" else kind
    return briefing.say(
        "choice.named", choice=briefing.say(f"choice.{kind}"), value=choice_value(kind, value, briefing)
    )


def choice_value(kind: str, value: str, briefing: Briefing) -> str:
    """Return the words for one value of a choice.

    Parameters
    ----------
    kind : str
        A column of ``specification_curve.csv``, or the first part of an alternative's item.
    value : str
        As the table has it.
    briefing : Briefing
        Language, town names and periods.
    """
    if kind == "wards" and value != ALL_WARDS:
        side = WITHIN if value.startswith(WITHIN) else WITHOUT
        return briefing.say(f"choice.wards.{side.rstrip(':')}", town_name=briefing.town_name(value.removeprefix(side)))
    if kind == "window" and ":" in value:
        first, _, last = value.partition(":")
        return briefing.say("choice.window.other", first=briefing.short_period(first), last=briefing.short_period(last))
    own = f"choice.{kind}"
    if briefing.wording.has(f"{own}.{value}"):
        return briefing.say(f"{own}.{value}")
    return briefing.say(f"{own}.other", value=briefing.short_period(value) if kind in PERIODS else value)
