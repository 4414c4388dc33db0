"""What a page says about what it withholds: by which rules, how much, and why."""

from helpers.reporting.briefing import Briefing
from helpers.reporting.disclosure.protection import Protection


def protection_sentences(protection: Protection | None, briefing: Briefing) -> tuple[str, ...]:
    """Return what is withheld and why, in the order of reading; or who answers for it that nothing is.

    Parameters
    ----------
    protection : Protection or None
        What `helpers.reporting.disclosure.protect_tables` withheld.
    briefing : Briefing
        Run and language.
    """
    if protection is None:
        return (briefing.protection_note,) if briefing.protection_note else ()
    number, rules = briefing.wording.number, protection.rules
    said = [
        briefing.say("protection.why"),
        briefing.say(
            "protection.rules",
            smallest=number(rules.smallest_count),
            ward_count=number(rules.smallest_ward_count),
            base=number(rules.rounding_base),
        ),
        briefing.say("protection.complementary"),
        briefing.say(
            "protection.account",
            hidden_counts=number(protection.hidden_count_rows),
            counts=number(protection.count_rows),
            hidden_ratios=number(protection.hidden_ratios),
            ratios=number(protection.ratios),
        ),
        briefing.say("protection.wards"),
    ]
    if protection.tables:
        said.append(briefing.say("protection.tables", names=", ".join(protection.tables)))
    return tuple(said)
