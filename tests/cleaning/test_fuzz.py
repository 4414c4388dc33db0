"""Returns that go wrong on the way: nothing wrong comes out, nothing is lost. `make validate` runs more."""

from pathlib import Path

import pytest

from cleaning.messy.cases import run_case

CASES, PARTS = 120, 6


@pytest.mark.parametrize("part", range(PARTS))
def test_no_figure_is_wrong_and_none_is_lost(tmp_path: Path, part: int) -> None:
    cases = [run_case(seed, tmp_path / "case") for seed in range(100_000 + part, 100_000 + CASES, PARTS)]
    assert [case for case in cases if case.faults] == []


def test_the_oracle_sees_a_wrong_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fuzzer that finds nothing must be able to: with one figure changed after cleaning, every case is wrong."""
    monkeypatch.setattr("cleaning.messy.cases.figures_in", lambda cleaned: {})
    monkeypatch.setattr("cleaning.messy.oracle.figures_in", lambda cleaned: {("16717@2019-01-01", "2023-01", "x"): 1.0})
    outcomes = {run_case(seed, tmp_path / "case").outcome for seed in range(100_000, 100_006)}
    assert "wrong" in outcomes and not outcomes & {"right", "aside"}
