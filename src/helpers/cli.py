"""The command line. Results go to stdout, progress and complaints to stderr; a user's mistake is never a traceback.

Everything but click is imported inside the command that needs it, so help and wrong usage answer at once.
"""

import locale
import os
import sys
import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from helpers import __version__
from helpers.errors import EXIT_DATA_PROBLEM, EXIT_NOTEBOOK_FAILED, EXIT_WRONG_USAGE, ModelWardsError, UsageError

if TYPE_CHECKING:
    from helpers.batch.engine import RunResult
    from helpers.batch.plan import Plan
    from helpers.cleaning import SheetDescription

EXIT_INTERRUPTED = 130

SAYINGS: Mapping[str, Mapping[str, str]] = {
    "valid": {
        "en": "Study {study} is in order: {wards} wards, {indicators} indicators, {sources} sources.",
        "vi": "Thư mục {study} hợp lệ: {wards} phường, {indicators} chỉ tiêu, {sources} nguồn.",
    },
    "account": {
        "en": "Returns: {files} files, {cells} cells = {panel} in panel + {aside} put aside + {furniture} furniture.",
        "vi": "Báo cáo: {files} tệp, {cells} ô = {panel} vào bảng số liệu + {aside} để riêng + {furniture} trình bày.",
    },
    "no_returns": {
        "en": "It has no returns yet (folder {folder}).",
        "vi": "Chưa có báo cáo nào (thư mục {folder}).",
    },
}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="model-wards")
@click.option("--language", type=click.Choice(["vi", "en"]), help="Language of messages; default: from the locale.")
@click.pass_context
def cli(context: click.Context, language: str | None) -> None:
    """Run, check and open the analysis of model wards."""
    context.obj = language or _locale_language()


