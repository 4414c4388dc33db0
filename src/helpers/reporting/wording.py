"""What the project says, in each language it speaks: catalogues of whole sentences, numbers and dates.

A catalogue is a plain gettext ``.po`` file under ``locale/<language>/LC_MESSAGES``, read at run time, so a third
language is one more file. Message ids are symbolic (``verdict.detected.lower``); what stands in braces is filled in.
A catalogue also says how its language writes dates, under ``format.``.
"""

import gettext
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from helpers.errors import UsageError
from helpers.study.periods import PeriodKind, period_days, period_number

LOCALE_FOLDER = Path(__file__).parent / "locale"
CATALOGUE = Path("LC_MESSAGES") / "helpers.po"
MINUS = "\N{MINUS SIGN}"
HUGE = 1e12
"""From here only the order of magnitude is written: 37 wards out of 876 can be chosen in some 10⁶⁴ ways."""
BEYOND_FLOAT = "308"
"""Power of ten beyond which a count is written as larger than it."""
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
DIGITS_FROM = 10.0
"""Amounts of at least this many are written whole; smaller ones keep two significant digits."""
SMALLEST_P_WRITTEN = 0.001
P_WITH_THREE_DECIMALS = 0.1


@dataclass(frozen=True, slots=True)
class Wording:
    """One language's sentences, and how it writes numbers, dates and periods.

    Attributes
    ----------
    language : str
        Code of the language, also the name of the catalogue's folder ("vi", "en").
    locale : babel.Locale
        Whose number and month names are used.
    messages : mapping of str to tuple of str
        Each message's forms; one form unless the message counts something.
    plural_form : callable
        Position of the form to use for a number.

    Examples
    --------
    >>> vietnamese = open_wording("vi")
    >>> vietnamese.number(1234.5, decimals=1), vietnamese.percent(-0.39), vietnamese.period("police_month", "2023-03")
    ('1.234,5', '−39%', 'tháng 3 năm 2023')
    """

    language: str
    locale: Locale
    messages: Mapping[str, tuple[str, ...]]
    plural_form: Callable[[int], int]

    def has(self, message: str) -> bool:
        """Return whether the catalogue knows a message."""
        return message in self.messages

    def say(self, message: str, /, *, n: int | None = None, **values: object) -> str:
        """Return a message with its braces filled in; `n` chooses the plural form and fills ``{n}``.

        Raises
        ------
        UsageError
            If the catalogue lacks the message, or the message asks for a value that was not given.
        """
        if message not in self.messages:
            raise UsageError(
                f"The catalogue of language “{self.language}” has no message “{message}”. Add it to the .po file."
            )
        forms = self.messages[message]
        form = forms[self.plural_form(n)] if n is not None and len(forms) > 1 else forms[0]
        filled = values if n is None else values | {"n": self.number(n)}
        try:
            return form.format_map(filled)
        except KeyError as error:
            raise UsageError(
                f"Message “{message}” ({self.language}) asks for {error}, which it is never given."
            ) from None

    def number(self, value: float, *, decimals: int = 0, is_signed: bool = False) -> str:
        """Return a number as the language writes it: "1.234,5" in vi, "1,234.5" in en; "≈ 10⁶⁴" when huge."""
        if math.isinf(value):
            return f"{_sign(value, is_signed=is_signed)}> 10{BEYOND_FLOAT.translate(SUPERSCRIPTS)}"
        if abs(value) >= HUGE:
            exponent = str(math.floor(math.log10(abs(value)))).translate(SUPERSCRIPTS)
            return f"{_sign(value, is_signed=is_signed)}≈ 10{exponent}"
        rounded = round(value, decimals)
        shape = "#,##0" + ("." + "0" * decimals if decimals else "")
        text = format_decimal(abs(rounded), format=shape, locale=self.locale)
        return _sign(rounded, is_signed=is_signed) + text

    def amount(self, value: float, *, is_signed: bool = False) -> str:
        """Return a count or an expected count, with as many decimals as its size deserves."""
        size = abs(value)
        decimals = 0 if size >= DIGITS_FROM or math.isclose(size, round(size), abs_tol=1e-9) else 1 if size >= 1 else 2
        return self.number(value, decimals=decimals, is_signed=is_signed)

    def percent(self, ratio: float, *, is_signed: bool = True) -> str:
        """Return a ratio as a percentage: "−39%"; one decimal below one per cent."""
        hundredths = 100 * ratio
        decimals = 1 if 0 < round(abs(hundredths), 1) < 1 else 0
        return self.number(hundredths, decimals=decimals, is_signed=is_signed) + "%"

    def p_value(self, p_value: float) -> str:
        """Return a p-value as a phrase: "p = 0.030", or "p < 0.001"."""
        if math.isnan(p_value):
            return self.say("number.p_none")
        if p_value < SMALLEST_P_WRITTEN:
            return self.say("number.p_below", p=self.number(SMALLEST_P_WRITTEN, decimals=3))
        return self.say("number.p_equal", p=self.plain_p(p_value))

    def plain_p(self, p_value: float) -> str:
        """Return a p-value as a bare number, for a table cell."""
        if math.isnan(p_value):
            return "–"
        if p_value < SMALLEST_P_WRITTEN:
            return "<\N{NO-BREAK SPACE}" + self.number(SMALLEST_P_WRITTEN, decimals=3)
        return self.number(p_value, decimals=3 if p_value < P_WITH_THREE_DECIMALS else 2)

    def small(self, value: float) -> str:
        """Return a probability or share that may be very small with two significant digits."""
        if value <= 0 or math.isnan(value):
            return self.number(value) if value == 0 else "–"
        decimals = max(2, 1 - math.floor(math.log10(value)))
        while decimals > 2 and math.isclose(round(value, decimals - 1), value, rel_tol=1e-9):
            decimals -= 1
        return self.number(value, decimals=decimals)

    def interval(self, low: float, high: float, *, is_percent: bool) -> str:
        """Return an interval as a phrase; an end at −100% or ∞ is no bound, and NaN is no interval at all."""
        if math.isnan(low) or math.isnan(high):
            return self.say("interval.none")
        write = self.percent if is_percent else self.amount
        has_low, has_high = low > -1 if is_percent else math.isfinite(low), math.isfinite(high)
        shape = {(True, True): "both", (False, True): "no_low", (True, False): "no_high", (False, False): "neither"}[
            has_low, has_high
        ]
        values: dict[str, Any] = {
            "low": write(low, is_signed=True) if has_low else "",
            "high": write(high, is_signed=True) if has_high else "",
        }
        return self.say(f"interval.{shape}", **values)

    def day(self, day: date) -> str:
        """Return a date in words."""
        return format_date(day, format=self.say("format.day"), locale=self.locale)

    def period(self, kind: PeriodKind, label: str) -> str:
        """Return a period in words: "tháng 3 năm 2023", "March 2023"."""
        named = self._named_day(kind, label)
        return format_date(named, format=self.say(f"format.{kind}"), locale=self.locale)

    def short_period(self, kind: PeriodKind, label: str) -> str:
        """Return a period as short as an axis needs it: "3/2023"."""
        named = self._named_day(kind, label)
        return format_date(named, format=self.say(f"format.short.{kind}"), locale=self.locale)

    def _named_day(self, kind: PeriodKind, label: str) -> date:
        if kind == "police_month":
            year, month = divmod(period_number(kind, label), 12)
            return date(year, month + 1, 1)
        return period_days(kind, label)[0]


def _sign(value: float, *, is_signed: bool) -> str:
    if value < 0:
        return MINUS
    return "+" if is_signed and value > 0 else ""


def languages() -> tuple[str, ...]:
    """Return the languages that have a catalogue, sorted."""
    return tuple(sorted(folder.parent.parent.name for folder in LOCALE_FOLDER.glob(f"*/{CATALOGUE.as_posix()}")))


@cache
def open_wording(language: str) -> Wording:
    """Read a language's catalogue.

    Raises
    ------
    UsageError
        If there is no catalogue for the language.
    """
    path = LOCALE_FOLDER / language / CATALOGUE
    if language not in languages():
        raise UsageError(f"No catalogue for language “{language}”. There are: {', '.join(languages())}.")
    with path.open("rb") as lines:
        catalogue = read_po(lines, locale=language)
    messages: dict[str, tuple[str, ...]] = {}
    for message in catalogue:
        name = message.id if isinstance(message.id, str) else message.id[0]
        if name:
            messages[name] = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
    return Wording(
        language=language,
        locale=Locale.parse(messages["format.locale"][0]),
        messages=messages,
        plural_form=gettext.c2py(catalogue.plural_expr),
    )
