"""The tables of the findings: estimates, what other estimators give, checks, and the account of the cleaning."""

import math
from collections.abc import Sequence

import pandas as pd

from helpers.reporting.briefing import Briefing
from helpers.reporting.captions import joined
from helpers.reporting.effects import BESIDE, CONFIRMATORY, PRIMARY_ESTIMATOR, TWO_WAY, Effect, find_effect
from helpers.reporting.sentences import amount_text, change_interval_text
from helpers.reporting.table_text import retell
from helpers.reporting.tables import Column, RowGroup, Table
from helpers.reporting.verdicts import Verdict

NOTHING = "–"
LONGEST_PIECE = 22
NO_GATE = "honest_did"
"""The check that is approximate and never a gate: it stands apart from the others, without a verdict."""
CHECK_VERDICTS = ("pass", "fail", "cannot_tell")
COUNTS = ("cell_count", "panel_count", "quarantine_count", "furniture_count")


def effects_table(verdicts: Sequence[Verdict], effects: Sequence[Effect], briefing: Briefing) -> Table:
    """Return every indicator's estimates, overall and by cohort, under both specifications."""
    names = ("change", "incidents", "p", "p_adjusted", "mde", "two_way")
    columns = (Column(briefing.say("effects.who")), *(Column(briefing.say(f"effects.{name}"), True) for name in names))
    groups, shown = [], []
    for verdict in verdicts:
        overall = _overall_label(verdict, briefing)
        shown += [(briefing.say("effects.overall"), own) for own in (verdict.effect, verdict.two_way)]
        rows = [_effect_row(overall, verdict.effect, verdict.two_way, verdict.p_adjusted, briefing)]
        for effect in verdict.cohorts if len(verdict.cohorts) > 1 else ():
            beside = find_effect(
                effects, verdict.indicator, specification=TWO_WAY, estimand=effect.estimand, cohort=effect.cohort
            )
            who = _cohort_label(effect, briefing)
            rows.append(_effect_row(who, effect, beside, math.nan, briefing))
            shown += [(who, effect), (who, beside)]
        groups.append(RowGroup(_heading(verdict.indicator, briefing), tuple(rows)))
    note = " ".join(filter(None, (briefing.say("effects.note"), _tests_sentence(shown, briefing))))
    return Table(briefing.say("effects.caption"), columns, tuple(groups), briefing, note)


def ratios_table(indicators: Sequence[str], effects: Sequence[Effect], briefing: Briefing) -> Table:
    """Return the estimates of ratios, overall and by cohort, under both specifications; no verdict belongs to them."""
    names = ("effects.change", "effects.p", "work.assignments", "work.smallest_p", "effects.two_way", "work.p_two_way")
    columns = (Column(briefing.say("effects.who")), *(Column(briefing.say(name), True) for name in names))
    groups, loose = [], []
    for indicator in indicators:
        cohorts = sorted({own.cohort for own in effects if own.indicator == indicator and own.estimand == "cohort"})
        rows = []
        for estimand, cohort in (("overall", "all"), *(("cohort", own) for own in cohorts if len(cohorts) > 1)):
            found = [
                find_effect(effects, indicator, specification=own, estimand=estimand, cohort=cohort)
                for own in (CONFIRMATORY, TWO_WAY)
            ]
            who = briefing.say("effects.overall") if estimand == "overall" else briefing.cohort_name(cohort)
            rows.append(_ratio_row(who, found[0], found[1], briefing))
            loose += [who for own in found[:1] if own and estimand == "cohort" and own.tests_no_effect_anywhere]
        groups.append(RowGroup(_heading(indicator, briefing), tuple(rows)))
    note = briefing.say("work.note")
    if loose:
        note = f"{note} {briefing.say('work.note_anywhere', names=joined(list(dict.fromkeys(loose)), briefing))}"
    return Table(briefing.say("work.caption"), columns, tuple(groups), briefing, note)


def _tests_sentence(shown: Sequence[tuple[str, Effect | None]], briefing: Briefing) -> str:
    """Return how many assignments each test shown rests on, the fewest where indicators differ, or ""."""
    tests: dict[tuple[str, str], list[Effect]] = {}
    for who, effect in shown:
        if effect is not None and effect.inference == "randomisation" and not math.isnan(effect.n_assignments):
            tests.setdefault((who, effect.specification), []).append(effect)
    said = [
        briefing.say(
            f"effects.tests.{'one' if len({own.n_assignments for own in found}) == 1 else 'fewest'}",
            who=who,
            specification=briefing.say(f"short.{specification}"),
            assignments=briefing.wording.number(min(own.n_assignments for own in found)),
            smallest_p=briefing.wording.small(max(own.smallest_p for own in found)),
        )
        for (who, specification), found in tests.items()
    ]
    return briefing.say("effects.tests", tests="; ".join(said)) if said else ""


