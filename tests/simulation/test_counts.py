import pandas as pd

from helpers.simulation import draw_counts, simulate_counts
from helpers.simulation.counts import COUNT_TABLE_COLUMNS


def test_the_table_has_one_row_per_ward_period_and_indicator(counts, process):
    assert tuple(counts.columns) == COUNT_TABLE_COLUMNS
    assert len(counts) == 32 * 60 * 14
    assert not counts.duplicated(["ward_id", "period", "indicator"]).any()
    assert counts.sort_values(["ward_id", "period", "indicator"]).index.equals(counts.index)


def test_the_table_holds_the_draw_of_the_stated_seed(counts, process):
    draw = draw_counts(process, seed=process.parameters.seed)["crime_order"].recorded
    wide = counts.loc[counts["indicator"].eq("crime_order")].pivot(index="ward_id", columns="period", values="value")
    expected = pd.DataFrame(draw, index=process.design.ward_ids, columns=process.design.periods)
    pd.testing.assert_frame_equal(wide, expected, check_names=False)


def test_another_seed_redraws_counts_and_keeps_expectations(nghe_an, counts):
    other = simulate_counts(nghe_an, seed=1)
    assert not other["value"].equals(counts["value"])
    assert other["expected"].equals(counts["expected"])


def test_the_true_effect_on_cells_is_a_ratio_of_sums(counts):
    pilots = counts.loc[
        counts["ward_id"].isin(["16666@2019-01-01", "16939@2019-01-01"])
        & counts["period"].ge("2021-10")
        & counts["indicator"].eq("crime_order")
    ]
    assert abs(pilots["expected"].sum() / pilots["expected_untreated"].sum() - 0.45) < 1e-12
