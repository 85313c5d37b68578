# SPDX-License-Identifier: EUPL-1.2
"""All the certificates that the assessment is tried on: names → (what is expected, maker).

Of a bad one, the code of its only refusal; of a good one, the codes of its warnings. Those that other
software makes are valid from the moment at which they are made, the others at NOW.
"""

from typing import Final

from keys import cms
from keys.certificates import Certificate
from tests.keys import bad_fields, bad_files, bad_keys, foreign, good_certificates
from tools import vector_keys

BAD = bad_files.CASES | bad_keys.CASES | bad_fields.CASES
GOOD = good_certificates.CASES
FOREIGN_BAD, FOREIGN_GOOD = foreign.BAD, foreign.GOOD
HELD: Final = {
    key.public_key().public_numbers(): key
    for key in (vector_keys.load(name)[1] for name in vector_keys.TEN)
}
BID: Final = b"a bid"


def seal_and_open(certificate: Certificate) -> None:
    """Seal to a certificate that is accepted; open, where its private key is at hand."""
    recipients, key = (
        [cms.Recipient.of(certificate)],
        HELD.get(certificate.public_key.public_numbers()),
    )
    sealed = cms.seal_block(BID, recipients, file_id=bytes(8), number=0, is_last=True)
    if key is not None:
        opened = cms.open_with(sealed, (certificate, key), file_id=bytes(8), number=0, is_last=True)
        assert opened == BID
