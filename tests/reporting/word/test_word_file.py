"""A Word file read back: the words of the page and no others, real headings, tables and pictures, nothing harmful."""

import io
import re
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import docx
import pandas as pd
import pytest
from docx.document import Document
from docx.oxml.ns import qn
from lxml import etree

from helpers.errors import UsageError
from helpers.reporting import Findings, build_findings, findings_page
from helpers.reporting.templates import FOLDER as TEMPLATES
from helpers.reporting.word import word_file, write_word_file
from helpers.reporting.word.composition import compose_document, known_elements
from helpers.reporting.word.look import TEXT_WIDTH, blank_document
from helpers.reporting.word.page_tree import read_page
from helpers.study import Study

Tables = dict[str, pd.DataFrame]
Manifest = dict[str, Any]
HOSTILE = "<script>alert(1)</script>"
QUOTATION = "“”"
ORDER = {
    "pPr": "pStyle keepNext keepLines widowControl numPr pBdr shd tabs spacing ind contextualSpacing jc outlineLvl",
    "rPr": "rStyle rFonts b bCs i iCs color sz szCs bdr vertAlign lang",
    "tblPr": "tblStyle tblW jc tblInd tblBorders tblLayout tblCellMar tblLook tblCaption tblDescription",
    "tcPr": "tcW gridSpan shd",
    "trPr": "cantSplit tblHeader",
}
"""The format's order of properties, of which Word refuses a file that has another."""


