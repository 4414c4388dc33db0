import subprocess
import sys
from pathlib import Path

import pytest

from helpers.cli import cli, run_command_line
from helpers.paths import project_root

SMALL = "tests/small_study/study"


@pytest.fixture(autouse=True)
def _output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_WARDS_OUTPUT", str(tmp_path / "output"))


@pytest.fixture
def small_run(tmp_path: Path) -> str:
    path = tmp_path / "small.yaml"
    path.write_text(f"run: small\nstudy: {SMALL}\nindicators: [crime_order]\nn_draws: 99\n", encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rum"], "rum"),
        (["run"], "RUNFILE"),
        (["run", "nowhere"], "Unknown run file “nowhere”"),
        (["run", "nghe_an", "--only", "06"], "Unknown notebook “06”"),
        (["run", "nghe_an", "--jobs", "0"], "jobs"),
        (["run", "nghe_an", "--indicator", "firs", "--dry-run"], "does not cover indicator “firs”"),
        (["run", "nghe_an", "--only", "03"], "Run notebook 01 first"),
        (["check", "nghe_am"], "nghe_an"),
        (["simulate", "nghe_am"], "no study folder"),
        (["status", "nothing"], "No run is named “nothing”"),
        (["open", "nothing"], "model-wards run nothing"),
        (["inspect", "nothing.xlsx"], "nothing.xlsx"),
    ],
)
def test_wrong_usage_is_said_in_a_line_and_returns_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command_line(arguments) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert shown.out == ""
    assert "Traceback" not in shown.err


def test_a_dry_run_says_what_would_run_and_starts_nothing(
    small_run: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command_line(["run", small_run, "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "03_estimate_effect.crime_order" in out
    assert "it has not run yet" in out
    assert out.endswith("6 notebooks: 6 to run, 0 done, 0 left out.\n")
    assert not (tmp_path / "output").exists()


def test_params_prints_a_command_that_papermill_takes(small_run: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["params", small_run, "03"]) == 0
    line = capsys.readouterr().out.strip()
    assert line.startswith(
        "papermill notebooks/03_estimate_effect.ipynb 03_estimate_effect.crime_order.ipynb -p run small"
    )
    assert "-p indicator crime_order" in line
    assert "-p anticipation 2" in line


def test_check_counts_what_it_read_in_either_language(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["--language", "en", "check", SMALL]) == 0
    english = capsys.readouterr().out
    assert "8 wards" in english
    assert "furniture" in english
    assert run_command_line(["--language", "vi", "check", SMALL]) == 0
    assert "8 phường" in capsys.readouterr().out


def test_the_language_follows_the_locale(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("LC_ALL", "vi_VN.UTF-8")
    assert run_command_line(["doctor"]) in (0, 2)
    assert "Dự án nằm ở" in capsys.readouterr().out


def test_a_broken_study_lists_all_its_problems_and_returns_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    folder = tmp_path / "broken"
    shutil.copytree(project_root() / SMALL, folder)
    (folder / "sources.csv").unlink()
    (folder / "wards.csv").unlink()
    assert run_command_line(["check", str(folder)]) == 1
    shown = capsys.readouterr()
    assert "wards.csv" in shown.err
    assert "sources.csv" in shown.err


def test_inspect_tells_how_a_workbook_would_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    workbook = sorted((project_root() / SMALL / "returns").glob("*.xlsx"))[0]
    assert run_command_line(["inspect", str(workbook)]) == 0
    out = capsys.readouterr().out
    assert "is read as crime_order" in out
    assert workbook.name in out


def test_list_shows_studies_and_run_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["list"]) == 0
    out = capsys.readouterr().out
    assert "  nghe_an\n" in out
    assert "nghe_an.yaml" in out


def test_doctor_finds_this_machine_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["--language", "en", "doctor"]) == 0
    assert "Vietnamese letters can be drawn" in capsys.readouterr().out


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for command in cli.commands:
        assert run_command_line([command, "--help"]) == 0
        assert "Usage: model-wards" in capsys.readouterr().out


def test_the_package_runs_as_a_module_and_passes_its_exit_code_on() -> None:
    command = [sys.executable, "-m", "helpers", "status", "nothing"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1
