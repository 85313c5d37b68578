#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Installs the locked modules of the front end.
set -euo pipefail

if ! node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)' 2>/dev/null; then
  echo "Sigille needs Node.js 20 or later, and npm, to build its pages (https://nodejs.org)." >&2
  exit 1
fi
echo "Installing package-lock.json…"
npm ci --no-progress --no-update-notifier --loglevel=error
