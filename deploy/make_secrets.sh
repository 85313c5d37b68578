#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Makes what docker-compose.yml mounts as secrets, once: random values, and a self-signed certificate
# to be replaced by a true one. What exists is kept. Back up release_key and log_key, apart from the database.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=data/compose
mkdir -p "$folder"
chmod 0700 data "$folder"

# keep NAME: write standard input there, unless it exists.
keep() {
  if [[ -e $folder/$1 ]]; then cat >/dev/null; else cat >"$folder/$1"; fi
}

for name in database_password log_key release_key secret_key store_secret_key; do
  openssl rand -hex 32 | keep "$name"
done
printf '' | keep email_password
printf '' | keep second_store_secret_key
printf '' | keep tsa_password
printf '' | keep tsa_roots # the certificates that vouch for the time-stamp authority, PEM
printf '{"identities": [{"name": "sigille", "actions": ["Admin"], "credentials": [{"accessKey": "sigille", "secretKey": "%s"}]}]}\n' \
  "$(<"$folder/store_secret_key")" | keep store_identities
if [[ ! -e $folder/tls_key ]]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout "$folder/tls_key" -out "$folder/tls_certificate" 2>/dev/null
fi
chmod 0444 "$folder"/* # containers read them under several identities; the folder itself is closed
echo "The secrets are in $folder."
