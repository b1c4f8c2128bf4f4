"""`python -m mikey_sdp`: the command line, where its script is not on the path."""

from __future__ import annotations

from mikey_sdp.cli.main import main

if __name__ == "__main__":
    main()
