#!/bin/sh
# Takes the pictures of this folder anew, from the checkout's root: docs/pictures/take.sh [PROGRAM]
# Needs Chromium (apt-get install chromium); PROGRAM is mikey-sdp unless named.
set -eu
program=${1:-mikey-sdp}
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# picture NAME PAGE WIDTH,HEIGHT [MORE OPTIONS]: the top of a page, or a message of it where PAGE ends in #mNUMBER.
picture() {
    name=$1 page=$2 size=$3
    shift 3
    "$chromium" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$folder/profile" \
        --window-size="$size" --screenshot="docs/pictures/$name.png" "$@" "file://$folder/pages/$page" 2>/dev/null
}

"$program" run --no-ladder --html "$folder/pages" scenarios/fork-signed-dh.call.yaml scenarios/group-pickup.call.yaml
"$program" matrix --calls 1 --html "$folder/pages/matrix" >"$folder/matrix.txt"
picture run-page fork-signed-dh.html 1400,1840
picture run-message 'fork-signed-dh.html#m0' 1400,900 --blink-settings=preferredColorScheme=0
picture matrix matrix/index.html 1280,980
picture matrix-cell 'matrix/index.html#cell-psk-secure-forking' 1280,980 --blink-settings=preferredColorScheme=0
