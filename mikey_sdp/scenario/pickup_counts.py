"""Which public key operations a party carries out, told by watching the calls into the libraries that do them."""

from __future__ import annotations

import enum
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType, ModuleType
from typing import Final


class Operation(enum.StrEnum):
    """What is counted of an exchange. A chain check is the signature on one certificate; a power is one exponentiation
    in a finite field; a multiple is one multiplication of a point, be it of a new key or to agree on a secret, and the
    sum of two multiples, as ECMQV has it."""

    SIGNATURE_CHECK = "signature checks"
    CHAIN_CHECK = "chain checks"
    SIGNATURE = "signatures made"
    POWER = "exponentiations"
    MULTIPLE = "point multiplications"
    POINT_SUM = "sums of two multiples"
    DECRYPTION = "decryptions"
    ENCRYPTION = "encryptions"


_CERTIFICATES: Final = "mikey_sdp.mikey.certificates."
_POINTS: Final = "mikey_sdp.mikey.crypto.points"
_CALLS: Final[Mapping[str, Operation]] = {
    "RSAPublicKey.verify": Operation.SIGNATURE_CHECK,
    "ECPublicKey.verify": Operation.SIGNATURE_CHECK,
    "Certificate.verify_directly_issued_by": Operation.CHAIN_CHECK,
    "RSAPrivateKey.sign": Operation.SIGNATURE,
    "ECPrivateKey.sign": Operation.SIGNATURE,
    "powmod_sec": Operation.POWER,
    "derive_private_key": Operation.MULTIPLE,
    "ECPrivateKey.exchange": Operation.MULTIPLE,
    "RSAPrivateKey.decrypt": Operation.DECRYPTION,
    "RSAPublicKey.encrypt": Operation.ENCRYPTION,
}


@dataclass(slots=True)
class Counts:
    """What was carried out.

    Keeps: `operations`, which are worth a column; beside them what a floor has as well: `hmacs` by the octets of key
    and message, `ciphers` that were set up, and points that were `written` and `read`.
    """

    operations: Counter[Operation] = field(default_factory=Counter)
    hmacs: Counter[tuple[int, int]] = field(default_factory=Counter)
    ciphers: int = 0
    written: int = 0
    read: int = 0

    def called(self, name: str, frame: FrameType) -> None:
        """One call of a compiled function."""
        operation = _CALLS.get(name)
        if operation is not None:
            self.operations[_apart(operation, frame)] += 1
        elif name == "hmac_digest" and _is_of_mikey(frame.f_back):
            seen = frame.f_locals
            self.hmacs[len(seen["key"]), len(seen["msg"])] += 1
        elif name == "create_encryption_ctx" and _is_of_mikey(frame.f_back):
            self.ciphers += 1
        elif name == "ECPublicKey.public_bytes":
            self.written += 1
        elif name == "from_public_bytes":
            self.read += 1


@contextmanager
def counting(counts: Counts) -> Iterator[None]:
    """Count the operations that are carried out meanwhile; whoever else watched goes on afterwards.

    Nothing has to be told of them: the interpreter reports each call of a compiled function, with the frame that calls.
    """

    def saw(frame: FrameType, event: str, called: object) -> None:
        if event == "c_call":
            counts.called(_name(called), frame)
        elif event == "call" and frame.f_code.co_name == "x_of_sum" and frame.f_globals.get("__name__") == _POINTS:
            counts.operations[Operation.POINT_SUM] += 1

    before = sys.getprofile()
    sys.setprofile(saw)
    try:
        yield
    finally:
        sys.setprofile(before)


def _apart(operation: Operation, frame: FrameType) -> Operation:
    """A signature that is checked for a certificate's sake is none of a message."""
    home = str(frame.f_globals.get("__name__", ""))
    if operation is Operation.SIGNATURE_CHECK and home.startswith(_CERTIFICATES):
        return Operation.CHAIN_CHECK
    return operation


def _is_of_mikey(frame: FrameType | None) -> bool:
    return frame is not None and str(frame.f_globals.get("__name__", "")).startswith("mikey_sdp.mikey.")


def _name(called: object) -> str:
    """A function by its name, a method by the name of its class and its own."""
    owner, name = getattr(called, "__self__", None), getattr(called, "__name__", "")
    return name if owner is None or isinstance(owner, ModuleType) else f"{type(owner).__name__}.{name}"
