"""The findings page said again as a Word document: element by element, so that no sentence is written twice.

Whatever the page's templates put on the page comes along. An element that is not known here still hands on its words,
and a test holds the templates against the elements that are.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

from docx.document import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Inches
from docx.text.paragraph import Paragraph

from helpers.reporting.figure import Figure
from helpers.reporting.word.letters import INLINE, add_pieces, pieces_of
from helpers.reporting.word.look import (
    BANNER,
    BODY,
    CAPTION,
    CONTENTS,
    DEEPEST_HEADING,
    DEFINITION,
    EYEBROW,
    FACTS,
    ITEM,
    NOTE,
    PICTURE,
    SMALL,
    TERM,
    TITLE,
)
from helpers.reporting.word.page_tree import Element
from helpers.reporting.word.tables import write_table

PICTURE_DPI = 200
"""Dots per inch of a picture: sharp on office printers, and some 70 kB a figure."""
NAVIGATION = frozenset({"skip", "languages"})
"""Classes of elements that only make sense on a screen, beside other pages."""
FIGURE_ID = "figure-"
PARAGRAPHS: Mapping[str, str] = {"banner": BANNER, "eyebrow": EYEBROW, "facts": FACTS, "note": NOTE, "absent": NOTE}
"""Styles of paragraphs by their class on the page."""
HEADINGS = ("h2", "h3", "h4")
BETWEEN = "\N{EM SPACE}"
"""Between a term and what is said of it, where both share a line."""
CONTAINERS = frozenset({"article", "details", "div", "footer", "header", "main", "section"})


def compose_document(document: Document, body: Element, figures: Mapping[str, Figure]) -> None:
    """Write a page into an empty document.

    Parameters
    ----------
    document : Document
        It is changed.
    body : Element
        The page, as `read_page` returns it.
    figures : mapping of str to Figure
        The page's figures by name.

    Raises
    ------
    ValueError
        If the page shows a figure that is not among those given.
    """
    writer = _Writer(document, body, figures)
    writer.write(body.children)


class _Writer:
    """Writes block after block, and remembers under which heading it is."""

    def __init__(self, document: Document, body: Element, figures: Mapping[str, Figure]) -> None:
        self.document = document
        self.figures = figures
        self.linked = {link.attributes.get("href", "")[1:] for link in body.find_all("a")}
        self.level = 1
        self.bookmarks: list[str] = []
        self.waiting = ""
        self.blocks: Mapping[str, Callable[[Element], None]] = {
            "p": self.write_paragraph,
            "h1": self.write_title,
            **dict.fromkeys(HEADINGS, self.write_heading),
            "summary": self.write_summary,
            "ul": self.write_list,
            "ol": self.write_list,
            "dl": self.write_terms,
            "figure": self.write_figure,
            "table": self.write_table,
            "nav": self.write_contents,
        }

    def write(self, children: Sequence[Element | str], style: str = BODY) -> None:
        """Write elements and texts in order; words that stand beside blocks become paragraphs of a style."""
        shown = [child for child in children if isinstance(child, str) or not NAVIGATION & child.classes]
        for is_inline, run in groupby(shown, key=_is_inline):
            own = list(run)
            if is_inline:
                self.add_text(own, style)
            for element in () if is_inline else own:
                if isinstance(element, Element):
                    self.write_block(element)

    def write_block(self, element: Element) -> None:
        """Write one block; a container is what it holds."""
        name = element.attributes.get("id", "")
        if name in self.linked:
            self.waiting = name
        write = self.blocks.get(element.tag)
        if write is None:
            self.write(element.children)
        else:
            write(element)

    def add_text(self, children: Sequence[Element | str], style: str) -> Paragraph | None:
        """Write words as a paragraph; none if there are none."""
        pieces = pieces_of(children)
        if not pieces:
            return None
        paragraph = self.document.add_paragraph(style=style)
        add_pieces(paragraph, pieces)
        if self.waiting:
            self.add_bookmark(paragraph)
        return paragraph

    def add_bookmark(self, paragraph: Paragraph) -> None:
        """Put the bookmark that waits for a place about a paragraph's words."""
        start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
        for mark in (start, end):
            mark.set(qn("w:id"), str(len(self.bookmarks)))
        start.set(qn("w:name"), self.waiting)
        paragraph.runs[0]._r.addprevious(start)
        paragraph._p.append(end)
        self.bookmarks.append(self.waiting)
        self.waiting = ""

    def write_paragraph(self, element: Element) -> None:
        """Write a paragraph in the style of its class."""
        self.add_text(
            element.children, next((PARAGRAPHS[own] for own in sorted(element.classes & {*PARAGRAPHS})), BODY)
        )

    def write_title(self, element: Element) -> None:
        """Write the title."""
        self.add_text(element.children, TITLE)

    def write_heading(self, element: Element) -> None:
        """Write a heading: the page's second level is the document's first, below its title."""
        self.level = HEADINGS.index(element.tag) + 1
        self.add_text(element.children, f"Heading {self.level}")

    def write_summary(self, element: Element) -> None:
        """Write what the page folds away as a part with a heading of its own, below the heading it stands under."""
        self.add_text(element.children, f"Heading {min(self.level + 1, DEEPEST_HEADING)}")

    def write_list(self, element: Element) -> None:
        """Write the items of a list."""
        for item in element.find_all("li"):
            self.write(item.children, ITEM)

    def write_contents(self, element: Element) -> None:
        """Write the list of sections, each a jump to its heading."""
        for item in element.find_all("li"):
            self.add_text(item.children, CONTENTS)

    def write_terms(self, element: Element) -> None:
        """Write terms with what is said of each: on one line, unless it is an explanation."""
        is_explained = "reading" in element.classes
        style = SMALL if "small" in element.classes else BODY
        term: Element | None = None
        for part in element.find_all("dt", "dd"):
            if part.tag == "dt":
                term = part
            elif is_explained and term is not None:
                self.add_text([Element("strong", {}, term.children)], TERM)
                self.write(part.children, DEFINITION)
            else:
                said = [child for child in part.children if _is_inline(child)]
                held = [child for child in part.children if not _is_inline(child)]
                self.add_text([Element("strong", {}, term.children if term else []), BETWEEN, *said], style)
                self.write(held)

    def write_figure(self, element: Element) -> None:
        """Write a figure: picture with alternative text, and its caption."""
        name = element.attributes.get("id", "").removeprefix(FIGURE_ID)
        if name not in self.figures:
            raise ValueError(f"The page shows figure “{name}”, which is not among the figures of the findings.")
        figure = self.figures[name]
        image = next(element.find_all("img"))
        paragraph = self.document.add_paragraph(style=PICTURE)
        layout = figure.drawing.layout
        picture = paragraph.add_run().add_picture(
            io.BytesIO(figure.png(PICTURE_DPI)), width=Inches(layout.width_in * layout.share)
        )
        about = picture._inline.docPr
        about.set("name", name)
        about.set("descr", image.attributes.get("alt", ""))
        for caption in element.find_all("figcaption"):
            self.add_text(caption.children, CAPTION)

    def write_table(self, element: Element) -> None:
        """Write a table below its caption."""
        said = ""
        for caption in element.find_all("caption"):
            written = self.add_text(caption.children, CAPTION)
            said = caption.text
            if written is not None:
                written.paragraph_format.keep_with_next = True
        write_table(self.document, element, description=said)
        # Two tables that touch would become one; the line also keeps words off the frame.
        self.document.add_paragraph(style=SMALL)


def _is_inline(child: Element | str) -> bool:
    return isinstance(child, str) or child.tag in INLINE


def known_elements() -> Iterator[str]:
    """Yield the names of all elements that this module knows what to do with."""
    yield from INLINE | CONTAINERS | {*HEADINGS}
    yield from ("p", "h1", "summary", "ul", "ol", "li", "dl", "dt", "dd", "nav")
    yield from ("figure", "figcaption", "img", "table", "caption", "thead", "tbody", "tr", "th", "td")
