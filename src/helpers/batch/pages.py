"""The last step of notebook 05: the page and its figures, written into the run's report folder."""

from helpers.batch.release import clear_others
from helpers.batch.workspace import Step
from helpers.reporting import Findings, languages, write_findings_page

FIGURES = "figures"


def save_findings(findings: Findings, step: Step) -> None:
    """Write the findings as ``findings.<language>.html`` and each of its figures under ``figures/<language>``.

    Raises
    ------
    UsageError
        If the study's data are restricted and the findings were made without disclosure control.
    """
    language = findings.briefing.language
    figures = findings.write_figures(step.report_folder / FIGURES / language)
    page = write_findings_page(findings, step.report_folder / f"findings.{language}.html", others=languages())
    if step.study.origin == "real_restricted":
        clear_others(step.report_folder / FIGURES / language, figures, "*.svg")
    step.record_pages([page, *figures])
