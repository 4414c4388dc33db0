"""The engine on toy notebooks: order, what is kept, what is skipped, and why something runs again."""

import json
from pathlib import Path

import nbformat
import pytest

from helpers.batch.engine import RunResult, execute_plan
from helpers.batch.journal import Entry, append_entry, read_journal
from helpers.batch.plan import Plan, list_tasks, make_plan
from helpers.batch.runfile import read_run_file
from helpers.cli import run_command_line
from helpers.errors import MissingStep, UnwritableOutput, UsageError

NAMES = [
    "01_clean_program_data",
    "02_describe_design",
    "03_estimate_effect.crime_order",
    "03_estimate_effect.fires",
    "04_check_robustness.crime_order",
    "04_check_robustness.fires",
    "05_report_findings.en",
]


def run(plan: Plan) -> RunResult:
    return execute_plan(plan, jobs=2, listener=lambda outcome: None)


def planned(run_file: Path, **options: object) -> Plan:
    return make_plan(read_run_file(run_file), **options)  # type: ignore[arg-type]


def to_run(plan: Plan) -> dict[str, str]:
    return {decision.task.name: decision.why for decision in plan.with_verdict("run")}


def pretend_done(run_file: Path) -> None:
    """Enter every task as done, as if it had run, without starting a kernel."""
    from helpers.batch.plan import executed_path, task_key, whole_key
    from helpers.batch.provenance import part_path, write_json

    batch = read_run_file(run_file)
    folder, keys = planned(run_file).folder, {}
    for task in list_tasks(batch):
        parts = task_key(task, keys)
        keys[task.name] = whole_key(parts)
        append_entry(folder, Entry(task=task.name, status="done", key=keys[task.name], parts=parts))
        parameters = task.parameters.model_dump()
        part = {"notebook": task.notebook, "parameters": parameters, "outputs": [f"parts/x/{task.name}.csv"]}
        write_json(part, part_path(folder, task.name))
        for path in (folder / "parts" / "x" / f"{task.name}.csv", executed_path(folder, task.name)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("", encoding="utf-8")


def test_tasks_come_after_those_they_need(run_file: Path) -> None:
    tasks = list_tasks(read_run_file(run_file))
    assert [task.name for task in tasks] == NAMES
    for position, task in enumerate(tasks):
        assert {other.name for other in tasks[:position]} >= set(task.needs)
    assert set(tasks[-1].needs) == set(NAMES[1:-1])


def test_a_ratio_is_estimated_and_reported_but_not_checked(run_file: Path) -> None:
    text = run_file.read_text(encoding="utf-8").replace("fires", "clearance")
    run_file.write_text(text, encoding="utf-8")
    tasks = list_tasks(read_run_file(run_file))
    assert [task.name for task in tasks] == [
        *NAMES[:2],
        "03_estimate_effect.clearance",
        "03_estimate_effect.crime_order",
        "04_check_robustness.crime_order",
        "05_report_findings.en",
    ]
    assert "03_estimate_effect.clearance" in tasks[-1].needs
    with pytest.raises(UsageError, match="is a ratio; notebook 04 takes counts only"):
        planned(run_file, only="04_check_robustness", indicator="clearance")
    narrowed = to_run(planned(run_file, indicator="clearance"))
    assert list(narrowed) == ["01_clean_program_data", "03_estimate_effect.clearance"]


def test_a_batch_runs_once_and_leaves_equal_bytes(
    run_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = []
    for name in ("one", "two"):
        monkeypatch.setenv("MODEL_WARDS_OUTPUT", str(tmp_path / name))
        plan = planned(run_file)
        assert set(to_run(plan).values()) == {"it has not run yet"}
        result = run(plan)
        assert sorted(outcome.task for outcome in result.outcomes) == NAMES
        assert not result.failures
        paths = sorted(path for path in plan.folder.rglob("*") if path.is_file())
        kept.append({path.relative_to(plan.folder).as_posix(): path.read_bytes() for path in paths})
    assert to_run(planned(run_file)) == {}
    timings = json.loads(kept[0]["timings.json"])
    assert timings["kernels"] == {"asked for": len(NAMES)}
    assert set(timings["phases"]) == set(NAMES)
    assert set(timings["phases"][NAMES[0]]) == {"start", "imports", "work", "export"}
    for timed in ("journal.jsonl", "timings.json"):
        assert kept[0].pop(timed) is not None
        kept[1].pop(timed)
    assert kept[0] == kept[1]
    assert f"notebooks/{NAMES[2]}.ipynb" in kept[0]
    executed = nbformat.reads(kept[0][f"notebooks/{NAMES[2]}.ipynb"].decode(), as_version=4)
    assert executed.metadata.papermill.parameters["timing"] == "main"
    assert executed.cells[-1].outputs[0].text.startswith("03_estimate_effect.crime_order ran")
    manifest = json.loads(kept[0]["manifest.json"])
    assert list(manifest["notebooks"]) == NAMES
    assert manifest["origin"] == "synthetic"


def test_a_failure_is_kept_its_dependents_are_skipped_and_the_rest_goes_on(
    run_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mark = tmp_path / "output" / "fail-03_estimate_effect.fires"
    mark.write_text("", encoding="utf-8")
    folder = planned(run_file).folder
    assert run_command_line(["run", str(run_file), "--jobs", "2"]) == 3
    told = capsys.readouterr().err
    assert "03_estimate_effect.fires failed in cell 4: ValueError: made to fail" in told
    assert "05_report_findings.en was not started" in told
    assert "1 failed, 2 skipped" in told
    assert "Traceback" not in told
    kept = folder / "notebooks" / "failed" / "03_estimate_effect.fires.ipynb"
    assert kept.is_file()
    index = (tmp_path / "output" / "reports" / "toy" / "index.html").read_text(encoding="utf-8")
    assert "cell 4: ValueError: made to fail (run = toy, study = nghe_an, " in index
    assert "indicator = fires" in index
    assert read_journal(folder)["04_check_robustness.crime_order"].status == "done"

    mark.unlink()
    assert to_run(planned(run_file)) == {
        "03_estimate_effect.fires": "it failed the last time",
        "04_check_robustness.fires": "it has not run yet",
        "05_report_findings.en": "it has not run yet",
    }
    assert run_command_line(["run", "toy", "--jobs", "2"]) == 0
    assert capsys.readouterr().out == f"Findings of run toy: {tmp_path / 'output' / 'reports' / 'toy' / 'index.html'}\n"
    assert not kept.exists()
    assert run_command_line(["run", "toy"]) == 0
    assert "0 notebooks to run, 7 done already" in capsys.readouterr().err


def test_a_changed_notebook_runs_again_with_all_after_it(project: Path, run_file: Path) -> None:
    pretend_done(run_file)
    assert to_run(planned(run_file)) == {}
    path = project / "notebooks" / "03_estimate_effect.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[-1].source += "\n1 + 1"
    nbformat.write(notebook, path)
    why = to_run(planned(run_file))
    assert list(why) == NAMES[2:]
    assert why["03_estimate_effect.fires"] == "the notebook has changed"
    assert why["04_check_robustness.fires"] == "a notebook before it has to run"


def test_outputs_and_cell_ids_of_a_notebook_are_no_change(project: Path, run_file: Path) -> None:
    pretend_done(run_file)
    path = project / "notebooks" / "03_estimate_effect.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[-1].id = "another"
    notebook.cells[-1].outputs = [nbformat.v4.new_output("stream", text="seen")]
    nbformat.write(notebook, path)
    assert to_run(planned(run_file)) == {}


def test_each_change_is_named(project: Path, run_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_done(run_file)
    run_file.write_text(run_file.read_text(encoding="utf-8") + "n_draws: 5\n", encoding="utf-8")
    why = to_run(planned(run_file))
    assert why["03_estimate_effect.fires"] == "its parameters have changed"
    assert "02_describe_design" not in why

    pretend_done(run_file)
    with (project / "data" / "raw" / "nghe_an" / "facts.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert to_run(planned(run_file))["01_clean_program_data"] == "files of the study have changed"

    pretend_done(run_file)
    (project / "requirements.lock").write_text("other==1\n", encoding="utf-8")
    assert to_run(planned(run_file))["01_clean_program_data"] == "the installed packages have changed"

    pretend_done(run_file)
    monkeypatch.setattr("helpers.batch.provenance.code_hash", lambda: "other")
    assert to_run(planned(run_file))["01_clean_program_data"] == "the code has changed"


def test_a_lost_output_runs_again_with_all_after_it(run_file: Path) -> None:
    pretend_done(run_file)
    plan = planned(run_file)
    (plan.folder / "parts" / "x" / "04_check_robustness.fires.csv").unlink()
    assert to_run(planned(run_file)) == {
        "04_check_robustness.fires": "some of its output is gone",
        "05_report_findings.en": "a notebook before it has to run",
    }


def test_what_was_broken_off_runs_again(run_file: Path) -> None:
    pretend_done(run_file)
    folder = planned(run_file).folder
    append_entry(folder, Entry(task="05_report_findings.en", status="started", key="k"))
    assert to_run(planned(run_file)) == {"05_report_findings.en": "it was broken off the last time"}


def test_only_and_indicator_narrow_what_runs(run_file: Path) -> None:
    with pytest.raises(MissingStep, match="Run notebook 01 first"):
        planned(run_file, only="03_estimate_effect")
    assert list(to_run(planned(run_file, indicator="fires"))) == [
        name for name in NAMES if name.startswith("01") or "fires" in name
    ]
    pretend_done(run_file)
    assert list(to_run(planned(run_file, only="03_estimate_effect", force=True))) == NAMES[2:4]
    both = planned(run_file, only="03_estimate_effect", indicator="fires", force=True)
    assert list(to_run(both)) == ["03_estimate_effect.fires"]
    with pytest.raises(UsageError, match="does not cover indicator “tips”"):
        planned(run_file, indicator="tips")


def test_running_one_notebook_alone_leaves_those_after_it_stale(project: Path, run_file: Path) -> None:
    pretend_done(run_file)
    path = project / "notebooks" / "02_describe_design.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[-1].source += "\n1 + 1"
    nbformat.write(notebook, path)
    assert not run(planned(run_file, only="02_describe_design")).failures
    why = to_run(planned(run_file))
    assert list(why) == [name for name in NAMES if name.startswith("05")]
    assert set(why.values()) == {"a notebook before it has changed"}


def test_an_indicator_dropped_from_the_run_file_leaves_the_tables(run_file: Path) -> None:
    pretend_done(run_file)
    run_file.write_text("run: toy\nstudy: nghe_an\nindicators: [crime_order]\nlanguages: [en]\n", encoding="utf-8")
    plan = planned(run_file)
    assert list(to_run(plan)) == ["05_report_findings.en"]
    run(plan)
    assert not list(plan.folder.rglob("*fires*"))


def test_an_unwritable_output_is_refused_before_anything_starts(
    run_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("MODEL_WARDS_OUTPUT", str(tmp_path / "file"))
    with pytest.raises(UnwritableOutput, match="MODEL_WARDS_OUTPUT"):
        run(planned(run_file))
