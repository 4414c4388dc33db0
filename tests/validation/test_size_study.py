"""The size study on a few replications: what it draws, keeps and reports. The numbers come from the real run."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from size_of_tests import running
from size_of_tests.cells import CELLS, build_setting
from size_of_tests.draws import draw_outcome
from size_of_tests.judging import Rate, claims, marks
from size_of_tests.measures import TARGETS, measure
from size_of_tests.report import report, write_report
from size_of_tests.store import Store
from size_of_tests.tasks import AGAIN_FIRST, Task
from size_of_tests.wild_bootstrap import bootstrap_t, demeaned, treated_cells

FEW_CELLS = ("A_small_real", "C_actual_mean5")
FEW = {"null": 3, "coverage": 2, "other": 1, "own": 1, "peers": 1}


@pytest.fixture
def few(monkeypatch):
    for name in CELLS.keys() - set(FEW_CELLS):
        monkeypatch.delitem(CELLS, name)
    monkeypatch.setattr(running, "BATCH", 2)


def run_few(path):
    store = Store(path)
    running.run_parts(("null", "coverage", "again", "other"), FEW, store, workers=1, minutes=float("inf"))
    return report(store.gather(), FEW)


def test_resumed_run_equals_undisturbed_run(few, tmp_path):
    whole, stopped = tmp_path / "whole.jsonl", tmp_path / "stopped.jsonl"
    page = run_few(whole)
    lines = whole.read_bytes().splitlines(keepends=True)
    for kept in (1, len(lines) // 2):
        stopped.write_bytes(b"".join(lines[:kept]) + lines[kept][:40])
        assert run_few(stopped) == page
        assert stopped.read_bytes() == whole.read_bytes()
    for name in FEW_CELLS:
        assert f"| {name} |" in page
    assert not running.drifted(Store(whole))


def test_batches_do_not_change_the_numbers():
    task = Task("null", "B_actual_real", "null", 0, 0, 2)
    both = measure(task)
    halves = [measure(replace(task, first=first, count=1)) for first in range(2)]
    assert both == {name: halves[0][name] + halves[1][name] for name in both}


def test_changed_code_is_noticed(few, tmp_path):
    store = Store(tmp_path / "size.jsonl")
    task = Task("null", FEW_CELLS[0], "null", 0, 0, 1)
    columns = measure(task)
    store.append(task, columns | {"two_way.overall.p": [0.123456]})
    assert running.drifted(store) == [task]


@pytest.mark.parametrize("layout", ["small", "large"])
def test_layouts_keep_the_town_rule(layout):
    actual = build_setting("A_actual_real").design
    other = build_setting(f"A_{layout}_real")
    assert Counter(zip(actual.town_codes, actual.labels, strict=True)) == Counter(
        zip(other.design.town_codes, other.design.labels, strict=True)
    )
    means, towns = other.means[:, 0], np.array(other.design.town_codes)
    for pilot in np.flatnonzero(np.array(other.design.labels) == 0):
        own = means[towns == towns[pilot]]
        assert means[pilot] == (own.min() if layout == "small" else own.max())


def test_draws_have_the_stated_mean_and_effect():
    setting = build_setting("C_actual_mean5")
    rng = np.random.default_rng(1)
    drawn = np.mean([draw_outcome(setting, (0.5, 2.0), rng) for _ in range(400)], axis=0)
    for cohort, ratio in enumerate((0.5, 2.0)):
        cells = np.ix_(np.array(setting.design.labels) == cohort, range(setting.design.starts[cohort], 60))
        assert drawn[cells].sum() / setting.means[cells].sum() == pytest.approx(ratio, rel=0.03)
    never = np.array(setting.design.labels) == -1
    assert drawn[never].sum() / setting.means[never].sum() == pytest.approx(1.0, rel=0.02)


def test_bootstrap_shortcut_equals_refitting():
    design = build_setting("A_actual_real").design
    rng = np.random.default_rng(2)
    residuals = demeaned(rng.normal(size=(32, 60)))
    treated, signs = demeaned(treated_cells(design)), rng.choice([-1.0, 1.0], size=(3, 32))
    for row, t in zip(signs, bootstrap_t(residuals, treated, signs), strict=True):
        own = demeaned(row[:, None] * residuals)
        slope = (treated * own).sum() / (treated**2).sum()
        scores = (treated * (own - slope * treated)).sum(axis=1)
        assert t == pytest.approx(slope * (treated**2).sum() / np.sqrt((scores**2).sum()))


def test_a_short_cell_is_judged_by_fresh_replications_only():
    def columns(rejected, count):
        p_values = np.where(np.arange(count) < rejected, 0.01, 0.5)
        names = [f"town_period.{target}" for target in TARGETS]
        return {f"{name}.p": p_values for name in names} | {f"{name}.accepts": np.ones(count) for name in names}

    few, cell = {"null": 100, "coverage": 50}, ("C_actual_real", "null")
    results = {("null", *cell): columns(12, 100)}
    short = [mark for mark in marks(results, few) if not mark.is_met]
    assert [mark.line() for mark in short][:1] == [
        "TARGET size_town_period_C_actual_real_overall 0.1200 <= 0.0936 short"
    ]
    assert {task.key[:3] for task in running.plan("again", few, results)} == {("again", *cell)}
    assert all(task.first >= AGAIN_FIRST for task in running.plan("again", few, results))
    unfinished = results | {("again", *cell): columns(0, 399)}
    assert any(not mark.is_met for mark in marks(unfinished, few))
    for rejected, is_met in ((20, True), (40, False)):
        judged = marks(results | {("again", *cell): columns(rejected, 400)}, few)
        assert all(mark.is_met for mark in judged if mark.name.startswith("size")) is is_met


def test_any_claim_counts_families_of_three():
    p_values = np.array([0.016, 0.5, 0.5, 0.017, 0.5, 0.5, 0.001])
    assert claims(p_values) == Rate(0.5, 2)


def test_page_keeps_what_others_wrote(tmp_path):
    page = tmp_path / "validation.md"
    page.write_text("# Validation\n\nBefore.\n\n", encoding="utf-8")
    for text in ("first\n", "second\n"):
        write_report(text, page)
        page.write_text(page.read_text(encoding="utf-8") + "After.\n", encoding="utf-8")
    found = page.read_text(encoding="utf-8")
    assert "first" not in found
    assert [found.count(word) for word in ("Before.", "second", "After.")] == [1, 1, 2]
