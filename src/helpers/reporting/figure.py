"""A figure as it leaves the project: vector picture, caption, alternative text and the mark of its data's origin.

`draw_figure` is the only place that opens a canvas. It uses matplotlib's objects and not its global state, so nothing
stays open and nobody's settings change; the mark is drawn on the picture itself, so it survives being cut out.
"""

import base64
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.layout_engine import ConstrainedLayoutEngine

from helpers.paths import written_beside
from helpers.reporting.shrinking import shrink_canvas
from helpers.reporting.style import FONT_STACK, MUTED, SYNTHETIC_INK, TYPE_FACE, WIDTH_IN, in_style
from helpers.study.objects import DataOrigin

Plot = Callable[[Axes], Axes]

MARK_HEIGHT_IN = 0.24
_SPARE = re.compile(r"<metadata>.*?</metadata>|<!--.*?-->", re.DOTALL)
_GROUP_NAME = re.compile(r'<g id="[^"]*"')
_LINE_BREAK = re.compile(r"\s*\n\s*")
_PROLOGUE = re.compile(r"\A.*?(?=<svg)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FigureWords:
    """What a figure says beside its picture.

    Attributes
    ----------
    name : str
        File name without ending, in ASCII ("event_study_crime_order").
    title, caption : str
        Heading of the caption, and the caption: numbers of wards, estimator, inference.
    alt : str
        A sentence with the finding, for those who do not see the picture.
    origin : {"synthetic", "real_public", "real_restricted"}
        From the run's manifest.
    mark : str
        What is drawn on the picture about the origin.
    """

    name: str
    title: str
    caption: str
    alt: str
    origin: DataOrigin
    mark: str


@dataclass(frozen=True, slots=True)
class Margins:
    """Room around panels for headings, ticks and labels, in inches; ``between`` lies between two rows."""

    left: float
    right: float
    top: float
    bottom: float
    between: float = 0.0


@dataclass(frozen=True, slots=True)
class Layout:
    """Size and arrangement of the panels.

    Attributes
    ----------
    height_in : float
        Of all panels together.
    width_in : float
        Of the whole picture, as it is drawn.
    share : float
        How much of its size it keeps when it is handed on.
    rows, columns : int
        Arrangement.
    share_x, share_y : bool
        Whether panels have that axis in common; only outer panels then carry its labels.
    margins_in : Margins or None
        Room around each panel; without it the room is measured, which takes as long as the drawing itself.
    """

    height_in: float
    rows: int = 1
    columns: int = 1
    share_x: bool = False
    share_y: bool = False
    margins_in: Margins | None = None
    width_in: float = WIDTH_IN
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a figure was drawn from, so that it can be drawn again in another size or format."""

    plots: tuple[Plot, ...]
    layout: Layout


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawn figure: its SVG text, its words, and what it was drawn from."""

    svg: str
    words: FigureWords
    drawing: Drawing = field(repr=False, compare=False)

    @property
    def file_stem(self) -> str:
        """Return the file name without ending, marked when the data are synthetic."""
        return f"{self.words.name}.synthetic" if self.words.origin == "synthetic" else self.words.name

    @property
    def data_uri(self) -> str:
        """Return the picture as an address that holds it whole."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg.encode()).decode()

    @property
    def size_px(self) -> tuple[int, int]:
        """Return width and height in CSS pixels, so a page keeps the place free while it loads."""
        width, height = re.findall(r'(?:width|height)="([\d.]+)pt"', self.svg)[:2]
        return round(float(width) * 4 / 3), round(float(height) * 4 / 3)

    @property
    def html(self) -> Markup:
        """Return the ``figure`` element for a page: picture with alternative text, and caption."""
        width, height = self.size_px
        return Markup(
            '<figure class="figure" id="figure-{name}"><img src="{uri}" alt="{alt}" width="{width}" height="{height}">'
            '<figcaption><strong>{title}</strong> {caption} <span class="mark mark-{origin}">{mark}</span>'
            "</figcaption></figure>"
        ).format(
            name=self.words.name, uri=self.data_uri, alt=self.words.alt, width=width, height=height,
            title=self.words.title, caption=self.words.caption, origin=self.words.origin, mark=self.words.mark,
        )  # fmt: skip

    def _repr_html_(self) -> str:
        """Return the figure for a notebook, on white whatever the notebook's theme."""
        return str(
            Markup('<div style="background:#fff;color:#1f2933;max-width:46rem;padding:.75rem">{}</div>').format(
                self.html
            )
        )

    def write(self, folder: Path) -> Path:
        """Write the picture as ``<name>.svg`` (marked in its name when synthetic) and return its path."""
        path = folder / f"{self.file_stem}.svg"
        with written_beside(path) as beside:
            beside.write_text(self.svg, encoding="utf-8", newline="\n")
        return path

    def png(self, dpi: int) -> bytes:
        """Return the picture in dots on white, for programs that show no vectors; the same bytes each time."""
        return self._rendered("png", dpi=dpi, facecolor="white", metadata={"Software": None})

    def pdf(self) -> bytes:
        """Return the picture as a vector PDF without dates, its letters embedded; the same bytes each time."""
        return self._rendered("pdf", metadata=dict.fromkeys(("CreationDate", "Creator", "Producer")))

    def at_width(self, width_in: float, *, drawn_in: float | None = None) -> "Figure":
        """Return the figure drawn again in another width: its letters keep their size, or shrink from `drawn_in`."""
        drawn = drawn_in or width_in
        layout = replace(self.drawing.layout, width_in=drawn, share=width_in / drawn)
        return draw_figure(self.drawing.plots, words=self.words, layout=layout)

    def _rendered(self, file_format: str, **options: Any) -> bytes:
        buffer = io.BytesIO()
        with in_style():
            _drawn(self.drawing, self.words).savefig(buffer, format=file_format, **options)
        return buffer.getvalue()


def draw_figure(plots: Sequence[Plot], *, words: FigureWords, layout: Layout) -> Figure:
    """Draw one plot per panel, mark the picture with its origin, and close it.

    Parameters
    ----------
    plots : sequence of callable
        Each takes an Axes and returns it; as many as panels, or fewer (the rest stay empty).
    words : FigureWords
        Caption, alternative text and mark.
    layout : Layout
        Panels and height.

    Examples
    --------
    >>> words = FigureWords("line", "A line.", "", "A line rises.", "synthetic", "synthetic data")
    >>> figure = draw_figure([lambda ax: ax], words=words, layout=Layout(height_in=1.0))
    >>> figure.svg.startswith("<svg"), "A line rises." in figure._repr_html_()
    (True, True)
    """
    drawing = Drawing(tuple(plots), layout)
    with in_style():
        svg = _svg_text(_drawn(drawing, words))
    return Figure(svg=svg, words=words, drawing=drawing)


def _drawn(drawing: Drawing, words: FigureWords) -> Canvas:
    layout = drawing.layout
    height = layout.height_in + MARK_HEIGHT_IN
    canvas = Canvas(figsize=(layout.width_in, height))
    axes = canvas.subplots(
        layout.rows, layout.columns, squeeze=False, sharex=layout.share_x, sharey=layout.share_y
    ).ravel()
    _make_room(canvas, layout, height)
    for ax, plot in zip(axes, drawing.plots, strict=False):
        plot(ax)
    for ax in axes[len(drawing.plots) :]:
        ax.set_axis_off()
    _draw_mark(canvas, words)
    if layout.share != 1.0:
        shrink_canvas(canvas, layout.share)
    return canvas


def _make_room(canvas: Canvas, layout: Layout, height: float) -> None:
    room, mark = layout.margins_in, MARK_HEIGHT_IN / height
    if room is None:
        engine = ConstrainedLayoutEngine(rect=(0, 0, 1, 1 - mark), w_pad=0.03, h_pad=0.03)
        canvas.set_layout_engine(engine)
        return
    panel = (layout.height_in - room.top - room.bottom - room.between * (layout.rows - 1)) / layout.rows
    canvas.subplots_adjust(
        left=room.left / layout.width_in,
        right=1 - room.right / layout.width_in,
        bottom=room.bottom / height,
        top=1 - mark - room.top / height,
        hspace=room.between / panel,
    )


def _draw_mark(canvas: Canvas, words: FigureWords) -> None:
    is_synthetic = words.origin == "synthetic"
    canvas.text(
        0.985,
        0.985,
        words.mark,
        ha="right",
        va="top",
        fontsize=7,
        fontweight="bold" if is_synthetic else "normal",
        color=SYNTHETIC_INK if is_synthetic else MUTED,
        bbox={"boxstyle": "round,pad=0.3", "facecolor": "#FFF1D6", "edgecolor": SYNTHETIC_INK, "linewidth": 0.6}
        if is_synthetic
        else None,
        in_layout=False,
    )


def _svg_text(canvas: Canvas) -> str:
    """Return the picture without what only its maker needs: prologue, metadata, comments, names of groups."""
    buffer = io.StringIO()
    canvas.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = _SPARE.sub("", _PROLOGUE.sub("", buffer.getvalue()))
    svg = _GROUP_NAME.sub("<g", svg).replace(f"'{TYPE_FACE}'", FONT_STACK)
    return _LINE_BREAK.sub(" ", svg).replace("> <", "><")


@dataclass(frozen=True, slots=True)
class NoFigure:
    """A figure that cannot be drawn, and the sentence that says why."""

    sentence: str

    @property
    def html(self) -> Markup:
        """Return the sentence as a paragraph."""
        return Markup('<p class="absent">{}</p>').format(self.sentence)

    def _repr_html_(self) -> str:
        """Return the sentence for a notebook."""
        return str(self.html)
