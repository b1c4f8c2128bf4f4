"""A call forked to three phones, each heard before one answers, on real sockets: `python forking_demo.py [FILE]`.

With a file name, what passed is written there as pcapng, for Wireshark.
"""

import sys
from pathlib import Path

from mikey_sdp.cli.main import main

SCENARIO = Path(__file__).with_name("forked-early-media.call.yaml")

if __name__ == "__main__":
    capture = ["--pcap", sys.argv[1]] if sys.argv[1:] else []
    main(["run", "--live", "--ladder", *capture, str(SCENARIO)])
