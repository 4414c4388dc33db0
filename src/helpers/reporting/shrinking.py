"""A drawn canvas made smaller as a whole, letters and lines with it, as a copier would."""

from typing import Any

import numpy as np
from matplotlib.collections import Collection
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Annotation, Text


def shrink_canvas(canvas: Canvas, share: float) -> None:
    """Make a canvas and everything on it smaller (or larger): nothing that did not overlap does so afterwards.

    Panels follow the canvas, because their places are shares of it; what is measured in points is multiplied here.

    Parameters
    ----------
    canvas : matplotlib Figure
        Drawn, with its panels placed by `subplots_adjust`. It is changed.
    share : float
        New width over old width.

    Examples
    --------
    >>> canvas = Canvas(figsize=(4, 2))
    >>> words = canvas.text(0, 0, "a", fontsize=8)
    >>> shrink_canvas(canvas, 0.5)
    >>> tuple(float(side) for side in canvas.get_size_inches()), words.get_fontsize()
    ((2.0, 1.0), 4.0)
    """
    canvas.set_size_inches(*(canvas.get_size_inches() * share))
    for ax in canvas.axes:
        for axis in (ax.xaxis, ax.yaxis):
            axis.labelpad *= share
            ticks: list[Any] = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
            for tick in ticks:
                tick.set_pad(tick.get_pad() * share)
    for text in canvas.findobj(Text):
        _shrink_text(text, share)
    for line in canvas.findobj(Line2D):
        line.set_linewidth(line.get_linewidth() * share)
        line.set_markersize(line.get_markersize() * share)
        line.set_markeredgewidth(line.get_markeredgewidth() * share)
    for patch in canvas.findobj(Patch):
        patch.set_linewidth(patch.get_linewidth() * share)
    for collection in canvas.findobj(Collection):
        collection.set_linewidth([width * share for width in np.atleast_1d(collection.get_linewidth())])


def _shrink_text(text: Text, share: float) -> None:
    text.set_fontsize(float(text.get_fontsize()) * share)
    if isinstance(text, Annotation) and text.anncoords == "offset points":
        across, up = text.xyann
        text.xyann = (across * share, up * share)