def run_command_line(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code: 0 done, 1 problem in the data, 2 wrong usage, 3 notebooks failed."""
    try:
        code = cli.main(args=list(arguments), prog_name="model-wards", standalone_mode=False)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except ModelWardsError as error:
        click.echo(str(error), err=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("Broken off. What was finished is kept; the same command goes on from there.", err=True)
        return EXIT_INTERRUPTED
    return code if isinstance(code, int) else 0


def _locale_language() -> str:
    """Return "vi" under a Vietnamese locale, else "en"."""
    named = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "vi" if (named or locale.getlocale()[0] or "").lower().startswith("vi") else "en"


def _say(language: str, saying: str, **values: object) -> str:
    return SAYINGS[saying][language].format(**values)


@cli.command("run")
@click.argument("runfile")
@click.option("--only", metavar="NOTEBOOK", help="Run this notebook alone, such as 03; those before it must have run.")
@click.option("--indicator", metavar="ID", help="Run one indicator's notebooks, and those that they need.")
@click.option("--jobs", type=click.IntRange(min=1), help="Notebooks at a time; default: the run file's, or all cores.")
@click.option("--force", is_flag=True, help="Run again what is done already.")
@click.option("--dry-run", is_flag=True, help="Say what would run, and why; run nothing.")
def run_batch(
    runfile: str, only: str | None, indicator: str | None, jobs: int | None, force: bool, dry_run: bool
) -> int:
    """Run the notebooks of RUNFILE, those alone that are missing or out of date."""
    from helpers.batch.parameters import notebook_named
    from helpers.batch.plan import make_plan
    from helpers.batch.runfile import find_run_file, read_run_file

    batch = read_run_file(find_run_file(runfile))
    plan = make_plan(batch, only=notebook_named(only) if only else None, indicator=indicator, force=force)
    if dry_run:
        _print_plan(plan)
        return 0
    return _execute(plan, jobs)


def _execute(plan: "Plan", jobs: int | None) -> int:
    from helpers.batch.engine import default_jobs, execute_plan
    from helpers.batch.export import export_run
    from helpers.batch.progress import shown_progress

    to_run = plan.with_verdict("run")
    done = len(plan.with_verdict("done"))
    again = sorted({decision.why for decision in to_run})
    click.echo(f"Run {plan.run}: {len(to_run)} notebooks to run, {done} done already.", err=True)
    if done or len(again) > 1:
        for why in again:
            click.echo(f"  {sum(decision.why == why for decision in to_run)} because {why}", err=True)
    with shown_progress(len(to_run)) as listener:
        result = execute_plan(plan, jobs=jobs or plan.batch.settings.jobs or default_jobs(), listener=listener)
    is_restricted = plan.batch.study.origin == "real_restricted"
    index = "" if is_restricted else export_run(plan, failures=result.failures)
    if result.failures:
        return _report_failures(plan, result)
    if is_restricted:
        click.echo(f"Tables of run {plan.run}: {plan.folder}. The data are restricted: no page is made before")
        click.echo("disclosure control exists, so notebook 05 was left out.")
    else:
        click.echo(f"Findings of run {plan.run}: {index}")
    return 0


def _report_failures(plan: "Plan", result: "RunResult") -> int:
    from helpers.batch.plan import failed_path

    for failure in result.failures:
        click.echo(f"\n{failure.task} failed in {failure.message}", err=True)
        kept = failed_path(plan.folder, failure.task)
        if kept.is_file():
            click.echo(f"  The notebook is kept as {kept}", err=True)
    for skipped in result.skipped:
        click.echo(f"{skipped.task} was not started, because {skipped.failed} failed", err=True)
    click.echo(f"\n{len(result.failures)} failed, {len(result.skipped)} skipped; what was finished is kept.", err=True)
    is_data = all(failure.error == "DataProblems" for failure in result.failures)
    return EXIT_DATA_PROBLEM if is_data else EXIT_NOTEBOOK_FAILED


def _print_plan(plan: "Plan") -> None:
    words = {"run": "to run", "done": "done", "left_out": "left out"}
    width = max(len(decision.task.name) for decision in plan.decisions)
    for decision in plan.decisions:
        click.echo(f"{decision.task.name:<{width}}  {words[decision.verdict]:<8}  {decision.why}")
    counts = ", ".join(f"{len(plan.with_verdict(verdict))} {words[verdict]}" for verdict in ("run", "done", "left_out"))
    click.echo(f"{len(plan.decisions)} notebooks: {counts}.")


@cli.command("params")
@click.argument("runfile")
@click.argument("notebook")
def print_parameters(runfile: str, notebook: str) -> None:
    """Print the papermill command lines that run NOTEBOOK as RUNFILE does."""
    import shlex

    from helpers.batch.parameters import notebook_named
    from helpers.batch.plan import list_tasks
    from helpers.batch.runfile import find_run_file, read_run_file

    name = notebook_named(notebook)
    for task in list_tasks(read_run_file(find_run_file(runfile))):
        if task.notebook == name:
            pairs = task.parameters.model_dump().items()
            options = " ".join(f"-p {key} {shlex.quote(str(value))}" for key, value in pairs)
            click.echo(f"papermill notebooks/{name}.ipynb {task.name}.ipynb {options}")


@cli.command("status")
@click.argument("run")
def print_status(run: str) -> None:
    """Print what has become of each notebook of RUN."""
    from helpers.batch.journal import read_journal
    from helpers.paths import output_root, processed_folder

    entries = read_journal(processed_folder(run))
    if not entries:
        raise UsageError(f"No run is named “{run}” under {output_root()}. “model-wards list” shows what there is.")
    for name, entry in sorted(entries.items()):
        click.echo(f"{name}  {entry.status}  {entry.seconds:.1f} s  {entry.message}".rstrip())
    counts = [f"{sum(e.status == s for e in entries.values())} {s}" for s in ("done", "failed", "started")]
    click.echo(f"Run {run}: {', '.join(counts)}.")


def _study(name_or_path: str) -> str:
    """Return a study argument as it is, or as a whole path if it is a folder seen from where the command is typed."""
    is_path = os.sep in name_or_path or "/" in name_or_path
    return str(Path(name_or_path).resolve()) if is_path and Path(name_or_path).is_dir() else name_or_path


@cli.command("check")
@click.argument("study")
@click.pass_obj
def check_study(language: str, study: str) -> None:
    """Check a STUDY folder and its returns, and list all that is wrong with them."""
    from helpers.cleaning import clean_returns
    from helpers.study import load_study

    read = load_study(_study(study))
    counts = {"wards": len(read.wards), "indicators": len(read.indicators), "sources": len(read.sources)}
    click.echo(_say(language, "valid", study=read.study, **counts))
    if not any((read.folder / "returns").glob("*.*")):
        click.echo(_say(language, "no_returns", folder=read.folder / "returns"))
        return
    account = clean_returns(read).account
    columns = {
        "cells": "cell_count",
        "panel": "panel_count",
        "aside": "quarantine_count",
        "furniture": "furniture_count",
    }
    sums = {name: int(account[column].sum()) for name, column in columns.items()}
    click.echo(_say(language, "account", files=account["file"].nunique(), **sums))


@cli.command("simulate")
@click.argument("study")
def simulate(study: str) -> None:
    """Write a synthetic STUDY's returns again, from its seed."""
    from helpers.paths import study_folder
    from helpers.simulation import simulate_study

    folder = study_folder(_study(study))
    if not folder.is_dir():
        raise UsageError(f"There is no study folder {folder}.")
    for path in simulate_study(folder):
        click.echo(str(path))


@cli.command("list")
def list_everything() -> None:
    """List the studies, run files and runs."""
    from helpers.paths import output_root, project_root

    root = project_root()
    shelves = {
        "Studies (data/raw)": sorted(path.parent.name for path in (root / "data" / "raw").glob("*/study.toml")),
        "Run files (notebooks/runs)": sorted(path.name for path in (root / "notebooks" / "runs").glob("*.yaml")),
        "Runs (data/processed)": sorted(
            path.parent.name for path in (output_root() / "data" / "processed").glob("*/journal.jsonl")
        ),
    }
    for title, names in shelves.items():
        click.echo(title)
        for name in names or ["none"]:
            click.echo(f"  {name}")


@cli.command("open")
@click.argument("run")
def open_run(run: str) -> None:
    """Print where the pages of RUN are; on a terminal, open them."""
    from helpers.paths import report_folder

    index = report_folder(run) / "index.html"
    if not index.is_file():
        raise UsageError(f"Run {run} has no pages in {index.parent}. Run it first: model-wards run {run}")
    click.echo(str(index))
    if sys.stdout.isatty() and (os.name == "nt" or sys.platform == "darwin" or os.environ.get("DISPLAY")):
        webbrowser.open(index.as_uri())


@cli.command("doctor")
@click.pass_obj
def doctor(language: str) -> int:
    """Say in plain words whether this machine can run the project."""
    from helpers.batch.doctor import examine

    findings = examine(language)
    for finding in findings:
        click.echo(f"{'ok ' if finding.is_well else '!! '} {finding.sentence}")
    return 0 if all(finding.is_well for finding in findings) else EXIT_WRONG_USAGE


@cli.command("inspect")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--study", help="Study whose names it is read with; default: the folder it lies in, else nghe_an.")
def inspect_file(file: Path, study: str | None) -> None:
    """Show how a FILE of returns would be read; nothing is written."""
    from helpers.cleaning import describe_workbook
    from helpers.study import load_study

    own = file.resolve().parent
    lies_in = next((str(folder) for folder in (own, *own.parents) if (folder / "study.toml").is_file()), "nghe_an")
    descriptions = describe_workbook(file, load_study(_study(study or lies_in)))
    for description in descriptions:
        _print_sheet(description)
    if any(description.problems for description in descriptions):
        raise click.exceptions.Exit(EXIT_DATA_PROBLEM)


def _print_sheet(description: "SheetDescription") -> None:
    place = " · ".join(part for part in (description.file, description.sheet) if part)
    hidden = " (hidden)" if description.is_hidden else ""
    click.echo(f"{place}{hidden}: {description.form}, {description.town_name_vi or '?'}, {description.period or '?'}")
    click.echo(
        f"  {description.panel_count} cells into the panel, {description.quarantine_count} put aside, "
        f"{description.furniture_count} furniture; header in row(s) {description.header_rows or '?'}"
    )
    for cell, heading, meaning in description.headings:
        click.echo(f"  {cell}: “{heading}” is read as {meaning}")
    for spelling, name in description.wards_matched:
        click.echo(f"  “{spelling}” is read as {name}")
    for spelling, suggestion in description.names_unknown:
        click.echo(f"  “{spelling}” is no ward of the town" + (f"; perhaps {suggestion}?" if suggestion else ""))
    for problem in description.problems:
        click.echo(f"  ! {problem.sentence()}")
