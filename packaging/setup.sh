#!/bin/sh
# Prepares a fresh clone: Debian packages where that is allowed, .venv, pinned dependencies, the project itself.
# Quick and harmless when all is there. What can't be installed is said in one line; everything else still works.
set -eu
cd "$(dirname "$0")/.."

say() { echo "setup: $*"; }

# One list for what belongs together: where one is not to be had, the other is installed all the same.
BROWSER="chromium"
FAILING_DISKS="strace e2fsprogs"
PROXY="nginx-light"
POSTGRESQL="postgresql"
PRINT_SERVICES="cups cups-ipp-utils dbus-daemon"
PACKAGES="python3-venv pcscd libpcsclite-dev swig vsmartcard-vpcd gcc python3-dev pkg-config util-linux"

missing() {
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s ' "$package"
    done
}

as_root=""
if [ "$(id -u)" -ne 0 ] && command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
fi
# install WHAT-FOR PACKAGE...
install() {
    purpose="$1"; shift
    absent=$(missing "$@")
    [ -n "$absent" ] || return 0
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        say "no apt here: $purpose"
    elif [ "$(id -u)" -ne 0 ] && [ -z "$as_root" ]; then
        say "no root: $purpose (missing: $absent)"
    else
        say "installing $absent"
        [ -n "${updated:-}" ] || $as_root apt-get update -qq || say "apt-get update failed; trying with the lists that are here"
        updated=yes
        # shellcheck disable=SC2086  # the packages are words
        DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $absent >/dev/null \
            || say "not everything could be installed: $purpose"
    fi
}

# shellcheck disable=SC2086  # the packages are words
install "the chip may be reached in-process instead of through pcscd" $PACKAGES
install "the tests of the screen are skipped" $BROWSER
# shellcheck disable=SC2086  # the packages are words
install "some tests of failing disks are skipped" $FAILING_DISKS
# The tests start an nginx of their own. The service that Debian makes of a new one is in nobody's use: it goes off.
with_nginx=$(missing nginx)
install "the test of the reverse proxy is skipped" $PROXY
if [ -n "$with_nginx" ] && [ -z "$(missing nginx)" ]; then
    $as_root service nginx stop >/dev/null 2>&1 || true
    $as_root update-rc.d nginx disable >/dev/null 2>&1 || true
fi
# The tests start a cupsd of their own. The service that Debian makes of a new one is in nobody's use: it goes off.
with_cups=$(missing cups)
# shellcheck disable=SC2086  # the packages are words
install "the tests of printing over IPP are skipped" $PRINT_SERVICES
if [ -n "$with_cups" ] && [ -z "$(missing cups)" ]; then
    $as_root service cups stop >/dev/null 2>&1 || true
    $as_root update-rc.d cups disable >/dev/null 2>&1 || true
fi
# The tests make clusters of their own. The one that Debian makes of a new PostgreSQL is in nobody's use: it goes off.
with_postgresql=$(command -v pg_lsclusters || true)
install "the tests of the centre on PostgreSQL are skipped" $POSTGRESQL
if [ -z "$with_postgresql" ] && command -v pg_lsclusters >/dev/null; then
    pg_lsclusters --no-header | while read -r version name _; do
        $as_root pg_ctlcluster "$version" "$name" stop >/dev/null 2>&1 || true
        echo manual | $as_root tee "/etc/postgresql/$version/$name/start.conf" >/dev/null
    done
fi

PYTHON="${PYTHON:-python3}"
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
    || { say "Python 3.11 or newer is needed; set PYTHON to one"; exit 2; }

stamp=".venv/.keping-$(cat pyproject.toml packaging/requirements/*.txt packaging/setup.sh | cksum | cut -d' ' -f1)"
if [ ! -e "$stamp" ]; then
    say "making .venv"
    [ -x .venv/bin/python ] || "$PYTHON" -m venv .venv \
        || { rm -rf .venv; say "$PYTHON has no venv module (Debian: apt-get install python3-venv)"; exit 2; }
    pip() { .venv/bin/python -m pip --disable-pip-version-check --quiet "$@"; }
    # font-roboto is published as source only; it is data, nothing is compiled.
    pip install --require-hashes --only-binary :all: --no-binary font-roboto --use-pep517 -r packaging/requirements/dev.txt
    pip install --no-deps --no-build-isolation --editable .
    rm -f .venv/.keping-*
    : >"$stamp"
fi
if ! .venv/bin/python -c 'import smartcard.scard' 2>/dev/null; then
    if command -v swig >/dev/null && [ -e /usr/include/PCSC/winscard.h ]; then
        say "building pyscard"
        .venv/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes \
            -r packaging/requirements/pcsc.txt || say "pyscard could not be built: the chip is reached in-process"
    else
        say "pyscard needs swig and libpcsclite-dev: the chip is reached in-process"
    fi
fi
