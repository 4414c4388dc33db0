"""Why a row or a figure of a table cannot be placed, and what to do about it."""

from collections.abc import Collection, Sequence

from helpers.cleaning.layout.vocabulary import Vocabulary
from helpers.messages import Message, say
from helpers.study.objects import Ward

__all__ = ["unread_keys", "why_no_ward", "why_unknown_ward"]


def unread_keys() -> tuple[Message, Message]:
    """Return why a row is not taken whose keys cannot be read, and what to do."""
    rule = say("what this row says about its ward, period or indicator cannot be read")
    return rule, say("Correct its key cells, or add their spelling to the study.")


def why_no_ward(
    name: str, candidates: Sequence[Ward], towns: Collection[str], period: str, vocabulary: Vocabulary
) -> tuple[Message, Message]:
    """Return why figures are not of one ward of some towns in a period, of the wards that they may be of."""
    if not candidates:
        return (
            say("nothing says which ward these figures are of"),
            say("Write the ward's name in the row, in the heading or above the table."),
        )
    own = [ward for ward in candidates if ward.town_code in towns]
    if not own:
        elsewhere = ", ".join(sorted({ward.town_name_vi for ward in candidates}))
        rule = say("this is a ward of {towns}, and the table's other wards are of another town", towns=elsewhere)
        suggestion = vocabulary.suggest_ward(name, next(iter(towns)) if len(towns) == 1 else None)
        if suggestion:
            return rule, say(
                "Correct the name (perhaps “{suggestion}” is meant), or add a column that names the town.",
                suggestion=suggestion,
            )
        return rule, say("Correct the name, or add a column that names the town.")
    if len(own) > 1 and sum(vocabulary.has_ward(ward, period) for ward in own) > 1:
        rule = say("this name may mean several wards in {period}", period=period)
        return rule, say("Write the full name, or the code, or add a column that names the town.")
    rule = say("this ward does not exist throughout {period}", period=period)
    return rule, say("See wards.csv for its days, and correct the name or the period.")


def why_unknown_ward(name: str, towns: Collection[str], vocabulary: Vocabulary) -> tuple[Message, Message]:
    """Return why a name is no ward of some towns, where one of their wards is missing."""
    suggestion = vocabulary.suggest_ward(name, next(iter(towns)) if len(towns) == 1 else None)
    rule = say("no ward of the study is called this")
    if suggestion:
        return rule, say(
            "Correct the name, or add the spelling to ward_aliases.csv; it looks like “{suggestion}”, "
            "which is only a guess.",
            suggestion=suggestion,
        )
    return rule, say("Correct the name, or add the spelling to ward_aliases.csv.")
