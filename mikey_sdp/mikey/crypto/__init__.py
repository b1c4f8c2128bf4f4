"""The primitives of MIKEY: its PRF, the keys derived with it, and the protection of messages."""
