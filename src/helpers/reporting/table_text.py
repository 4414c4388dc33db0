"""What the tables say in English, said in the page's language.

Estimation and checks write their reasons into the tables as English sentences. The English catalogue holds the same
sentences, with braces where a number or name stands; a text that fits one of them is said again in the language of
the briefing. A text that fits none is passed on as it stands, so nothing is ever lost. Of what stands in the braces,
``inner`` is itself such a text, ``decimal`` a number written as the language does, and ``ward_ids`` and ``town_codes``
are said by name.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from helpers.reporting.briefing import Briefing
from helpers.reporting.wording import open_wording
from helpers.text import nfc

TABLE_LANGUAGE = "en"
LISTED = ", "
PLAIN_TERMS = ("ward", "wards", "town", "towns")
_BRACES = re.compile(r"\\\{(\w+)\\\}")


def retell(text: str, briefing: Briefing, *, group: str) -> str:
    """Return a table's English text in the language of the briefing.

    Parameters
    ----------
    text : str
        As the table has it.
    briefing : Briefing
        Language and terms.
    group : {"reason", "source"}
        Which messages of the catalogue to look among.
    """
    for message, pattern in _patterns(group).items():
        found = pattern.fullmatch(text)
        if found:
            return briefing.say(message, **_inner(found.groupdict(), briefing, group))
    return text


def is_known(text: str, *, group: str) -> bool:
    """Return whether the catalogues hold a text, so that `retell` says it in any language."""
    return any(pattern.fullmatch(text) for pattern in _patterns(group).values())


def _inner(values: Mapping[str, str], briefing: Briefing, group: str) -> dict[str, Any]:
    return {name: _said(name, value, briefing, group) for name, value in values.items()}


def _said(name: str, value: str, briefing: Briefing, group: str) -> str:
    if name == "inner":
        return retell(value, briefing, group=group)
    if name == "decimal":
        return briefing.wording.number(float(value), decimals=len(value.partition(".")[2]))
    if name == "town_codes":
        return ", ".join(briefing.town_name(code) for code in value.split(LISTED))
    if name == "ward_ids":
        names = {ward.ward_id: nfc(ward.ward_name_vi) for ward in briefing.study.wards}
        return ", ".join(names.get(ward, ward) for ward in value.split(LISTED))
    return value


def _with_plain_terms(form: str) -> str:
    """Return a form with the words that the tables use, whatever a study calls its units."""
    for term in PLAIN_TERMS:
        form = form.replace(f"{{{term}}}", term)
    return form


@cache
def _patterns(group: str) -> dict[str, re.Pattern[str]]:
    messages = open_wording(TABLE_LANGUAGE).messages
    return {
        name: re.compile(_BRACES.sub(r"(?P<\1>.+?)", re.escape(_with_plain_terms(forms[0]))))
        for name, forms in messages.items()
        if name.startswith(f"{group}.")
    }