def _overall_label(verdict: Verdict, briefing: Briefing) -> str:
    """Return "overall", with each cohort's weight where there are several."""
    weighted = [effect for effect in verdict.cohorts if not math.isnan(effect.weight)]
    if len(weighted) < 2:
        return briefing.say("effects.overall")
    weights = [
        f"{briefing.cohort_name(own.cohort)} {briefing.wording.percent(own.weight, is_signed=False)}"
        for own in weighted
    ]
    return briefing.say("effects.overall_weighted", weights=joined(weights, briefing))


def _cohort_label(effect: Effect, briefing: Briefing) -> str:
    name = briefing.cohort_name(effect.cohort)
    return briefing.say("cohort.one_until_next", cohort=name) if effect.estimand == "cohort_before_next" else name


def other_estimators_table(estimates: pd.DataFrame, verdicts: Sequence[Verdict], briefing: Briefing) -> Table | None:
    """Return what the usual estimators give on the same data, or None if the run holds none."""
    is_other = estimates["estimator"].ne(PRIMARY_ESTIMATOR) | estimates["inference"].isin(BESIDE)
    others = estimates.loc[is_other & estimates["estimate"].notna()]
    rows = tuple(
        _other_row(row, briefing)
        for verdict in verdicts
        for row in others.loc[others["indicator"].eq(verdict.indicator)].to_dict("records")
    )
    if not rows:
        return None
    numbers = ("estimate", "std_error", "interval", "p")
    columns = (
        Column(briefing.say("column.indicator")),
        Column(briefing.say("others.estimator")),
        *(Column(briefing.say(f"others.{name}"), True) for name in numbers),
        Column(briefing.say("others.inference")),
    )
    return Table(briefing.say("others.caption"), columns, (RowGroup("", rows),), briefing, briefing.say("others.note"))


def checks_table(checks: pd.DataFrame, verdicts: Sequence[Verdict], briefing: Briefing) -> Table | None:
    """Return the attempts to break each estimate and their outcomes, or None if none was made."""
    order = [verdict.indicator for verdict in verdicts]
    known = checks.loc[checks["indicator"].isin(order) & checks["check"].ne(NO_GATE)]
    if known.empty:
        return None
    names = ("question", "specification", "verdict", "statistic", "threshold", "reason")
    columns = tuple(Column(briefing.say(f"checks.{name}"), name in ("statistic", "threshold")) for name in names)
    groups = [
        RowGroup(_heading(name, briefing), tuple(_check_row(row, briefing) for row in own.to_dict("records")))
        for name in order
        if not (own := known.loc[known["indicator"].eq(name)]).empty
    ]
    return Table(briefing.say("checks.caption"), columns, tuple(groups), briefing)


def sensitivity_table(checks: pd.DataFrame, verdicts: Sequence[Verdict], briefing: Briefing) -> Table | None:
    """Return how far proportional movement may fail before each effect goes, or None if nobody asked; no verdicts."""
    known = checks.loc[checks["check"].eq(NO_GATE)]
    groups = [
        RowGroup(_heading(verdict.indicator, briefing), tuple(_sensitivity_row(row, briefing) for row in rows))
        for verdict in verdicts
        if (rows := known.loc[known["indicator"].eq(verdict.indicator)].to_dict("records"))
    ]
    if not groups:
        return None
    columns = (
        Column(briefing.say("checks.specification")),
        Column(briefing.say("sensitivity.breakdown"), True),
        Column(briefing.say("sensitivity.says")),
    )
    return Table(briefing.say("sensitivity.caption"), columns, tuple(groups), briefing)


def account_table(account: pd.DataFrame, briefing: Briefing) -> Table:
    """Return the cells read from each file and where they went."""
    by_file = account.groupby("file", sort=True)[list(COUNTS)].sum()
    rows = tuple(
        (str(name), *(briefing.wording.number(value) for value in counts))
        for name, counts in zip(by_file.index, by_file.to_numpy().tolist(), strict=True)
    )
    columns = (Column(briefing.say("column.file")), *(Column(briefing.say(f"column.{name}"), True) for name in COUNTS))
    return Table(briefing.say("data.caption"), columns, (RowGroup("", rows),), briefing)


def _heading(indicator: str, briefing: Briefing) -> str:
    return briefing.say("effects.heading", indicator=briefing.indicator_name(indicator), unit=briefing.unit(indicator))


