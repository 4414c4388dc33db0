"""A run as one file to send: what is in it, what never is, and which runs are refused."""

import csv
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from helpers.batch import bundle, provenance
from helpers.batch.bundle import write_bundle
from helpers.batch.journal import Entry, append_entry
from helpers.batch.plan import needs_hash
from helpers.batch.tables import TABLES, write_table
from helpers.cli import run_command_line
from helpers.errors import MissingStep, UsageError
from helpers.panel import write_panel
from helpers.paths import processed_folder, report_folder
from helpers.study import Study
from helpers.text import harmless
from restricted import Case, make_case

RUN = "guarded_run"
STEPS = ("01_clean_program_data", "02_describe_design", "03_estimate_effect.fires", "04_check_robustness.fires")
REPORT = "05_report_findings.vi"
PAGES = ("findings.vi.html", "findings.vi.docx", "figures/vi/forest.svg", "figures/paper/vi/forest.one_column.pdf")
SECRET = "987654"
"""Stands in the cells that were put aside, which tables about wards quote."""
FORMULA = "=HYPERLINK(A1)"


@pytest.fixture(scope="module")
def case() -> Case:
    return make_case({"2021": 2, "2022": 8}, ["fires"])


@pytest.fixture
def inputs() -> dict[str, str]:
    return {"returns/a.xlsx": "f" * 64, "study.toml": "0" * 64}


@pytest.fixture
def run(case: Case, inputs: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """Write a finished run of restricted data, as notebooks and engine leave one, and return its study."""
    monkeypatch.setenv("MODEL_WARDS_OUTPUT", str(tmp_path))
    folder = processed_folder(RUN)
    for name in set(case.tables) & set(TABLES):
        place = folder / "parts" / name / "a.csv" if TABLES[name].is_in_parts else folder / f"{name}.csv"
        for own in (place, folder / f"{name}.csv"):
            own.parent.mkdir(parents=True, exist_ok=True)
            case.tables[name].to_csv(own, index=False)
    write_panel(case.panel, folder / "panel.parquet")
    for place in [*(folder / "notebooks" / f"{name}.ipynb" for name in STEPS), *map(report_place, PAGES)]:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(place.name, encoding="utf-8")
    report_place("index.html").write_text("index", encoding="utf-8")
    report_place("stray.html").write_text(SECRET, encoding="utf-8")
    provenance.write_json(case.manifest | {"inputs": inputs, "notebooks": notebooks()}, folder / "manifest.json")
    for name in STEPS:
        append_entry(folder, Entry(name, "done", f"key of {name}"))
    parts = {"needs": needs_hash(STEPS[1:], {name: f"key of {name}" for name in STEPS})}
    append_entry(folder, Entry(REPORT, "done", "key", parts))
    use_study(monkeypatch, case.study, inputs)
    return case.study


def report_place(name: str) -> Path:
    return report_folder(RUN) / name


def notebooks() -> dict[str, Any]:
    steps: dict[str, Any] = {}
    for name in (*STEPS, REPORT):
        notebook, _, own = name.partition(".")
        kind = "language" if name == REPORT else "indicator"
        parameters = {"study": "guarded"} | ({kind: own} if own else {})
        outputs = [f"reports/{page}" for page in (*PAGES, "odd.parquet")] if name == REPORT else [f"{notebook}.csv"]
        steps[name] = {"notebook": notebook, "parameters": parameters, "outputs": outputs}
    return steps


def use_study(monkeypatch: pytest.MonkeyPatch, study: Study, inputs: dict[str, str]) -> None:
    monkeypatch.setattr(bundle, "load_study", lambda _name: study)
    monkeypatch.setattr(provenance, "input_hashes", lambda _study: inputs)


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name.removeprefix(f"{RUN}/"): archive.read(name) for name in archive.namelist()}


def test_a_restricted_run_gives_pages_and_released_tables_alone(run: Study) -> None:
    found = contents(write_bundle(RUN))
    released = {f"tables/{name}.csv" for name in ("check_details", "checks", "counterfactual", "estimates")}
    own = {"README.en.txt", "README.vi.txt", "index.html", "manifest.json", "tables/dictionary.csv"}
    assert set(found) == {*PAGES, *released, *own}
    assert not [name for name, content in found.items() if SECRET.encode() in content]
    assert "returns/a.xlsx" not in json.loads(found["manifest.json"])["inputs"]
    assert "Restricted" in found["README.en.txt"].decode()
    described = {row["table"] for row in csv.DictReader(io.StringIO(found["tables/dictionary.csv"].decode()))}
    assert {f"tables/{name}.csv" for name in described} == released


