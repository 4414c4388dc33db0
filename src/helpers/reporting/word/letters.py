"""Words within a paragraph: the page's inline elements as runs of a Word file, with their looks, language and links."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from helpers.reporting.word.look import BADGE, CODE, LANGUAGE_TAGS
from helpers.reporting.word.page_tree import Element, one_blank

BOLD, ITALIC = frozenset({"strong", "b"}), frozenset({"em", "i", "cite"})
FRAMED = frozenset({"badge", "mark"})
"""Classes of words that the page sets apart in a frame of their own."""
INLINE = BOLD | ITALIC | {"a", "br", "code", "q", "span", "sub", "sup"}
QUOTES = "“”"


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that look alike: ``style`` names a character style, ``target`` a bookmark to jump to; both may be ""."""

    text: str
    is_bold: bool = False
    is_italic: bool = False
    style: str = ""
    language: str = ""
    target: str = ""
    place: str = ""


def pieces_of(children: Sequence[Element | str]) -> tuple[Piece, ...]:
    """Return inline elements and texts as pieces, blanks put together as a page does.

    Examples
    --------
    >>> pieces_of(["Two ", Element("strong", {}, ["words "]), " here "])[1]
    Piece(text='words ', is_bold=True, is_italic=False, style='', language='', target='', place='')
    """
    kept: list[Piece] = []
    for piece in _pieces(children, Piece("")):
        text = one_blank(piece.text)
        if text.startswith(" ") and (not kept or kept[-1].text.endswith(" ")):
            text = text[1:]
        if text:
            kept.append(replace(piece, text=text))
    if kept:
        kept[-1] = replace(kept[-1], text=kept[-1].text.rstrip(" "))
    return tuple(piece for piece in kept if piece.text)


def add_pieces(paragraph: Paragraph, pieces: Sequence[Piece]) -> None:
    """Add pieces to the end of a paragraph."""
    for piece in pieces:
        run = paragraph.add_run(piece.text, style=piece.style or None)
        if piece.is_bold:
            run.bold = True
        if piece.is_italic:
            run.italic = True
        if piece.place:
            run.font.subscript, run.font.superscript = piece.place == "sub", piece.place == "sup"
        if piece.language:
            _set_language(run, LANGUAGE_TAGS.get(piece.language, piece.language))
        if piece.target:
            _link(run, piece.target)


def _pieces(children: Sequence[Element | str], look: Piece) -> Iterator[Piece]:
    for child in children:
        if isinstance(child, str):
            yield replace(look, text=child)
        elif child.tag == "q":
            yield from _pieces([QUOTES[0], *child.children, QUOTES[1]], _look_of(child, look))
        elif FRAMED & child.classes:
            # A frame needs air that a page gives by its style sheet.
            yield replace(look, text=" ")
            yield replace(_look_of(child, look), text=f"\N{NO-BREAK SPACE}{child.text}\N{NO-BREAK SPACE}")
        else:
            yield from _pieces(child.children, _look_of(child, look))


def _look_of(element: Element, around: Piece) -> Piece:
    href = element.attributes.get("href", "")
    return replace(
        around,
        is_bold=around.is_bold or element.tag in BOLD,
        is_italic=around.is_italic or element.tag in ITALIC,
        style=CODE if element.tag == "code" else BADGE if FRAMED & element.classes else around.style,
        language=element.attributes.get("lang", around.language),
        target=href[1:] if href.startswith("#") else around.target,
        place=element.tag if element.tag in ("sub", "sup") else around.place,
    )


def _set_language(run: Run, tag: str) -> None:
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), tag)
    run._r.get_or_add_rPr().append(language)


def _link(run: Run, bookmark: str) -> None:
    link = OxmlElement("w:hyperlink")
    link.set(qn("w:anchor"), bookmark)
    run._r.addprevious(link)
    link.append(run._r)
