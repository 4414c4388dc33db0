from pathlib import Path

import pytest

from helpers.batch.runfile import find_run_file, read_run_file
from helpers.errors import DataProblems, UsageError
from helpers.paths import project_root


def written(folder: Path, text: str) -> Path:
    path = folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_run_file_covers_all_counts_and_ratios_in_both_languages() -> None:
    batch = read_run_file(project_root() / "notebooks" / "runs" / "nghe_an.yaml")
    taken = [one.indicator for one in batch.study.indicators if one.kind in ("count", "ratio")]
    assert list(batch.indicators) == taken
    assert "clearance" in batch.indicators and "satisfaction" not in batch.indicators
    assert batch.settings.languages == ["vi", "en"]


def test_what_is_left_out_takes_defaults(tmp_path: Path) -> None:
    batch = read_run_file(written(tmp_path, "run: a\nstudy: nghe_an\nindicators: [fires]\n"))
    estimate = batch.settings.parameters("03_estimate_effect", indicator="fires")
    assert estimate.model_dump() | {"n_draws": 9999} == estimate.model_dump()
    assert batch.indicators == ("fires",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("run: a\nstudy: nghe_an\nindicator: [fires]\n", "“indicator”; did you mean “indicators”"),
        ("run: a\nstudy: nghe_an\nindicators: [firs]\n", "“firs”; did you mean “fires”"),
        (
            "run: a\nstudy: nghe_an\nindicators: [clearance]\n",
            "is read beside a count: add “crime_order”",
        ),
        (
            "run: a\nstudy: nghe_an\nindicators: [fires, satisfaction]\n",
            "is a percentage; notebook 03 estimates",
        ),
        ("run: a\nstudy: nghe_an\nindicators: []\n", "empty list"),
        ("run: a\nstudy: nghe_an\nindicators: fires\n", r"indicators is 'fires': write “all”, or a list .* \[fires\]"),
        ("run: a\nstudy: nghe_an\nanticipation: 100\n", "anticipation: 100 admits no estimate"),
        ("run: a\nstudy: nghe_am\n", "nghe_an"),
        ("run: a\nstudy: nghe_an\ntiming: plam\n", "timing “plam”"),
        ("run: a\nstudy: nghe_an\nreading: C\n", "reading “C”"),
        ('run: a\nstudy: nghe_an\nwindow_first: "2018-01"\n', "2018-01"),
        ('run: a\nstudy: nghe_an\nwindow_first: "2019-13"\n', "2019-13"),
        ("run: a\nstudy: nghe_an\nwindow_first: 2019\n", "quotes"),
        ("run: a\nstudy: nghe_an\nn_draws: many\n", "n_draws"),
        ("run: a\nstudy: nghe_an\nlanguages: [vi, fr]\n", "languages"),
        ("run: a\nstudy: nghe_an\njobs: 0\n", "jobs"),
        ("study: nghe_an\n", "run"),
        ("run: a\nrun: b\nstudy: nghe_an\n", "run stand twice"),
        ("run: [a\n", "no YAML"),
        ("- a\n", "no “key: value” lines"),
        ("run: a/b\nstudy: nghe_an\n", "run"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_starts(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_run_file(written(tmp_path, text))


def test_a_full_run_tries_every_check(tmp_path: Path) -> None:
    batch = read_run_file(written(tmp_path, "run: a\nstudy: nghe_an\n"))
    assert not batch.settings.parameters("04_check_robustness", indicator="fires").full
    assert batch.fully_checked().settings.parameters("04_check_robustness", indicator="fires").full
    assert read_run_file(written(tmp_path, "run: a\nstudy: nghe_an\nfull: true\n")).settings.full


def test_a_ratio_is_covered_beside_a_count_in_the_studys_order(tmp_path: Path) -> None:
    batch = read_run_file(written(tmp_path, "run: a\nstudy: nghe_an\nindicators: [fires, clearance, crime_order]\n"))
    assert batch.indicators == ("clearance", "crime_order", "fires")


def test_unknown_keys_and_wrong_types_are_said_together(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_run_file(written(tmp_path, "run: a\nstudy: nghe_an\nsede: 5\nn_draws: many\n"))
    assert "“seed”" in str(caught.value)
    assert "n_draws" in str(caught.value)


def test_a_broken_study_is_a_problem_in_the_data(project: Path) -> None:
    (project / "data" / "raw" / "nghe_an" / "wards.csv").unlink()
    with pytest.raises(DataProblems, match=r"wards\.csv"):
        read_run_file(written(project, "run: a\nstudy: nghe_an\n"))


def test_run_files_are_found_by_name_and_path(project: Path, run_file: Path) -> None:
    assert find_run_file("toy") == find_run_file("notebooks/runs/toy.yaml") == find_run_file(str(run_file))
    with pytest.raises(UsageError, match="did you mean “toy”"):
        find_run_file("toi")
