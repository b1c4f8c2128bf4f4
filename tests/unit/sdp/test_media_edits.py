"""The secure and the plain twin of a profile, and m= lines of which one word is changed."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.sdp.media import plain_profile, secure_profile, with_port, with_profile


def described(session: str, *sections: str) -> SessionDescription:
    return SessionDescription.parse("v=0\r\n" + session + "".join(sections))


@pytest.mark.parametrize(("plain", "secure"), [("RTP/AVP", "RTP/SAVP"), ("RTP/AVPF", "RTP/SAVPF")])
def test_profiles_have_twins(plain: str, secure: str) -> None:
    assert secure_profile(plain) == secure_profile(secure) == secure
    assert plain_profile(secure) == plain_profile(plain) == plain


@pytest.mark.parametrize(
    "profile",
    [
        "UDP/TLS/RTP/SAVPF",
        "UDP/TLS/RTP/SAVP",
        "TCP/RTP/AVP",
        "TCP/BFCP",
        "udptl",
        "udp",
        "UDP/DTLS/SCTP",
        "rtp/avp",
        "",
    ],
)
def test_other_profiles_stay(profile: str) -> None:
    assert secure_profile(profile) == plain_profile(profile) == profile


def test_changing_a_profile_or_port_keeps_the_rest_of_the_line() -> None:
    sd = described("s=RTP/AVP\r\n", "m=RTP/AVP  4000/2  RTP/AVP  RTP/AVP 4000 \r\na=RTP/AVP\r\n", "m=a 4 RTP/AVP 4\r\n")
    secure = with_profile(sd, 0, "RTP/SAVP")
    assert str(secure) == str(sd).replace("4000/2  RTP/AVP ", "4000/2  RTP/SAVP ")
    assert with_profile(secure, 0, "RTP/AVP") == sd
    rejected = with_port(sd, 1, 0)
    assert str(rejected) == str(sd).replace("m=a 4 ", "m=a 0 ")
    assert str(with_port(sd, 0, 5)) == str(sd).replace(" 4000/2 ", " 5/2 ")
    assert with_port(rejected, 1, 4) == sd


@pytest.mark.parametrize("profile", ["", "RTP/AVP 0", "RTP/AVP\r\n", "a\0"])
def test_a_profile_that_is_no_word_is_the_callers_fault(profile: str) -> None:
    with pytest.raises(UsageError):
        with_profile(described("", "m=a 4 RTP/AVP 4\r\n"), 0, profile)


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_that_is_none_is_the_callers_fault(port: int) -> None:
    with pytest.raises(UsageError):
        with_port(described("", "m=a 4 RTP/AVP 4\r\n"), 0, port)


def test_an_m_line_that_cant_be_read_cant_be_changed() -> None:
    sd = described("", "m=a\r\n")
    for change in (lambda: with_profile(sd, 0, "RTP/SAVP"), lambda: with_port(sd, 0, 0)):
        with pytest.raises(DecodeError):
            change()
