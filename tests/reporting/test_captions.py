"""Captions: every kind of inference has its words, and a randomisation test its assignments."""

import math
from collections.abc import Callable
from typing import get_args

import pandas as pd
import pytest

from helpers.estimation.effects import Inference
from helpers.reporting import Briefing, Effect, Figure, leave_one_out_figure
from helpers.reporting.captions import effect_caption, inference_sentence

KINDS = get_args(Inference)


@pytest.mark.parametrize("kind", KINDS)
def test_every_inference_a_table_can_hold_has_its_words(
    kind: str, make_effect: Callable[..., Effect], briefing: Briefing
) -> None:
    said = inference_sentence(make_effect(inference=kind), briefing)
    assert (said == briefing.say("inference.none")) == (kind == "none")
    assert briefing.wording.has(f"others.{kind}")


def test_no_two_kinds_share_their_words(make_effect: Callable[..., Effect], briefing: Briefing) -> None:
    assert len({inference_sentence(make_effect(inference=kind), briefing) for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", ["randomisation", "comparison_only"])
def test_tests_on_relabellings_give_their_number_and_the_smallest_p(
    kind: str, make_effect: Callable[..., Effect], briefing: Briefing
) -> None:
    said = effect_caption(make_effect(inference=kind, n_assignments=64.0, smallest_p=1 / 64), briefing)
    assert "64" in said and briefing.wording.small(1 / 64) in said
    unknown = inference_sentence(make_effect(inference=kind, n_assignments=math.nan), briefing)
    assert unknown == briefing.say(f"inference.{kind}_bare")


def test_the_pictures_of_checks_give_the_fewest_assignments_they_rest_on(
    make_effect: Callable[..., Effect], briefing: Briefing
) -> None:
    row = {"indicator": "crime", "specification": "town_period", "check": "leave_one_out", "reason": ""}
    row |= {"estimate": -0.3, "conf_low": -0.5, "conf_high": 0.1, "p_value": 0.2}
    tests = ({"item": "A", "n_assignments": 500.0, "smallest_p": 1 / 101}, {"item": "B", "n_assignments": 20.0})
    details = pd.DataFrame([row | {"smallest_p": 1 / 20} | own for own in tests])
    drawn = leave_one_out_figure(details, briefing, "crime", headline=make_effect(n_assignments=4999.0))
    assert isinstance(drawn, Figure)
    caption = drawn.words.caption
    assert "20" in caption and briefing.wording.small(1 / 20) in caption and "4" not in caption.split("20")[0][-3:]
    old = leave_one_out_figure(
        details.drop(columns=["n_assignments", "smallest_p"]), briefing, "crime", headline=make_effect()
    )
    assert isinstance(old, Figure) and briefing.wording.small(0.001) in old.words.caption
