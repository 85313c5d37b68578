# SPDX-License-Identifier: EUPL-1.2
"""What is wrong with a closing fingerprint."""

from django.utils.translation import gettext_lazy as _

from marketplace.errors import Refusal


class ClosingBroken(Refusal):
    """A manifest or a number was changed behind the program since the closing."""

    code = "closing_broken"
    # Translators: « empreinte de clôture »
    user_message = _("What is kept of the bids no longer has the closing fingerprint.")
    remedy = _("Keep your receipt, and tell support: the journal and the backups must be compared.")
