#!/bin/sh
# A fresh Debian 12 in a folder becomes a station and is none any more: packaging/chroot-test.sh [FOLDER]
# As root, with debootstrap; some minutes, 3 GB. The mirror is that of this machine's apt. Nothing outside of FOLDER is
# changed, and every process that was started in it ends with it.
set -eu
if [ -z "${KEPING_APART:-}" ]; then
    [ "$(id -u)" -eq 0 ] && command -v debootstrap >/dev/null || { echo "chroot-test: needs root and debootstrap"; exit 2; }
    [ $# -gt 0 ] || { folder=$(mktemp -d); set -- "$folder"; trap 'rm -rf "$folder"' EXIT; }
    KEPING_APART=yes unshare --mount --pid --fork --kill-child sh "$0" "$1"
    exit
fi

tree=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
work=$(cd "$1" && pwd)
root="$work/root"
begun=$(date +%s)

step() { printf '== %s (%ss)\n' "$*" "$(($(date +%s) - begun))"; }
fail() { echo "chroot-test: $*" >&2; exit 1; }
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/tmp "$@"; }
as_station() { inside setpriv --reuid=keping --regid=keping --init-groups --no-new-privs --bounding-set=-all "$@"; }
# until WHAT SECONDS COMMAND...
until_true() {
    what="$1"; left=$(($2 * 5)); shift 2
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || fail "$what did not come"
        sleep 0.2
    done
}

step "a fresh Debian"
found=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' | awk '$2 == "bookworm" {print $1; exit}')
[ -n "$found" ] || fail "apt of this machine knows no Debian 12"
debootstrap --variant=minbase --include=ca-certificates bookworm "$root" "$found" >"$work/debootstrap.log" 2>&1 \
    || fail "see $work/debootstrap.log"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"  # packages start no daemons here
chmod 755 "$root/usr/sbin/policy-rc.d"
cp /etc/resolv.conf "$root/etc/resolv.conf"
mkdir -p "$root/dev/pts" "$root/dev/shm"
mount -t proc proc "$root/proc"
mount -t devpts devpts "$root/dev/pts" -o newinstance,ptmxmode=0666,mode=620
mount -t tmpfs tmpfs "$root/dev/shm"
ln -sf pts/ptmx "$root/dev/ptmx"

step "the folder of wheels"
"$tree/packaging/wheels.sh" "$root/keping-wheels" >"$work/wheels.log" 2>&1 || fail "see $work/wheels.log"
tail -1 "$work/wheels.log"

step "install"
inside sh /keping-wheels/install.sh >"$work/install.log" 2>&1 || { tail -5 "$work/install.log"; fail "see $work/install.log"; }
mv "$root/keping-wheels/made-with" "$work/made-with"
echo "Python 3.9 x86_64" >"$root/keping-wheels/made-with"
! inside sh /keping-wheels/install.sh >/dev/null 2>&1 || fail "a folder that is not whole was installed"
mv "$work/made-with" "$root/keping-wheels/made-with"
first=$(inside keping install --dry-run)
[ -z "$(echo "$first" | grep -E '^(write|replace)' || true)" ] || fail "a second install would change something: $first"
[ "$(inside stat -c '%U %a' /var/lib/keping /etc/keping/config.yaml | tr '\n' ' ')" = "keping 700 root 640 " ] || fail "owners"

step "units"
inside systemd-analyze verify --man=no keping.service keping-screen.service || fail "a unit is not well"
inside systemd-analyze security --offline=true keping.service | tail -1
[ "$(inside systemctl is-enabled keping.service keping-screen.service | sort -u)" = enabled ] || fail "not enabled"

step "a card on simulated devices"
inside sh -c 'cd /tmp && keping --json demo --cards 1 --link in-process --dir /var/lib/keping/rehearsal' >"$work/card.json" \
    || fail "no card: $(cat "$work/card.json")"
grep -q '"printed": 1.*"balanced": true' "$work/card.json" || fail "$(cat "$work/card.json")"

step "data of an earlier release"
# The one that brought the golden journal: the first whose format was promised.
earlier=$(git -C "$tree" log --diff-filter=A --format=%H -- tests/golden/journal-v1.json | tail -1)
mkdir -p "$work/earlier/tree" "$work/earlier/wheel"
git -C "$tree" archive "$earlier" | tar -x -C "$work/earlier/tree"
python3 -m pip --quiet wheel --no-deps --wheel-dir "$work/earlier/wheel" "$work/earlier/tree" >"$work/earlier.log" 2>&1 \
    || fail "see $work/earlier.log"
