"""Reading pages that were drawn without a browser."""

from __future__ import annotations

import html
import re

from streamlit.testing.v1 import AppTest


def drawn(page: AppTest) -> AppTest:
    """The page, after seeing that it drew without an exception."""
    assert [error.message for error in page.exception] == []
    return page


def markup(page: AppTest) -> str:
    """The HTML of the page, without its style sheet."""
    bodies = [element.body for element in page.html]
    return "\n".join(body for body in bodies if not body.startswith("<style>"))


def readable(text: str) -> str:
    """What a reader sees of HTML; where an element ends, a blank is seen."""
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", text)).split())


def text(page: AppTest) -> str:
    """What a reader sees of the HTML of the page."""
    return readable(markup(page))


def plain_label(label: str) -> str:
    """What a reader sees of a label whose signs are escaped."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", label)


def buttons(page: AppTest) -> list[str]:
    """The labels of the buttons, from the top."""
    return [plain_label(button.label) for button in page.button]


def links(page: AppTest) -> list[tuple[str, str]]:
    """(label, page?parameters) of each link to another page, from the top."""
    protos = [element.proto for element in page.get("page_link")]
    return [(plain_label(p.label), f"{p.page}?{p.query_string}") for p in protos]


def press(page: AppTest, label: str, number: int = 0) -> AppTest:
    """Press the button of that label, the `number`th of them."""
    found = [button for button in page.button if plain_label(button.label) == label]
    return drawn(found[number].click().run())


def own(page: AppTest) -> dict[str, str]:
    """The parameters of the address, but the trail."""
    pairs = ((name, "".join(values)) for name, values in page.query_params.items())
    return {name: value for name, value in pairs if name != "trail"}
