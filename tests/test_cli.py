import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from openpyxl import load_workbook

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
    folder = tmp_path / "broken"
    shutil.copytree(project_root() / SMALL, folder)
    (folder / "sources.csv").unlink()
    (folder / "wards.csv").unlink()
    assert run_command_line(["check", str(folder)]) == 1
    shown = capsys.readouterr()
    assert "wards.csv" in shown.err
    assert "sources.csv" in shown.err


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    folder = tmp_path / "broken"
    shutil.copytree(project_root() / SMALL, folder)
    (folder / "shocks.csv").unlink()
    return folder


@pytest.mark.parametrize(
    ("language", "line"), [("en", "shocks.csv: this file is missing."), ("vi", "shocks.csv: thiếu tệp này.")]
)
def test_problems_are_told_in_the_chosen_language(
    language: str, line: str, broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command_line(["--language", language, "check", str(broken)]) == 1
    assert line in capsys.readouterr().err


def test_wrong_usage_is_told_in_the_chosen_language(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command_line(["--language", "vi", "check", "nghe_am"]) == 2
    assert "Không có thư mục nghiên cứu “nghe_am”" in capsys.readouterr().err
    monkeypatch.setenv("LC_ALL", "vi_VN.UTF-8")
    assert run_command_line(["status", "nothing"]) == 2
    assert "Không có lần chạy nào tên “nothing”" in capsys.readouterr().err


@pytest.mark.parametrize(("language", "heading"), [("en", "What to do"), ("vi", "Cần làm gì")])
def test_check_writes_the_problems_as_table_and_page(
    language: str, heading: str, broken: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, page = tmp_path / "list.csv", tmp_path / "list.html"
    arguments = ["--language", language, "check", str(broken), "--csv", str(table), "--html", str(page)]
    assert run_command_line(arguments) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert str(table) in shown.err
    assert str(page) in shown.err
    for path in (table, page):
        text = path.read_text(encoding="utf-8-sig")
        assert heading in text
        assert "shocks.csv" in text


def test_check_of_a_study_in_order_writes_lists_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, page = tmp_path / "list.csv", tmp_path / "list.html"
    assert run_command_line(["--language", "en", "check", SMALL, "--csv", str(table), "--html", str(page)]) == 0
    assert "is in order" in capsys.readouterr().out
    assert table.read_text(encoding="utf-8-sig").startswith("File,Sheet,Place,")
    assert "<h1>What to correct in study study</h1>" in page.read_text(encoding="utf-8")


def test_a_list_never_goes_into_the_study(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (broken / "wards.csv").read_bytes()
    assert run_command_line(["--language", "vi", "check", str(broken), "--csv", str(broken / "wards.csv")]) == 2
    assert "nằm trong thư mục nghiên cứu" in capsys.readouterr().err
    assert (broken / "wards.csv").read_bytes() == before


def test_inspect_tells_how_a_workbook_would_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    workbook = sorted((project_root() / SMALL / "returns").glob("*.xlsx"))[0]
    assert run_command_line(["inspect", str(workbook)]) == 0
    out = capsys.readouterr().out
    assert "= crime_order" in out
    assert "12 sheets alike" in out
    assert workbook.name in out


def test_inspect_of_an_unreadable_sheet_returns_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_text("Tháng 5/2021;\nĐơn vị;crime_order\nHòa Mai;3\nAn Thủyy;4\n", encoding="utf-8")
    arguments = ["--language", "vi", "inspect", str(tmp_path / "a.csv"), "--study", SMALL]
    assert run_command_line(arguments) == 1
    assert "không rõ “An Thủyy”" in " ".join(capsys.readouterr().out.split())


@pytest.fixture
def spoilt(tmp_path: Path) -> Path:
    """A study whose first workbook has an unknown heading in every sheet and a number that cannot be read."""
    folder = tmp_path / "spoilt"
    shutil.copytree(project_root() / SMALL, folder)
    path = sorted((folder / "returns").glob("*.xlsx"))[0]
    workbook = load_workbook(path)
    for page in workbook.worksheets:
        cell = next(cell for row in page.iter_rows() for cell in row if cell.value == "Phạm pháp hình sự")
        page.cell(cell.row + 1, cell.column).value = "Tổng số vụ."
        page.cell(cell.row + 3, cell.column).value = "1.5"
    workbook.save(path)
    return folder


def test_check_tells_each_reason_once_and_marks_the_cells(
    spoilt: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marked = tmp_path / "marked"
    returns = {path: path.read_bytes() for path in (spoilt / "returns").rglob("*.xlsx")}
    assert run_command_line(["--language", "en", "check", str(spoilt), "--marked", str(marked)]) == 0
    shown = capsys.readouterr()
    lines = [line for line in shown.out.splitlines() if "“1.5”" in line]
    assert len(lines) == 1 and "more places" in lines[0]
    assert f"marked copies are in {marked}" in shown.err
    assert list(marked.glob("*.to-fix.xlsx"))
    assert {path: path.read_bytes() for path in returns} == returns


def test_check_refuses_to_mark_inside_the_study(spoilt: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["check", str(spoilt), "--marked", str(spoilt / "returns")]) == 2
    assert not list(spoilt.rglob("*to-fix*"))


def test_form_writes_a_blank_return(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "form.xlsx"
    arguments = [
        "--language",
        "en",
        "form",
        "nghe_an",
        "--town",
        "412",
        "--period",
        "2023-01..2023-03",
        "--out",
        str(path),
    ]
    assert run_command_line(arguments) == 0
    assert str(path) in capsys.readouterr().out
    assert len(load_workbook(path).worksheets) == 3
    assert run_command_line(["--language", "en", "inspect", str(path), "--study", "nghe_an"]) == 0
    assert "Problems" not in capsys.readouterr().out
    assert run_command_line(arguments) == 2
    wrong = ["form", SMALL, "--town", "412", "--period", "2023-01", "--out"]
    assert run_command_line([*wrong, str(project_root() / SMALL / "x.xlsx")]) == 2


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
