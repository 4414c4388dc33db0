"""How a Word file looks: paper, type faces and styles that every office computer has, and what stands on each page."""

from collections.abc import Mapping
from dataclasses import dataclass

from docx import Document
from docx.document import Document as OpenDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Length, Mm, Pt, RGBColor
from docx.styles.style import CharacterStyle, ParagraphStyle
from docx.text.paragraph import Paragraph

TYPE_FACE, CODE_FACE = "Times New Roman", "Courier New"
"""Decree 30/2020/NĐ-CP, annex I, sets Vietnamese documents in Times New Roman; both hold every Vietnamese letter."""
PAGE_WIDTH, PAGE_HEIGHT = Mm(210), Mm(297)
MARGIN_TOP, MARGIN_BOTTOM, MARGIN_LEFT, MARGIN_RIGHT = Mm(20), Mm(20), Mm(30), Mm(20)
"""A4 with the margins of the same annex: 20–25 mm above and below, 30–35 mm on the left, 15–20 mm on the right."""
TEXT_WIDTH = Length(PAGE_WIDTH - MARGIN_LEFT - MARGIN_RIGHT)
NO_INDENT, INDENT = Mm(0), Mm(8)
INK, QUIET, WARNING = "1F2933", "55606B", "6B3A00"
WARNING_PAPER, WARNING_LINE, HEADING_PAPER, LINE = "FFF1D6", "C98A2B", "F2F4F5", "9AA5B1"
LANGUAGE_TAGS: Mapping[str, str] = {"vi": "vi-VN", "en": "en-GB"}

EYEBROW, TITLE, FACTS, BANNER, CONTENTS = "Eyebrow", "Title", "Facts", "Banner", "Contents"
BODY, NOTE, CAPTION, SMALL, ITEM = "Normal", "Note", "Caption", "Small", "List Bullet"
TERM, DEFINITION, CELL, PICTURE = "Term", "Definition", "Table Text", "Picture"
BADGE, CODE = "Badge", "Code"
TABLE, BULLET = "Table Grid", "•"
DEEPEST_HEADING = 4
CELL_SIZE = 9.0
"""Points of a table's letters: seven columns of figures with their intervals fit an upright page."""
KEPT = {"Default Paragraph Font", "Header", "Footer", "Normal Table", "No List", TABLE}
"""Styles of the library's blank document that stay beside our own."""


@dataclass(frozen=True, slots=True)
class _Look:
    """A paragraph style: size in points, weight, space before and after in points, and what it keeps together."""

    size: float
    is_bold: bool = False
    is_italic: bool = False
    before: float = 0
    after: float = 6
    colour: str = INK
    indent: Length = NO_INDENT
    is_kept_with_next: bool = False


LOOKS: Mapping[str, _Look] = {
    BODY: _Look(13),
    EYEBROW: _Look(12, is_bold=True, before=6, colour=QUIET, is_kept_with_next=True),
    TITLE: _Look(20, is_bold=True, after=10, is_kept_with_next=True),
    FACTS: _Look(11, after=12, colour=QUIET),
    BANNER: _Look(11, before=0, after=12, colour=WARNING),
    CONTENTS: _Look(12, after=2, indent=INDENT),
    "Heading 1": _Look(16, is_bold=True, before=20, after=8, is_kept_with_next=True),
    "Heading 2": _Look(14, is_bold=True, before=14, is_kept_with_next=True),
    "Heading 3": _Look(13, is_bold=True, before=10, after=4, is_kept_with_next=True),
    "Heading 4": _Look(12, is_bold=True, is_italic=True, before=6, after=4, is_kept_with_next=True),
    NOTE: _Look(11, colour=QUIET),
    CAPTION: _Look(11, before=2, after=8, colour=QUIET),
    SMALL: _Look(8, after=1),
    ITEM: _Look(13, after=3),
    TERM: _Look(13, is_bold=True, after=0, is_kept_with_next=True),
    DEFINITION: _Look(13, indent=INDENT),
    CELL: _Look(CELL_SIZE, before=1, after=1),
    PICTURE: _Look(13, before=8, after=2, is_kept_with_next=True),
    "Header": _Look(9, after=0, colour=QUIET),
    "Footer": _Look(9, after=0, colour=QUIET),
}


