"""TwiML, the customer's answer to what shall happen on a call, read into its verbs."""

from dataclasses import dataclass
from urllib.parse import urljoin
from xml.etree.ElementTree import Element, ParseError, fromstring


class BadTwiml(ValueError):
    """The answer is not an XML document whose root is Response."""


@dataclass(frozen=True)
class Document:
    """`url` is where it came from, against which the addresses in it are read."""

    url: str
    verbs: tuple[Element, ...]

    def address(self, element: Element, attribute: str) -> str | None:
        value = element.get(attribute)
        return urljoin(self.url, value) if value else None


def parse(text: str, url: str) -> Document:
    """Raises BadTwiml."""
    try:
        root = fromstring(text)  # noqa: S314 - written by the system under test, and today's expat bounds entities
    except ParseError as error:
        raise BadTwiml(str(error)) from error
    if root.tag != "Response":
        raise BadTwiml("the document's root is not Response")
    return Document(url, tuple(root))


def words(value: str | None, default: str) -> frozenset[str]:
    """The events an attribute names, separated by spaces."""
    return frozenset((value or default).split())
