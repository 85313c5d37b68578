# SPDX-License-Identifier: EUPL-1.2
"""A sealed deposit as one file that opens without us: ciphertext, manifest and receipt in a ZIP.

manifest.json                     docs/envelope-format.md § 7
receipt.json
recipients/<fingerprint>.cer      the certificates, DER
blocks/<file id>/<number>.p7m     the sealed blocks; `openssl cms -decrypt` opens each
"""

import zipfile
from typing import IO

from envelopes import chains
from envelopes.models import Deposit
from envelopes.stored import manifest_of, read_sealed, stored_envelope


def write(deposit: Deposit, out: IO[bytes], *, accepts: str = "") -> None:
    """Write the archive of a submitted deposit; ciphertext does not compress, so it is stored.

    Raises:
        DepositWithdrawn, LateNotConfirmed, ReplacedNotConfirmed: as for an opening (`envelopes.opening`).
        ManifestDamaged, BlockDamaged, StoreUnavailable: what lies in the store is not what was sealed.
    """
    chains.check_openable(deposit, accepts=accepts)
    manifest_of(deposit)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("manifest.json", bytes(deposit.manifest or b""))
        archive.writestr("receipt.json", bytes(deposit.receipt.content))
        for key_pair in deposit.consultation.recipient_set.key_pairs.order_by("fingerprint"):
            name = f"recipients/{key_pair.fingerprint}.cer"
            archive.writestr(name, bytes(key_pair.certificate))
        for envelope in deposit.envelopes.order_by("kind", "pk"):
            for file, block in stored_envelope(envelope).blocks:
                name = f"blocks/{file.id.hex()}/{block.number}.p7m"
                archive.writestr(name, read_sealed(file, block))
