"""The tables of RFC 5197 as they were measured."""

from __future__ import annotations

import msgspec


class MatrixCondition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One situation of a cell, run: whether the call worked and its keys stayed with its members.

    Keeps: `run`, by which the run is found again; `chosen`, the mode of the call where the policy was free to choose;
    `notes`, what did not work and who could read what.
    """

    condition: str
    works: bool
    secure: bool
    run: str
    chosen: str = ""
    notes: tuple[str, ...] = ()


class MatrixCell(msgspec.Struct, frozen=True, kw_only=True):
    """One cell of the first table of RFC 5197 section 5.5: what is printed there, None where it has no such row, and
    what was measured in its baseline, the first of `conditions`.

    Keeps: `agrees`, None where nothing is printed.
    """

    printed: str | None
    works: bool
    secure: bool
    agrees: bool | None
    conditions: tuple[MatrixCondition, ...]


class MatrixRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One mode in the first table, its cells by the name of their column; `variant` where it was run in several ways;
    `error`, why there are no cells."""

    mode: str
    cells: dict[str, MatrixCell]
    variant: str = ""
    error: str = ""


class PropertyRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="kebab"):
    """One mode in the second table of RFC 5197 section 5.5, measured.

    Keeps: `manual_keys`, whether symmetric keys were provisioned, and `keys`, how many; `needs_pki`, whether the
    exchange fails where nobody vouches for anybody, and `pinned`, whether it works where each end has accepted the
    other's own certificate by hand, None without certificates; `pfs`, whether a recording stayed closed to all
    long-term secrets, and `opened_by`, the ends whose secrets alone open it; `key_generation`, whose chance the keys of
    SRTP hang on, and `without_rand` the same where an Initiator who may do so sends no RAND (the note to that table),
    None in modes in which he has to; `secret_by`, whose chance the secret behind them hangs on; `agrees`, by column,
    empty where nothing is printed.
    """

    mode: str
    manual_keys: bool
    needs_pki: bool
    pfs: bool | None
    key_generation: str
    printed: dict[str, str] | None
    agrees: dict[str, bool]
    secret_by: str
    opened_by: tuple[str, ...]
    keys: int
    certificates: int
    pinned: bool | None
    without_rand: str | None = None
    variant: str = ""


class CriteriaRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="kebab"):
    """One mode by the criteria of RFC 5197 section 3.

    Keeps: `mandatory`, what the table of modes states after RFC 3830, since no run shows it, None where that does not
    know the mode; `keys_per_pair` and `certificates_per_user`, what must be there so that everybody can call everybody,
    and `peer_beforehand`, whether a caller needs something of each peer before he calls; `objects`, how many that are
    for ten users; `group_keying`, whether one key can serve a conference; `messages`, the fewest that an exchange
    takes.
    Units: octets of both messages; microseconds of processor time at each end, this machine's.
    """

    mode: str
    mandatory: str | None
    keys_per_pair: int
    certificates_per_user: int
    peer_beforehand: bool
    objects: int
    group_keying: bool
    messages: int
    i_message_octets: int
    r_message_octets: int
    initiator_us: float
    responder_us: float
    variant: str = ""


class PolicyChoice(MatrixCondition, frozen=True, kw_only=True):
    """What the selection policy chose in a situation in which everything is at hand, and how that call ended.

    Keeps: `better`, the modes at hand whose own runs in that situation came out better.
    """

    column: str
    better: tuple[str, ...]


class Matrix(msgspec.Struct, frozen=True, kw_only=True):
    """The tables of RFC 5197 section 5.5, section 3's criteria, and the policy's choices, as measured."""

    table1: tuple[MatrixRow, ...]
    table2: tuple[PropertyRow, ...]
    table3: tuple[CriteriaRow, ...]
    policy: tuple[PolicyChoice, ...]
