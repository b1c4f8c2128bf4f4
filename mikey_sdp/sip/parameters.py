"""Parameters behind a URI or a header field value: names without case, values as they were written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mikey_sdp.errors import UsageError
from mikey_sdp.sip import grammar

MAX_PARAMETERS: Final = 64


class Parameters(tuple[tuple[str, str | None], ...]):
    """The `;name=value` pairs of one URI or one field value, in the order of the wire.

    Wire: values keep their quotes; a name without value has None.
    Source: RFC 3261 sections 7.3.1 and 19.1.1.
    """

    __slots__ = ()

    def get(self, name: str) -> str | None:
        """The value of that parameter, quotes taken off; None if it is absent or has no value."""
        wanted = name.lower()
        for key, value in self:
            if key.lower() == wanted:
                return None if value is None else grammar.unquote(value)
        return None

    def has(self, name: str) -> bool:
        """Whether the parameter stands there, with or without a value."""
        wanted = name.lower()
        return any(key.lower() == wanted for key, _ in self)

    def replaced(self, name: str, value: str | None) -> Parameters:
        """These parameters with one of them changed where it stands, or appended."""
        wanted = name.lower()
        if not self.has(name):
            return Parameters((*self, (name, value)))
        return Parameters((key, value if key.lower() == wanted else old) for key, old in self)

    def without(self, *names: str) -> Parameters:
        """These parameters but for those named."""
        unwanted = {name.lower() for name in names}
        return Parameters(pair for pair in self if pair[0].lower() not in unwanted)

    def __str__(self) -> str:
        return "".join(f";{name}" if value is None else f";{name}={value}" for name, value in self)


NONE: Final = Parameters()


def check_distinct(pairs: Iterable[tuple[str, str | None]], *, field: str, offset: int) -> Parameters:
    """The pairs as parameters, unless a name comes twice: two tags would let each reader choose his own."""
    parameters = Parameters(pairs)
    if len(parameters) > MAX_PARAMETERS:
        raise grammar.fault(f"more than {MAX_PARAMETERS} parameters", field=field, offset=offset)
    if len(parameters) > 1 and len({name.lower() for name, _ in parameters}) < len(parameters):
        raise grammar.fault("the same parameter twice", field=field, offset=offset, section="RFC 3261 section 7.3.1")
    return parameters


def parse_parameters(text: str, at: int, *, field: str) -> tuple[Parameters, int]:
    """The parameters that start at that character of a field value, and where they end."""
    found = grammar.PARAMETER.match(text, at)
    if found is None:
        return NONE, grammar.skip_space(text, at)
    start, pairs = at, []
    while found is not None:
        pairs.append((found["name"], found["value"]))
        at = found.end()
        found = grammar.PARAMETER.match(text, at)
    return check_distinct(pairs, field=field, offset=start), grammar.skip_space(text, at)


def parameter(name: str, value: str | None = None) -> tuple[str, str | None]:
    """One parameter to put into a message; a value that is no token is quoted.

    Raises: UsageError if the name is no token.
    """
    if grammar.TOKEN.fullmatch(name) is None:
        raise UsageError(f"a parameter's name must be a token, not {name!r}")
    if value is not None and grammar.TOKEN.fullmatch(value) is None:
        return name, grammar.quote(value)
    return name, value
