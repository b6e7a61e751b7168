#!/bin/sh
# On the station's computer, as root, from the folder that wheels.sh made: Debian packages, the program, `keping install`.
# Again: an upgrade, or the end of one that was broken off. Each release has a folder of its own, and a station that
# runs keeps its own until it is restarted.
set -eu
umask 022
cd "$(dirname "$0")"

say() { echo "install: $*"; }

[ "$(id -u)" -eq 0 ] || { say "only root may install"; exit 1; }
sha256sum --check --quiet SHA256SUMS || { say "the folder is not whole: copy it again"; exit 1; }

PACKAGES="python3 python3-venv pcscd libccid polkitd udev dbus libpam-systemd cage xwayland chromium fonts-noto-core cups-client"
absent=""
for package in $PACKAGES; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || absent="$absent $package"
done
if [ -n "$absent" ]; then
    say "Debian packages:$absent"
    apt-get update -qq || say "apt-get update failed; trying with the lists that are here"
    # shellcheck disable=SC2086  # the packages are words
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $absent >/dev/null \
        || { say "no network, or apt is not set up: nothing of the station was installed"; exit 1; }
fi
here=$(python3 -c 'import platform, sys; print("Python %d.%d" % sys.version_info[:2], platform.machine())')
[ "$here" = "$(cat made-with)" ] \
    || { say "the folder is for $(cat made-with), this computer has $here: make it on one like this"; exit 1; }

programs=/usr/local/lib/keping
place="$programs/$(sha256sum SHA256SUMS | cut -c1-12)"
before=$(sed -n "s|^exec \($programs/[0-9a-f]*\)/bin/keping .*|\1|p" /usr/local/bin/keping 2>/dev/null || true)
if [ ! -e "$place/whole" ]; then
    say "the program: $place"
    rm -rf "$place"
    python3 -m venv "$place"
    "$place/bin/python" -m pip --disable-pip-version-check --quiet install --no-index --no-deps ./*.whl
    "$place/bin/python" -m compileall -q "$place/lib" || true
    sync
    : >"$place/whole"
fi
"$place/bin/keping" install
# The one before stays, to go back to: its own bin/keping install. So does one that still runs. This one done again, or one
# that was broken off, does not know which was before. The brackets keep grep from finding itself.
[ -n "$before" ] && [ "$before" != "$place" ] || exit 0
for other in "$programs"/*; do
    [ "$other" = "$place" ] || [ "$other" = "$before" ] || grep -qs "^/[u]${other#/u}/" /proc/[0-9]*/cmdline \
        || rm -rf "$other"
done
