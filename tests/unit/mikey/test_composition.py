"""What each message consists of, after the figures of RFC 3830, 4650 and 4738."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import DecodeError
from mikey_sdp.mikey.composition import COMPOSITIONS, check_composition
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import (
    PAYLOADS,
    Certificate,
    CertificateHash,
    DhValue,
    EccPoint,
    EnvelopeKey,
    ErrorPayload,
    GeneralExtension,
    Header,
    Identity,
    KeyDataTransport,
    Payload,
    Rand,
    SecurityPolicy,
    Signature,
    Timestamp,
    UnknownCodePoint,
    Verification,
)
from mikey_sdp.mikey.registry import (
    CacheIndicator,
    CertType,
    DataType,
    DhGroup,
    EccCurve,
    EncrAlg,
    ErrorNo,
    ExtensionType,
    HashFunc,
    IdType,
    MacAlg,
    PayloadType,
    SignType,
)

SAMPLES: dict[str, Payload] = {
    "KEMAC": KeyDataTransport(encr_alg=EncrAlg.NULL, encr_data=b"", mac_alg=MacAlg.HMAC_SHA_1_160, mac=bytes(20)),
    "PKE": EnvelopeKey(cache=CacheIndicator.NO_CACHE, data=b"\x01"),
    "DH": DhValue(group=DhGroup.OAKLEY_1, value=bytes(96)),
    "ECCPT": EccPoint(
        curve=EccCurve.SECP256R1, point=b"\x04" + bytes(64), auth_alg=MacAlg.HMAC_SHA_1_160, tgk_octets=16
    ),
    "SIGN": Signature(sign_type=SignType.RSA_PKCS1_V1_5, signature=b"\x01"),
    "T": Timestamp(value=1),
    "ID": Identity(id_type=IdType.NAI, data=b"a@b"),
    "CERT": Certificate(cert_type=CertType.X509V3, data=b"\x30"),
    "CHASH": CertificateHash(hash_func=HashFunc.SHA_1, digest=bytes(20)),
    "V": Verification(auth_alg=MacAlg.HMAC_SHA_1_160, mac=bytes(20)),
    "SP": SecurityPolicy(policy_no=0),
    "RAND": Rand(octets=bytes(16)),
    "ERR": ErrorPayload(error_no=ErrorNo.INVALID_DT),
    "GENERAL_EXT": GeneralExtension(ext_type=ExtensionType.VENDOR_ID, data=b""),
}

# Per data type: the figure with everything in it, what may not be missing, what is there at most so many times.
FULL = {
    "PRE_SHARED": "T RAND ID ID SP SP KEMAC",
    "PSK_VER_MSG": "T ID V",
    "PUBLIC_KEY": "T RAND ID CERT CERT ID SP KEMAC CHASH PKE SIGN",
    "PK_VER_MSG": "T ID V",
    "DH_INIT": "T RAND ID CERT CERT ID SP DH SIGN",
    "DH_RESP": "T ID CERT CERT ID DH DH SIGN",
    "ERROR": "T ERR ERR SP V",
    "DHHMAC_INIT": "T RAND ID ID SP DH KEMAC",
    "DHHMAC_RESP": "T ID ID DH DH KEMAC",
    "RSA_R_I_MSG": "T RAND ID CERT ID SP SIGN",
    "RSA_R_R_MSG": "GENERAL_EXT T RAND ID CERT SP KEMAC PKE SIGN",
    "ECMQV_I_MSG": "T RAND ID CERT ID SP ECCPT SIGN",
    "ECMQV_R_MSG": "T ID CERT ID ECCPT ECCPT V",
    "DHSAML_I_MSG_1": "T RAND CERT DH ID SP SP",
    "DHSAML_R_MSG_1": "T CERT ID DH RAND SP V",
    "DHSAML_I_MSG_2": "T KEMAC",
    "DHSAML_R_MSG_2": "T KEMAC",
}
LEAST = {
    "PRE_SHARED": "T KEMAC",
    "PSK_VER_MSG": "T V",
    "PUBLIC_KEY": "T PKE SIGN",
    "PK_VER_MSG": "T V",
    "DH_INIT": "T SIGN",
    "DH_RESP": "T ID SIGN",
    "ERROR": "T",
    "DHHMAC_INIT": "T ID KEMAC",
    "DHHMAC_RESP": "T ID KEMAC",
    "RSA_R_I_MSG": "T SIGN",
    "RSA_R_R_MSG": "T KEMAC PKE SIGN",
    "ECMQV_I_MSG": "T ECCPT SIGN",
    "ECMQV_R_MSG": "T ID ECCPT ECCPT V",
    "DHSAML_I_MSG_1": "T RAND CERT",
    "DHSAML_R_MSG_1": "T CERT ID DH RAND",
    "DHSAML_I_MSG_2": "T KEMAC",
    "DHSAML_R_MSG_2": "T KEMAC",
}
MANY = {"SP", "CERT", "ERR", "GENERAL_EXT"}


def build(data_type: str | DataType, chain: str) -> Message:
    kind = DataType[data_type] if isinstance(data_type, str) else data_type
    policies = iter(range(256))
    payloads = [SecurityPolicy(policy_no=next(policies)) if name == "SP" else SAMPLES[name] for name in chain.split()]
    return Message.build(Header(data_type=kind, csb_id=1), payloads)


def refuse(data_type: str | DataType, chain: str) -> DecodeError:
    message = build(data_type, chain)
    with pytest.raises(DecodeError) as caught:
        check_composition(message)
    assert caught.value.partial == (message.header, *message.payloads)
    return caught.value


def cases(figures: dict[str, str]) -> list[tuple[str, str]]:
    return list(figures.items())


def without(chain: str, name: str) -> str:
    names = chain.split()
    names.remove(name)
    return " ".join(names)


@pytest.mark.requirement("4650-4-1", "4650-4.1-2")
@pytest.mark.parametrize(("data_type", "chain"), cases(FULL) + cases(LEAST))
def test_the_figure_is_accepted_with_and_without_its_brackets(data_type: str, chain: str) -> None:
    check_composition(build(data_type, chain))


@pytest.mark.parametrize(("data_type", "chain"), cases(FULL))
def test_each_bracket_of_the_figure_stands_for_itself(data_type: str, chain: str) -> None:
    for name in set(chain.split()) - set(LEAST[data_type].split()) - {"DH"}:
        check_composition(build(data_type, without(chain, name)))
        check_composition(build(data_type, f"{name} {LEAST[data_type]}" if name != "V" else f"{LEAST[data_type]} V"))


def test_every_figure_is_in_the_table_and_names_its_section() -> None:
    assert {data_type.name for data_type in COMPOSITIONS} == set(FULL)
    assert all(row.section.startswith(("RFC ", "draft-ietf-msec-mikey-ecc-03 ")) for row in COMPOSITIONS.values())


@pytest.mark.requirement("3830-5.2-1")
@pytest.mark.parametrize(("data_type", "chain"), cases(FULL))
def test_any_order_is_fine_but_for_the_last(data_type: str, chain: str) -> None:
    *rest, last = chain.split()
    for start in range(len(rest)):
        check_composition(build(data_type, " ".join([*rest[start:], *rest[:start], last])))
    check_composition(build(data_type, " ".join([*reversed(rest), last])))


@pytest.mark.parametrize(("data_type", "chain"), cases(LEAST))
def test_what_is_not_in_brackets_can_not_be_missing(data_type: str, chain: str) -> None:
    for name in dict.fromkeys(chain.split()):
        rest = without(chain, name) or "GENERAL_EXT"
        if rest.split()[0] == "SIGN":
            rest = "GENERAL_EXT " + rest
        error = refuse(data_type, rest)
        assert error.field == SAMPLES[name].payload_type.label
        assert error.offset == len(build(data_type, rest).octets)
        assert error.section == COMPOSITIONS[DataType[data_type]].section


@pytest.mark.requirement("4650-4.1-3")
@pytest.mark.parametrize(("data_type", "chain"), cases(FULL))
def test_what_is_not_in_the_figure_has_no_place(data_type: str, chain: str) -> None:
    allowed = {*chain.split(), "GENERAL_EXT", *(("KEMAC", "SIGN") if data_type == "ERROR" else ())}
    for name in SAMPLES.keys() - allowed - {"SIGN"}:
        message = build(data_type, f"{name} {chain}")
        error = refuse(data_type, f"{name} {chain}")
        assert (error.field, error.offset) == (SAMPLES[name].payload_type.label, message.spans[0].offset)
        assert "has no place" in error.reason
        check_composition(message, tolerated=(PayloadType[name],))


def test_what_is_dispensable_may_be_missing_but_not_stand_too_often() -> None:
    chain = LEAST["DH_RESP"]
    message = build("DH_RESP", without(chain, "ID"))
    with pytest.raises(DecodeError, match="no ID"):
        check_composition(message)
    check_composition(message, dispensable=(PayloadType.ID,))
    with pytest.raises(DecodeError):
        check_composition(message, dispensable=(PayloadType.CERT,))
    with pytest.raises(DecodeError, match="too often"):
        check_composition(build("DH_RESP", f"ID ID ID {without(chain, 'ID')}"), dispensable=(PayloadType.ID,))


@pytest.mark.requirement("4650-4.1-3")
@pytest.mark.parametrize("data_type", ["PRE_SHARED", "PSK_VER_MSG", "PK_VER_MSG", "DHHMAC_INIT", "DHHMAC_RESP"])
def test_no_signature_where_the_figure_ends_with_a_mac(data_type: str) -> None:
    error = refuse(data_type, f"{FULL[data_type]} SIGN")
    assert error.field == "SIGN"


@pytest.mark.parametrize(("data_type", "chain"), cases(FULL))
def test_one_too_many_is_refused_where_it_stands(data_type: str, chain: str) -> None:
    names = chain.split()
    for name in set(names) - MANY - {"SIGN"}:
        message = build(data_type, f"{name} {chain}")
        error = refuse(data_type, f"{name} {chain}")
        surplus = [span for p, span in zip(message.payloads, message.spans, strict=True) if p is SAMPLES[name]][-1]
        assert (error.offset, error.field) == (surplus.offset, SAMPLES[name].payload_type.label)
        assert "too often" in error.reason


@pytest.mark.parametrize(("data_type", "chain"), cases(FULL))
def test_policies_certificates_and_extensions_come_in_any_number(data_type: str, chain: str) -> None:
    check_composition(build(data_type, "GENERAL_EXT GENERAL_EXT GENERAL_EXT " + chain))
    one_assertion = {"CERT"} if data_type.startswith("DHSAML") else set()
    for name in set(chain.split()) & MANY - one_assertion:
        check_composition(build(data_type, f"{name} {name} {name} {chain}"))
    for name in one_assertion & set(chain.split()):
        assert "too often" in refuse(data_type, f"{name} {chain}").reason


@pytest.mark.requirement("3830-6.15-3")
@pytest.mark.parametrize(("data_type", "chain"), cases(FULL))
def test_an_extension_stands_anywhere_but_behind_the_mac_or_signature(data_type: str, chain: str) -> None:
    names = chain.split()
    for place in range(len(names)):
        check_composition(build(data_type, " ".join([*names[:place], "GENERAL_EXT", *names[place:]])))
    if data_type == "DHSAML_I_MSG_1":  # nothing protects it, so that it has no last payload
        check_composition(build(data_type, f"{chain} GENERAL_EXT"))
    elif names[-1] != "SIGN":
        message = build(data_type, f"{chain} GENERAL_EXT")
        error = refuse(data_type, f"{chain} GENERAL_EXT")
        assert error.offset in {span.offset for span in message.spans[-2:]}


@pytest.mark.requirement("3830-6.2-6", "4650-4.2-7", "4650-4.2-8")
@pytest.mark.parametrize("data_type", ["PRE_SHARED", "DHHMAC_INIT", "DHHMAC_RESP"])
def test_kemac_is_last_where_it_covers_the_message(data_type: str) -> None:
    moved = "KEMAC " + without(FULL[data_type], "KEMAC")
    assert "must end with KEMAC" in refuse(data_type, moved).reason
    full = build(data_type, FULL[data_type])
    assert full.octets[full.spans[-1].offset] == PayloadType.LAST


@pytest.mark.parametrize("data_type", ["PSK_VER_MSG", "PK_VER_MSG"])
def test_v_is_last(data_type: str) -> None:
    error = refuse(data_type, "T V ID")
    assert "must end with V" in error.reason
    assert (error.field, error.offset) == ("ID", build(data_type, "T V ID").spans[-1].offset)


@pytest.mark.parametrize("data_type", ["DH_RESP", "DHHMAC_RESP"])
def test_a_responders_value_comes_with_the_initiators(data_type: str) -> None:
    once = without(FULL[data_type], "DH")
    assert "only 1 DH" in refuse(data_type, once).reason
    check_composition(build(data_type, without(once, "DH")))


@pytest.mark.parametrize("closing", ["V", "SIGN", "KEMAC"])
def test_an_error_message_may_be_authenticated_at_its_end(closing: str) -> None:
    check_composition(build("ERROR", f"T ERR SP {closing}"))
    check_composition(build("ERROR", "T ERR"))
    if closing != "SIGN":
        assert "must be the last" in refuse("ERROR", f"T {closing} ERR").reason
        assert "must be the last" in refuse("ERROR", f"T ERR {closing} SIGN").reason
    assert refuse("ERROR", f"T ERR V KEMAC{' SIGN' if closing == 'SIGN' else ''}").offset


@pytest.mark.requirement("3830-6.10-2")
@pytest.mark.parametrize("data_type", ["PRE_SHARED", "PUBLIC_KEY", "DH_INIT", "DHHMAC_INIT", "RSA_R_I_MSG", "ERROR"])
def test_two_policies_with_one_number_are_refused_in_every_mode(data_type: str) -> None:
    message = build(data_type, "SP SP " + without(FULL[data_type], "SP"))
    octets = bytearray(message.octets)
    first, second = (message.span(policy) for policy in message.all(SecurityPolicy)[:2])
    assert octets[second.offset + 1] == 1
    octets[second.offset + 1] = octets[first.offset + 1]
    with pytest.raises(DecodeError, match="second SP with Policy no 0") as caught:
        check_composition(Message.decode(bytes(octets)))
    assert (caught.value.offset, caught.value.field) == (second.offset, "SP Policy no")


@pytest.mark.requirement("3830-6.1-4")
@pytest.mark.parametrize("number", [11, 26, 27, 100, 200, 247, 255])
def test_a_data_type_without_a_row_is_an_invalid_dt(number: int) -> None:
    error = refuse(DataType(number), "T")
    assert isinstance(error, UnknownCodePoint)
    assert (error.code_point, error.mikey_error, error.offset) == (number, ErrorNo.INVALID_DT, 1)


def test_samples_cover_every_payload_of_a_message() -> None:
    assert {PayloadType[name] for name in SAMPLES} == set(PAYLOADS) - {PayloadType.KEY_DATA}
