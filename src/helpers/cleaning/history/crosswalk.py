"""Wards that merged, followed backwards: before the merger, the merged ward is the sum of its parts.

Which mergers may be followed is decided when the study is loaded (`helpers.study.mergers`); everything else that
crosses the window is refused there. Sums exist of counts, and of ratios as counts over counts. Percentages, scores and
grades have no sum: before the merger they are missing.
"""

import pandas as pd

from helpers.panel import BY_ABSENCE, PANEL_COLUMNS, TEXT_COLUMNS
from helpers.study.objects import Study

SUMMED = ("count", "ratio")
WHOLE_KEY = ["whole", "period", "indicator"]
JOINT = " + "
"""Between the places of the cells that a figure is the sum of."""


def follow_boundaries(panel: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the panel with each followed ward in the place of its parts.

    Parameters
    ----------
    panel : DataFrame
        As `helpers.panel` describes it, with rows of the parts up to the merger and of the merged ward from it on.
    study : Study
        Its ``mergers``; without any the panel is returned as it is.

    Returns
    -------
    DataFrame
        Rows of the parts are gone. The merged ward's value is missing where any part's is; ``released`` is the latest
        of the parts' days, and ``file``, ``sheet`` and ``cell`` name every cell of the sum.

    Examples
    --------
    >>> from helpers.study import load_study
    >>> study = load_study("nghe_an")
    >>> len(follow_boundaries(pd.DataFrame(columns=PANEL_COLUMNS), study)), study.mergers
    (0, ())
    """
    if not study.mergers:
        return panel
    whole_of = {part.ward_id: merger.ward for merger in study.mergers for part in merger.parts}
    ward_ids = panel["ward_id"].astype("str")
    is_part = ward_ids.isin(whole_of)
    kinds = {own.indicator: own.kind for own in study.indicators}
    is_summed = panel["indicator"].astype("str").map(kinds).isin(SUMMED)
    parts = panel.loc[is_part & is_summed].astype(dict.fromkeys(TEXT_COLUMNS, "str"))
    parts["whole"] = parts["ward_id"].map({part: ward.ward_id for part, ward in whole_of.items()})
    sizes = {merger.ward.ward_id: len(merger.parts) for merger in study.mergers}
    towns = {merger.ward.ward_id: merger.ward.town_code for merger in study.mergers}
    sums = _sums(parts.sort_values([*WHOLE_KEY, "ward_id"]), sizes)
    sums["town_code"] = sums["ward_id"].map(towns)
    rest = panel.loc[~is_part].astype(dict.fromkeys(TEXT_COLUMNS, "str"))
    return pd.concat([rest, sums[list(PANEL_COLUMNS)]], ignore_index=True) if len(sums) else rest


def _sums(parts: pd.DataFrame, sizes: dict[str, int]) -> pd.DataFrame:
    groups = parts.groupby(WHOLE_KEY, sort=True)
    frame = groups[["value", "denominator"]].sum()
    told = groups[["value", "denominator"]].count()
    size = pd.Series(frame.index.get_level_values("whole").map(sizes), index=frame.index)
    frame = frame.where(told.eq(size, axis="index"))
    frame["mark"] = "number"
    frame.loc[frame["value"].eq(0), "mark"] = "zero"
    for mark in ("zero_mark", BY_ABSENCE):
        has_mark = parts["mark"].eq(mark).groupby([parts[name] for name in WHOLE_KEY]).any()
        frame.loc[frame["value"].eq(0) & has_mark, "mark"] = mark
    frame.loc[frame["value"].isna(), "mark"] = "missing"
    frame["released"] = groups["released"].agg(lambda days: max(days) if all(days) else "")
    for name in ("file", "sheet", "cell"):
        frame[name] = groups[name].agg(_joined if name == "cell" else _joined_once)
    return frame.reset_index().rename(columns={"whole": "ward_id"})


def _joined(texts: pd.Series) -> str:
    return JOINT.join(texts)


def _joined_once(texts: pd.Series) -> str:
    return JOINT.join(dict.fromkeys(texts))
