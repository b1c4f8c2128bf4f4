"""Writes the seeds of `fuzz_mikey.py` into corpus/mikey: `python -m tests.fuzz.seed_mikey`.

Real messages, one seed for each variant of each payload, and one for each way in which reading ends early.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path

from mikey_sdp.mikey.registry import DataType

HERE = Path(__file__).parent
FOLDER = HERE / "corpus" / "mikey"
VECTORS = HERE.parent / "vectors" / "rfc3830_prf_and_exchanges.json"

T = "00 c8e350ea00000000"
MAC = "aa" * 20
KEMAC = "00 01 0004 01020304 01" + MAC
NUMBERS = {
    "KEMAC": 1,
    "PKE": 2,
    "DH": 3,
    "SIGN": 4,
    "T": 5,
    "ID": 6,
    "CERT": 7,
    "CHASH": 8,
    "V": 9,
    "SP": 10,
    "RAND": 11,
    "ERR": 12,
    "KEY": 20,
    "EXT": 21,
    "UNKNOWN": 99,
}

# Payloads without their Next payload field; SIGN has none.
PAYLOADS = {
    "T": T,
    "T-counter": "02 00000005",
    "T-short": "03 c8e350ea",
    "T-unknown": "09 00",
    "RAND": "04 01020304",
    "ID-nai": "00 0003 614062",
    "ID-uri": "01 0007 7369703a614062",
    "ID-empty": "00 0000",
    "CERT": "00 0002 3000",
    "CERT-url": "01 0008 687474703a2f2f78",
    "SP": "00 00 0009 00 01 01 01 01 10 02 01 01",
    "SP-empty": "01 00 0000",
    "SP-broken": "00 00 0003 00 09 01",
    "KEMAC": KEMAC.removeprefix("00 "),
    "KEMAC-null": "00 0006 00 00 0002 4b4b 00",
    "KEMAC-wrap": "02 0008 0102030405060708 02" + "bb" * 32,
    "KEMAC-unknown": "01 0000 09",
    "PKE": "8002 0102",
    "CHASH": "00" + "cc" * 20,
    "CHASH-md5": "01" + "cc" * 16,
    "CHASH-unknown": "09",
    "DH": "01" + "dd" * 96 + "00",
    "DH-mki": "01" + "dd" * 96 + "f1 01 07",
    "DH-interval": "01" + "dd" * 96 + "02 01 00 01 ff",
    "DH-5": "00" + "dd" * 192 + "00",
    "DH-kv-unknown": "01" + "dd" * 96 + "03",
    "DH-unknown": "09",
    "V": "01" + MAC,
    "V-null": "00",
    "V-unknown": "09",
    "ERR": "06 0000",
    "ERR-reserved": "4d beef",
    "EXT-ids": "01 000b 6d696b65793b6b65797031",
    "EXT-no-ids": "01 0001 3b",
    "EXT-csb": "04 0004 cd177e50",
    "EXT-csb-short": "04 0003 cd177e",
    "EXT-vendor": "00 0001 ff",
    "SIGN": "1003 5a5a5a",
    "KEY": "00 0001 4b",
    "UNKNOWN": "00",
}

FIGURES = {
    DataType.PRE_SHARED: "T RAND ID-nai ID-uri SP SP-empty EXT-ids KEMAC",
    DataType.PSK_VER_MSG: "T ID-nai V",
    DataType.PUBLIC_KEY: "T RAND CERT ID-nai SP KEMAC CHASH PKE SIGN",
    DataType.PK_VER_MSG: "T ID-nai V-null",
    DataType.DH_INIT: "T-counter RAND ID-nai CERT CERT-url SP DH SIGN",
    DataType.DH_RESP: "T ID-nai DH-mki DH-interval SIGN",
    DataType.ERROR: "T ERR ERR-reserved SP-empty V",
    DataType.DHHMAC_INIT: "T RAND ID-nai DH-5 KEMAC",
    DataType.DHHMAC_RESP: "T-short ID-nai ID-uri DH DH KEMAC",
    DataType.RSA_R_I_MSG: "T RAND ID-nai SP SIGN",
    DataType.RSA_R_R_MSG: "EXT-csb T RAND ID-nai SP KEMAC-wrap PKE SIGN",
}

# Chains that a message must not have, by what is wrong with them.
FAULTS = {
    "kemac-not-last": "T KEMAC RAND",
    "v-not-last-in-error": (DataType.ERROR, "T V ERR"),
    "no-t": "RAND KEMAC",
    "two-t": "T T KEMAC",
    "tolerated-rand": (DataType.PSK_VER_MSG, "T RAND V"),
    "cert-in-psk": "T CERT KEMAC",
    "one-dh-of-two": (DataType.DH_RESP, "T ID-nai DH SIGN"),
    "two-sp-of-one-number": "T SP SP KEMAC",
    "sign-after-header": "SIGN",
    "key-data-in-clear": "T KEY",
    "unknown-payload": "T UNKNOWN",
    "unknown-data-type": (200, "T KEMAC"),
    "too-many-payloads": "EXT-vendor " * 300 + "KEMAC",
}

PLAIN = {
    "key-tgk-salt-mki": "00 11 0002 4b4b 0001 53 04 00000001",
    "key-tek-interval": "14 22 0001 4b 01 00 01 ff 00 30 0001 4b 0001 53",
    "key-id-first": "14 00 0003 614062 00 00 0001 4b",
    "key-zero-fill": "00 00 0001 4b 000000",
    "key-odd-fill": "00 00 0001 4b 000001",
    "key-surplus": "00 00 0001 4b 0000000000000000",
    "key-type-unknown": "00 90 0001 4b",
    "key-kv-unknown": "00 04 0001 4b",
    "key-rand-inside": "0b 00 0001 4b 00 01 aa",
    "key-endless": "14 00 0000" * 300,
}

HEADERS = {
    "hdr-version": "02 00 05 00 00000000 00 00",
    "hdr-map": "01 00 05 80 cd177e50 01 01 00",
    "hdr-alone": "01 00 00 00 00000000 00 00",
    "hdr-cut": "01 00 05 00 0000",
    "hdr-map-cut": "01 00 05 00 00000000 02 00 05 aabbccdd 00000002 06",
    "surplus": "01 06 0c 00 00000000 00 00 00 00 0000 ff",
}


def chain_hex(data_type: int, chain: str, *, sessions: int = 0) -> str:
    """A message of those payloads."""
    names = chain.split()
    numbers = [NUMBERS[name.partition("-")[0]] for name in names]
    header = f"01 {data_type:02x} {numbers[0]:02x} 80 cd177e50 {sessions:02x} 00" + "00 11223344 00000001" * sessions
    followers = [*numbers[1:], 0]
    return header + "".join(
        PAYLOADS[name] if name == "SIGN" else f"{follower:02x}" + PAYLOADS[name]
        for name, follower in zip(names, followers, strict=True)
    )


def seeds() -> dict[str, bytes]:
    """Every seed by its name."""
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    found = {f"rfc4567-{end}": base64.b64decode(vectors[f"rfc4567_example_{end}"]) for end in ("offer", "answer")}
    for exchange in ("psk_exchange", "dhhmac_exchange"):
        found |= {f"{exchange}-{end}": bytes.fromhex(vectors[exchange][f"{end}_message"]) for end in ("i", "r")}
    found["psk-plain"] = bytes.fromhex(vectors["psk_exchange"]["kemac_plain"])
    found["pk-plain"] = bytes.fromhex(vectors["pk_kemac"]["plain"])
    texts = {f"figure-{kind.name.lower()}": chain_hex(kind, FIGURES[kind], sessions=2) for kind in FIGURES}
    texts |= {f"payload-{name.lower()}": chain_hex(0, f"T {name}") for name in PAYLOADS}
    for name, fault in FAULTS.items():
        data_type, chain = fault if isinstance(fault, tuple) else (DataType.PRE_SHARED, fault)
        texts[f"fault-{name}"] = chain_hex(data_type, chain)
    texts |= PLAIN | HEADERS
    return found | {name: bytes.fromhex(text) for name, text in texts.items()} | {"empty": b""}


def main() -> None:
    """Write them all, and nothing else."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in FOLDER.iterdir():
        path.unlink()
    for name, octets in seeds().items():
        (FOLDER / name).write_bytes(octets)


if __name__ == "__main__":
    main()
