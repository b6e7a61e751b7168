#!/bin/sh
# On a computer with a network and Debian 12's Python: everything that a station installs, in one folder.
# Afterwards FOLDER/install.sh needs no network for it.
set -eu
[ $# -eq 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
[ -z "$(ls -A "$folder")" ] || { echo "wheels: $folder is not empty" >&2; exit 2; }

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
"${PYTHON:-/usr/bin/python3}" -m venv "$made/venv"
pip() { "$made/venv/bin/python" -m pip --disable-pip-version-check --quiet "$@"; }
# Published as source only: font-roboto is data; pyscard is built here (swig, libpcsclite-dev, gcc, python3-dev).
pip wheel --require-hashes --only-binary :all: --no-binary font-roboto,pyscard --use-pep517 --wheel-dir "$folder" \
    -r packaging/requirements/station.txt -r packaging/requirements/pcsc.txt
# From a copy, so that nothing is left in the tree.
mkdir "$made/source"
cp -R pyproject.toml README.md LICENSE config.yaml kiosk drivers templates docs packaging "$made/source"
pip wheel --no-deps --wheel-dir "$folder" "$made/source"
cp packaging/install.sh "$folder"
"$made/venv/bin/python" -c 'import platform, sys; print("Python %d.%d" % sys.version_info[:2], platform.machine())' \
    >"$folder/made-with"
(cd "$folder" && sha256sum -- *.whl install.sh made-with >SHA256SUMS)
echo "wheels: $(ls "$folder"/*.whl | wc -l) in $folder, $(du -sm "$folder" | cut -f1) MB"
