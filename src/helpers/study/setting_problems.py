"""What is wrong with a key of a settings file, in words that can be said in two languages."""

import re
from collections.abc import Mapping
from typing import Any

from helpers.errors import Problem
from helpers.messages import say
from helpers.study.schemas import shown
from helpers.study.settings import SETTINGS_FILE


def setting_problem(error: Mapping[str, Any], *, file: str = SETTINGS_FILE) -> Problem:
    """Return one of pydantic's errors as a problem.

    Parameters
    ----------
    error : mapping
        With ``type``, ``loc``, ``msg``, ``input`` and ``ctx``, as `pydantic.ValidationError.errors` gives them.
    file : str
        The file that it was found in.
    """
    place = ".".join(shown(part) for part in error["loc"])
    if error["type"] == "missing":
        remedy = say("Add it. docs/study-folder.md explains every file and column.")
        return Problem(file, "", place, "", say("this key is missing"), remedy)
    if error["type"] == "extra_forbidden":
        remedy = say("Remove or rename it. docs/study-folder.md explains every file and column.")
        return Problem(file, "", place, "", say("no such key belongs here"), remedy)
    value = "" if isinstance(error["input"], dict) else shown(error["input"])
    remedy = say("Correct it. docs/study-folder.md explains every file and column.")
    return Problem(file, "", place, value, _rule(error), remedy)


def _rule(error: Mapping[str, Any]) -> str:
    """Return what is expected; of an error that no key of today can cause, what pydantic says."""
    context = error.get("ctx", {})
    match error["type"]:
        case "literal_error":
            *choices, last = re.findall("'[^']*'", context["expected"])
            return say("input should be {choices} or {last}", choices=", ".join(choices), last=last)
        case "string_pattern_mismatch":
            return say("string should match pattern '{pattern}'", pattern=context["pattern"])
        case "string_too_short":
            return say("string should have at least {count} character", count=context["min_length"])
        case "string_type":
            return say("input should be a valid string")
        case "bool_type":
            return say("input should be true or false")
        case "date_type":
            return say("input should be a valid date")
        case "list_type":
            return say("input should be a valid list")
        case "int_type":
            return say("input should be a valid integer")
        case "greater_than_equal":
            return say("input should be greater than or equal to {least}", least=context["ge"])
        case "less_than_equal":
            return say("input should be less than or equal to {most}", most=context["le"])
        case "model_type":
            return say("input should be a table of keys")
    message = str(error["msg"])
    return message[:1].lower() + message[1:]
