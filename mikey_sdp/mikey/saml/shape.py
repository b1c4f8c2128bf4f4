"""The XML that an assertion may consist of: exactly the elements and attributes of the profile, in their order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from mikey_sdp.mikey.saml.assertion import refused


class Element(Protocol):
    """As much of the XML library's element as is used here."""

    @property
    def tag(self) -> str:
        """The name, with its name space in braces."""

    @property
    def text(self) -> str | None:
        """The text before the first child."""

    @property
    def tail(self) -> str | None:
        """The text after the element."""

    @property
    def attrib(self) -> Mapping[str, str]:
        """The attributes by name."""

    def __iter__(self) -> Iterator[Element]: ...

    def remove(self, element: Element, /) -> None:
        """Drop a child."""


def children(element: Element, *tags: str) -> tuple[Element, ...]:
    """The element's children, which have just these names and no text around them.

    Raises: PeerError with Invalid Cert (8).
    """
    found = tuple(element)
    if tuple(child.tag for child in found) != tags:
        raise refused(f"malformed assertion: other elements than expected in {_local(element)}")
    if element.text or any(child.tail for child in found):
        raise refused(f"malformed assertion: text between the elements of {_local(element)}")
    return found


def leaf_text(element: Element) -> str:
    """The text of an element that has neither children nor attributes.

    Raises: PeerError with Invalid Cert (8).
    """
    only_attributes(element)
    if tuple(element) or not element.text:
        raise refused(f"malformed assertion: {_local(element)} holds no text, or more than text")
    return element.text


def only_attributes(element: Element, *names: str) -> tuple[str, ...]:
    """The values of the element's attributes, which have just these names.

    Raises: PeerError with Invalid Cert (8).
    """
    if set(element.attrib) != set(names):
        raise refused(f"malformed assertion: other attributes than expected at {_local(element)}")
    return tuple(element.attrib[name] for name in names)


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2][:40]
