#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Finds the programs that the tests drive; installs what is missing where it may (root, on Debian).
set -euo pipefail

missing=()

# need PACKAGE PROGRAM…: one of the programs must be there.
need() {
  local package=$1 program
  shift
  for program in "$@"; do
    if command -v "$program" >/dev/null; then return; fi
  done
  missing+=("$package")
}

# need_library PACKAGE NAME: the loader must know the library.
need_library() {
  if ! ldconfig -p 2>/dev/null | grep -q "$2" && ! /sbin/ldconfig -p | grep -q "$2"; then missing+=("$1"); fi
}

# need_file PACKAGE PATH: the file must be there.
need_file() {
  if [[ ! -e $2 ]]; then missing+=("$1"); fi
}

need age age
need chromium chromium chromium-browser google-chrome
need default-jre-headless keytool
need gettext msgfmt
need libnss3-tools pk12util
need nginx-light nginx /usr/sbin/nginx
need openssl openssl
need poppler-utils pdfsig
need postgresql pg_ctl /usr/lib/postgresql/*/bin/pg_ctl
need redis-server redis-server
need strace strace
need xmlsec1 xmlsec1
need_library libpangoft2-1.0-0 libpangoft2-1.0.so.0
need_library libharfbuzz-subset0 libharfbuzz-subset.so.0
need_file fonts-dejavu-core /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf

if ((${#missing[@]} == 0)); then exit; fi
if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
  echo "The tests need these Debian packages, or their like: ${missing[*]}" >&2
  echo "On Debian or Ubuntu: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "Installing ${missing[*]}…"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq --yes --no-install-recommends "${missing[@]}" >/dev/null
