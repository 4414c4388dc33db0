"""The tables of the section on size, coverage and power, as Markdown."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

import numpy as np

from size_of_tests.cells import (
    CELLS,
    COMPARED_WORLDS,
    LAYOUTS,
    MEAN_COUNT,
    OWN_WORLDS,
    RATE_PER_100K,
    RATES,
    Cell,
    build_setting,
)
from size_of_tests.draws import CASES, EFFECTS, POWER_CASES
from size_of_tests.judging import Rate, claims, covers, rejects
from size_of_tests.measures import TARGETS
from size_of_tests.peers import PEERS
from size_of_tests.store import Results, column_of

METHOD_NAMES = {
    "twfe_poisson": "two-way Poisson, cluster-robust (`twfe_poisson`)",
    "wild_bootstrap": "restricted wild cluster bootstrap, linear",
    "jackknife_two_way": "CR3 jackknife, (i)",
    "jackknife_town_period": "CR3 jackknife, (ii)",
    "comparison_only_two_way": "draws from comparison wards only, (i)",
    "comparison_only_town_period": "draws from comparison wards only, (ii)",
    "ols_cluster": "two-way OLS, cluster CR1",
    "fepois": "Poisson fixed effects, cluster (pyfixest)",
    "glm_poisson": "Poisson with dummies, cluster (statsmodels)",
    "callaway_santanna": "Callaway–Sant'Anna, analytic (diff-diff)",
    "imputation": "imputation, analytic (diff-diff)",
    "etwfe_poisson": "extended two-way Poisson (diff-diff)",
}
OWN_METHODS = tuple(name for name in METHOD_NAMES if name.startswith(("jackknife", "comparison_only")))
SPECIFICATION_NAMES = {
    "town_period": "(ii) town × period, within towns",
    "two_way": "(i) two-way, over all wards",
    "town_period_raw": "(ii) unstudentised",
    "two_way_raw": "(i) unstudentised",
}
RATE_NAMES = {
    "real": f"{RATE_PER_100K:g} per 100,000 a year",
    "mean5": f"a mean of {MEAN_COUNT:g} per ward and month",
}
NOTHING = "·"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table."""
    body = [f"| {' | '.join(row)} |" for row in rows]
    return [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}", *body, ""] if body else ["Not measured.", ""]


def shown(rate: Rate, *, has_error: bool = True) -> str:
    """Return a rate as text, with its Monte-Carlo standard error."""
    if not rate.count:
        return NOTHING
    share = f"{rate.share:.3f}".removeprefix("0")
    return f"{share} ({rate.std_error:.3f})".replace("(0.", "(.") if has_error else share


def size_tables(results: Results, rate: str) -> list[str]:
    """Return how often each method rejects true nulls at a rate: the randomisation tests, then the others."""
    own = [(SPECIFICATION_NAMES[name], "null", name, TARGETS) for name in SPECIFICATION_NAMES]
    others = [
        (METHOD_NAMES[name], part, name, TARGETS)
        for part, names in (
            ("other", ("twfe_poisson", "wild_bootstrap")),
            ("own", OWN_METHODS),
            ("peers", tuple(PEERS)),
        )
        for name in names
    ]
    return [
        *table(("randomisation", "estimand", "pilots are", *OWN_WORLDS), _size_rows(results, rate, own, OWN_WORLDS)),
        *table(
            ("other methods", "estimand", "pilots are", *COMPARED_WORLDS),
            _size_rows(results, rate, others, COMPARED_WORLDS),
        ),
    ]


def _size_rows(results: Results, rate: str, methods: Sequence, worlds: Sequence[str]) -> Iterator[Sequence[str]]:
    for label, part, name, targets in methods:
        for target, layout in product(targets, LAYOUTS):
            cells = [Cell(world, layout, rate).name for world in worlds]
            found = [column_of(results, part, cell, "null", f"{name}.{target}.p") for cell in cells]
            if any(len(p_values) for p_values in found):
                yield (label, target, layout, *(shown(rejects(p_values)) for p_values in found))


def claims_table(results: Results) -> list[str]:
    """Return how often any of three outcomes without effect leaves a claim."""
    rows = []
    for rate, target, layout in product(RATES, TARGETS, LAYOUTS):
        cells = [Cell(world, layout, rate).name for world in ("A", "B")]
        found = [claims(column_of(results, "null", cell, "null", f"town_period.{target}.p")) for cell in cells]
        if any(own.count for own in found):
            rows.append((RATE_NAMES[rate], target, layout, *map(shown, found)))
    text = (
        "How often Holm's correction leaves any claim under (ii) when three independent outcomes have no effect. An "
        "approximation of the declared family, whose outcomes are related and which is corrected by Westfall and Young."
    )
    return [text, "", *table(("rate", "estimand", "pilots are", "A", "B"), rows)]


def effect_table(results: Results, rate: str, column: str) -> list[str]:
    """Return coverage (`column` "accepts") or power ("p") at a rate, by true effect."""
    is_coverage = column == "accepts"
    cases = tuple(CASES) if is_coverage else POWER_CASES
    rows, largest = [], 0.0
    for specification, target, case in product(("town_period", "two_way"), TARGETS, cases):
        shares = []
        for world in OWN_WORLDS:
            part = "null" if case == "null" else "coverage"
            cells = [Cell(world, layout, rate).name for layout in LAYOUTS]
            found = [column_of(results, part, cell, case, f"{specification}.{target}.{column}") for cell in cells]
            rates = [covers(own) if is_coverage else rejects(own) for own in found]
            largest = max([largest, *(own.std_error for own in rates if own.count)])
            shares.append(" ".join(shown(own, has_error=False) for own in rates))
        if any(share.strip(f"{NOTHING} ") for share in shares):
            rows.append((SPECIFICATION_NAMES[specification], target, _case_name(case), *shares))
    what = "How often the 95% interval holds the truth" if is_coverage else "How often the test rejects at 5%"
    text = f"{what}: three numbers, for the smallest, actual and largest pilots. Monte-Carlo standard error at most"
    return [f"{text} {largest:.3f}.", "", *table(("test", "estimand", "true effect", *OWN_WORLDS), rows)]


def _case_name(case: str) -> str:
    pilots, later = (f"{100 * (ratio - 1):+.0f}%".replace("-", "−") for ratio in CASES[case])
    return {"null": "0", "unequal": f"pilots {pilots}, 2023 {later}"}.get(case, pilots)


def cells_table(results: Results) -> list[str]:
    """Return what each cell draws from, and how often it was drawn."""
    rows = []
    for name in CELLS:
        setting = build_setting(name)
        pilots = np.array(setting.design.labels) == 0
        means = " and ".join(f"{mean:.2f}" for mean in setting.means[pilots].mean(axis=1))
        counts = [len(column_of(results, "null", name, "null", "town_period.overall.p"))]
        counts += [len(column_of(results, "coverage", name, case, "town_period.pilots.p")) for case in EFFECTS]
        rows.append((name, f"{setting.kappa:g}", means, f"{counts[0]:,}", f"{min(counts[1:]):,}"))
    header = ("cell", "overdispersion", "the two pilots' monthly means", "null replications", "per effect, at least")
    return table(header, rows)
