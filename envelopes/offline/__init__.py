# SPDX-License-Identifier: EUPL-1.2
"""What is done without the site: neither Django, nor a database, nor the network.

    python -m envelopes.offline open ARCHIVE --key KEY.p12 --out DIR
    python -m envelopes.offline verify RECEIPT [FILE…]
    python -m envelopes.offline closing RECEIPT PROOF [FILE…]

`verify.py` stands alone: it can be copied, and read, without the rest.
"""

from envelopes.offline import closing, opening, verify


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["verify"]:
        return verify.main(arguments[1:])
    if arguments[:1] == ["closing"]:
        return closing.main(arguments[1:])
    return opening.main(arguments)