def blank_document(language: str) -> OpenDocument:
    """Return an empty A4 document in a language, with this project's styles and no others.

    Parameters
    ----------
    language : str
        A key of `LANGUAGE_TAGS`; another is written as it is.
    """
    document = Document()
    _drop_foreign_styles(document)
    _set_defaults(document, LANGUAGE_TAGS.get(language, language))
    for name, look in LOOKS.items():
        style = _paragraph_style(document, name)
        _set_look(style, look)
        if name != BODY:
            style.base_style = document.styles[BODY]
    _shade(_paragraph_style(document, BANNER), WARNING_PAPER, WARNING_LINE)
    _add_letter_styles(document)
    section = document.sections[0]
    section.page_width, section.page_height = PAGE_WIDTH, PAGE_HEIGHT
    section.left_margin, section.right_margin = MARGIN_LEFT, MARGIN_RIGHT
    section.top_margin, section.bottom_margin = MARGIN_TOP, MARGIN_BOTTOM
    section.header_distance = section.footer_distance = Mm(10)
    return document


def write_page_ends(document: OpenDocument, *, above: str, below: str, is_marked: bool) -> None:
    """Write what stands on each page: `above` at its head, `below` at its foot with the page's number.

    Parameters
    ----------
    document : Document
        It is changed.
    above, below : str
        The origin of the data, and how the file was made.
    is_marked : bool
        Whether `above` is a warning (synthetic data) and set so that nobody can miss it.
    """
    section = document.sections[0]
    head = section.header.paragraphs[0]
    run = head.add_run(above)
    if is_marked:
        run.bold, run.font.size, run.font.color.rgb = True, Pt(11), RGBColor.from_string(WARNING)
        head.paragraph_format.alignment = 1
    foot = section.footer.paragraphs[0]
    foot.paragraph_format.tab_stops.add_tab_stop(TEXT_WIDTH, WD_TAB_ALIGNMENT.RIGHT)
    foot.add_run(f"{below}\t")
    _add_field(foot, "PAGE")
    foot.add_run(" / ")
    _add_field(foot, "NUMPAGES")


def _add_field(paragraph: Paragraph, name: str) -> None:
    """Add a field whose value the reader's program works out; until then it shows 1."""
    for kind, text in (("begin", ""), ("", f" {name} "), ("separate", ""), ("value", "1"), ("end", "")):
        run = paragraph.add_run(text if kind == "value" else "")
        if kind == "":
            instruction = OxmlElement("w:instrText")
            instruction.set(qn("xml:space"), "preserve")
            instruction.text = text
            run._r.append(instruction)
        elif kind != "value":
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)


def _drop_foreign_styles(document: OpenDocument) -> None:
    styles = document.styles.element
    for style in list(styles.style_lst):
        name = style.name_val or ""
        if name not in KEPT and name.lower() not in {own.lower() for own in LOOKS}:
            styles.remove(style)
    for style in styles.style_lst:
        for part in (style.find(qn("w:link")), style.find(qn("w:rsid"))):
            if part is not None:
                style.remove(part)
    kept = {style.styleId for style in styles.style_lst}
    numbering = document.part.numbering_part.element
    for named in list(numbering.iter(qn("w:pStyle"))):
        if named.get(qn("w:val")) not in kept:
            named.getparent().remove(named)
    for level in numbering.iter(qn("w:lvl")):
        if level.find(qn("w:numFmt")).get(qn("w:val")) == "bullet":
            level.find(qn("w:lvlText")).set(qn("w:val"), BULLET)
            _set_type_face(level.find(qn("w:rPr")), TYPE_FACE)


