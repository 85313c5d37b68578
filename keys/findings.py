# SPDX-License-Identifier: EUPL-1.2
"""The findings of `keys.certificates`, in sentences for the person who offers the certificate."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from keys.certificates import Finding

_NEW_KEY: Final = _("Generate a key pair on this site instead.")
_EXPORT_AGAIN: Final = _("Export the certificate again, alone, in DER or PEM format.")
_ASK_ISSUER: Final = _(
    "Ask whoever issued this certificate for one meant for encryption, or generate a key pair on this site."
)


@dataclass(frozen=True)
class Explanation:
    """What a finding means, and what to do about it; `message` may quote the finding's values."""

    message: str | Promise
    remedy: str | Promise


EXPLANATIONS: Final = {
    "private_key": Explanation(
        _("What was sent holds a private key. It was neither read further nor kept."),
        _(
            "A private key must never leave your computer: do not use this one any more, generate another."
        ),
    ),
    "too_large": Explanation(
        _("This file is too large for a certificate: %(size)s bytes, at most %(largest)s."),
        _EXPORT_AGAIN,
    ),
    "unreadable": Explanation(
        _("This file is not a certificate, or it is damaged."), _EXPORT_AGAIN
    ),
    "trailing_data": Explanation(
        _("Something follows the certificate in the file."), _EXPORT_AGAIN
    ),
    "several_certificates": Explanation(
        _("The file holds several certificates."), _("Give the one of your own key alone.")
    ),
    "bad_serial": Explanation(_("The certificate’s serial number is not valid."), _NEW_KEY),
    "unsupported_algorithm": Explanation(
        _("Bids are sealed to RSA, P-256 and P-384 keys only; this key is of another kind."),
        _NEW_KEY,
    ),
    "bad_key": Explanation(_("The certificate’s public key is not valid."), _NEW_KEY),
    "duplicate_extension": Explanation(
        _("The certificate says the same thing twice: it is not well formed."), _NEW_KEY
    ),
    "rsa_size": Explanation(
        _(
            "This RSA key has %(size)s bits; bids are sealed to keys of %(smallest)s to %(largest)s bits."
        ),
        _NEW_KEY,
    ),
    "even_modulus": Explanation(_("This RSA key is broken: its modulus is even."), _NEW_KEY),
    "rsa_exponent": Explanation(_("This RSA key has an unsafe public exponent."), _NEW_KEY),
    "validity_reversed": Explanation(_("The certificate ends before it begins."), _NEW_KEY),
    "expired": Explanation(_("The certificate has expired."), _NEW_KEY),
    "not_yet_valid": Explanation(
        _("The certificate is not valid yet."),
        _("Check the clock of your computer, or wait until the certificate begins."),
    ),
    "ca_certificate": Explanation(
        _("This is the certificate of an authority, not that of a key pair for encryption."),
        _ASK_ISSUER,
    ),
    "key_usage": Explanation(_("This certificate does not allow encryption."), _ASK_ISSUER),
    "unknown_critical_extension": Explanation(
        _("The certificate sets a condition (%(oid)s) that this site does not understand."),
        _ASK_ISSUER,
    ),
    "hidden_characters": Explanation(
        _("The names in the certificate hold invisible characters, which could deceive a reader."),
        _NEW_KEY,
    ),
    "long_validity": Explanation(
        _("The certificate is valid for more than five years."),
        _("Renew the key pair sooner: two years are the rule."),
    ),
}


def explain(finding: Finding) -> Explanation:
    """The sentences of a finding, its values in place, in the language of the moment."""
    explanation = EXPLANATIONS[finding.code]
    return Explanation(str(explanation.message) % finding.values, explanation.remedy)
