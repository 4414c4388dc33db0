"""What the checks on spillover, reversion, recording and the rest say is said in both languages."""

import re

import pytest

from helpers.checks import concurrent, heterogeneity, mean_reversion, multiplicity, recording, spillover
from helpers.checks.claim import HALF_SOURCE
from helpers.inference.ward_shocks import SHOCKS_NOT_SEEN
from helpers.reporting import Briefing
from helpers.reporting.table_text import is_known, retell
from helpers.reporting.wording import open_wording

REASONS = [
    "The study has no adjacency.csv: nobody knows which wards lie beside each other.",
    "Rings do not say whose neighbour a ward is, and there are several cohorts: add adjacency.csv.",
    "the wards next to treated ones changed too: the comparison is not untouched",
    "the whole interval of the change next to treated wards lies inside half of the effect claimed, as a ratio and in "
    "incidents",
    "the interval of the change next to treated wards is wider than half of the effect claimed, as a ratio or in "
    "incidents",
    "No comparison ward lies 2 borders from a treated one.",
    "Cohort 2023 has no periods on both sides of its start.",
    "Cohort 2023 lacks members, neighbours or wards further away that reported throughout.",
    "No area recorded anything before or after: there is nothing to compare.",
    spillover.IN_INCIDENTS,
    spillover.IN_LEVELS,
    "Ring 2 cannot be told from the ward and period effects.",
    "12 reported cells cannot carry 15 coefficients and effects.",
    "the effect is no fall, so officers moved away do not explain it",
    "there is no second series that recording does not touch; a fall of the reporting rate by 40% would explain the "
    "whole effect",
    "there is no second series that recording does not touch; a rise of the reporting rate by 7% would explain the "
    "whole effect",
    "choosing wards as high as these alone makes more than half of the effect claimed",
    "choosing wards as high as these alone may make half of the effect claimed",
    "selection alone makes less than half of the effect claimed, and wards of similar level differ too",
    "selection alone makes less than half of the effect claimed, but wards of similar level do not differ beyond "
    "chance",
    "the strata leave too few relabellings: no p-value can reach 5%",
    "With these strata no treatment path can change hands: each stratum holds model wards only, or comparison wards "
    "only. Make the strata wider, so that some hold both.",
    "no ward of similar level is still untreated then",
    "400 simulated studies without effect; 95% of them lie in the interval",
    "Hardly any simulated study has an effect to estimate: nothing is expected in treated wards.",
    "No town has two wards and an incident before the programme: levels cannot be compared.",
    concurrent.OPEN_END,
    concurrent.NOT_SEPARABLE,
    concurrent.STRUCK_ALL,
    "the study names nothing else inside the window",
    "6 of 13 shocks and programmes inside the window cannot be taken out",
    "they cannot all be taken out together",
    "without flood, camera the effect has the other sign, and its interval excludes zero",
    "without any of them the interval stays within half of the effect claimed",
    "without some of them the interval is wider than half of the effect claimed",
    "the study declares no groups (groups.csv)",
    "grouping size: fewer than two groups have 5 treated wards",
    "3 treated wards are fewer than 5: no effect is given",
    "grouping size: no group label can change hands: the groups are the cohorts or towns themselves",
    "grouping size: the groups differ beyond chance, so one number does not describe them",
    "grouping size: every group's interval stays within half of the effect claimed around the overall one",
    "grouping size: the groups do not differ beyond chance, but their intervals leave room for it",
    "the declared family was not returned whole, so nothing is adjusted",
    "the indicator is no part of the declared family",
    "it rejects after the correction over the declared family",
    "it rejects before the correction over the declared family only",
    "it does not reject even before the correction over the declared family",
    SHOCKS_NOT_SEEN,
    "There are 64 relabellings; adjusted p-values are given from 200 on. Report the indicators' own p-values and say "
    "that they are not adjusted.",
    "No comparison ward identifies any cell of this estimand under town_period.",
]
SOURCES = [HALF_SOURCE, recording.SOURCE, multiplicity.SOURCE, heterogeneity.SOURCE]
ENGLISH = re.compile(r"\b(the|is|are|effect|wards?|towns?|there|groups?|interval)\b", re.IGNORECASE)


@pytest.mark.parametrize(("text", "group"), [(one, "reason") for one in REASONS] + [(one, "source") for one in SOURCES])
def test_every_text_is_said_in_both_languages(briefing: Briefing, text: str, group: str) -> None:
    assert is_known(text, group=group)
    said = retell(text, briefing, group=group)
    if briefing.language == "en":
        assert said == text
    else:
        assert not ENGLISH.search(said.replace("groups.csv", "")), said


@pytest.mark.parametrize(
    "check", ["spillover", "recording", "mean_reversion", "concurrent", "heterogeneity", "multiplicity"]
)
def test_every_check_has_its_question(check: str) -> None:
    assert all(f"check.{check}" in open_wording(language).messages for language in ("vi", "en"))


def test_items_of_one_check_do_not_share_a_beginning() -> None:
    beginnings = [spillover.WITHOUT, spillover.RING, spillover.DISPLACED, spillover.REGRESSION, spillover.MOVED]
    assert len({one for one in beginnings if not any(o != one and one.startswith(o) for o in beginnings)}) == 5
    assert len({mean_reversion.AS_HIGH, mean_reversion.HIGHEST, mean_reversion.HOT_SPOTS}) == 3
