"""The truth, written as messily as offices write, comes out as it went in."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleaning.messy.office import draw_return, save
from cleaning.messy.oracle import figures_in, is_balanced, lost_cells
from helpers.cleaning import clean_returns

T = TypeVar("T")
EXAMPLES = 25


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_the_truth_comes_out_as_it_went_in(data: st.DataObject) -> None:
    def choose(options: Sequence[T]) -> T:
        return data.draw(st.sampled_from(options))

    with TemporaryDirectory() as name:
        sent = draw_return(Path(name), choose)
        places = save(sent, choose)
        cleaned = clean_returns(sent.truth.study)
    told = {key: value for key, value in sent.truth.figures.items() if value is not None}
    found = figures_in(cleaned)
    assert found == {key: value for key, value in told.items() if key in found or key not in sent.unsure}
    assert is_balanced(cleaned)
    assert not lost_cells(cleaned, sent.pages, places)
