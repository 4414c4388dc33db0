"""What pydantic says of a setting, said so that it can be translated."""

import pytest
from pydantic import ValidationError

from helpers.messages import Message
from helpers.study.setting_problems import setting_problem
from helpers.study.settings import StudySettings

WRONG = {
    "study": "A",
    "origin": "x",
    "period_kind": 3,
    "titles": 3,
    "questions": {"vi": "", "en": []},
    "units": {"village_en": "x"},
    "defaults": {"timing": "a", "reading": "b", "roster": "c", "anticipation": -1},
    "cells": {"zero": "a", "missing": [1], "decimal_sign": ";", "absent_ward": "none", "absent_ward_indicators": "x"},
}
OWN_WORDS = {"missing": "this key is missing", "extra_forbidden": "no such key belongs here"} | {
    "model_type": "input should be a table of keys"
}


def errors(settings):
    with pytest.raises(ValidationError) as caught:
        StudySettings.model_validate(settings)
    return caught.value.errors(include_url=False)


@pytest.mark.parametrize(
    "settings", [WRONG, {"defaults": {"anticipation": 400}}, {"defaults": {"anticipation": "3"}}], ids=str
)
def test_every_error_of_a_setting_can_be_said_in_vietnamese_and_says_what_pydantic_does(settings):
    for error in errors(settings):
        problem = setting_problem(error)
        assert isinstance(problem.rule, Message), error["type"]
        message = error["msg"][:1].lower() + error["msg"][1:]
        assert problem.rule == OWN_WORDS.get(error["type"], message)
        assert problem.in_language("vi").rule != problem.rule


def test_an_error_nobody_foresaw_is_told_in_pydantics_words():
    problem = setting_problem({"type": "new", "loc": ("cells", 0), "msg": "Be better", "input": {}})
    assert (problem.cell, problem.value, problem.rule) == ("cells.0", "", "be better")
