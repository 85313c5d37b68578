#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Prints the first Python ≥ 3.11 that can make a virtual environment.
set -euo pipefail

for candidate in python3 python3.13 python3.12 python3.11 python3.14 python; do
  if "$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    command -v "$candidate"
    exit
  fi
done
echo "Sigille needs Python 3.11 or later, with its venv module (on Debian: apt install python3-venv)." >&2
exit 1
