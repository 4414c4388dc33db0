"""The last step of notebook 05: the page and its figures, written into the run's report folder."""

from helpers.batch.workspace import Step, refuse_restricted
from helpers.reporting import Findings, languages, write_findings_page

FIGURES = "figures"


def save_findings(findings: Findings, step: Step) -> None:
    """Write the findings as ``findings.<language>.html`` and each of its figures under ``figures/<language>``.

    Raises
    ------
    UsageError
        If the study's data are restricted: nothing of them is exported before disclosure control exists.
    """
    refuse_restricted(step.study)
    language = findings.briefing.language
    figures = findings.write_figures(step.report_folder / FIGURES / language)
    page = write_findings_page(findings, step.report_folder / f"findings.{language}.html", others=languages())
    step.record_pages([page, *figures])
