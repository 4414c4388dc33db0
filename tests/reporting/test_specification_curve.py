"""The specification curve on the page: every choice in words, every reason in both languages, a picture in order."""

import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from helpers.batch.tables import table_named
from helpers.checks import alternative_verdicts, alternatives
from helpers.checks.choices import WINDOW_GONE
from helpers.checks.curve_rows import CURVE_COLUMNS
from helpers.checks.gates import Detail
from helpers.estimation.library_ratios import NO_RATIO
from helpers.inference.variants import NO_PEOPLE
from helpers.reporting import Briefing, Figure, NoFigure
from helpers.reporting.choice_names import alternative_name
from helpers.reporting.specification_curve_figure import specification_curve_figure
from helpers.reporting.specification_curve_plot import arrange_curve
from helpers.reporting.table_text import is_known, retell

NAN = float("nan")
ENGLISH = re.compile(
    r"\b(the|would|estimate|effect|wards?|town|of|relabelled|specifications|alternatives?)\b", re.IGNORECASE
)
CLAIM = Detail("claim", -0.4, -0.6, -0.1, 0.01)
NEAR, FAR, NONE = Detail("a", -0.4, -0.5, -0.3, 0.01), Detail("b", 0.5, 0.2, 0.9, 0.01), Detail("c", reason="why")
JUDGED = [
    alternative_verdicts.judge_alternatives("timing", claim, details)[1]
    for claim, details in (
        (CLAIM, [NEAR]),
        (CLAIM, [FAR]),
        (CLAIM, [NEAR, NONE]),
        (CLAIM, []),
        (Detail("claim", -0.4, -0.6, 0.1, 0.3), [NEAR]),
    )
]
REASONS = [
    *JUDGED,
    *alternative_verdicts.NOT_ASKED,
    *alternatives.ASSUMPTIONS.values(),
    alternative_verdicts.CANCELS,
    alternative_verdicts.ONE_POPULATION,
    alternative_verdicts.NOBODY_NEVER,
    alternative_verdicts.TOO_FEW,
    NO_PEOPLE,
    NO_RATIO,
    "range over 1001 rosters; p is the largest",
    "Reading B counts 6 model wards in Vinh, the roster has 5. Choose the reading that the roster agrees with, or "
    "roster “worlds”.",
    "The fit with trends or seasons has no finite maximum: too few incidents hold a factor from vanishing (wards "
    "11@2021-01-01). Leave those wards out, use longer periods, or do without the adjustment.",
    "876 wards and 9 periods are too many for trends or seasons: at most 100 wards and 200 periods. Use longer "
    "periods, fewer wards, or no adjustment.",
    "Cohort 1994 has no period before its start and the 6 left out for it. Begin the window earlier, or leave that "
    "cohort out.",
    "No ward is treated inside the window 1994-04 … 1994-06: nothing to estimate.",
    WINDOW_GONE,
    "a picture, not a verdict: 672 specifications on shared relabellings, 81 more that give no estimate",
    "median estimate; the interval is that of relabelled curves",
    "median of |T|; the interval is that of relabelled curves",
    "share that rejects in one direction; the interval is that of relabelled curves",
]


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_said_in_both_languages(briefing: Briefing, reason: str) -> None:
    assert is_known(reason, group="reason")
    said = retell(reason, briefing, group="reason")
    assert said == reason or briefing.language == "vi" or "Ward 11" in said
    if briefing.language == "vi":
        assert not ENGLISH.search(said.replace("worlds", "").replace("Ward 11", "")), said


@pytest.mark.parametrize("name", [*alternatives.QUESTIONS, "specification_curve"])
def test_every_check_has_its_question(briefing: Briefing, name: str) -> None:
    assert briefing.wording.has(f"check.{name}")


def test_alternatives_are_named(briefing: Briefing) -> None:
    items = ["timing:plan", "donut:6", "window:2021-03:2022-06", "reading:B", "rosters:B", "comparison:never_treated"]
    items += ["wards:within:A", "wards:without:B", "adjustment:ward_trends", "adjustment:town_seasons", "horizon:9"]
    items += [
        "population:2019",
        "population:second",
        "population:unknown",
        "window:a_year_later",
        *(f"estimator:{name}" for name in alternatives.ASSUMPTIONS),
    ]
    named = [alternative_name(item, briefing) for item in items]
    assert len(set(named)) == len(items)
    assert (
        "Town A" in named[6]
        and "6/2022" in named[2]
        and named[1].endswith({"en": "6 periods", "vi": "6 kỳ"}[briefing.language])
    )


