"""The code points of Diffie-Hellman groups and curves."""

from __future__ import annotations

from mikey_sdp.wire import OpenEnum


class DhGroup(OpenEnum):
    """The group in which the Diffie-Hellman values live.

    Source: RFC 3830 table 6.4.a.
    """

    OAKLEY_5 = 0, "OAKLEY 5", "RFC3830"
    OAKLEY_1 = 1, "OAKLEY 1", "RFC3830"
    OAKLEY_2 = 2, "OAKLEY 2", "RFC3830"
    ECP_P_192 = 241, "ECP P-192", "mikey_sdp private"
    ECP_P_224 = 242, "ECP P-224", "mikey_sdp private"
    ECP_P_256 = 243, "ECP P-256", "mikey_sdp private"
    ECP_P_384 = 244, "ECP P-384", "mikey_sdp private"
    ECP_P_521 = 245, "ECP P-521", "mikey_sdp private"
    MODP_2048 = 246, "MODP 2048 (RFC3526 group 14)", "mikey_sdp private"
    MODP_3072 = 247, "MODP 3072 (RFC3526 group 15)", "mikey_sdp private"


class DhGroupDraft(OpenEnum, private=range(0)):
    """Elliptic-curve groups that a draft wanted and IANA never assigned.

    Source: draft-ietf-msec-mikey-ecc-03 section 3.
    """

    P_192 = 3, "P-192", "draft-ietf-msec-mikey-ecc-03 s3"
    B_163_SECT163R2 = 4, "B-163 sect163r2", "draft-ietf-msec-mikey-ecc-03 s3"
    K_163_SECT163K1 = 5, "K-163 sect163k1", "draft-ietf-msec-mikey-ecc-03 s3"
    SECT163R1 = 6, "sect163r1", "draft-ietf-msec-mikey-ecc-03 s3"
    P_224 = 7, "P-224", "draft-ietf-msec-mikey-ecc-03 s3"
    B_233 = 8, "B-233", "draft-ietf-msec-mikey-ecc-03 s3"
    K_233 = 9, "K-233", "draft-ietf-msec-mikey-ecc-03 s3"
    P_256 = 10, "P-256", "draft-ietf-msec-mikey-ecc-03 s3"
    B_283 = 11, "B-283", "draft-ietf-msec-mikey-ecc-03 s3"
    K_283 = 12, "K-283", "draft-ietf-msec-mikey-ecc-03 s3"
    P_384 = 13, "P-384", "draft-ietf-msec-mikey-ecc-03 s3"
    B_409 = 14, "B-409", "draft-ietf-msec-mikey-ecc-03 s3"
    K_409 = 15, "K-409", "draft-ietf-msec-mikey-ecc-03 s3"
    P_521 = 16, "P-521", "draft-ietf-msec-mikey-ecc-03 s3"
    B_571 = 17, "B-571", "draft-ietf-msec-mikey-ecc-03 s3"
    K_571 = 18, "K-571", "draft-ietf-msec-mikey-ecc-03 s3"


class EccCurve(OpenEnum, private=range(240, 255)):
    """The curve of an ECCPT payload.

    Source: RFC 6267 section 6.1.4.
    """

    RESERVED_0 = 0, "Reserved", "RFC6267"
    SECP192R1 = 1, "ECPRGF192Random / P-192 / secp192r1", "RFC6267"
    SECT163R2 = 2, "EC2NGF163Random / B-163 / sect163r2", "RFC6267"
    SECT163K1 = 3, "EC2NGF163Koblitz / K-163 / sect163k1", "RFC6267"
    SECT163R1 = 4, "EC2NGF163Random2 / none / sect163r1", "RFC6267"
    SECP224R1 = 5, "ECPRGF224Random / P-224 / secp224r1", "RFC6267"
    SECT233R1 = 6, "EC2NGF233Random / B-233 / sect233r1", "RFC6267"
    SECT233K1 = 7, "EC2NGF233Koblitz / K-233 / sect233k1", "RFC6267"
    SECP256R1 = 8, "ECPRGF256Random / P-256 / secp256r1", "RFC6267"
    SECT283R1 = 9, "EC2NGF283Random / B-283 / sect283r1", "RFC6267"
    SECT283K1 = 10, "EC2NGF283Koblitz / K-283 / sect283k1", "RFC6267"
    SECP384R1 = 11, "ECPRGF384Random / P-384 / secp384r1", "RFC6267"
    SECT409R1 = 12, "EC2NGF409Random / B-409 / sect409r1", "RFC6267"
    SECT409K1 = 13, "EC2NGF409Koblitz / K-409 / sect409k1", "RFC6267"
    SECP521R1 = 14, "ECPRGF521Random / P-521 / secp521r1", "RFC6267"
    SECT571R1 = 15, "EC2NGF571Random / B-571 / sect571r1", "RFC6267"
    SECT571K1 = 16, "EC2NGF571Koblitz / K-571 / sect571k1", "RFC6267"
    RESERVED_255 = 255, "Reserved", "RFC6267"
