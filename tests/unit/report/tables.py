"""Small tables for tests: a mode with every kind of cell, one that could not be measured, and a beaten choice."""

from __future__ import annotations

from mikey_sdp.trace import CriteriaRow, Matrix, MatrixCell, MatrixCondition, MatrixRow, PolicyChoice, PropertyRow


def cell(column: str, printed: str | None, *, works: bool, secure: bool, agrees: bool | None, note: str) -> MatrixCell:
    one = MatrixCondition(
        condition="baseline",
        works=works,
        secure=secure,
        run=f"PSK/{column}/baseline",
        notes=(note,) if note else (),
    )
    return MatrixCell(printed=printed, works=works, secure=secure, agrees=agrees, conditions=(one,))


_CELLS = {
    "early-media": cell("early-media", "Yes", works=True, secure=True, agrees=True, note=""),
    "secure-forking": cell("secure-forking", "", works=True, secure=False, agrees=True, note="mobile reads it"),
    "retarget": cell(
        "retarget", "Yes", works=False, secure=True, agrees=False, note="bob did not become a party to the call"
    ),
    "redirect": cell("redirect", "", works=True, secure=True, agrees=False, note=""),
    "shared-key-conference": cell("shared-key-conference", None, works=True, secure=True, agrees=None, note=""),
}

PAGES = {
    "PSK/secure-forking/baseline": [("desk answers", "desk.html"), ("mobile answers", "mobile.html")],
    "policy/retarget/baseline": [("the run", "policy.html")],
}

TABLES = Matrix(
    table1=(
        MatrixRow(mode="PSK", cells=_CELLS),
        MatrixRow(mode="ECMQV", cells={}, error="pycryptodome is not available"),
    ),
    table2=(
        PropertyRow(
            mode="PSK",
            manual_keys=True,
            keys=1,
            needs_pki=False,
            pfs=None,
            key_generation="Both",
            printed={"manual-keys": "Yes", "needs-pki": "No", "pfs": "No", "key-generation": "Initiator"},
            agrees={"manual-keys": True, "needs-pki": True, "pfs": True, "key-generation": False},
            secret_by="Both",
            opened_by=(),
            certificates=0,
            pinned=None,
            without_rand="Responder",
        ),
    ),
    table3=(
        CriteriaRow(
            mode="PSK",
            mandatory="Yes",
            keys_per_pair=1,
            certificates_per_user=0,
            peer_beforehand=True,
            objects=45,
            group_keying=True,
            messages=1,
            i_message_octets=165,
            r_message_octets=83,
            initiator_us=12.4,
            responder_us=7.0,
        ),
    ),
    policy=(
        PolicyChoice(
            column="retarget",
            condition="baseline",
            works=False,
            secure=True,
            chosen="PSK",
            run="policy/retarget/baseline",
            better=("RSA-R",),
        ),
    ),
)
