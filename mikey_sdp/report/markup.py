"""Elements of an HTML page: the one place where texts become markup, so that no peer can write any.

ElementTree escapes what it serialises; what a page must not hold at all (control and direction signs) goes here.
"""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree

Element = ElementTree.Element

_KEPT: Final = frozenset("\n\t")
_RENAMED: Final = {"class_": "class", "for_": "for"}


def element(tag: str, text: str = "", **attributes: str | float) -> Element:
    """An element; attribute names take hyphens for underscores, numbers lose what a picture doesn't show."""
    made = ElementTree.Element(tag, {_name(name): _value(value) for name, value in attributes.items()})
    if text:
        made.text = clean(text)
    return made


def add(parent: Element, tag: str, text: str = "", **attributes: str | float) -> Element:
    """A new last child of an element."""
    made = element(tag, text, **attributes)
    parent.append(made)
    return made


def source(parent: Element, tag: str, code: str) -> None:
    """A style or script, which is written as it is: for our own constants, never for text from outside."""
    made = ElementTree.SubElement(parent, tag)
    made.text = code


def clean(text: str) -> str:
    """A text with a question mark for every sign that shows nothing or turns the direction of writing."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign in _KEPT else "?" for sign in text)


def document(root: Element) -> str:
    """The page as text."""
    return "<!doctype html>\n" + ElementTree.tostring(root, encoding="unicode", method="html") + "\n"


def _name(name: str) -> str:
    return _RENAMED.get(name) or name.replace("_", "-")


def _value(value: str | float) -> str:
    if isinstance(value, str):
        return clean(value)
    return str(value) if isinstance(value, int) else f"{value:.1f}".removesuffix(".0")
