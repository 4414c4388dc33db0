"""From a run's tables to those that may be published: the one door of disclosure control.

Pages, figures, alternative texts and files are all made from what `protect_tables` returns, so none of them can say
more than it does.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from helpers.errors import UsageError
from helpers.reporting.disclosure.blocks import Block, build_blocks_of, followed_specification, public_rows
from helpers.reporting.disclosure.contributions import ALL, treated_groups
from helpers.reporting.disclosure.counts import safe_counts, total_under_treatment
from helpers.reporting.disclosure.effect_rows import (
    RATIO,
    EffectRules,
    known_ratios,
    public_effects,
)
from helpers.reporting.disclosure.other_tables import PUBLIC_TABLES, Context
from helpers.reporting.disclosure.rules import Rules, rules_of
from helpers.reporting.effects import PRIMARY_ESTIMATOR
from helpers.study.objects import Study

CONTRIBUTIONS = "contributions"
"""The name under which `ward_contributions` come along with a run's tables; they are never published."""

Place = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Protection:
    """What was withheld, in numbers that a reader may know.

    Attributes
    ----------
    rules : Rules
        The thresholds.
    count_rows, hidden_count_rows : int
        Quarters, years and totals of all indicators, and how many of them are withheld.
    ratios, hidden_ratios : int
        Estimated ratios, and how many of them are withheld.
    tables : tuple of str
        Tables withheld whole.
    """

    rules: Rules
    count_rows: int
    hidden_count_rows: int
    ratios: int
    hidden_ratios: int
    tables: tuple[str, ...]


@dataclass(frozen=True)
class _Counts:
    """What is published of one indicator's counts."""

    rows: pd.DataFrame
    totals: Mapping[Place, tuple[float, float]]
    row_count: int
    hidden_count: int


def protect_tables(tables: Mapping[str, pd.DataFrame], study: Study) -> tuple[dict[str, pd.DataFrame], Protection]:
    """Return a run's tables as they may be published, and what was withheld.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        The run's tables by name, with `CONTRIBUTIONS` among them.
    study : Study
        Its thresholds, its calendar and the names of its wards.

    Raises
    ------
    UsageError
        If the contributions of the wards are missing: without them nothing can be judged.
    DisclosureRisk
        If no pattern of withheld counts is safe.
    """
    if CONTRIBUTIONS not in tables:
        raise UsageError(
            f"Study {study.study} holds restricted data: disclosure control needs what each ward contributes to the "
            "counts (ward_contributions), which was not given. Run notebook 05 and model-wards run."
        )
    rules, contributions = rules_of(study), tables[CONTRIBUTIONS]
    groups = treated_groups(contributions)
    estimates, counterfactual = tables["estimates"], tables["counterfactual"]
    decisions = EffectRules(rules, groups, {}, _numerators(estimates))
    counts = [
        _indicator_counts(own, estimates, contributions, decisions, study)
        for _, own in counterfactual.groupby("indicator", sort=True)
    ]
    totals = {place: pair for own in counts for place, pair in own.totals.items()}
    effects = public_effects(estimates, EffectRules(rules, groups, totals, decisions.numerators))
    context = Context(rules, study, groups)
    public = {name: rule(tables[name], context) for name, rule in PUBLIC_TABLES.items() if name in tables}
    frames = [own.rows for own in counts if len(own.rows)]
    public |= {"estimates": effects, "counterfactual": _gathered(frames, counterfactual)}
    return public, _account(tables, public, counts, rules)


def _numerators(estimates: pd.DataFrame) -> dict[str, float]:
    """Return the overall observed count of each indicator: what the usual estimators' coefficients rest on."""
    own = estimates.loc[
        estimates["estimator"].eq(PRIMARY_ESTIMATOR)
        & estimates["estimand"].eq("overall")
        & estimates["scale"].eq(RATIO)
    ]
    return {str(name): float(rows["observed"].max()) for name, rows in own.groupby("indicator")}


def _indicator_counts(
    own: pd.DataFrame, estimates: pd.DataFrame, contributions: pd.DataFrame, decisions: EffectRules, study: Study
) -> _Counts:
    indicator, specification, rules = str(own["indicator"].iloc[0]), followed_specification(own), decisions.rules
    rows, behind, effects = (
        frame.loc[frame["indicator"].eq(indicator) & frame["specification"].eq(specification)]
        for frame in (own, contributions, estimates)
    )
    blocks = build_blocks_of(rows, behind, study.period_kind, rules)
    _check_contributions(blocks, behind, indicator)
    if not blocks:
        return _Counts(own.iloc[:0], {}, 0, 0)
    groups = {key[2]: group for key, group in decisions.groups.items() if key[:2] == (indicator, specification)}
    hidden = safe_counts(blocks, known_ratios(effects, decisions), groups, rules).withheld
    cohorts = [ALL, *sorted({block.cohort for block in blocks if block.is_treated})]
    totals = {
        (indicator, specification, cohort): _rounded(total_under_treatment(blocks, cohort), rules)
        for cohort in cohorts
        if cohort not in hidden
    }
    common = {name: own[name].iloc[0] for name in ("run", "study") if name in own.columns}
    shown = pd.DataFrame(public_rows(blocks, hidden, rules)).assign(
        **common, indicator=indicator, specification=specification
    )
    names = [*cohorts, *(block.name for block in blocks)]
    return _Counts(shown, totals, len(names), sum(name in hidden for name in names))


def _check_contributions(blocks: Sequence[Block], behind: pd.DataFrame, indicator: str) -> None:
    counted, known = sum(block.observed for block in blocks), float(behind["observed"].sum())
    if not math.isclose(counted, known, abs_tol=1e-6):
        raise UsageError(
            f"The table counterfactual has {counted:g} observed for {indicator}, its wards contribute {known:g}: the "
            "panel and the tables are not of one run. Run notebooks 01 to 04 again."
        )


def _rounded(pair: tuple[float, float], rules: Rules) -> tuple[float, float]:
    return rules.rounded(pair[0]), rules.rounded(pair[1])


def _gathered(frames: Sequence[pd.DataFrame], counterfactual: pd.DataFrame) -> pd.DataFrame:
    if not frames:
        return counterfactual.iloc[:0]
    table = pd.concat(frames, ignore_index=True)
    order = [name for name in counterfactual.columns if name in table.columns]
    return table[[*order, *(name for name in table.columns if name not in order)]]


def _account(
    tables: Mapping[str, pd.DataFrame], public: Mapping[str, pd.DataFrame], counts: Sequence[_Counts], rules: Rules
) -> Protection:
    was, now = (
        frame.loc[frame["scale"].eq(RATIO), "estimate"].notna() for frame in (tables["estimates"], public["estimates"])
    )
    return Protection(
        rules=rules,
        count_rows=sum(own.row_count for own in counts),
        hidden_count_rows=sum(own.hidden_count for own in counts),
        ratios=int(was.sum()),
        hidden_ratios=int((was & ~now).sum()),
        tables=tuple(sorted(set(tables) - set(public) - {CONTRIBUTIONS})),
    )
