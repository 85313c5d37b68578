#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Installs the hashed requirements of the file named into .venv, made here if it does not work.
set -euo pipefail

if ! .venv/bin/python -c '' 2>/dev/null; then
  python=$(tools/find_python.sh)
  "$python" -m venv --clear .venv
fi
echo "Installing $1 (a minute or two, the first time)…"
PIP_ROOT_USER_ACTION=ignore .venv/bin/python -m pip install --quiet --disable-pip-version-check \
  --require-hashes --requirement "$1"
