"""Word files of the findings: the same page, said again for offices that circulate documents.

Made from `Findings` alone and by way of its page, so a Word file holds what the page holds, after the same disclosure
control, and nothing else.
"""

from pathlib import Path

from docx.document import Document

from helpers.paths import written_beside
from helpers.reporting.briefing import Briefing
from helpers.reporting.findings import Findings
from helpers.reporting.page import findings_page, word_name
from helpers.reporting.word.composition import compose_document
from helpers.reporting.word.look import LANGUAGE_TAGS, blank_document, write_page_ends
from helpers.reporting.word.package import packed
from helpers.reporting.word.page_tree import read_page, xml_text

__all__ = ["word_file", "word_name", "write_word_file"]

MAKER = "model-wards"
LONGEST_PROPERTY = 255
"""The format's own limit on a property such as the title."""


def word_file(findings: Findings) -> bytes:
    """Return the findings as the bytes of a Word file: the same findings, the same bytes.

    Headings, lists, tables and figures are real ones, pictures carry their alternative text, the mark of the data's
    origin stands at the head of each page, and how the file was made, with the number of the page, at its foot. There
    is no macro, no link to anything outside, and no date.

    Parameters
    ----------
    findings : Findings
        What the run found, in one language.

    Raises
    ------
    UsageError
        If the data are restricted and neither controlled nor approved by anybody.
    """
    body = read_page(findings_page(findings))
    briefing = findings.briefing
    document = blank_document(briefing.language)
    compose_document(document, body, {figure.words.name: figure for figure in findings.figures})
    source = findings.provenance()
    write_page_ends(
        document,
        above=xml_text(briefing.mark),
        below=xml_text(f"{briefing.say('provenance.run')}: {source.run} · {source.command}"),
        is_marked=briefing.origin == "synthetic",
    )
    _set_properties(document, briefing)
    return packed(document)


def write_word_file(findings: Findings, path: Path) -> Path:
    """Write the findings as a Word file, whole or not at all, and return its path."""
    content = word_file(findings)
    with written_beside(path) as beside:
        beside.write_bytes(content)
    return path


def _set_properties(document: Document, briefing: Briefing) -> None:
    """Say what the document is; nothing of when, or of the library whose blank document it began as."""
    own = document.core_properties
    for part in list(own._element):
        own._element.remove(part)
    own.title = xml_text(briefing.say("page.file_title", title=briefing.title()))[:LONGEST_PROPERTY]
    own.subject = xml_text(briefing.question())[:LONGEST_PROPERTY]
    own.keywords = xml_text(briefing.mark)
    own.author = MAKER
    own.language = LANGUAGE_TAGS.get(briefing.language, briefing.language)
