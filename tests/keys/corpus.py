# SPDX-License-Identifier: EUPL-1.2
"""All the certificates that the assessment is tried on: names → (what is expected, maker).

Of a bad one, the code of its only refusal; of a good one, the codes of its warnings. Those that other
software makes are valid from the moment at which they are made, the others at NOW.
"""

from tests.keys import bad_fields, bad_files, bad_keys, foreign, good_certificates

BAD = bad_files.CASES | bad_keys.CASES | bad_fields.CASES
GOOD = good_certificates.CASES
FOREIGN_BAD, FOREIGN_GOOD = foreign.BAD, foreign.GOOD
