"""Where a run differs from the pre-analysis plan: found by comparing the two, so that nobody has to own up."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from helpers.study.pre_analysis_plan import PreAnalysisPlan

DESIGN_TOPICS = ("timing", "reading", "roster", "anticipation", "window")
SETS = ("family", "indicators", "gates")
"""Topics of which only what differs is named."""
TOPICS = ("primary", "family", "indicators", *DESIGN_TOPICS, "estimator", "specification", "gates")
"""What is compared, in the order in which deviations are listed."""

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WorkDone:
    """What a run did, as far as it has come; None for what has not been done yet.

    Attributes
    ----------
    primary : str
        The indicator whose result leads the findings.
    family : tuple of str
        Indicators over which p-values are adjusted.
    design : mapping of str to tuple of str
        By topic (`DESIGN_TOPICS`), each value that some notebook was run with; empty before any was.
    indicators : tuple of str or None
        Indicators that were estimated.
    estimator, specification : str or None
        Those of the effects that verdicts rest on.
    gates : tuple of str or None
        Checks that were made of the primary indicator.
    """

    primary: str
    family: Names
    design: Mapping[str, Names]
    indicators: Names | None = None
    estimator: str | None = None
    specification: str | None = None
    gates: Names | None = None


@dataclass(frozen=True, slots=True)
class Deviation:
    """One difference: what it is about, what was planned, and what was done ("" for nothing)."""

    topic: str
    planned: str
    done: str


def find_deviations(plan: PreAnalysisPlan, done: WorkDone) -> tuple[Deviation, ...]:
    """Return every difference between a plan and what a run did, in the order of `TOPICS`.

    Of `SETS` only what differs is named. An indicator that was analysed without having been
    planned is a deviation; a check that was made without having been planned is none.

    Examples
    --------
    >>> design = {"timing": ("main",), "reading": ("A",), "roster": ("given",), "anticipation": ("3",),
    ...           "window": ("2019-01 … 2023-12",)}
    >>> plan = PreAnalysisPlan.model_validate({
    ...     "date": __import__("datetime").date(2026, 11, 24), "figures_seen": "none", "statement_vi": "a",
    ...     "statement_en": "b", "outcomes": {"primary": "fires", "family": ["fires"]},
    ...     "design": {"timing": "main", "reading": "A", "roster": "given", "anticipation": 3,
    ...                "window_first": "2019-01", "window_last": "2023-12"},
    ...     "analysis": {"estimator": "count_imputation", "specification": "town_period", "gates": []}})
    >>> find_deviations(plan, WorkDone("fires", ("fires",), design))
    ()
    >>> find_deviations(plan, WorkDone("fires", ("fires",), design | {"timing": ("main", "plan")}))
    (Deviation(topic='timing', planned='main', done='main, plan'),)
    """
    outcomes, design, analysis = plan.outcomes, plan.design, plan.analysis
    planned = {
        "timing": design.timing,
        "reading": design.reading,
        "roster": design.roster,
        "anticipation": str(design.anticipation),
        "window": f"{design.window_first} … {design.window_last}",
    }
    found = [
        _of_value("primary", outcomes.primary, done.primary),
        _of_set("family", outcomes.family, done.family),
        _of_set("indicators", outcomes.every, done.indicators),
        *(_of_value(topic, planned[topic], ", ".join(values)) for topic, values in done.design.items()),
        _of_value("estimator", analysis.estimator, done.estimator),
        _of_value("specification", analysis.specification, done.specification),
        _of_set("gates", analysis.gates, _only(done.gates, analysis.gates)),
    ]
    return tuple(deviation for deviation in found if deviation is not None)


def _of_value(topic: str, planned: str, done: str | None) -> Deviation | None:
    return None if done is None or done == planned else Deviation(topic, planned, done)


def _of_set(topic: str, planned: Collection[str], done: Collection[str] | None) -> Deviation | None:
    if done is None or set(planned) == set(done):
        return None
    missed, added = sorted(set(planned) - set(done)), sorted(set(done) - set(planned))
    return Deviation(topic, ", ".join(missed), ", ".join(added))


def _only(names: Names | None, wanted: Collection[str]) -> Names | None:
    return None if names is None else tuple(name for name in names if name in wanted)