def _effect_row(
    who: str, effect: Effect | None, two_way: Effect | None, p_adjusted: float, briefing: Briefing
) -> tuple[str, ...]:
    wording = briefing.wording
    beside = _ratio_cell(two_way, briefing)
    if effect is None or not effect.is_estimated:
        return (who, briefing.say("label.not_estimable"), *[NOTHING] * 4, beside)
    incidents = change_interval_text(effect, briefing)
    return (
        who,
        _ratio_cell(effect, briefing),
        briefing.say(
            "label.estimate",
            estimate=amount_text(effect.change, briefing, is_signed=True),
            interval=_unbroken(incidents),
        )
        if not math.isnan(effect.change)
        else briefing.say("protection.withheld"),
        wording.plain_p(effect.p_value),
        wording.plain_p(p_adjusted),
        wording.percent(effect.mde) if not math.isnan(effect.mde) else briefing.say("effects.mde_none"),
        beside,
    )


def _ratio_row(who: str, effect: Effect | None, two_way: Effect | None, briefing: Briefing) -> tuple[str, ...]:
    wording = briefing.wording
    beside = (_ratio_cell(two_way, briefing), wording.plain_p(two_way.p_value if two_way else math.nan))
    if effect is None or not effect.is_estimated:
        return (who, briefing.say("label.not_estimable"), *[NOTHING] * 3, *beside)
    count = NOTHING if math.isnan(effect.n_assignments) else wording.number(effect.n_assignments)
    tested = (wording.plain_p(effect.p_value), count, wording.small(effect.smallest_p))
    return (who, _ratio_cell(effect, briefing), *tested, *beside)


def _ratio_cell(effect: Effect | None, briefing: Briefing) -> str:
    if effect is None or not effect.is_estimated:
        return NOTHING
    interval = briefing.wording.interval(effect.conf_low, effect.conf_high, is_percent=True)
    return briefing.say(
        "label.estimate", estimate=briefing.wording.percent(effect.estimate), interval=_unbroken(interval)
    )


def _unbroken(interval: str) -> str:
    """Return a short interval as one piece, so that a narrow cell breaks after the estimate."""
    return interval.replace(" ", "\N{NO-BREAK SPACE}") if len(interval) <= LONGEST_PIECE else interval


def _other_row(row: dict[object, object], briefing: Briefing) -> tuple[str, ...]:
    values = {name: float(str(row[name])) for name in ("estimate", "std_error", "conf_low", "conf_high", "p_value")}
    is_ratio = row["scale"] == "ratio"

    def written(value: float) -> str:
        if not math.isfinite(value):
            return NOTHING
        return briefing.wording.percent(value) if is_ratio else briefing.wording.number(value, decimals=4)

    name, inference = f"others.{row['estimator']}", f"others.{row['inference']}"
    error = NOTHING if math.isnan(values["std_error"]) else briefing.wording.number(values["std_error"], decimals=4)
    ends = (
        NOTHING if math.isnan(values["conf_low"]) else f"{written(values['conf_low'])} … {written(values['conf_high'])}"
    )
    return (
        _heading(str(row["indicator"]), briefing),
        f"{briefing.say(name) if briefing.wording.has(name) else row['estimator']}{_of_what(row, briefing)}",
        written(values["estimate"]),
        error,
        ends,
        briefing.wording.plain_p(values["p_value"]),
        briefing.say(inference) if briefing.wording.has(inference) else str(row["inference"]),
    )


def _of_what(row: dict[object, object], briefing: Briefing) -> str:
    """Return which cohort and which specification an estimate beside is about, or "" for all under the usual one."""
    parts = []
    if str(row["cohort"]) not in ("", "all"):
        parts.append(briefing.cohort_name(str(row["cohort"])))
    if row["specification"] == CONFIRMATORY:
        parts.append(briefing.say("short.town_period").strip("()"))
    return f" ({', '.join(parts)})" if parts else ""


def _check_row(row: dict[object, object], briefing: Briefing) -> tuple[str, ...]:
    question, specification = f"check.{row['check']}", f"short.{row['specification']}"
    verdict = str(row["verdict"])
    return (
        briefing.say(question) if briefing.wording.has(question) else str(row["question"]),
        briefing.say(specification) if briefing.wording.has(specification) else NOTHING,
        briefing.say(f"checks.{verdict}") if verdict in CHECK_VERDICTS else verdict,
        _measured(row["statistic"], briefing),
        _measured(row["threshold"], briefing),
        retell(str(row["reason"]), briefing, group="reason"),
    )


def _sensitivity_row(row: dict[object, object], briefing: Briefing) -> tuple[str, ...]:
    breakdown, specification = float(str(row["statistic"])), f"short.{row['specification']}"
    return (
        briefing.say(specification) if briefing.wording.has(specification) else NOTHING,
        briefing.wording.number(breakdown, decimals=2) if math.isfinite(breakdown) else NOTHING,
        retell(str(row["reason"]), briefing, group="reason"),
    )


def _measured(value: object, briefing: Briefing) -> str:
    number = float(str(value))
    return briefing.wording.number(number, decimals=3) if math.isfinite(number) else NOTHING
