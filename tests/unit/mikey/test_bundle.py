"""A bundle: crypto sessions, policies, keys and the Data SAs that follow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.advice import advice_on
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.crypto.prf import mikey_1
from mikey_sdp.mikey.keys import fresh_tgk, given_tek, next_mki
from mikey_sdp.mikey.payloads import IntervalValidity, KeyData, SpiValidity, SrtpIdEntry
from mikey_sdp.mikey.registry import ErrorNo, KeyDataType, PrfFunc
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP, SrtpParameters
from mikey_sdp.secret import Secret, SeededEntropy

ENTROPY = SeededEntropy(b"bundle")
RAND = bytes(range(16))


def bundle(*keys: KeyData, sessions: int = 2, **policy: object) -> Bundle:
    return Bundle(
        csb_id=7,
        prf_func=PrfFunc.MIKEY_1,
        rand=RAND,
        sessions=(SrtpIdEntry(),) * sessions,
        policies={0: replace(DEFAULT_SRTP, **policy)},
        keys=keys,
        own=True,
    )


def interval(first: int, last: int) -> IntervalValidity:
    return IntervalValidity(valid_from=first.to_bytes(6, "big"), valid_to=last.to_bytes(6, "big"))


def tgk(validity: object = None) -> KeyData:
    key = fresh_tgk(ENTROPY)
    return key if validity is None else replace(key, validity=validity)


@pytest.mark.requirement("3830-2.3-1", "3830-6.1.1-7")
def test_each_crypto_session_has_a_tek_of_its_own_named_by_its_position() -> None:
    made = bundle(fresh_tgk(ENTROPY), sessions=3)
    keys = [made.data_sas(cs_id)[0].master_key for cs_id in made.cs_ids]
    assert list(made.cs_ids) == [1, 2, 3]
    assert len({key.reveal() for key in keys}) == 3
    label = bytes.fromhex("2ad01c64 03 00000007") + RAND
    assert keys[2].reveal() == mikey_1(made.keys[0].key.reveal(), label, 128)


@pytest.mark.requirement("3830-4.1.3-5")
def test_without_a_carried_salt_the_tgk_gives_one() -> None:
    made = bundle(fresh_tgk(ENTROPY))
    label = bytes.fromhex("39a2c14b 01 00000007") + RAND
    assert made.data_sas(1)[0].master_salt.reveal() == mikey_1(made.keys[0].key.reveal(), label, 112)


@pytest.mark.requirement("3830-4.1.3-4", "3830-6.13-8")
def test_a_carried_salt_wins() -> None:
    made = bundle(fresh_tgk(ENTROPY, salt_octets=14))
    assert made.keys[0].key_type == KeyDataType.TGK_SALT
    assert {made.data_sas(cs_id)[0].master_salt.reveal() for cs_id in (1, 2)} == {made.keys[0].salt.reveal()}


def test_a_carried_salt_must_fit_the_policy() -> None:
    with pytest.raises(PeerError) as caught:
        bundle(fresh_tgk(ENTROPY, salt_octets=12))
    assert caught.value.mikey_error == ErrorNo.INVALID_SPPAR


@pytest.mark.requirement("3830-6.10.1-3")
def test_the_encryption_key_length_is_the_length_of_the_tek() -> None:
    assert len(bundle(fresh_tgk(ENTROPY), encr_key_octets=32).data_sas(1)[0].master_key) == 32


@pytest.mark.requirement("3830-6.13-5", "3830-A.1-2")
def test_a_tek_is_used_as_it_is() -> None:
    tek, salt = Secret(b"t" * 16), Secret(b"s" * 14)
    (sa,) = bundle(given_tek(tek, salt=salt)).data_sas(2)
    assert (sa.master_key, sa.master_salt) == (tek, salt)


def test_a_tek_without_salt_takes_the_null_salt_of_srtp() -> None:
    (sa,) = bundle(given_tek(Secret(b"t" * 16))).data_sas(1)
    assert sa.master_salt == Secret(bytes(14))


def test_a_tek_must_have_the_length_of_the_policy() -> None:
    with pytest.raises(PeerError, match="TEK has 30"):
        bundle(given_tek(Secret(b"t" * 30)))
    made = bundle(given_tek(Secret(b"t" * 16), salt=Secret(b"s" * 14)))
    for changed in ({"encr_key_octets": 32}, {"salt_octets": 12}):
        with pytest.raises(PeerError, match="the policy asks for"):
            made.updated(policies={0: replace(DEFAULT_SRTP, **changed)})


def test_teks_without_names_go_to_the_sessions_in_order() -> None:
    made = bundle(given_tek(Secret(b"1" * 16)), given_tek(Secret(b"2" * 16)))
    assert [made.data_sas(cs_id)[0].master_key for cs_id in (1, 2)] == [Secret(b"1" * 16), Secret(b"2" * 16)]
    with pytest.raises(PeerError, match="don't fit 3 crypto sessions"):
        bundle(*made.keys, sessions=3)


@pytest.mark.requirement("3830-A.1-3")
def test_several_keys_need_names_that_differ() -> None:
    named = [fresh_tgk(ENTROPY, mki=bytes([number])) for number in (1, 2, 2)]
    assert [sa.mki for sa in bundle(*named[:2]).data_sas(1)] == [b"\x01", b"\x02"]
    for keys in (named[1:], [tgk(), tgk()], [tgk(), named[0]], [tgk(SpiValidity(spi=b"")), named[0]]):
        with pytest.raises(PeerError, match="all different") as caught:
            bundle(*keys)
        assert caught.value.mikey_error == ErrorNo.UNSPECIFIED


def test_intervals_are_names_too() -> None:
    made = bundle(tgk(interval(0, 9)), tgk(interval(10, 19)))
    assert [sa.validity for sa in made.data_sas(1)] == [interval(0, 9), interval(10, 19)]


@pytest.mark.requirement("3830-6.14-2")
@pytest.mark.parametrize(
    "validity",
    [IntervalValidity(valid_from=bytes(4), valid_to=bytes(4)), IntervalValidity(valid_from=b"", valid_to=b"")],
)
def test_an_interval_of_srtp_has_48_bit_ends(validity: IntervalValidity) -> None:
    with pytest.raises(PeerError, match="6 octets"):
        bundle(tgk(validity))


def test_an_interval_can_not_end_before_it_begins() -> None:
    assert bundle(tgk(interval(5, 5))).data_sas(1)
    with pytest.raises(PeerError, match="ends before"):
        bundle(tgk(interval(5, 4)))


@pytest.mark.parametrize("octets", [0, 1, 15])
def test_short_keys_are_refused(octets: int) -> None:
    with pytest.raises(PeerError, match="too short"):
        bundle(KeyData(key_type=KeyDataType.TGK, key=Secret(bytes(octets))))
    with pytest.raises(UsageError):
        fresh_tgk(ENTROPY, octets=octets)


def test_keys_of_no_use_are_refused_for_their_length() -> None:
    assert bundle(fresh_tgk(ENTROPY, octets=512)).data_sas(1)
    with pytest.raises(PeerError, match="too long"):
        bundle(fresh_tgk(ENTROPY, octets=513))


@pytest.mark.parametrize(
    ("before", "octets", "after"),
    [
        ([], 1, "01"),
        ([b"\x01"], 1, "02"),
        ([b"\xff"], 1, "00"),
        ([b"\xff", b"\x00"], 1, "01"),
        ([b"\x02", b"\x01"], 1, "03"),
        ([b"\x01\x02\x03\xfe"], 1, "ff"),
        ([b"\x01\x02\x03\xfe"], 4, "010203ff"),
        ([b"\x01"], 0, ""),
        ([b""], 2, "0001"),
    ],
)
def test_the_next_mki_is_none_of_those_before(before: list[bytes], octets: int, after: str) -> None:
    assert next_mki([tgk(SpiValidity(spi=spi)) for spi in before], octets).hex() == after


def test_key_types_of_other_modes_are_refused() -> None:
    with pytest.raises(PeerError, match="not supported"):
        bundle(KeyData(key_type=KeyDataType.GTGK, key=Secret(bytes(16))))


@pytest.mark.requirement("3830-6.1.1-2")
def test_a_session_must_name_a_policy_that_is_there() -> None:
    made = bundle(fresh_tgk(ENTROPY))
    with pytest.raises(PeerError, match="policy 4") as caught:
        replace(made, sessions=(SrtpIdEntry(policy_no=4),))
    assert caught.value.mikey_error == ErrorNo.INVALID_SP


@pytest.mark.requirement("3830-6.1.1-5")
def test_one_tek_for_two_streams_of_one_ssrc_is_refused() -> None:
    made = bundle(given_tek(Secret(bytes(16))))
    twice = (SrtpIdEntry(ssrc=5), SrtpIdEntry(ssrc=5))
    with pytest.raises(PeerError, match="share an SSRC"):
        replace(made, sessions=twice)
    assert replace(bundle(fresh_tgk(ENTROPY)), sessions=twice).data_sas(1)


@pytest.mark.requirement("3830-6.1.1-5")
def test_several_teks_are_no_licence_for_one_ssrc() -> None:
    twice = (SrtpIdEntry(ssrc=5), SrtpIdEntry(ssrc=5))
    named = [given_tek(Secret(bytes([number]) * 16), mki=bytes([number])) for number in (1, 2)]
    same = [given_tek(Secret(bytes(16))) for _ in "ab"]
    for keys in (named, same):
        with pytest.raises(PeerError, match="share an SSRC"):
            replace(bundle(*keys), sessions=twice)
    different = [given_tek(Secret(bytes([number]) * 16)) for number in (1, 2)]
    assert replace(bundle(*different), sessions=twice).data_sas(2)


@pytest.mark.requirement("3830-4.5-6", "3830-4.5-7")
def test_an_update_adds_sessions_and_keeps_keys() -> None:
    made = bundle(fresh_tgk(ENTROPY))
    grown = made.updated(sessions=(SrtpIdEntry(),) * 4)
    assert grown.data_sas(2) == made.data_sas(2)
    assert len(grown.data_sas(4)[0].master_key) == 16
    assert (grown.generation, made.updated(keys=(fresh_tgk(ENTROPY),)).generation) == (0, 1)
    with pytest.raises(PeerError, match="drop"):
        grown.updated(sessions=(SrtpIdEntry(),))


@pytest.mark.requirement("3830-1.3-4", "3830-4.5-5")
def test_new_keys_give_new_teks_from_the_first_rand() -> None:
    made = bundle(fresh_tgk(ENTROPY))
    after = made.updated(keys=(fresh_tgk(ENTROPY),))
    assert after.rand == RAND
    assert after.data_sas(1)[0].master_key != made.data_sas(1)[0].master_key
    label = bytes.fromhex("2ad01c64 01 00000007") + RAND
    assert after.data_sas(1)[0].master_key.reveal() == mikey_1(after.keys[0].key.reveal(), label, 128)


@pytest.mark.requirement("3830-4.1.3-3")
def test_keys_for_protocols_that_make_none_themselves() -> None:
    made = bundle(fresh_tgk(ENTROPY))
    keys = made.protocol_keys(2, auth_bits=160, encr_bits=128)
    inkey = made.keys[0].key.reveal()
    assert keys.authentication.reveal() == mikey_1(inkey, bytes.fromhex("1b5c7973 02 00000007") + RAND, 160)
    assert keys.encryption.reveal() == mikey_1(inkey, bytes.fromhex("15798cef 02 00000007") + RAND, 128)
    with pytest.raises(UsageError, match="TEKs"):
        bundle(given_tek(Secret(bytes(16)))).protocol_keys(1, auth_bits=160, encr_bits=128)


@pytest.mark.parametrize("cs_id", [0, 3, 255, -1])
def test_sessions_that_are_not_there(cs_id: int) -> None:
    with pytest.raises(UsageError, match="no crypto session"):
        bundle(fresh_tgk(ENTROPY)).data_sas(cs_id)


def test_only_open_ssrcs_are_filled_in() -> None:
    made = replace(bundle(fresh_tgk(ENTROPY)), sessions=(SrtpIdEntry(ssrc=1), SrtpIdEntry()))
    assert [entry.ssrc for entry in made.with_ssrcs({1: 9, 2: 8}).sessions] == [1, 8]


@pytest.mark.requirement("3830-4.5-10")
def test_advice_to_name_keys_by_mki() -> None:
    assert any("no MKI" in text for text in advice_on(bundle(fresh_tgk(ENTROPY))))
    assert advice_on(bundle(fresh_tgk(ENTROPY, mki=b"\x01"))) == ()
    assert advice_on(bundle(fresh_tgk(ENTROPY), sessions=1)) == ()


@pytest.mark.requirement("3830-6.14-3", "3830-A.1-4")
def test_advice_against_intervals_for_several_streams() -> None:
    def said(made: Bundle) -> tuple[bool, bool]:
        text = " ".join(advice_on(made))
        return "6.14" in text, "A.1" in text

    assert said(bundle(tgk(interval(0, 9)), tgk(interval(10, 19)))) == (True, True)
    assert said(bundle(tgk(interval(0, 9)))) == (True, False)
    assert said(bundle(tgk(interval(0, 9)), tgk(interval(10, 19)), sessions=1)) == (False, False)


@pytest.mark.requirement("3830-6.11-4")
def test_advice_against_a_short_rand() -> None:
    made = bundle(fresh_tgk(ENTROPY), sessions=1)
    assert any("RAND has 8" in text for text in advice_on(replace(made, rand=bytes(8))))
    assert advice_on(made) == ()


def test_policies_can_not_be_changed_from_outside() -> None:
    policies = {0: SrtpParameters()}
    made = replace(bundle(fresh_tgk(ENTROPY)), policies=policies)
    policies[0] = replace(DEFAULT_SRTP, tag_octets=4)
    assert made.policies[0].tag_octets == 10
    with pytest.raises(TypeError):
        made.policies[1] = DEFAULT_SRTP  # type: ignore[index]


def test_keys_are_derived_once_and_anew_for_what_an_update_changes() -> None:
    one = bundle(tgk())
    first = one.data_sas(1)
    assert one.data_sas(1) is first
    moved = one.with_ssrcs({2: 0xB0B})
    assert moved.data_sas(2)[0].ssrc == 0xB0B
    assert one.data_sas(2)[0].ssrc != 0xB0B
    rekeyed = one.updated(keys=(fresh_tgk(SeededEntropy(b"another")),))
    assert rekeyed.data_sas(1)[0].master_key != first[0].master_key
    assert str(first[0].master_key.reveal()) not in repr(one)