mkdir "$root/earlier"
cp "$root"/keping-wheels/*.whl "$root/earlier"
rm "$root"/earlier/keping-*.whl
cp "$work"/earlier/wheel/keping-*.whl "$root/earlier"
inside python3 -m venv /usr/local/lib/earlier
inside sh -c '/usr/local/lib/earlier/bin/pip --disable-pip-version-check --quiet install --no-index --no-deps /earlier/*.whl'
as_station sh -c 'cd /tmp && /usr/local/lib/earlier/bin/keping --json demo --cards 3 --link in-process --dir /var/lib/keping/old' \
    >"$work/earlier.json" || fail "the earlier release: $(cat "$work/earlier.json")"
grep -q '"printed": 3' "$work/earlier.json" || fail "$(cat "$work/earlier.json")"
as_station sh -c 'cd /var/lib/keping && cp -a old/station/. . && rm -f LOCK control.sock'

step "upgrade"
echo "another release" >"$root/keping-wheels/note"
(cd "$root/keping-wheels" && sha256sum note >>SHA256SUMS)
inside sh /keping-wheels/install.sh >"$work/upgrade.log" 2>&1 || { tail -5 "$work/upgrade.log"; fail "see $work/upgrade.log"; }
rm -r "$root/etc/systemd/system/keping.service" "$root/usr/local/bin/keping"  # as if it had been broken off
inside sh /keping-wheels/install.sh >>"$work/upgrade.log" 2>&1 || { tail -5 "$work/upgrade.log"; fail "see $work/upgrade.log"; }
[ "$(ls "$root/usr/local/lib/keping" | wc -l)" -eq 2 ] || fail "the release before is not there to go back to"
printf '%s\n' 'printer: {port: "/run/keping/printer", reply_timeout: 3.0}' \
    'reader: {link: "in-process", name: "/run/keping/chip.sock"}' >"$root/etc/keping/config.yaml"
inside keping install >>"$work/upgrade.log"
grep -q in-process "$root/etc/keping/config.yaml" || fail "the configuration was replaced"
inside keping ledger verify
printed() { inside keping --json stock balance | tr -d ' \n' | grep -o '"printed":[0-9]*'; }
[ "$(printed)" = '"printed":3' ] || fail "after the upgrade: $(printed)"

step "the station as its unit starts it"
inside install -d -o keping -g keping /run/keping
as_station sh -c 'cd /tmp && exec keping sim printer --pty /run/keping/printer --speed 50 --cards /tmp/cards' >"$work/printer.log" 2>&1 &
until_true "the printer" 30 test -e "$root/run/keping/printer" -o -L "$root/run/keping/printer"
inside python3 -c '
import os, socket
heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
heard.bind("/run/notify")
os.chmod("/run/notify", 0o666)
while True:
    print(heard.recv(4096).decode(), flush=True)' >"$work/heard" &
until_true "the socket" 30 test -e "$root/run/notify"
# shellcheck disable=SC2046  # the words of the unit
as_station env NOTIFY_SOCKET=/run/notify $(sed -n 's/^ExecStart=//p' "$root/etc/systemd/system/keping.service") >"$work/station.log" 2>&1 &
until_true "READY=1" 60 grep -q READY=1 "$work/heard"
until_true "WATCHDOG=1" 60 grep -q WATCHDOG=1 "$work/heard"

step "keping doctor"
until_true "the printer's word" 60 sh -c "chroot $root /usr/local/bin/keping --json doctor | grep -q printer.ok"
inside keping doctor || fail "the doctor is not content"

step "a card from the data of the earlier release"
inside keping diag printer --test-card --yes || fail "no test card"
until_true "the card" 60 sh -c "ls $root/tmp/cards | grep -q ."

step "the end of the station"
kill -TERM "$(inside sh -c 'cat /var/lib/keping/LOCK')"
until_true "STOPPING=1" 60 grep -q STOPPING=1 "$work/heard"
inside keping ledger verify

step "uninstall"
kept=$(inside sh -c 'cd /var/lib/keping && find . -type f -newermt 2000-01-01 ! -name LOCK -exec sha256sum {} + | sort | sha256sum')
inside keping install --uninstall
[ "$kept" = "$(inside sh -c 'cd /var/lib/keping && find . -type f -newermt 2000-01-01 ! -name LOCK -exec sha256sum {} + | sort | sha256sum')" ] \
    || fail "uninstall touched what is stored"
[ -e "$root/etc/keping/config.yaml" ] || fail "the configuration is gone"
left=$(grep -rl 'keping install' "$root/etc" "$root/usr/local/bin" 2>/dev/null | grep -v /etc/keping/ || true)
[ -z "$left" ] || fail "left behind: $left"
step "all is well"
