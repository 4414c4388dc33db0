"""The library's estimators get what they should, and what they give equals hand computations."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from designs import make_design
from helpers.errors import EstimationError
from helpers.estimation import library_estimators
from helpers.estimation.bacon_weights import bacon_weights
from helpers.estimation.library_estimators import library_effects
from helpers.estimation.quarters import quarter_label, to_quarters
from helpers.study.design import NEVER
from helpers.study.periods import period_number, period_range

WARDS = 24
PERIODS = period_range("police_month", "2019-01", "2023-12")
STARTS = (PERIODS.index("2021-08"), PERIODS.index("2023-03"))


def staggered(labels=(0, 0, *[1] * 8, *[NEVER] * 14), anticipation=0):
    """Two cohorts, 19 police months apart."""
    return make_design(labels, STARTS, PERIODS, anticipation=anticipation, period_kind="police_month")


def quarterly(starts, labels, count=8):
    periods = period_range("calendar_quarter", "2020Q1", "2025Q4")[:count]
    return make_design(labels, starts, periods, period_kind="calendar_quarter")


@pytest.fixture(scope="module")
def counts():
    return np.random.default_rng(3).poisson(4.0, (WARDS, len(PERIODS))).astype(float)


@pytest.fixture(scope="module")
def rows(counts):
    effects = library_effects(counts, staggered(anticipation=3), "n")
    return {(row.estimator, row.cohort): row for row in effects.rows}


def dropped(quarters, cohort):
    own = quarters.dropped[quarters.dropped["cohort"] == cohort]
    return dict(zip(own["quarter"], own["why"], strict=True))


def test_straddling_quarter_is_dropped_for_its_cohort_only(counts):
    quarters = to_quarters(counts, staggered())
    assert dropped(quarters, "x") == {"2021Q3": "straddling"}
    assert dropped(quarters, "y") == {"2023Q1": "straddling"}
    firsts = {cohort: quarter_label("police_month", first) for cohort, first in quarters.first_treated.items()}
    assert firsts == {"x": "2021Q4", "y": "2023Q2"}
    kept = quarters.frame.groupby("ward_id")["quarter"].agg(lambda own: {quarter_label("police_month", q) for q in own})
    assert "2021Q3" not in kept["00"] and "2023Q1" in kept["00"]
    assert "2021Q3" in kept["02"] and "2023Q1" not in kept["02"]
    assert len(kept["23"]) == 20
    assert len(set.intersection(*kept)) == quarters.common()["quarter"].nunique() == 18


def test_donut_reaches_back_over_every_quarter_it_touches(counts):
    quarters = to_quarters(counts, staggered(anticipation=3))
    assert dropped(quarters, "x") == {"2021Q2": "donut", "2021Q3": "straddling"}
    assert dropped(quarters, "y") == {"2022Q4": "donut", "2023Q1": "straddling"}
    assert quarters.gap == 2


def test_a_start_on_a_quarter_drops_nothing(counts):
    quarters = to_quarters(counts, replace(staggered(), starts=(30, 51)))
    assert dropped(quarters, "x") == {}
    assert quarter_label("police_month", quarters.first_treated["x"]) == "2021Q3"


def test_quarters_sum_months_and_miss_what_months_miss(counts):
    gaps = counts.copy()
    gaps[23, 4] = np.nan
    frame = to_quarters(gaps, staggered()).frame
    own = frame[frame["ward_id"] == "23"].set_index("quarter")["outcome"]
    second = period_number("police_month", "2019-04") // 3
    assert np.isnan(own[second]) and own.isna().sum() == 1
    assert own[second + 1] == counts[23, 6:9].sum()
    assert set(frame.loc[frame["ward_id"] == "23", "first_treat"]) == {0}


def test_incomplete_quarters_at_the_ends_are_dropped(counts):
    design = replace(staggered(), periods=PERIODS[1:-1], starts=tuple(start - 1 for start in STARTS))
    quarters = to_quarters(counts[:, 1:-1], design)
    assert dropped(quarters, "all") == {"2019Q1": "incomplete", "2023Q4": "incomplete"}
    assert quarters.frame["quarter"].nunique() == 18


def test_coarser_periods_pass_through():
    design = quarterly((5,), (0, 0, NEVER))
    values = np.arange(24.0).reshape(3, 8)
    quarters = to_quarters(values, design)
    assert quarters.frame["outcome"].tolist() == values.ravel().tolist()
    assert quarters.dropped.empty and quarters.gap == 0


def test_shape_is_checked():
    with pytest.raises(EstimationError, match="shape"):
        to_quarters(np.ones((3, 7)), quarterly((5,), (0, 0, NEVER)))


def wide(counts, design):
    quarters = to_quarters(counts, design)
    return quarters, quarters.frame.pivot(index="ward_id", columns="quarter", values="outcome")


def test_callaway_santanna_equals_differences_by_hand(counts, rows):
    quarters, table = wide(counts, staggered(anticipation=3))
    first = table.index[:2], table.index[2:10], table.index[10:]
    effects, sizes = {}, {}
    for cohort, own in (("x", first[0]), ("y", first[1])):
        start = quarters.first_treated[cohort]
        base = start - 1 - quarters.gap
        clean_until = quarters.first_treated["y"] - quarters.gap
        for quarter in range(start, table.columns.max() + 1):
            later = first[1] if cohort == "x" and quarter < clean_until else first[2][:0]
            change = table[quarter] - table[base]
            comparison = change[first[2].append(later)].mean()
            effects[cohort, quarter] = change[own].mean() - comparison
            sizes[cohort, quarter] = len(own)
    for cohort in "xy":
        by_hand = np.mean([value for (own, _), value in effects.items() if own == cohort])
        assert rows["callaway_santanna", cohort].estimate == pytest.approx(by_hand, abs=1e-9)
    overall = np.average(list(effects.values()), weights=list(sizes.values()))
    assert rows["callaway_santanna", "all"].estimate == pytest.approx(overall, abs=1e-9)


def dummies(frame):
    wards = np.unique(frame["ward_id"], return_inverse=True)[1]
    times = np.unique(frame["quarter"], return_inverse=True)[1]
    return np.column_stack(
        [wards[:, None] == np.arange(wards.max() + 1), times[:, None] == np.arange(1, times.max() + 1)]
    )


@pytest.mark.parametrize("design", [staggered(anticipation=3), replace(staggered(), starts=(30, 50))])
def test_linear_imputation_equals_least_squares_on_clean_cells(counts, design):
    gaps = counts.copy()
    gaps[5, 40] = np.nan
    frame = to_quarters(gaps, design).reported()
    treated = ((frame["first_treat"] > 0) & (frame["quarter"] >= frame["first_treat"])).to_numpy()
    regressors, y = dummies(frame).astype(float), frame["outcome"].to_numpy()
    beta = np.linalg.lstsq(regressors[~treated], y[~treated], rcond=None)[0]
    by_hand = (y - regressors @ beta)[treated].mean()
    effects = library_effects(gaps, design, "n")
    row = next(row for row in effects.rows if row.estimator == "linear_imputation_library")
    assert row.estimate == pytest.approx(by_hand, abs=1e-8)
    assert (row.n_treated, row.n_comparison, row.n_obs) == (10, 14, len(frame))


def test_sun_abraham_equals_saturated_regression(counts, rows):
    quarters = to_quarters(counts, staggered(anticipation=3))
    frame = quarters.reported()
    relative = (frame["quarter"] - frame["first_treat"]).where(frame["first_treat"] > 0)
    cells = [
        (cohort, own)
        for cohort in quarters.first_treated.values()
        for own in sorted(relative[frame["first_treat"] == cohort].unique())
        if own != -1 - quarters.gap
    ]
    own_cells = [((frame["first_treat"] == cohort) & (relative == own)).to_numpy() for cohort, own in cells]
    regressors = np.column_stack([*own_cells, dummies(frame)]).astype(float)
    beta = np.linalg.lstsq(regressors, frame["outcome"].to_numpy(), rcond=None)[0]
    is_post = [own >= 0 for _, own in cells]
    sizes = [cell.sum() * post for cell, post in zip(own_cells, is_post, strict=True)]
    by_hand = np.average(beta[: len(cells)], weights=sizes)
    assert rows["sun_abraham", "all"].estimate == pytest.approx(by_hand, abs=1e-8)


def test_intervals_are_withheld_below_five_treated_wards(rows):
    pilots, later = rows["callaway_santanna", "x"], rows["callaway_santanna", "y"]
    assert (pilots.n_treated, later.n_treated) == (2, 8)
    assert np.isnan([pilots.std_error, pilots.conf_low, pilots.conf_high, pilots.p_value]).all()
    assert np.isfinite(pilots.estimate) and pilots.reason == "" and pilots.inference == "none"
    assert pilots.note.endswith("No clustered interval: 2 treated wards are fewer than 5.")
    assert later.conf_low < later.estimate < later.conf_high
    assert later.inference == "analytic" and later.scale == "level" and "fewer than 5" not in later.note


def test_rows_are_the_declared_ones(rows):
    assert list(rows) == [
        ("callaway_santanna", "all"),
        ("callaway_santanna", "x"),
        ("callaway_santanna", "y"),
        ("sun_abraham", "all"),
        ("linear_imputation_library", "all"),
    ]
    assert (rows["callaway_santanna", "x"].n_comparison, rows["callaway_santanna", "y"].n_comparison) == (22, 14)


def test_warnings_of_the_library_reach_the_note(rows):
    note = rows["callaway_santanna", "y"].note.splitlines()
    assert note[0].startswith("Unbalanced panel detected")
    assert "could not be estimated" in note[1]
    assert rows["sun_abraham", "all"].note == ""


def test_notes_are_unique_in_order_and_one_line_each(monkeypatch):
    def estimate(quarters):
        for message in ("second\nhalf", "first", "second half"):
            warnings.warn(message, RuntimeWarning, stacklevel=1)
        return {}

    monkeypatch.setattr(library_estimators, "ESTIMATORS", {"callaway_santanna": (estimate, False, False)})
    (row,) = library_effects(np.arange(24.0).reshape(3, 8), quarterly((5,), (0, 0, NEVER)), "n").rows
    assert row.note == "second half\nfirst"
    assert "gave no number" in row.reason


def test_no_never_treated_ward_is_a_reason(counts):
    effects = library_effects(counts, staggered(labels=(*[0] * 12, *[1] * 12)), "n")
    by_estimator = {row.estimator: row for row in effects.rows if row.cohort == "all"}
    assert by_estimator["sun_abraham"].reason.startswith("The library refused: No never-treated units found")
    assert np.isnan(by_estimator["sun_abraham"].estimate)
    assert by_estimator["callaway_santanna"].reason == ""


def test_too_few_quarters_is_a_reason():
    design = replace(quarterly((2,), (0, 0, NEVER), 6), period_kind="calendar_month", periods=PERIODS[:6])
    effects = library_effects(np.arange(18.0).reshape(3, 6), design, "n")
    assert {row.reason for row in effects.rows} == {
        "No treated ward reported a whole quarter after its start and had a clean one before it."
    }
    assert to_quarters(np.ones((3, 6)), design).left_out() == (
        "Cohort x is left out: no clean whole quarter before its start.",
    )


def test_constant_outcome_is_a_reason():
    effects = library_effects(np.ones((3, 8)), quarterly((5,), (0, 0, NEVER)), "n")
    assert all("no variation" in row.reason for row in effects.rows)


def test_unreported_base_quarter_is_a_reason_where_effects_are_measured_from_it():
    values = np.random.default_rng(1).poisson(5.0, (6, 8)).astype(float)
    values[:2, 4] = np.nan
    effects = library_effects(values, quarterly((5,), (0, 0, *[NEVER] * 4)), "n")
    reasons = {row.estimator: row.reason for row in effects.rows}
    assert reasons["sun_abraham"] == reasons["callaway_santanna"]
    assert "no reported quarter 2021Q1" in reasons["sun_abraham"]
    assert reasons["linear_imputation_library"] == ""


def test_cohorts_of_one_quarter_are_not_told_apart(counts):
    design = replace(staggered(), starts=(31, 32))
    rows = {(row.estimator, row.cohort): row for row in library_effects(counts, design, "n").rows}
    assert "x + y share" in rows["callaway_santanna", "x"].reason
    assert np.isfinite(rows["callaway_santanna", "all"].estimate)


def test_bacon_weights_add_up_to_the_two_way_coefficient(counts):
    design = staggered(anticipation=3)
    gaps = counts.copy()
    gaps[12, 0] = np.nan
    table = bacon_weights(gaps, design)
    common = to_quarters(counts, design).common()
    frame = common[common["ward_id"] != "12"]
    treated = (frame["first_treat"] > 0) & (frame["quarter"] >= frame["first_treat"])
    regressors = np.column_stack([treated, dummies(frame)]).astype(float)
    coefficient = np.linalg.lstsq(regressors, frame["outcome"].to_numpy(), rcond=None)[0][0]
    assert table["weight"].sum() == pytest.approx(1)
    assert (table["weight"] * table["estimate"]).sum() == pytest.approx(coefficient, abs=1e-8)
    assert set(table["wards_left_out"]) == {"12"}
    pairs = set(zip(table["comparison"], table["treated_cohort"], table["control_cohort"], strict=True))
    assert pairs == {
        ("treated_vs_never", "x", "never"),
        ("treated_vs_never", "y", "never"),
        ("earlier_vs_later", "x", "y"),
        ("later_vs_earlier", "y", "x"),
    }


def test_bacon_weights_need_a_complete_treated_ward():
    values = np.arange(24.0).reshape(3, 8)
    values[:2, 0] = np.nan
    with pytest.raises(EstimationError, match="no decomposition"):
        bacon_weights(values, quarterly((5,), (0, 0, NEVER)))
