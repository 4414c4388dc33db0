"""What a clerk is told, in English where it is said and in another language where it is read.

Code says a whole sentence in English with `say`. The result is an ordinary text (sorted, compared and printed as one)
that also remembers its template and its values, so `said_in` can say it again in a language that has a catalogue: a
gettext ``.po`` file under ``locale/<language>/LC_MESSAGES`` whose message ids are the English templates. A text that
was cut, joined or formatted into another is a plain text again and stays in English; a whole text with a place for the
other is the way to put two together.

The pages of findings have catalogues of their own (`helpers.reporting.wording`), with symbolic ids.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

LOCALE_FOLDER = Path(__file__).parent / "locale"
CATALOGUE = Path("LC_MESSAGES") / "messages.po"
SOURCE_LANGUAGE = "en"


class Message(str):
    """An English text that knows how it was made; made by `say` and `say_plural` only.

    It equals, sorts and hashes as its text does, and keeps what it knows when copied or pickled.

    Attributes
    ----------
    template : str
        The English template; of a text that counts, the one for one thing.
    plural : str
        The English template for other numbers than one; "" for a text that counts nothing.
    values : mapping of str to object
        What stands in the braces.
    """

    __slots__ = ("plural", "template", "values")

    template: str
    plural: str
    values: Mapping[str, object]

    def __new__(cls, template: str, values: Mapping[str, object], plural: str = "") -> "Message":
        """Return the text with its braces filled in."""
        form = plural if plural and values["count"] != 1 else template
        message = super().__new__(cls, form.format_map(values))
        message.template, message.plural = template, plural
        message.values = MappingProxyType(dict(values))
        return message

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.template, dict(self.values), self.plural)


def say(template: str, /, **values: object) -> Message:
    """Return an English text that can be said in other languages.

    Parameters
    ----------
    template : str
        A whole sentence, or a whole name of something; ``{name}`` is filled in. Written out where it is said: the
        check of the catalogue reads the source.
    **values : object
        What stands in the braces; a value that is itself a `Message` is translated with it.

    Raises
    ------
    KeyError
        If the template asks for a value that is not given.

    Examples
    --------
    >>> message = say("row {row}", row=7)
    >>> message == "row 7", said_in(message, "vi")
    (True, 'dòng 7')
    """
    return Message(template, values)


def say_plural(singular: str, plural: str, /, *, count: int, **values: object) -> Message:
    """Return an English text that counts something; `count` chooses the form and fills ``{count}``.

    Examples
    --------
    >>> [str(say_plural("{count} cell", "{count} cells", count=number)) for number in (1, 2)]
    ['1 cell', '2 cells']
    """
    return Message(singular, {**values, "count": int(count)}, plural)


def said_in(text: str, language: str) -> str:
    """Return a text in a language; a plain text, and one that its catalogue lacks, as it is.

    Parameters
    ----------
    text : str
        What to say; only a `Message` can be translated.
    language : str
        "en", or a language with a catalogue.

    Raises
    ------
    UsageError
        If the language is neither.

    Examples
    --------
    >>> said_in(say("Known studies: {studies}.", studies=say("none")), "en"), said_in("nghe_an", "vi")
    ('Known studies: none.', 'nghe_an')
    """
    catalogue = _open_catalogue(language)
    if not isinstance(text, Message):
        return text
    form = catalogue.form(text)
    if not form:
        return str(text)
    values = {
        name: said_in(value, language) if isinstance(value, Message) else value for name, value in text.values.items()
    }
    return form.format_map(values)


def message_languages() -> tuple[str, ...]:
    """Return the languages that messages can be said in, sorted.

    Examples
    --------
    >>> message_languages()
    ('en', 'vi')
    """
    translated = (folder.parent.parent.name for folder in LOCALE_FOLDER.glob(f"*/{CATALOGUE.as_posix()}"))
    return tuple(sorted({SOURCE_LANGUAGE, *translated}))


@dataclass(frozen=True, slots=True)
class _Catalogue:
    """One language's forms of each English template, and which of them goes with a number."""

    forms: Mapping[str, tuple[str, ...]]
    plural_form: Callable[[int], int]

    def form(self, message: Message) -> str:
        """Return a message's template in this language, or "" if there is none."""
        forms = self.forms.get(message.template, ("",))
        count = message.values.get("count")
        return forms[self.plural_form(count)] if len(forms) > 1 and isinstance(count, int) else forms[0]


@cache
def _open_catalogue(language: str) -> _Catalogue:
    """Read a language's catalogue once per process; what is marked fuzzy is not used."""
    if language == SOURCE_LANGUAGE:
        return _Catalogue({}, lambda count: 0)
    if language not in message_languages():
        # Errors speak through this module, so it can know them only once both are there.
        from helpers.errors import UsageError

        raise UsageError(
            say(
                "There is no catalogue for language “{language}”. There are: {languages}.",
                language=language,
                languages=", ".join(message_languages()),
            )
        )
    import gettext

    from babel.messages.pofile import read_po

    with (LOCALE_FOLDER / language / CATALOGUE).open("rb") as lines:
        catalogue = read_po(lines, locale=language)
    forms = {}
    for message in catalogue:
        if message.id and not message.fuzzy:
            singular = message.id if isinstance(message.id, str) else message.id[0]
            forms[singular] = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
    return _Catalogue(forms, gettext.c2py(catalogue.plural_expr))
