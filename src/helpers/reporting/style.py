"""How every figure looks: one style, three roles, one type face, and the same bytes each run.

A role is what a mark stands for, never a judgement: there is no colour for good or bad. The three roles are told
apart by people with any of the common colour vision deficiencies (Okabe and Ito's palette) and also differ in shape
or dash. Letters stay letters (a tenth of the size of outlines): where DejaVu Sans is missing, Verdana stands in, which
is as wide, and then whatever the reader's machine has, which is narrower.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties, findfont, get_font

MODEL_WARD = "#0072B2"
COMPARISON = "#D55E00"
COUNTERFACTUAL = "#00795A"
RAW = "#B4BDC6"
INK = "#1F2933"
MUTED = "#55606B"
FAINT = "#E4E8EC"
SYNTHETIC_INK = "#8A4B00"

WIDTH_IN = 5.2
"""Figures are as narrow as a phone can show without shrinking their letters out of sight."""

TYPE_FACE = "DejaVu Sans"
FONT_STACK = f"'{TYPE_FACE}', Verdana, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"

STYLE: dict[Any, Any] = {
    "svg.hashsalt": "model-wards",
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    "font.family": TYPE_FACE,
    "font.size": 8.0,
    "axes.labelsize": 8.0,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 3.0,
    "ytick.major.size": 3.0,
    "lines.linewidth": 1.4,
    "lines.solid_capstyle": "round",
    "hatch.linewidth": 0.5,
    "path.simplify": True,
    "legend.frameon": False,
}


@contextmanager
def in_style() -> Iterator[None]:
    """Draw and save inside this; the reader's own matplotlib settings are untouched afterwards."""
    with mpl.rc_context(STYLE):
        yield


def draw_zero_line(ax: Axes) -> None:
    """Draw the line of no difference."""
    ax.axhline(0, color=INK, linewidth=0.8, zorder=1)


def draw_adoption_line(ax: Axes, *, at: float, label: str = "") -> None:
    """Draw where treatment starts; `at` lies between two periods."""
    ax.axvline(at, color=MUTED, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    if label:
        ax.annotate(
            label,
            xy=(at, 1),
            xycoords=("data", "axes fraction"),
            xytext=(3, -1),
            textcoords="offset points",
            va="top",
            fontsize=7,
            color=MUTED,
        )


def missing_letters(letters: str) -> str:
    """Return those of `letters` that the figures' type face cannot draw, "" if it has all.

    Examples
    --------
    >>> missing_letters("Hòa Hiếu, Nghi Thủy")
    ''
    """
    known = get_font(findfont(FontProperties(family=TYPE_FACE))).get_charmap()
    return "".join(letter for letter in dict.fromkeys(letters) if ord(letter) not in known)
