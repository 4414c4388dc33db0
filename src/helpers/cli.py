"""The command line. Results go to stdout, progress and complaints to stderr; a user's mistake is never a traceback.

Everything but click is imported inside the command that needs it, so help and wrong usage answer at once.
"""

import locale
import os
import sys
import webbrowser
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from helpers import __version__
from helpers.errors import (
    EXIT_DATA_PROBLEM,
    EXIT_NOTEBOOK_FAILED,
    EXIT_WRONG_USAGE,
    DataProblems,
    ModelWardsError,
    Problem,
    UsageError,
)
from helpers.messages import Message, said_in, say

if TYPE_CHECKING:
    from helpers.batch.engine import RunResult
    from helpers.batch.plan import Plan
    from helpers.study import Study

EXIT_INTERRUPTED = 130
OUTPUT_FILE = click.Path(dir_okay=False, path_type=Path)
OUTPUT_FOLDER = click.Path(file_okay=False, path_type=Path)
MOST_KINDS = 20
"""More reasons for putting cells aside than this are counted on the terminal; the lists have all."""


class Commands(click.Group):
    """The commands; an error raised on purpose ends them with its text in the chosen language and its exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except ModelWardsError as error:
            click.echo(error.in_language(ctx.obj), err=True)
            raise click.exceptions.Exit(error.exit_code) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
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
    except (KeyboardInterrupt, click.Abort):
        click.echo("Broken off. What was finished is kept; the same command goes on from there.", err=True)
        return EXIT_INTERRUPTED
    return code if isinstance(code, int) else 0


def _locale_language() -> str:
    """Return "vi" under a Vietnamese locale, else "en"."""
    named = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "vi" if (named or locale.getlocale()[0] or "").lower().startswith("vi") else "en"


@cli.command("run")
@click.argument("runfile")
@click.option("--only", metavar="NOTEBOOK", help="Run this notebook alone, such as 03; those before it must have run.")
@click.option("--indicator", metavar="ID", help="Run one indicator's notebooks, and those that they need.")
@click.option("--jobs", type=click.IntRange(min=1), help="Notebooks at a time; default: the run file's, or all cores.")
@click.option("--full", is_flag=True, help="Try every check on every indicator, not on the primary one alone.")
@click.option("--force", is_flag=True, help="Run again what is done already.")
@click.option("--dry-run", is_flag=True, help="Say what would run, and why; run nothing.")
def run_batch(
    runfile: str, only: str | None, indicator: str | None, jobs: int | None, full: bool, force: bool, dry_run: bool
) -> int:
    """Run the notebooks of RUNFILE, those alone that are missing or out of date."""
    from helpers.batch.parameters import notebook_named
    from helpers.batch.plan import make_plan
    from helpers.batch.runfile import find_run_file, read_run_file

    batch = read_run_file(find_run_file(runfile))
    batch = batch.fully_checked() if full else batch
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
    for why in result.why_cold:
        click.echo(f"Kernels started cold: {why}.", err=True)
    index = export_run(plan, failures=result.failures)
    if result.failures:
        return _report_failures(plan, result)
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
        raise UsageError(
            say(
                "No run is named “{run}” under {folder}. “model-wards list” shows what there is.",
                run=run,
                folder=output_root(),
            )
        )
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
@click.option("--csv", "table", type=OUTPUT_FILE, help="Write the problems and cells put aside as a table for Excel.")
@click.option("--html", "page", type=OUTPUT_FILE, help="Write the same as a page to read or print.")
@click.option("--marked", "folder", type=OUTPUT_FOLDER, help="Write copies of the returns with bad cells marked.")
@click.pass_obj
def check_study(language: str, study: str, table: Path | None, page: Path | None, folder: Path | None) -> int:
    """Check a STUDY folder and its returns, and list all that is wrong with them."""
    from helpers.study import load_study

    name = _study(study)
    _refuse_inside_study(name, [path for path in (table, page, folder) if path])
    read: Study | None = None
    problems: tuple[Problem, ...] = ()
    put_aside: tuple[Problem, ...] = ()
    try:
        read = load_study(name)
        sayings, put_aside = _checked(read)
        for saying in sayings:
            click.echo(said_in(saying, language))
    except DataProblems as error:
        problems, put_aside = error.problems, error.put_aside
    _print_problems(problems, put_aside, language)
    _write_lists(problems, put_aside, language, study, table, page)
    if folder and read is not None:
        from helpers.cleaning.clerk.marked_copy import write_marked_copies

        copies = write_marked_copies(read, problems, folder, language, put_aside=put_aside)
        for message in copies.messages:
            click.echo(said_in(message, language), err=True)
    return EXIT_DATA_PROBLEM if problems else 0


def _checked(read: "Study") -> tuple[list[Message], tuple[Problem, ...]]:
    """Return what a study in order holds, in sentences, and the cells of its returns that were put aside."""
    from helpers.cleaning import clean_returns, quarantine_problems

    sayings = [
        say(
            "Study {study} is in order: {wards} wards, {indicators} indicators, {sources} sources.",
            study=read.study,
            wards=len(read.wards),
            indicators=len(read.indicators),
            sources=len(read.sources),
        )
    ]
    if not any(not path.name.startswith(".") for path in (read.folder / "returns").glob("*")):
        return [*sayings, say("It has no returns yet (folder {folder}).", folder=read.folder / "returns")], ()
    cleaned = clean_returns(read)
    account = cleaned.account
    sayings.append(
        say(
            "Returns: {files} files, {cells} cells = {panel} in panel + {aside} put aside + {furniture} furniture.",
            files=account["file"].nunique(),
            cells=int(account["cell_count"].sum()),
            panel=int(account["panel_count"].sum()),
            aside=int(account["quarantine_count"].sum()),
            furniture=int(account["furniture_count"].sum()),
        )
    )
    zeros = int(account["absent_zero_count"].sum())
    if zeros:
        sayings.append(
            say("Beside these {count} zeros of wards not listed, because study.toml declares them so.", count=zeros)
        )
    return sayings, quarantine_problems(cleaned)


def _print_problems(problems: Sequence[Problem], put_aside: Sequence[Problem], language: str) -> None:
    """Print what must be corrected to stderr and what was put aside to stdout, each thing to do once."""
    from helpers.cleaning.clerk.problem_groups import group_problems

    groups = group_problems(problems)
    if groups:
        count = say(
            "{count} problem(s) in the data, of {kinds} kind(s); nothing is estimated before they are corrected:",
            count=len(problems),
            kinds=len(groups),
        )
        click.echo(said_in(count, language), err=True)
    for group in groups:
        click.echo(group.sentence(language), err=True)
    aside = group_problems(put_aside)
    if aside:
        count = say("{count} cell(s) put aside, for {kinds} reason(s):", count=len(put_aside), kinds=len(aside))
        click.echo(said_in(count, language), err=bool(problems))
    for group in aside[:MOST_KINDS]:
        click.echo(f"  {group.sentence(language)}", err=bool(problems))
    if len(aside) > MOST_KINDS:
        more = say("{count} more reasons; --csv and --html list them all.", count=len(aside) - MOST_KINDS)
        click.echo(f"  {said_in(more, language)}", err=bool(problems))


def _refuse_inside_study(study: str, paths: Iterable[Path]) -> None:
    from helpers.paths import study_folder

    folder = study_folder(study).resolve()
    for path in paths:
        if path.resolve().is_relative_to(folder):
            raise UsageError(
                say("{path} lies in the study folder, which holds what was sent. Write the list elsewhere.", path=path)
            )


def _write_lists(
    problems: Iterable[Problem], put_aside: Iterable[Problem], language: str, study: str, table: Path | None,
    page: Path | None,
) -> None:  # fmt: skip
    if not (table or page):
        return
    from helpers.cleaning.clerk.problem_lists import write_problem_csv, write_problem_page

    if table:
        write_problem_csv(problems, table, language, put_aside=put_aside)
    if page:
        title = say("What to correct in study {study}", study=Path(study).name)
        write_problem_page(problems, page, language, title=title, put_aside=put_aside)
    for path in filter(None, (table, page)):
        click.echo(said_in(say("The list is in {path}.", path=path), language), err=True)


@cli.command("form")
@click.argument("study")
@click.option("--town", required=True, metavar="CODE", help="Code of the town, as in wards.csv.")
@click.option(
    "--period",
    "periods",
    required=True,
    multiple=True,
    metavar="PERIOD",
    help="Such as 2023-05, or 2023-01..2023-12; may be given again.",
)
@click.option(
    "--indicator", "indicators", multiple=True, metavar="ID", help="Ask for this; default: every count and ratio."
)
@click.option("--out", "path", required=True, type=OUTPUT_FILE, help="The workbook to write (.xlsx).")
@click.pass_obj
def write_form(
    language: str, study: str, town: str, periods: tuple[str, ...], indicators: tuple[str, ...], path: Path
) -> None:
    """Write a blank return of a town of STUDY, for its office to fill in."""
    from helpers.cleaning.clerk.blank_form import write_blank_form
    from helpers.study import load_study, period_range

    name = _study(study)
    _refuse_inside_study(name, [path])
    read = load_study(name)
    spans = [span.partition("..") for span in periods]
    labels = [label for first, _, last in spans for label in period_range(read.period_kind, first, last or first)]
    write_blank_form(read, path, town_code=town, periods=labels, indicators=indicators)
    click.echo(said_in(say("The form is in {path}.", path=path), language))


@cli.command("simulate")
@click.argument("study")
def simulate(study: str) -> None:
    """Write a synthetic STUDY's returns again, from its seed."""
    from helpers.paths import study_folder
    from helpers.simulation import simulate_study

    folder = study_folder(_study(study))
    if not folder.is_dir():
        raise UsageError(say("There is no study folder {folder}.", folder=folder))
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
        raise UsageError(
            say("Run {run} has no pages in {folder}. Run it first: model-wards run {run}", run=run, folder=index.parent)
        )
    click.echo(str(index))
    if sys.stdout.isatty() and (os.name == "nt" or sys.platform == "darwin" or os.environ.get("DISPLAY")):
        webbrowser.open(index.as_uri())