def _set_defaults(document: OpenDocument, tag: str) -> None:
    """Set language and type face for whatever no style speaks of, and the program's present way of laying out."""
    letters = document.styles.element.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}")
    _set_type_face(letters, TYPE_FACE)
    for name in ("w:sz", "w:szCs"):
        letters.find(qn(name)).set(qn("w:val"), str(int(LOOKS[BODY].size * 2)))
    language = letters.find(qn("w:lang"))
    language.set(qn("w:val"), tag)
    language.set(qn("w:eastAsia"), tag)
    settings = document.settings.element
    theme = settings.find(qn("w:themeFontLang"))
    theme.attrib.clear()
    theme.set(qn("w:val"), tag)
    for name in ("w:savePreviewPicture", "w:proofState", "w:rsids"):
        for part in settings.findall(qn(name)):
            settings.remove(part)
    for setting in settings.iter(qn("w:compatSetting")):
        if setting.get(qn("w:name")) == "compatibilityMode":
            setting.set(qn("w:val"), "15")


def _set_type_face(letters: BaseOxmlElement, face: str) -> None:
    faces = letters.find(qn("w:rFonts"))
    if faces is None:
        faces = OxmlElement("w:rFonts")
        letters.insert(0, faces)
    faces.attrib.clear()
    for script in ("ascii", "hAnsi", "eastAsia", "cs"):
        faces.set(qn(f"w:{script}"), face)


def _paragraph_style(document: OpenDocument, name: str) -> ParagraphStyle:
    styles = document.styles
    style = styles[name] if name in styles else styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    assert isinstance(style, ParagraphStyle)
    return style


def _set_look(style: ParagraphStyle, look: _Look) -> None:
    own = style.element
    for part in (own.rPr, own.pPr):
        if part is not None and style.name != ITEM:
            own.remove(part)
    font, form = style.font, style.paragraph_format
    font.name, font.size = TYPE_FACE, Pt(look.size)
    _set_type_face(own.rPr, TYPE_FACE)
    font.bold, font.italic = look.is_bold, look.is_italic
    font.color.rgb = RGBColor.from_string(look.colour)
    form.space_before, form.space_after, form.line_spacing = Pt(look.before), Pt(look.after), 1.1
    if look.indent:
        form.left_indent = look.indent
    form.keep_with_next, form.widow_control = look.is_kept_with_next, True
    style.hidden, style.quick_style, style.unhide_when_used = False, True, False
    if style.name.startswith("Heading"):
        level = OxmlElement("w:outlineLvl")
        level.set(qn("w:val"), str(int(style.name.split()[-1]) - 1))
        own.pPr.append(level)


def _shade(style: ParagraphStyle, paper: str, line: str) -> None:
    """Give a paragraph style a coloured ground and a line under it."""
    form = style.element.get_or_add_pPr()
    borders, ground = OxmlElement("w:pBdr"), OxmlElement("w:shd")
    for side in ("top", "left", "bottom", "right"):
        borders.append(_line(f"w:{side}", line))
    ground.set(qn("w:val"), "clear")
    ground.set(qn("w:color"), "auto")
    ground.set(qn("w:fill"), paper)
    form.insert_element_before(borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:outlineLvl")
    form.insert_element_before(ground, "w:tabs", "w:spacing", "w:ind", "w:jc", "w:outlineLvl")


def _line(name: str, colour: str) -> BaseOxmlElement:
    line = OxmlElement(name)
    for key, value in (("val", "single"), ("sz", "4"), ("space", "4"), ("color", colour)):
        line.set(qn(f"w:{key}"), value)
    return line


def _add_letter_styles(document: OpenDocument) -> None:
    badge = document.styles.add_style(BADGE, WD_STYLE_TYPE.CHARACTER)
    code = document.styles.add_style(CODE, WD_STYLE_TYPE.CHARACTER)
    assert isinstance(badge, CharacterStyle)
    assert isinstance(code, CharacterStyle)
    badge.font.size, badge.font.bold, badge.font.italic = Pt(9.5), True, False
    badge.element.rPr.append(_line("w:bdr", LINE))
    code.font.name = CODE_FACE
    _set_type_face(code.element.rPr, CODE_FACE)
