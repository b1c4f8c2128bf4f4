"""Finding MIKEY messages in whatever carries them, explaining every octet, opening them where secrets are known.

Nothing here takes part in a call: it judges no peer, keeps no state and reads no clock.
"""
