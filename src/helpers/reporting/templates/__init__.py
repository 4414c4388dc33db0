"""Templates of the pages, and the one environment that renders them: all is escaped unless it is markup already."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

FOLDER = Path(__file__).parent


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(template: str, **values: object) -> Markup:
    """Return a template filled in; a value it does not know is an error and never an empty place."""
    return Markup(_environment().get_template(template).render(**values))


@cache
def stylesheet() -> Markup:
    """Return the style sheet that pages carry inside themselves."""
    return Markup((FOLDER / "page.css").read_text(encoding="utf-8"))
