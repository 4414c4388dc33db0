"""The size study on a few replications: what it draws, keeps and reports. The numbers come from the real run."""

import importlib.util
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).with_name("size_study.py")
FEW_CELLS = ("A_small_real", "C_actual_mean5")
FEW = {"null": 3, "coverage": 2, "other": 1, "own": 1, "peers": 1}


@pytest.fixture(scope="module")
def study():
    specification = importlib.util.spec_from_file_location("size_study", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    sys.modules["size_study"] = module
    specification.loader.exec_module(module)
    yield module
    del sys.modules["size_study"]


@pytest.fixture
def few(study, monkeypatch):
    monkeypatch.setattr(study, "CELLS", {name: study.CELLS[name] for name in FEW_CELLS})
    monkeypatch.setattr(study, "BATCH", 2)
    return study


def run_few(study, path):
    store = study.Store(path)
    study.run_parts(("null", "coverage", "again", "other"), FEW, store, workers=1, minutes=float("inf"))
    return study.report(store.gather(), FEW)


def test_resumed_run_equals_undisturbed_run(few, tmp_path):
    whole, stopped = tmp_path / "whole.jsonl", tmp_path / "stopped.jsonl"
    report = run_few(few, whole)
    lines = whole.read_bytes().splitlines(keepends=True)
    for kept in (1, len(lines) // 2):
        stopped.write_bytes(b"".join(lines[:kept]) + lines[kept][:40])
        assert run_few(few, stopped) == report
        assert stopped.read_bytes() == whole.read_bytes()
    for name in FEW_CELLS:
        assert f"| {name} |" in report
    assert not few.drifted(few.Store(whole))


def test_batches_do_not_change_the_numbers(study):
    task = study.Task("null", "B_actual_real", "null", 0, 0, 2)
    both = study.measure(task)
    halves = [study.measure(replace(task, first=first, count=1)) for first in range(2)]
    assert both == {name: halves[0][name] + halves[1][name] for name in both}


def test_changed_code_is_noticed(few, tmp_path):
    store = few.Store(tmp_path / "size.jsonl")
    task = few.Task("null", FEW_CELLS[0], "null", 0, 0, 1)
    columns = few.measure(task)
    store.append(task, columns | {"two_way.overall.p": [0.123456]})
    assert few.drifted(store) == [task]


@pytest.mark.parametrize("layout", ["small", "large"])
def test_layouts_keep_the_town_rule(study, layout):
    actual = study.build_setting("A_actual_real").design
    other = study.build_setting(f"A_{layout}_real")
    assert Counter(zip(actual.town_codes, actual.labels, strict=True)) == Counter(
        zip(other.design.town_codes, other.design.labels, strict=True)
    )
    means, towns = other.means[:, 0], np.array(other.design.town_codes)
    for pilot in np.flatnonzero(np.array(other.design.labels) == 0):
        own = means[towns == towns[pilot]]
        assert means[pilot] == (own.min() if layout == "small" else own.max())


def test_draws_have_the_stated_mean_and_effect(study):
    setting = study.build_setting("C_actual_mean5")
    rng = np.random.default_rng(1)
    drawn = np.mean([study.draw_outcome(setting, (0.5, 2.0), rng) for _ in range(400)], axis=0)
    for cohort, ratio in enumerate((0.5, 2.0)):
        cells = np.ix_(np.array(setting.design.labels) == cohort, range(setting.design.starts[cohort], 60))
        assert drawn[cells].sum() / setting.means[cells].sum() == pytest.approx(ratio, rel=0.03)
    never = np.array(setting.design.labels) == -1
    assert drawn[never].sum() / setting.means[never].sum() == pytest.approx(1.0, rel=0.02)


def test_bootstrap_shortcut_equals_refitting(study):
    design = study.build_setting("A_actual_real").design
    rng = np.random.default_rng(2)
    residuals = study.demeaned(rng.normal(size=(32, 60)))
    treated, signs = study.demeaned(study.treated_cells(design)), rng.choice([-1.0, 1.0], size=(3, 32))
    for row, t in zip(signs, study.bootstrap_t(residuals, treated, signs), strict=True):
        own = study.demeaned(row[:, None] * residuals)
        slope = (treated * own).sum() / (treated**2).sum()
        scores = (treated * (own - slope * treated)).sum(axis=1)
        assert t == pytest.approx(slope * (treated**2).sum() / np.sqrt((scores**2).sum()))


def test_a_short_cell_is_judged_by_fresh_replications_only(study):
    def columns(rejected, count):
        p_values = np.where(np.arange(count) < rejected, 0.01, 0.5)
        names = [f"town_period.{target}" for target in study.TARGETS]
        return {f"{name}.p": p_values for name in names} | {f"{name}.accepts": np.ones(count) for name in names}

    few, cell = {"null": 100, "coverage": 50}, ("C_actual_real", "null")
    results = {("null", *cell): columns(12, 100)}
    short = [mark for mark in study.marks(results, few) if not mark.is_met]
    assert [mark.line() for mark in short][:1] == [
        "TARGET size_town_period_C_actual_real_overall 0.1200 <= 0.0936 short"
    ]
    assert {task.key[:3] for task in study.plan("again", few, results)} == {("again", *cell)}
    assert all(task.first >= study.AGAIN_FIRST for task in study.plan("again", few, results))
    unfinished = results | {("again", *cell): columns(0, 399)}
    assert any(not mark.is_met for mark in study.marks(unfinished, few))
    for rejected, is_met in ((20, True), (40, False)):
        judged = study.marks(results | {("again", *cell): columns(rejected, 400)}, few)
        assert all(mark.is_met for mark in judged if mark.name.startswith("size")) is is_met


def test_any_claim_counts_families_of_three(study):
    p_values = np.array([0.016, 0.5, 0.5, 0.017, 0.5, 0.5, 0.001])
    assert study.claims(p_values) == study.Rate(0.5, 2)


def test_page_keeps_what_others_wrote(study, tmp_path):
    page = tmp_path / "validation.md"
    page.write_text("# Validation\n\nBefore.\n\n", encoding="utf-8")
    for text in ("first\n", "second\n"):
        study.write_report(text, page)
        page.write_text(page.read_text(encoding="utf-8") + "After.\n", encoding="utf-8")
    found = page.read_text(encoding="utf-8")
    assert "first" not in found
    assert [found.count(word) for word in ("Before.", "second", "After.")] == [1, 1, 2]
