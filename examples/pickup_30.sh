#!/bin/sh
# A call to a department of thirty phones, on real sockets: all ring, three are heard early, the last is picked up.
# With Kamailio installed it is the proxy that forks the call; else the one of mikey_sdp is.
set -eu
cd "$(dirname "$0")/.."
proxy=""
if command -v kamailio >/dev/null; then proxy="--proxy kamailio"; fi
# shellcheck disable=SC2086  # no word at all where there is no Kamailio
exec mikey-sdp run --live $proxy --no-ladder scenarios/fork-to-thirty.call.yaml