def row(at: float, **changes: Any) -> dict[str, Any]:
    estimate = -0.6 + 0.1 * at
    plain = {
        "indicator": "crime",
        "specification": "town_period",
        "kind": "native",
        "estimator": "counts",
        "timing": "main",
    }
    plain |= {"anticipation": 3.0, "window_first": "2021-01", "window_last": "2022-12", "wards": "all"}
    plain |= {
        "comparison": "not_yet_treated",
        "estimand": "overall",
        "is_own": "",
        "place": at,
        "estimate": estimate,
    }
    plain |= {
        "conf_low": estimate - 0.2,
        "conf_high": estimate + 0.3,
        "p_value": 0.01,
        "band_low": -0.5,
        "band_high": 0.8,
    }
    return (
        plain
        | {"inference": "randomisation", "note": "", "reason": "", "n_assignments": 90.0, "smallest_p": 0.01}
        | changes
    )


@pytest.fixture
def curve() -> pd.DataFrame:
    library = {"kind": "library", "specification": "two_way", "place": NAN, "band_low": NAN, "band_high": NAN}
    rows = [
        row(3.0, anticipation=0.0, p_value=0.4, conf_high=np.inf),
        row(1.0, wards="within:A", conf_low=-1.0),
        row(2.0, is_own="yes"),
        row(1.0, place=NAN, estimate=NAN, reason="Nobody is never treated there."),
        row(4.0, **(library | {"estimator": "sun_abraham"})),
        row(1.0, specification="two_way"),
        row(1.0, indicator="fires"),
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def details() -> pd.DataFrame:
    named = {"indicator": "crime", "specification": "town_period", "check": "specification_curve"}
    rows = [
        named | {"item": item, "estimate": value, "p_value": p, "n_assignments": 90.0, "smallest_p": 1 / 90}
        for item, value, p in (
            ("median_estimate", -0.4, NAN),
            ("median_t", 2.1, 0.022),
            ("share_significant", 0.67, 0.03),
        )
    ]
    return pd.DataFrame(rows)


def test_the_picture_is_in_order_and_shows_only_choices_that_vary(curve: pd.DataFrame) -> None:
    own = curve[curve["indicator"].eq("crime") & curve["estimate"].notna()]
    native = own[own["kind"].eq("native") & own["specification"].eq("town_period")]
    columns = arrange_curve(native, own[own["kind"].eq("library")])
    assert columns.native_count == 3
    assert columns.table["place"].tolist()[:3] == [1.0, 2.0, 3.0]
    assert (np.diff(columns.at) > 0).all()
    assert columns.rows == (
        ("anticipation", ""), ("anticipation", "0"), ("anticipation", "3"), ("wards", ""), ("wards", "all"),
        ("wards", "within:A"), ("estimator", ""), ("estimator", "counts"), ("estimator", "sun_abraham"),
    )  # fmt: skip


def test_figure_says_what_it_is_and_is_no_verdict(
    curve: pd.DataFrame, details: pd.DataFrame, briefing: Briefing
) -> None:
    figure = specification_curve_figure(curve, details, briefing, "crime")
    assert isinstance(figure, Figure)
    ElementTree.fromstring(figure.svg)
    words = figure.words
    assert "3" in words.alt and "−50%" in words.alt and "−30%" in words.alt and "−40%" in words.alt
    assert {"en": "A picture, not a verdict.", "vi": "không phải kết luận"}[briefing.language] in words.caption
    assert {"en": "0.022", "vi": "0,022"}[briefing.language] in words.caption
    assert "67%" in words.caption and "90" in words.caption
    assert "Sun–Abraham" in figure.svg and "diff-diff" in words.caption
    again = specification_curve_figure(curve, details, briefing, "crime")
    assert isinstance(again, Figure) and again.svg == figure.svg


def test_hundreds_of_specifications_stay_a_small_picture(details: pd.DataFrame, briefing: Briefing) -> None:
    rng = np.random.default_rng(1)
    choices = {
        "timing": ("main", "plan", "local"),
        "estimator": ("counts", "levels", "rates"),
        "wards": ("all", "within:A"),
    }
    rows = [
        row(place / 150, place=float(place), **{name: rng.choice(own) for name, own in choices.items()})
        for place in range(700)
    ]
    figure = specification_curve_figure(pd.DataFrame(rows), details, briefing, "crime")
    assert isinstance(figure, Figure)
    assert len(figure.svg) < 350_000


def test_without_an_estimate_there_is_a_sentence(
    curve: pd.DataFrame, details: pd.DataFrame, briefing: Briefing
) -> None:
    assert isinstance(specification_curve_figure(curve, details, briefing, "drugs"), NoFigure)
    bare = specification_curve_figure(curve, details.iloc[:0], briefing, "crime", specification="two_way")
    assert isinstance(bare, Figure)


def test_the_table_of_the_run_has_the_columns_of_the_curve() -> None:
    assert set(table_named("specification_curve").columns) == {"run", "indicator", *CURVE_COLUMNS}
