"""The findings page as a tree of elements and texts, to be said again in another format."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

ALONE = frozenset({"br", "hr", "img", "link", "meta"})
"""Elements of HTML that hold nothing and are never closed."""
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
NO_LETTER = "\N{REPLACEMENT CHARACTER}"


@dataclass(slots=True)
class Element:
    """An element of a page: its name, its attributes, and what it holds in order."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Element | str"] = field(default_factory=list)

    @property
    def classes(self) -> frozenset[str]:
        """Return the element's classes."""
        return frozenset(self.attributes.get("class", "").split())

    def find_all(self, *tags: str) -> Iterator["Element"]:
        """Yield every element inside this one that has one of the names, in order of the page."""
        for child in self.children:
            if isinstance(child, Element):
                if child.tag in tags:
                    yield child
                yield from child.find_all(*tags)

    @property
    def text(self) -> str:
        """Return all words inside, blanks put together."""
        parts = (child.text if isinstance(child, Element) else child for child in self.children)
        return one_blank("".join(parts)).strip(" ")


def one_blank(text: str) -> str:
    """Return a text as a page shows it: each run of blanks and line breaks is one blank.

    Examples
    --------
    >>> one_blank(" two   words ")
    ' two words '
    """
    return _BLANKS.sub(" ", text)


def xml_text(text: str) -> str:
    r"""Return a text with the sign for a missing letter wherever XML can hold none.

    Examples
    --------
    >>> xml_text("H\x00a") == f"H{NO_LETTER}a"
    True
    """
    return _NO_XML.sub(NO_LETTER, text)


def read_page(page: str) -> Element:
    """Return the body of a page as a tree.

    Texts keep no letter that XML cannot hold: each becomes the sign for a missing letter.

    Parameters
    ----------
    page : str
        A page of this project, whose elements are closed in order.

    Raises
    ------
    ValueError
        If an element is closed that is not open, or the page has no body.

    Examples
    --------
    >>> read_page("<body><p>Two <b>words</b>.</p></body>").text
    'Two words.'
    """
    reader = _Reader()
    reader.feed(page)
    reader.close()
    body = next(reader.root.find_all("body"), None)
    if body is None:
        raise ValueError("The page has no body.")
    return body


class _Reader(HTMLParser):
    """Builds the tree while the page is read."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("page")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        element = Element(tag, {name: xml_text(value or "") for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in ALONE:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        """End the element that is open."""
        if self._open[-1].tag != tag:
            raise ValueError(f"The page closes <{tag}> while <{self._open[-1].tag}> is open.")
        self._open.pop()

    def handle_data(self, data: str) -> None:
        """Add a text."""
        self._open[-1].children.append(xml_text(data))
