#!/bin/sh
# setup.sh: installs the Debian packages that genai needs; does nothing where they are there. `setup.sh ci` adds what only CI uses.
set -e
need="gcc make pkg-config liblua5.4-dev libopenblas-serial-dev libstb-dev libsndfile1-dev libjansson-dev libsamplerate0-dev libedit-dev libcmocka-dev libonnx-testdata"
[ "$1" = ci ] && need="$need clang"
missing=
for p in $need; do
  dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
[ -z "$missing" ] && exit 0
echo "setup: installing$missing"
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
$sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
