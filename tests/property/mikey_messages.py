"""Hypothesis strategies for every payload and for whole messages, well-formed but of no particular mode."""

from __future__ import annotations

from hypothesis import strategies as st

from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import (
    Certificate,
    CertificateHash,
    DhValue,
    EnvelopeKey,
    ErrorPayload,
    GeneralExtension,
    Header,
    Identity,
    IntervalValidity,
    KeyData,
    KeyDataTransport,
    KeyValidity,
    NullValidity,
    Payload,
    PolicyParam,
    Rand,
    SecurityPolicy,
    Signature,
    SpiValidity,
    SrtpIdEntry,
    Timestamp,
    Verification,
)
from mikey_sdp.mikey.payloads.chash import HASH_OCTETS
from mikey_sdp.mikey.payloads.dh import DH_VALUE_OCTETS
from mikey_sdp.mikey.payloads.kemac import MAC_OCTETS
from mikey_sdp.mikey.payloads.key_data import SALTED
from mikey_sdp.mikey.payloads.t import TS_OCTETS
from mikey_sdp.mikey.registry import (
    CacheIndicator,
    CertType,
    DataType,
    DhGroup,
    EncrAlg,
    ErrorNo,
    ExtensionType,
    HashFunc,
    IdType,
    KeyDataType,
    MacAlg,
    PrfFunc,
    ProtType,
    SignType,
    TsType,
)
from mikey_sdp.secret import Secret
from mikey_sdp.wire import OpenEnum

u8 = st.integers(0, 255)
u32 = st.integers(0, (1 << 32) - 1)
short = st.binary(max_size=24)
secrets = short.map(Secret)
nibbles = st.integers(0, 15)


def numbers(registry: type[OpenEnum]) -> st.SearchStrategy[OpenEnum]:
    """Any number of a registry, those with a name more often."""
    return st.sampled_from(list(registry)) | st.integers(0, (1 << registry.bits) - 1).map(registry)


@st.composite
def macs(draw: st.DrawFn) -> tuple[MacAlg, bytes]:
    alg = MacAlg(draw(st.sampled_from(sorted(MAC_OCTETS))))
    return alg, draw(st.binary(min_size=MAC_OCTETS[alg], max_size=MAC_OCTETS[alg]))


@st.composite
def kemacs(draw: st.DrawFn) -> KeyDataTransport:
    mac_alg, mac = draw(macs())
    encr_alg, encr_data = draw(numbers(EncrAlg)), draw(short)
    return KeyDataTransport(encr_alg=EncrAlg(encr_alg), encr_data=encr_data, mac_alg=mac_alg, mac=mac)


@st.composite
def verifications(draw: st.DrawFn) -> Verification:
    auth_alg, mac = draw(macs())
    return Verification(auth_alg=auth_alg, mac=mac)


@st.composite
def hashes(draw: st.DrawFn) -> CertificateHash:
    func = HashFunc(draw(st.sampled_from(sorted(HASH_OCTETS))))
    digest = draw(st.binary(min_size=HASH_OCTETS[func], max_size=HASH_OCTETS[func]))
    return CertificateHash(hash_func=func, digest=digest)


@st.composite
def dh_values(draw: st.DrawFn) -> DhValue:
    group = DhGroup(draw(st.sampled_from(sorted(DH_VALUE_OCTETS))))
    value = draw(u32).to_bytes(DH_VALUE_OCTETS[group], "big")
    return DhValue(group=group, value=value, reserved=draw(nibbles), validity=draw(validities))


@st.composite
def timestamps(draw: st.DrawFn) -> Timestamp:
    kind = TsType(draw(st.sampled_from(sorted(TS_OCTETS))))
    return Timestamp(ts_type=kind, value=draw(st.integers(0, (1 << 8 * TS_OCTETS[kind]) - 1)))


@st.composite
def key_data(draw: st.DrawFn) -> KeyData:
    kind = draw(st.sampled_from(KeyDataType))
    salt = draw(secrets) if kind in SALTED else None
    return KeyData(key_type=kind, key=draw(secrets), salt=salt, validity=draw(validities))


@st.composite
def extensions(draw: st.DrawFn) -> GeneralExtension:
    kind = ExtensionType(draw(numbers(ExtensionType)))
    octets = draw(st.binary(min_size=4, max_size=4) if kind == ExtensionType.CSB_ID else short)
    return GeneralExtension(ext_type=kind, data=octets)


validities: st.SearchStrategy[KeyValidity] = st.one_of(
    st.just(NullValidity()),
    st.builds(SpiValidity, spi=st.binary(max_size=255)),
    st.builds(IntervalValidity, valid_from=st.binary(max_size=255), valid_to=short),
)
sessions = st.builds(SrtpIdEntry, policy_no=u8, ssrc=u32, roc=u32)
headers = st.builds(
    Header,
    data_type=numbers(DataType),
    v=st.booleans(),
    prf_func=numbers(PrfFunc),
    csb_id=u32,
    sessions=st.lists(sessions, max_size=4).map(tuple) | st.just((SrtpIdEntry(),) * 255),
)
params = st.builds(PolicyParam, type=u8, value=short | st.just(bytes(255)))
identities = st.builds(Identity, id_type=numbers(IdType), data=st.binary(min_size=1, max_size=24))
payloads: st.SearchStrategy[Payload] = st.one_of(
    kemacs(),
    verifications(),
    hashes(),
    dh_values(),
    timestamps(),
    extensions(),
    identities,
    st.builds(EnvelopeKey, cache=numbers(CacheIndicator), data=short),
    st.builds(Certificate, cert_type=numbers(CertType), data=short),
    st.builds(
        SecurityPolicy, policy_no=u8, prot_type=numbers(ProtType), params=st.lists(params, max_size=4).map(tuple)
    ),
    st.builds(Rand, octets=short),
    st.builds(ErrorPayload, error_no=numbers(ErrorNo), reserved=st.integers(0, 65535)),
)
signatures = st.builds(Signature, sign_type=numbers(SignType), signature=short | st.just(bytes(4095)))


def policies_differ(chain: list[Payload]) -> bool:
    """Whether no two SP payloads have one Policy no."""
    used = [payload.policy_no for payload in chain if isinstance(payload, SecurityPolicy)]
    return len(used) == len(set(used))


chains = st.tuples(
    st.lists(payloads, min_size=1, max_size=8).filter(policies_differ), st.lists(signatures, max_size=1)
).map(lambda parts: [*parts[0], *parts[1]])
messages = st.builds(Message.build, headers, chains)
key_chains = st.tuples(st.lists(identities, max_size=1), st.lists(key_data(), max_size=4)).map(
    lambda parts: [*parts[0], *parts[1]]
)
