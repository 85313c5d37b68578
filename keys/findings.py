# SPDX-License-Identifier: EUPL-1.2
"""The findings of `keys.certificates`, in sentences for the person who offers the certificate."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from keys.certificates import Finding, assess

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
    "not_der": Explanation(
        _("This certificate is encoded in BER, and DER alone is read."), _EXPORT_AGAIN
    ),
    "certificate_request": Explanation(
        _("This file is a request for a certificate, not the certificate."),
        _("Give the certificate that was issued in answer, or generate a key pair on this site."),
    ),
    "certificate_bundle": Explanation(
        _("This file is a bundle of certificates (PKCS#7)."),
        _("Open it, and export the certificate of your own key alone, in DER or PEM format."),
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
    "old_version": Explanation(
        _("This certificate is not of version 3: it cannot say what its key is for."), _NEW_KEY
    ),
    "signature_mismatch": Explanation(
        _("The certificate names two signature algorithms: it has been altered."), _ASK_ISSUER
    ),
    "weak_signature": Explanation(
        _("Its issuer signed this certificate with an algorithm (MD5 or SHA-1) that is broken."),
        _ASK_ISSUER,
    ),
    "unsupported_algorithm": Explanation(
        _("Bids are sealed to RSA, P-256 and P-384 keys only; this key is of another kind."),
        _NEW_KEY,
    ),
    "unsupported_curve": Explanation(
        _("The curve of this key is neither P-256 nor P-384."), _NEW_KEY
    ),
    "explicit_curve": Explanation(
        _("This key describes its curve instead of naming it, which can hide a trap."), _NEW_KEY
    ),
    "bad_key": Explanation(_("The certificate’s public key is not valid."), _NEW_KEY),
    "duplicate_extension": Explanation(
        _("The certificate says the same thing twice: it is not well formed."), _NEW_KEY
    ),
    "too_many_extensions": Explanation(
        _("The certificate has %(count)s extensions; at most %(most)s are read."), _ASK_ISSUER
    ),
    "bad_extension": Explanation(
        _("What the certificate says of the use of its key cannot be read."), _ASK_ISSUER
    ),
    "rsa_size": Explanation(
        _(
            "This RSA key has %(size)s bits; bids are sealed to keys of %(smallest)s to %(largest)s bits."
        ),
        _NEW_KEY,
    ),
    "even_modulus": Explanation(_("This RSA key is broken: its modulus is even."), _NEW_KEY),
    "rsa_exponent": Explanation(_("This RSA key has an unsafe public exponent."), _NEW_KEY),
    "small_factor": Explanation(
        _("This RSA key is broken: its modulus has a small factor."), _NEW_KEY
    ),
    "close_primes": Explanation(
        _("This RSA key is broken: its two primes are so close that anybody finds them."), _NEW_KEY
    ),
    "patterned_modulus": Explanation(
        _("This RSA key is broken: its modulus follows a pattern, it was not drawn at random."),
        _NEW_KEY,
    ),
    "roca": Explanation(
        _("This RSA key was made by a flawed chip (ROCA, CVE-2017-15361): it can be computed."),
        _("Replace the card or token that made it, and generate a key pair on this site."),
    ),
    "validity_reversed": Explanation(_("The certificate ends before it begins."), _NEW_KEY),
    "expired": Explanation(_("The certificate has expired."), _NEW_KEY),
    "not_yet_valid": Explanation(
        _("The certificate is not valid yet."),
        _("Check the clock of your computer, or wait until the certificate begins."),
    ),
    "absurd_validity": Explanation(
        _("The certificate is valid for more than thirty years: no key is safe for so long."),
        _NEW_KEY,
    ),
    "ca_certificate": Explanation(
        _("This is the certificate of an authority, not that of a key pair for encryption."),
        _ASK_ISSUER,
    ),
    "key_usage": Explanation(_("This certificate does not allow encryption."), _ASK_ISSUER),
    "extended_key_usage": Explanation(
        _("This certificate is meant for other purposes than encryption."), _ASK_ISSUER
    ),
    "unknown_critical_extension": Explanation(
        _("The certificate sets a condition (%(oid)s) that this site does not understand."),
        _ASK_ISSUER,
    ),
    "hidden_characters": Explanation(
        _("The names in the certificate hold invisible characters, which could deceive a reader."),
        _NEW_KEY,
    ),
    "look_alike_characters": Explanation(
        _(
            "The names in the certificate mix letters of several alphabets that look alike, which could "
            "deceive a reader."
        ),
        _NEW_KEY,
    ),
    "oversized_name": Explanation(_("The names in the certificate are too long."), _NEW_KEY),
    "nameless": Explanation(_("The certificate does not name its issuer."), _NEW_KEY),
    "small_modulus": Explanation(
        _("The certificate outlives 2030, until when ANSSI accepts RSA keys of %(size)s bits."),
        _("Renew the key pair before the end of 2030, with an RSA key of 3072 bits or more."),
    ),
    "weak_self_signature": Explanation(
        _("The certificate signs itself with an algorithm (MD5 or SHA-1) that is broken."),
        _("Nothing rests on this signature; the next key pair will do better."),
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


def in_words(found: Iterable[Finding]) -> list[dict[str, str]]:
    """Findings as the pages show them: `code`, `message`, `remedy`."""
    explained = ((finding.code, explain(finding)) for finding in found)
    return [
        {"code": code, "message": str(words.message), "remedy": str(words.remedy)}
        for code, words in explained
    ]


def warnings_of(certificate: bytes, *, now: datetime) -> list[dict[str, str]]:
    """What is to be known of a registered certificate: `code`, `message`, `remedy` of each warning."""
    return in_words(assess(certificate, now=now).warnings)
