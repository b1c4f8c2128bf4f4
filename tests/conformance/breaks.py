"""The breaks of the sabotage script: for each, the requirement, a source file, and the text that is put wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Break:
    """One way to break one claimed requirement."""

    requirement: str
    file: str
    old: str
    new: str


BREAKS: Final[tuple[Break, ...]] = (
    Break(
        "3830-4.1.3-1",
        "mikey_sdp/mikey/crypto/derive.py",
        "(constant << 40 | cs_id << 32 | csb_id)",
        "(constant << 40 | csb_id << 8 | cs_id)",
    ),
    Break(
        "3830-4.2.2-2",
        "mikey_sdp/mikey/crypto/prf.py",
        '    a = hmac.digest(block, label, "sha1")\n',
        "    a = label\n",
    ),
    Break(
        "3830-4.1.3-4",
        "mikey_sdp/mikey/bundle.py",
        "salt = key.salt or context.traffic_key(",
        "salt = context.traffic_key(",
    ),
    Break(
        "3830-4.2.4-1",
        "mikey_sdp/mikey/crypto/protection.py",
        'return hmac.digest(keys.auth_key.reveal(), covered, "sha1")',
        'return hmac.digest(keys.encr_key.reveal(), covered, "sha1")',
    ),
    Break(
        "3830-5.2-4",
        "mikey_sdp/mikey/modes/verification.py",
        "+ idi + idr + timestamp.value_octets",
        "+ idr + idi + timestamp.value_octets",
    ),
    Break(
        "3830-6.6-3",
        "mikey_sdp/mikey/payloads/t.py",
        'return value.rjust(8, b"\\x00")',
        'return value.ljust(8, b"\\x00")',
    ),
    Break(
        "3830-4.2.3-5",
        "mikey_sdp/mikey/modes/psk.py",
        "if kemac.encr_alg == EncrAlg.NULL and not request.envelope.secure_carrier:",
        "if kemac.encr_alg == EncrAlg.NULL and not request.envelope:",
    ),
    Break(
        "3830-4.2.4-4",
        "mikey_sdp/mikey/modes/null.py",
        "if not (permitted and request.envelope.secure_carrier):",
        "if not permitted:",
    ),
    Break(
        "3830-3.1-7",
        "mikey_sdp/mikey/modes/csb.py",
        "        *((setup.peer,) if setup.peer else ()),\n",
        "",
    ),
    Break(
        "3830-4.2.8-2",
        "mikey_sdp/clock.py",
        "return difference - _ERA if difference >= _HALF_ERA else difference",
        "return self.value - earlier.value",
    ),
    Break(
        "3830-5.2-6",
        "mikey_sdp/mikey/replay.py",
        "            now = self._last.next()\n",
        "            now = self._last\n",
    ),
    Break(
        "3830-5.3-1",
        "mikey_sdp/mikey/modes/responder.py",
        "            self._setup.replay.check_fresh(timestamp, now)\n",
        "            pass\n",
    ),
    Break(
        "3830-6.1-1",
        "mikey_sdp/mikey/payloads/hdr.py",
        "if version != Version.MIKEY_1:",
        "if version > 99:",
    ),
    Break(
        "3830-6.1-13",
        "mikey_sdp/mikey/bundles.py",
        "all(self.get(peer, csb_id) is None for peer in peers):",
        "all(self.get(peer, csb_id) is None for peer in ()):",
    ),
    Break(
        "3830-6.13-7",
        "mikey_sdp/mikey/payloads/kemac.py",
        "        if size > MAX_KEMAC_OCTETS:",
        "        if size >= MAX_KEMAC_OCTETS:",
    ),
    Break(
        "3830-4.5-5",
        "mikey_sdp/mikey/modes/csb.py",
        "*(() if previous else (Rand(octets=bundle.rand),)),",
        "Rand(octets=bundle.rand),",
    ),
    Break(
        "3830-4.5-3",
        "mikey_sdp/mikey/modes/csb.py",
        "    if rand is None and known is None:",
        "    if rand is None and known is None and message.header.csb_id == 0:",
    ),
    Break(
        "3830-5.1.2-3",
        "mikey_sdp/mikey/modes/error_message.py",
        "policies = supported if error_no in CAUSES_ANSWERED_BY_POLICIES else ()",
        "policies = supported[:0]",
    ),
    Break(
        "3830-5.1.2-6",
        "mikey_sdp/mikey/modes/error_message.py",
        "advisory=not authentic",
        "advisory=False",
    ),
    Break(
        "3830-A.1-3",
        "mikey_sdp/mikey/bundle.py",
        "    if None in names or len(set(names)) != len(names):",
        "    if None in names:",
    ),
    Break(
        "3830-6.11-2",
        "mikey_sdp/mikey/keys.py",
        "return entropy(RAND_OCTETS)",
        "return bytes(RAND_OCTETS)",
    ),
    Break(
        "3830-9.2-3",
        "mikey_sdp/srtp/limits.py",
        "if not 1 <= self.rekey_blocks < BIRTHDAY_BLOCKS:",
        "if not 1 <= self.rekey_blocks <= BIRTHDAY_BLOCKS:",
    ),
    Break(
        "4567-7.1-4",
        "mikey_sdp/sdp/offer_answer.py",
        "return CsPair(CS_PER_MEDIA * index + 1, CS_PER_MEDIA * index + 2)",
        "return CsPair(CS_PER_MEDIA * index + 2, CS_PER_MEDIA * index + 1)",
    ),
    Break(
        "4567-4.1.4-6",
        "mikey_sdp/sdp/offer_answer.py",
        "        if lists[0] != offered.encode():",
        "        if sorted(lists[0]) != sorted(offered.encode()):",
    ),
    Break(
        "4567-8-5",
        "mikey_sdp/sdp/offer_answer.py",
        "        if its.profile != mine.profile:",
        "        if its.kind != mine.kind:",
    ),
    Break(
        "4567-4.1.2-17",
        "mikey_sdp/sdp/offer_answer.py",
        "        if line.takes_keys and line.level not in keyed:",
        "        if line.takes_keys and not keyed:",
    ),
    Break(
        "4567-4.1.2-10",
        "mikey_sdp/endpoint/answering.py",
        "            return _refused(leg.core, fault, reply, received.line.level, rekey)",
        "            continue",
    ),
    Break(
        "3830-3.2-9",
        "mikey_sdp/mikey/modes/public_key.py",
        "    if not same:\n",
        "    if not same and not named:\n",
    ),
    Break(
        "3830-6.3-2",
        "mikey_sdp/mikey/modes/key_transport.py",
        "kept = envelope_key if cache in CACHED else None",
        "kept = envelope_key",
    ),
    Break(
        "4650-4.2-10",
        "mikey_sdp/mikey/modes/dhhmac.py",
        "    if kemac.mac_alg != MacAlg.HMAC_SHA_1_160:",
        "    if kemac.mac_alg not in (MacAlg.NULL, MacAlg.HMAC_SHA_1_160):",
    ),
    Break(
        "4650-3.1-3",
        "mikey_sdp/mikey/modes/dh_exchange.py",
        "payloads=(ours.payload, theirs))",
        "payloads=(theirs, ours.payload))",
    ),
    Break(
        "4738-3.6-20",
        "mikey_sdp/mikey/modes/rsa_r.py",
        "return idi.data + idr.data + timestamp.value_octets",
        "return idr.data + idi.data + timestamp.value_octets",
    ),
    Break(
        "4738-3.7-1",
        "mikey_sdp/mikey/modes/rsa_r.py",
        "    if answer.find(Rand) is not None and not",
        "    if len(answer.all(Rand)) > 1 and not",
    ),
    Break(
        "4738-3.4-3",
        "mikey_sdp/mikey/modes/rsa_r.py",
        "DataType.RSA_R_I_MSG, v=True)",
        "DataType.RSA_R_I_MSG, v=setup.verification)",
    ),
    Break(
        "3830-6.3-4",
        "mikey_sdp/mikey/modes/key_transport.py",
        "for_pair=cache == CacheIndicator.CACHE)",
        "for_pair=True)",
    ),
    Break(
        "3830-6.7-3",
        "mikey_sdp/mikey/certificates/payloads.py",
        "if payload.cert_type is not foreign)",
        "if payload.cert_type)",
    ),
    Break(
        "3830-3.3-4",
        "mikey_sdp/mikey/modes/dh_exchange.py",
        "private = group_of(group).draw(entropy)",
        "private = group_of(group).draw(lambda octets: bytes([1]) * octets)",
    ),
    Break(
        "3830-6.1-8",
        "mikey_sdp/mikey/modes/dhsign.py",
        "offer_header(setup, DataType.DH_INIT, v=True)",
        "offer_header(setup, DataType.DH_INIT, v=False)",
    ),
    Break(
        "3830-4.2.5-1",
        "mikey_sdp/mikey/modes/public_key.py",
        "seal(recipient.key, envelope_key, setup.entropy, oaep=choices.oaep)",
        "seal(recipient.key, envelope_key, setup.entropy, oaep=True)",
    ),
    Break(
        "4650-3-5",
        "mikey_sdp/mikey/modes/dhhmac.py",
        "(request.timestamp, setup.own, request.initiator, *share.payloads)",
        "(request.timestamp, setup.own, setup.own, *share.payloads)",
    ),
    Break(
        "4738-3.4-12",
        "mikey_sdp/mikey/modes/rsa_r_responder.py",
        "brings_rand = group is not None or request.message.find(Rand) is None",
        "brings_rand = request.message.find(Rand) is None",
    ),
    Break(
        "4738-3.2-2",
        "mikey_sdp/mikey/modes/rsa_r_responder.py",
        "        if message.find(SecurityPolicy) is not None:",
        "        if len(message.all(SecurityPolicy)) > 1:",
    ),
    Break(
        "4738-3.4-11",
        "mikey_sdp/mikey/modes/rsa_r_responder.py",
        "        return bundle\n\n\nclass RsaRResponder",
        "        return replace(bundle, rand=message.find(Rand).octets)\n\n\nclass RsaRResponder",
    ),
    Break(
        "4738-3.6-15",
        "mikey_sdp/mikey/modes/rsa_r_responder.py",
        "            *(parameters.to_payload(number) for number, parameters in bundle.policies.items()),",
        "            *(),",
    ),
    Break(
        "4738-3.6-5",
        "mikey_sdp/mikey/modes/rsa_r.py",
        "        csb_id=csb_id,\n        prf_func",
        "        csb_id=setup.bundle.csb_id,\n        prf_func",
    ),
    Break(
        "4738-3.4-7",
        "mikey_sdp/endpoint/proposing.py",
        "if sends or mode is not Mode.RSA_R else ()",
        "if sends or mode is not Mode.NULL else ()",
    ),
)
