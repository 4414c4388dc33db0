"""The table of contents: every check is tried or says why not, and an error of one never stops the others."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.checks import attempts
from helpers.checks.attempts import CONTENTS, NOT_TRIED, TAKES_LONG, Attempt, Inquiry, run_attempts
from helpers.checks.gates import CHECK_COLUMNS, DETAIL_COLUMNS
from helpers.errors import EstimationError
from helpers.study.design import Worlds

from .small_programme import small_analysis, small_study


def inquiry(*, full: bool = False, is_primary: bool = True) -> Inquiry:
    study, analysis = small_study(), replace(small_analysis(ratio=0.4), n_draws=19)
    if not is_primary:
        others = [replace(one, is_primary=False) for one in study.indicators]
        study = replace(study, indicators=tuple(others))
    worlds = Worlds(analysis.design, np.array([analysis.design.labels], dtype=np.int8))
    panel = pd.DataFrame(
        {
            "ward_id": np.repeat(analysis.design.ward_ids, len(analysis.design.periods)),
            "period": np.tile(analysis.design.periods, len(analysis.design.ward_ids)),
            "indicator": analysis.indicator,
            "value": analysis.outcome.ravel(),
        }
    )
    return Inquiry(analysis, analysis, study, worlds, panel, full)


def ids() -> set[str]:
    return {name for attempt in CONTENTS for name in attempt.checks}


@pytest.fixture(scope="module")
def full():
    return run_attempts(inquiry(full=True))


def test_every_check_of_the_contents_has_a_row(full):
    table = full.to_frame()
    assert list(table.columns) == list(CHECK_COLUMNS)
    assert set(table["check"]) == ids()
    assert set(table["verdict"]) <= {"pass", "fail", "cannot_tell"}
    assert table["reason"].ne("").all()
    assert not table["reason"].isin([NOT_TRIED, TAKES_LONG]).any()
    assert list(full.details().columns) == list(DETAIL_COLUMNS)
    assert {"two_way", "town_period"} == set(full.curve()["specification"])


def test_by_default_the_primary_gets_all_but_the_slow_ones_and_the_others_a_short_list():
    lead, other = (run_attempts(inquiry(is_primary=own)).to_frame() for own in (True, False))
    assert set(lead["check"]) == set(other["check"]) == ids()
    assert set(lead.loc[lead["reason"].eq(TAKES_LONG), "check"]) == {"specification_curve"}
    left_out = set(other.loc[other["reason"].eq(NOT_TRIED), "check"])
    assert {"pre_trends", "placebo_date", "placebo_indicator", "balance", "leave_one_out", "worlds"}.isdisjoint(
        left_out
    )
    assert left_out == {name for one in CONTENTS if one.scope != "every" for name in one.checks}
    assert other.loc[other["reason"].eq(NOT_TRIED), "check"].is_unique


def test_what_breaks_says_why_and_the_rest_goes_on(monkeypatch):
    def broken(*_):
        raise EstimationError("it broke")

    fine = next(one for one in CONTENTS if one.checks == ("recording",))
    monkeypatch.setattr(attempts, "CONTENTS", (Attempt(("donut", "window"), "every", broken), fine))
    table = run_attempts(inquiry()).to_frame()
    assert table["check"].tolist() == ["donut", "window"] * 2 + ["recording"] * 2
    assert table["reason"].tolist()[:4] == ["it broke"] * 4
    assert table["verdict"].tolist()[:4] == ["cannot_tell"] * 4


def test_without_a_curve_the_table_is_empty_but_has_its_columns():
    table = run_attempts(inquiry()).curve()
    assert table.empty and {"specification", "estimate", "place"} <= set(table.columns)
