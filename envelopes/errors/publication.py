# SPDX-License-Identifier: EUPL-1.2
"""Refusals to put a consultation on line."""

from django.utils.translation import gettext_lazy as _

from keys.models import KeyPair
from marketplace.errors import Refusal


class PublicationRefused(Refusal):
    """Base of what keeps a consultation from going on line."""

    code = "publication_refused"
    key_pair: KeyPair | None = None  # the one to do something about, where it is one


class NoPersonalKey(PublicationRefused):
    """No personal key pair is chosen."""

    code = "no_personal_key"
    # Translators: « bi-clé personnel »
    user_message = _("No personal key pair is chosen.")
    remedy = _("Choose a proven one; if there is none, create one in the encryption keys.")


class NoBackupKey(PublicationRefused):
    """The service has no backup key pair that is proven, in date and not withdrawn."""

    code = "no_backup_key"
    # Translators: « bi-clé de secours »
    user_message = _("The service has no proven backup key pair.")
    remedy = _("Create one, or prove the one there is: if a personal key is lost, it still opens.")


class OneHolder(PublicationRefused):
    """Whoever holds all the keys may be ill, away or gone on the day of the opening."""

    code = "one_holder"
    # Translators: « titulaire »
    user_message = _("One person holds all the key pairs: without that person, no bid opens.")
    remedy = _("Choose a colleague’s key pair as well, or have a colleague create the backup one.")


class RecipientsChanged(PublicationRefused):
    """The key pairs are no longer those that the agent was shown."""

    code = "recipients_changed"
    user_message = _(
        "The key pairs that would open the bids have changed since the page was shown."
    )
    remedy = _("Check them again, then confirm.")


class TooManyRecipients(PublicationRefused):
    """A sealed block names 64 recipients at most (docs/envelope-format.md § 4)."""

    code = "too_many_recipients"
    user_message = _("Bids can be sealed to 64 key pairs at most, backup ones included.")
    remedy = _("Choose fewer personal key pairs.")


class TwinCertificates(PublicationRefused):
    """Two certificates could not be told apart by an opener (docs/envelope-format.md § 4)."""

    code = "twin_certificates"
    user_message = _("Two of the certificates have the same issuer and serial number.")
    remedy = _("Leave out one of the two key pairs; both may have been made from one file.")
