"""A commented configuration of an edge, to start from."""

from __future__ import annotations

from typing import Final

EXAMPLE: Final = """\
# The edge stands between one or more telephones and the network. Towards the telephone it speaks SDES or plain RTP,
# towards the network MIKEY and SRTP. Files are looked for from the folder of this file.

[phone]
# What to write into the phone as its outbound proxy. A phone on this machine needs no other address.
listen = ["udp:127.0.0.1:5062", "tcp:127.0.0.1:5062"]
# "sdes" for a phone that can do SRTP with keys in its SDP, "plain" for one that can't. Keep "plain"
# to this machine.
media = "sdes"

[network]
# This machine's address as the others reach it.
listen = ["udp:192.0.2.10:5060", "tcp:192.0.2.10:5060"]
# Where all that the phone says is sent. Without it, requests go where their own address says.
proxy = "udp:proxy.example.com:5060"
follow-redirects = true         # false: the phone gets the redirection, and calls again

[tls]
# For "tls:..." places above: the edge's own certificate, and its key in a file that needs no password.
# certificate = "edge.pem"
# key = "edge.key"
# trust = ["sip-ca.pem"]        # who may vouch for the proxy; without it, those whom this machine believes

# Whose telephone it is, and by what he proves who he is. Several accounts may stand here.
[[accounts]]
identity = "sip:alice@example.com"
# A key shared with everybody who has none of his own below; `mikey-sdp keygen --out alice.psk` makes one.
psk = "@alice.psk"              # or "keyring:SERVICE/USER"; a secret itself never stands here
# certificate = "alice.pem"     # for modes with signatures; it names sip:alice@example.com
# key = "@alice.key"            # or "keyring:SERVICE/USER"
# trust = ["people-ca.pem"]     # who may vouch for those who call and are called
# media = "plain"               # where this phone differs from the others
# contact = "sip:alice@192.0.2.7:5070"   # where the phone is, if it doesn't register

# People for whom something special holds. Without a psk or certificate a domain may stand here too, or "*".
# [[peers]]
# identity = "sip:bob@example.com"
# psk = "@alice-bob.psk"        # shared with him alone
# certificate = "bob.pem"       # trusted as it is
# plain = true                  # calls with him may go in clear when he knows no MIKEY. Nobody else's ever do.
# retarget = true               # somebody else may answer when he is called

[policy]
# Which modes may be used, most wanted first; all that the credentials allow without it.
# modes = ["DHSIGN", "PSK"]
forward-secrecy = false         # true: only modes in which a key that leaks later opens no recording
both-contribute = false         # true: only modes in which both ends have a part in the key
compatible = false              # true: take what implementations in the field are known to get wrong

[media]
# UDP ports of media, first (even) and last (odd): four for each call with one media line.
ports = [20000, 20999]

[limits]
calls = 100                     # more are refused with 503
ringing-s = 180                 # a call that nobody answers ends after this
silent-s = 120                  # one in which neither side sends any media, after this
call-s = 14400                  # any call, after this

[log]
# One line a fault; to standard error without a file.
# file = "edge.log"
level = "info"
"""