@cli.command("bundle")
@click.argument("run")
@click.option("--out", "path", type=OUTPUT_FILE, help="The zip to write; default: beside the run's report folder.")
@click.pass_obj
def bundle_run(language: str, run: str, path: Path | None) -> None:
    """Pack the pages, Word files, tables and manifest of RUN into one zip to send."""
    from helpers.batch.bundle import write_bundle

    click.echo(said_in(say("The bundle is in {path}.", path=write_bundle(run, path)), language))


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
@click.option("--all", "is_whole", is_flag=True, help="Tell every sheet apart, and list everything.")
@click.pass_obj
def inspect_file(language: str, file: Path, study: str | None, is_whole: bool) -> None:
    """Show how a FILE of returns would be read; nothing is written."""
    from helpers.cleaning import describe_workbook
    from helpers.cleaning.clerk.inspection_report import inspection_lines
    from helpers.study import load_study

    own = file.resolve().parent
    above = (own, *own.parents)
    lies_in = next((str(f) for f in above if (f / "study.toml").is_file() and (f / "wards.csv").is_file()), "nghe_an")
    descriptions = describe_workbook(file, load_study(_study(study or lies_in)))
    for line in inspection_lines(descriptions, language, is_whole=is_whole):
        click.echo(line)
    if any(description.problems for description in descriptions):
        raise click.exceptions.Exit(EXIT_DATA_PROBLEM)
