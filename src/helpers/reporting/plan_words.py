"""The pre-analysis plan in words: what was planned, when, with which figures seen, and where the run differs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from markupsafe import Markup

from helpers.reporting.briefing import Briefing
from helpers.study.deviations import SETS
from helpers.text import nfc

PLAN_KEY = "pre_analysis_plan"
NOTHING = "–"
LISTED, SHOWN = ", ", "; "
"""Between ids in the manifest, and between names, which have commas of their own."""


@dataclass(frozen=True, slots=True)
class PlanAccount:
    """What is said of the plan, and each deviation as a sentence; both empty where the manifest says nothing of it."""

    said: tuple[str, ...]
    deviations: tuple[str, ...]

    def _repr_html_(self) -> str:
        """Return it for a notebook."""
        items = Markup("").join(Markup("<li>{}</li>").format(sentence) for sentence in self.deviations)
        return str(Markup("<p>{}</p><ul>{}</ul>").format(" ".join(self.said), items))


def tell_plan(briefing: Briefing) -> PlanAccount:
    """Return what the manifest of the briefing's run says of the plan.

    A study without a plan is told so plainly: then nobody can know what was decided after the figures had been seen.
    """
    if PLAN_KEY not in briefing.manifest:
        return PlanAccount((), ())
    record = briefing.manifest[PLAN_KEY]
    if not isinstance(record, Mapping):
        return PlanAccount((briefing.say("plan.none"),), ())
    day = briefing.wording.day(date.fromisoformat(str(record["date"])))
    deviations = cast(Sequence[Mapping[str, Any]], record["deviations"])
    statement = record.get(f"statement_{briefing.language}") or record["statement_en"]
    said = (
        briefing.say("plan.text", file=record["file"], day=day, sha256=record["sha256"]),
        briefing.say(f"plan.seen.{record['figures_seen']}"),
        nfc(str(statement)),
        briefing.say("plan.deviations", n=len(deviations)) if deviations else briefing.say("plan.deviations.none"),
    )
    return PlanAccount(said, tuple(_told(deviation, briefing) for deviation in deviations))


def _told(deviation: Mapping[str, Any], briefing: Briefing) -> str:
    topic = str(deviation["topic"])
    values: dict[str, Any] = {end: _named(topic, str(deviation[end]), briefing) for end in ("planned", "done")}
    form = "plan.deviation.set" if topic in SETS else "plan.deviation"
    return briefing.say(form, topic=briefing.say(f"plan.topic.{topic}"), **values)


def _named(topic: str, names: str, briefing: Briefing) -> str:
    """Return ids by name where they have one; a dash for nothing."""
    if not names:
        return NOTHING
    if topic in ("primary", "family", "indicators"):
        known = {indicator.indicator for indicator in briefing.study.indicators}
        return SHOWN.join(briefing.indicator_name(name) if name in known else name for name in names.split(LISTED))
    if topic == "gates":
        listed = [f"check.{name}" for name in names.split(LISTED)]
        return SHOWN.join(
            briefing.say(key) if briefing.wording.has(key) else key.removeprefix("check.") for key in listed
        )
    return names
