"""SIP parties as sans-IO nodes."""