class PageWords(HTMLParser):
    """The words of a page's body but those that only lead elsewhere, and its pictures' alternative texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.words: list[str] = []
        self.alts: list[str] = []
        self.tags: list[str] = []
        self.feed(page[page.index("<body") : page.index("</html>")])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        self.tags.append(tag)
        if tag == "img":
            self.alts.append(own["alt"] or "")
            return
        is_left_out = own.get("class") in ("skip", "languages") or any(left_out for _, left_out in self.open)
        self.open.append((tag, is_left_out))

    def handle_endtag(self, tag: str) -> None:
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if not any(left_out for _, left_out in self.open):
            self.words.append(data)


def squeezed(text: str) -> str:
    """Return a text without blanks of any kind and without quotation marks, which a page sets by style."""
    return "".join(text.split()).translate(dict.fromkeys(map(ord, QUOTATION)))


@pytest.fixture(params=["vi", "en"])
def findings(request: pytest.FixtureRequest, tables: Tables, manifest: Manifest, study: Study) -> Findings:
    return build_findings(tables, manifest, study, language=request.param)


@pytest.fixture(scope="module")
def written() -> dict[str, bytes]:
    """Word files by language: the findings of each test are the same, so one file of each language serves all."""
    return {}


@pytest.fixture
def content(findings: Findings, written: dict[str, bytes]) -> bytes:
    language = findings.briefing.language
    if language not in written:
        written[language] = word_file(findings)
    return written[language]


@pytest.fixture
def document(content: bytes) -> Document:
    return docx.Document(io.BytesIO(content))


@pytest.fixture
def page(findings: Findings) -> PageWords:
    return PageWords(findings_page(findings))


def words_of(document: Document) -> str:
    return "".join(text.text or "" for text in document.element.body.iter(qn("w:t")))


def test_the_word_file_says_what_the_page_says_and_nothing_else(document: Document, page: PageWords) -> None:
    said = squeezed(" ".join(page.words))
    assert len(said) > 3000
    assert squeezed(words_of(document)) == said


def test_headings_are_real_and_none_is_skipped(document: Document, page: PageWords, findings: Findings) -> None:
    names = [paragraph.style.name for paragraph in document.paragraphs]
    levels = [int(name[-1]) for name in names if name.startswith("Heading")]
    assert names.count("Title") == 1
    assert names.index("Title") < names.index("Heading 1")
    assert levels[0] == 1 and all(below <= above + 1 for above, below in pairwise(levels))
    headings = [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Heading 1"]
    assert headings == [section.title for section in findings.sections]
    assert len(levels) == sum(page.tags.count(tag) for tag in ("h2", "h3", "h4", "summary"))
    for name in ("Heading 1", "Heading 2", "Heading 3"):
        outline = document.styles[name].element.find(f".//{qn('w:outlineLvl')}")
        assert outline.get(qn("w:val")) == str(int(name[-1]) - 1)


def test_every_picture_is_one_with_the_pages_alternative_text_and_a_caption(
    document: Document, page: PageWords
) -> None:
    about = list(document.element.body.iter(qn("wp:docPr")))
    assert [own.get("descr") for own in about] == page.alts
    assert len(about) >= 3 and len({own.get("id") for own in about}) == len(about)
    assert all(shape.width <= TEXT_WIDTH for shape in document.inline_shapes)
    styles = [paragraph.style.name for paragraph in document.paragraphs]
    assert all(styles[place + 1] == "Caption" for place, name in enumerate(styles) if name == "Picture")
    images = [part for part in document.part.package.iter_parts() if part.partname.startswith("/word/media")]
    assert {image.content_type for image in images} == {"image/png"}


def test_tables_are_real_with_a_header_row_on_each_page(document: Document, page: PageWords) -> None:
    assert len(document.tables) == page.tags.count("table") > 2
    for table in document.tables:
        rows = table._tbl.tr_lst
        headers = [row.trPr is not None and row.trPr.find(qn("w:tblHeader")) is not None for row in rows]
        assert headers == [True] + [False] * (len(rows) - 1)
        assert table._tbl.tblPr.find(qn("w:tblDescription")).get(qn("w:val"))
        widths = [int(column.get(qn("w:w"))) * 635 for column in table._tbl.tblGrid]
        assert sum(widths) == pytest.approx(TEXT_WIDTH, rel=0.01)
        for row in rows:
            cells = [int(cell.tcPr.find(qn("w:tcW")).get(qn("w:w"))) * 635 for cell in row.tc_lst]
            assert sum(cells) == pytest.approx(TEXT_WIDTH, rel=0.01)


def test_jumps_lead_to_bookmarks_and_nowhere_else(document: Document, content: bytes) -> None:
    anchors = [link.get(qn("w:anchor")) for link in document.element.body.iter(qn("w:hyperlink"))]
    marks = [mark.get(qn("w:name")) for mark in document.element.body.iter(qn("w:bookmarkStart"))]
    assert anchors and anchors == marks
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        texts = {name: archive.read(name) for name in archive.namelist()}
    assert not [name for name, text in texts.items() if b'TargetMode="External"' in text]
    assert not [name for name in texts if "vba" in name.lower() or name.endswith(".bin")]
    fields = [text.text.strip() for part in document.sections for text in part.footer._element.iter(qn("w:instrText"))]
    assert fields == ["PAGE", "NUMPAGES"]
    assert not list(document.element.body.iter(qn("w:instrText"), qn("w:fldSimple")))


def test_the_mark_stands_at_the_head_of_each_page_and_the_command_at_its_foot(
    document: Document, findings: Findings
) -> None:
    section = document.sections[0]
    assert len(document.sections) == 1 and not section.different_first_page_header_footer
    assert section.header.paragraphs[0].text == findings.briefing.mark
    assert findings.provenance().command in section.footer.paragraphs[0].text
    assert findings.provenance().inputs[0][1] in words_of(document)


def test_public_data_carry_no_synthetic_mark(tables: Tables, manifest: Manifest, study: Study) -> None:
    public = replace(study, origin="real_public", is_given_roster_fictional=False)
    content = word_file(build_findings(tables, manifest | {"origin": "real_public"}, public, language="en"))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        texts = b"".join(archive.read(name) for name in archive.namelist() if name.endswith(".xml")).lower()
    assert b"synthetic" not in texts and "mô phỏng".encode() not in texts


def test_paper_language_and_letters_are_an_offices(document: Document, findings: Findings) -> None:
    section = document.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    styles = document.styles.element
    tag = {"vi": "vi-VN", "en": "en-GB"}[findings.briefing.language]
    assert [own.get(qn("w:val")) for own in styles.iter(qn("w:lang"))] == [tag]
    assert document.core_properties.language == tag
    faces = {value for own in styles.iter(qn("w:rFonts")) for value in own.values()}
    assert faces == {"Times New Roman", "Courier New"}


def test_the_same_findings_give_the_same_bytes_without_a_date(
    tables: Tables, manifest: Manifest, study: Study, content: bytes, findings: Findings
) -> None:
    again = build_findings(tables, manifest, study, language=findings.briefing.language)
    assert word_file(again) == content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.namelist()[0] == "[Content_Types].xml"
        core = archive.read("docProps/core.xml").decode()
        for name in archive.namelist():
            if name.endswith((".xml", ".rels")):
                etree.fromstring(archive.read(name))
    assert not re.search(r"created|modified|\d{4}-\d\d-\d\d|python-docx", core)


def test_properties_stand_in_the_formats_order_and_every_style_is_there(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = [etree.fromstring(archive.read(f"word/{name}.xml")) for name in ("document", "styles", "header1")]
    for part in parts:
        for name, order in ORDER.items():
            for properties in part.iter(qn(f"w:{name}")):
                places = [order.split().index(etree.QName(own).localname) for own in properties]
                assert places == sorted(set(places))
    known = {style.get(qn("w:styleId")) for style in parts[1].iter(qn("w:style"))}
    used = [
        own.get(qn("w:val")) for part in parts for own in part.iter(*map(qn, ("w:pStyle", "w:rStyle", "w:tblStyle")))
    ]
    assert used and set(used) <= known


def test_text_from_files_stays_text(tables: Tables, manifest: Manifest, study: Study) -> None:
    spoilt = f"{HOSTILE}\x00\x0b"
    indicators = tuple(replace(row, name_vi=HOSTILE, name_en=HOSTILE) for row in study.indicators)
    hostile = replace(study, indicators=indicators, titles={"en": spoilt * 12}, questions={"en": spoilt})
    checks = tables["checks"].assign(reason=spoilt, check="unheard_of", question=spoilt)
    spoilt_manifest = manifest | {"run": HOSTILE, "command": "=cmd|' /C calc'!A0"}
    findings = build_findings(tables | {"checks": checks}, spoilt_manifest, hostile, language="en")
    document = docx.Document(io.BytesIO(word_file(findings)))
    assert words_of(document).count(HOSTILE) > 10
    assert words_of(document).count(f"{HOSTILE}\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}") > 3
    assert HOSTILE in document.sections[0].footer.paragraphs[0].text
    assert not list(document.element.body.iter(qn("w:instrText"), qn("w:object"), qn("w:altChunk")))


def test_restricted_data_are_not_told_without_disclosure_control(
    tables: Tables, manifest: Manifest, study: Study, tmp_path: Path
) -> None:
    restricted = replace(study, origin="real_restricted")
    public = build_findings(tables, manifest, study, language="vi")
    findings = replace(public, briefing=replace(public.briefing, study=restricted))
    with pytest.raises(UsageError, match="disclosure control"):
        write_word_file(findings, tmp_path / "a.docx")
    assert not list(tmp_path.iterdir())


def test_every_element_of_the_templates_is_known() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(TEMPLATES.rglob("*.j2")))
    used = set(re.findall(r"<([a-z][a-z0-9]*)", text)) - {"html", "head", "meta", "title", "style", "body"}
    assert {"table", "details", "dl"} <= used
    assert used <= set(known_elements())


def test_a_figure_that_the_findings_do_not_list_is_named() -> None:
    body = read_page('<body><figure id="figure-odd"><img src="" alt="a"></figure></body>')
    with pytest.raises(ValueError, match="odd"):
        compose_document(blank_document("en"), body, {})


def test_words_of_an_unknown_element_are_kept_and_rows_that_do_not_fit_are_refused() -> None:
    document = blank_document("en")
    compose_document(document, read_page("<body><blink><p>Kept <u>words</u>.</p></blink></body>"), {})
    assert words_of(document) == "Kept words."
    table = "<body><table><tr><th>a</th><th>b</th></tr><tr><td>c</td></tr></table></body>"
    with pytest.raises(ValueError, match="spans 1 columns"):
        compose_document(blank_document("en"), read_page(table), {})


def test_terms_keep_what_hangs_below_them_and_explanations_stand_apart() -> None:
    document = blank_document("vi")
    terms = "<dl><dt>plan</dt><dd>said <ul><li>first</li><li>second</li></ul></dd></dl>"
    explained = '<dl class="reading"><dt>p</dt><dd>a <q lang="en">share</q></dd></dl>'
    compose_document(document, read_page(f"<body>{terms}{explained}</body>"), {})
    written = [(paragraph.style.name, paragraph.text) for paragraph in document.paragraphs]
    assert written == [
        ("Normal", "plan\N{EM SPACE}said"),
        ("List Bullet", "first"),
        ("List Bullet", "second"),
        ("Term", "p"),
        ("Definition", "a “share”"),
    ]
    assert [own.get(qn("w:val")) for own in document.element.body.iter(qn("w:lang"))] == ["en-GB"] * 3
