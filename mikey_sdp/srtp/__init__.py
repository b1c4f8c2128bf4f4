"""Keys to media: from the Data SAs of MIKEY to SRTP and SRTCP packets, with libsrtp doing the cryptography."""
