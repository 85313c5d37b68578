# SPDX-License-Identifier: EUPL-1.2
"""`python -m envelopes.offline open …`, `… verify …` and `… closing …`."""

import sys

from envelopes.offline import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
