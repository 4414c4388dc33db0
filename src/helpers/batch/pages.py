"""The last step of notebook 05: page, Word file and figures, written into the run's report folder."""

from helpers.batch.release import clear_others
from helpers.batch.workspace import Step
from helpers.reporting import Findings, languages, page_name, write_findings_page
from helpers.reporting.paper_figures import write_paper_figures
from helpers.reporting.word import word_name, write_word_file

FIGURES, PAPER = "figures", "paper"


def save_findings(findings: Findings, step: Step) -> None:
    """Write the findings as a page and a Word file, ``findings.<language>.html`` and ``.docx``, with their figures.

    Each figure of the page lies under ``figures/<language>``, the main ones sized for a paper under
    ``figures/paper/<language>``.

    Raises
    ------
    UsageError
        If the study's data are restricted and the findings were made without disclosure control.
    """
    language, folder = findings.briefing.language, step.report_folder
    page = write_findings_page(findings, folder / page_name(language), others=languages())
    document = write_word_file(findings, folder / word_name(language))
    shelf, paper_shelf = folder / FIGURES / language, folder / FIGURES / PAPER / language
    figures, paper = findings.write_figures(shelf), write_paper_figures(findings, paper_shelf)
    if step.study.origin == "real_restricted":
        clear_others(shelf, figures, "*.svg")
        clear_others(paper_shelf, paper, "*.*")
    step.record_pages([page, document, *figures, *paper])