def test_public_data_come_whole_but_never_with_panel_or_notebooks(
    run: Study, case: Case, inputs: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = processed_folder(RUN)
    provenance.write_json(
        provenance.read_json(folder / "manifest.json") | {"origin": "real_public"}, folder / "manifest.json"
    )
    use_study(monkeypatch, replace(case.study, origin="real_public"), inputs)
    found = contents(write_bundle(RUN))
    assert {"tables/quarantine.csv", "tables/silent_wards.csv", *PAGES} <= set(found)
    assert not [name for name in found if "panel" in name or name.endswith((".ipynb", ".parquet", ".jsonl"))]
    assert "stray.html" not in found


def test_the_same_run_gives_the_same_bytes_in_one_folder_without_dates(run: Study, tmp_path: Path) -> None:
    first, second = write_bundle(RUN), write_bundle(RUN, tmp_path / "again.zip")
    assert first == report_folder(RUN).parent / f"{RUN}.zip"
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        names = archive.namelist()
        assert names == sorted(names) and all(name.startswith(f"{RUN}/") for name in names)
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_read_me_names_what_is_there_in_both_languages(run: Study) -> None:
    found = contents(write_bundle(RUN))
    texts = [found[f"README.{language}.txt"].decode() for language in ("vi", "en")]
    for text in texts:
        named = {line.partition(":")[0] for line in text.splitlines() if ": " in line}
        assert {"findings.vi.html", "findings.vi.docx", "figures/paper/", "tables/dictionary.csv"} <= named
        assert "findings.en.html" not in named
    assert texts[0] != texts[1]


def test_no_table_of_a_bundle_holds_a_formula(run: Study, case: Case) -> None:
    spoilt = case.tables["checks"].assign(reason=FORMULA, run=FORMULA)
    write_table(spoilt, "checks", processed_folder(RUN), key="a")
    found = contents(write_bundle(RUN))
    cells = [
        cell
        for name, content in found.items()
        if name.endswith(".csv")
        for row in csv.reader(io.StringIO(content.decode()))
        for cell in row
    ]
    assert f"'{FORMULA}" in cells
    assert all(cell == harmless(cell) for cell in cells)


def test_a_run_that_nobody_knows_is_refused(run: Study) -> None:
    with pytest.raises(UsageError, match="No run is named “other”"):
        write_bundle("other")


@pytest.mark.parametrize("status", ["started", "failed"])
def test_a_run_with_an_open_step_is_refused(run: Study, status: Any) -> None:
    append_entry(processed_folder(RUN), Entry(STEPS[2], status, "key"))
    with pytest.raises(MissingStep, match=r"not finished \(not done: 03_estimate_effect.fires\)"):
        write_bundle(RUN)


def test_pages_older_than_their_tables_are_refused(run: Study) -> None:
    append_entry(processed_folder(RUN), Entry(STEPS[2], "done", "another key"))
    with pytest.raises(MissingStep, match=r"05_report_findings.vi is older"):
        write_bundle(RUN)


def test_a_page_that_is_gone_is_named(run: Study) -> None:
    report_place(PAGES[1]).unlink()
    with pytest.raises(MissingStep, match=r"findings.vi.docx"):
        write_bundle(RUN)


def test_a_study_that_has_changed_since_is_refused(
    run: Study, case: Case, inputs: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    use_study(monkeypatch, case.study, inputs | {"study.toml": "1" * 64})
    with pytest.raises(UsageError, match="has changed since run"):
        write_bundle(RUN)


def test_the_command_says_where_the_bundle_is_or_why_there_is_none(
    run: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command_line(["--language", "en", "bundle", RUN]) == 0
    assert capsys.readouterr().out == f"The bundle is in {report_folder(RUN).parent / RUN}.zip.\n"
    append_entry(processed_folder(RUN), Entry(REPORT, "failed", "key"))
    assert run_command_line(["--language", "vi", "bundle", RUN]) == 2
    assert "chưa xong" in capsys.readouterr().err
