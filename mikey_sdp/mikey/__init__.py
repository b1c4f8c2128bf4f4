"""MIKEY itself (RFC 3830 and its extensions): octets in, octets out, with no knowledge of SDP or SIP."""
