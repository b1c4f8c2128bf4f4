"""The `mikey-sdp` command: one file a subcommand."""
