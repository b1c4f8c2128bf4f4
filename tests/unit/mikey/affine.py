"""Curves by the schoolbook: slow, and independent of every library, for known answers on curves that those lack."""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[int, int] | None
"""Affine coordinates; None is the point at infinity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """y^2 = x^3 + a*x + b modulo p, with a generator of prime order."""

    p: int
    a: int
    order: int
    generator: tuple[int, int]

    def add(self, one: Point, other: Point) -> Point:
        if one is None or other is None:
            return one or other
        (x1, y1), (x2, y2) = one, other
        if x1 == x2 and (y1 + y2) % self.p == 0:
            return None
        if one == other:
            slope = (3 * x1 * x1 + self.a) * pow(2 * y1, -1, self.p)
        else:
            slope = (y2 - y1) * pow(x2 - x1, -1, self.p)
        x = (slope * slope - x1 - x2) % self.p
        return x, (slope * (x1 - x) - y1) % self.p

    def times(self, scalar: int, point: Point) -> Point:
        total: Point = None
        for bit in bin(scalar)[2:]:
            total = self.add(total, total)
            if bit == "1":
                total = self.add(total, point)
        return total

    def public(self, scalar: int) -> tuple[int, int]:
        made = self.times(scalar, self.generator)
        assert made is not None
        return made

    def mqv(self, static: int, ephemeral: int, peer_static: Point, peer_ephemeral: tuple[int, int]) -> int:
        """The x-coordinate that two passes of MQV agree on."""
        half = 2 ** -(-self.order.bit_length() // 2)
        own_weight = self.public(ephemeral)[0] % half + half
        peer_weight = peer_ephemeral[0] % half + half
        s = (ephemeral + own_weight * static) % self.order
        shared = self.times(s, self.add(peer_ephemeral, self.times(peer_weight, peer_static)))
        assert shared is not None
        return shared[0]


SECP160R1 = Curve(
    p=2**160 - 2**31 - 1,
    a=-3,
    order=0x0100000000000000000001F4C8F927AED3CA752257,
    generator=(0x4A96B5688EF573284664698968C38BB913CBFC82, 0x23A628553168947D59DCC912042351377AC5FB32),
)
P_256 = Curve(
    p=2**256 - 2**224 + 2**192 + 2**96 - 1,
    a=-3,
    order=0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    generator=(
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
)
