# SPDX-License-Identifier: EUPL-1.2
"""What each code of the validation core says on the screen: one whole sentence for each.

The values of a finding fill the sentence; those that are instants are shown in the buyer's zone.
"""

from collections import defaultdict
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from marketplace.templatetags.sigille import instant
from signatures.validation import FindingCode as Code
from signatures.validation import Indication, LegalFrame, Line, Status
from signatures.validation.findings import Finding
from signatures.validation.verdicts import TimeSource

INSTANTS = frozenset(
    {
        "at",
        "claimed_at",
        "generated_at",
        "not_after",
        "not_before",
        "revoked_at",
        "this_update",
        "until",
    }
)

STATUSES: dict[Status, str | Promise] = {
    # Translators: « Sans objet »
    Status.NOT_APPLICABLE: _("Not applicable"),
    # Translators: « Conforme »
    Status.CONFORM: _("Compliant"),
    # Translators: « À vérifier par l'acheteur »
    Status.TO_CHECK_BY_BUYER: _("To be checked by the buyer"),
    # Translators: « Indéterminé »
    Status.INDETERMINATE: _("Indeterminate"),
    # Translators: « Non conforme »
    Status.NOT_CONFORM: _("Not compliant"),
}

INDICATIONS: dict[Indication, str | Promise] = {
    Indication.TOTAL_PASSED: _("No technical defect was found"),
    Indication.INDETERMINATE: _("Something is missing to conclude"),
    Indication.TOTAL_FAILED: _("A technical defect is proven"),
}

LINES: dict[Line, str | Promise] = {
    # Translators: « Présence de la signature »
    Line.PRESENCE: _("Presence of the signature"),
    Line.FORMAT: _("Format"),
    # Translators: « Intégrité »
    Line.INTEGRITY: _("Integrity"),
    # Translators: « Étendue de la signature »
    Line.COVERAGE: _("What the signature covers"),
    Line.STRENGTH: _("Strength of the algorithms"),
    # Translators: « Catégorie du certificat »
    Line.CATEGORY: _("Category of the certificate"),
    # Translators: « Chaîne de certification »
    Line.CHAIN: _("Certification chain"),
    Line.EXPIRY: _("Expiry at the time of the signature"),
    Line.REVOCATION: _("Revocation at the time of the signature"),
    # Translators: « Origine de la date »
    Line.TIME_SOURCE: _("Where the time comes from"),
    # Translators: « Signataire : identité et habilitation »
    Line.SIGNATORY: _("Signatory: identity and power to sign"),
}

FRAMES: dict[LegalFrame, str | Promise] = {
    # Translators: « arrêté du 22 mars 2019 (annexe 12 du code de la commande publique) »
    LegalFrame.ORDER_2019: _("Order of 22 March 2019 (public procurement code, annex 12)"),
    # Translators: « arrêté du 15 juin 2012 »
    LegalFrame.ORDER_2012: _("Order of 15 June 2012"),
}

CONDITIONS: dict[LegalFrame, tuple[str | Promise, ...]] = {
    LegalFrame.ORDER_2012: (
        _("The document is signed"),
        _("The certificate is of an accepted category"),
        _("The certificate was neither expired nor revoked when the document was signed"),
        _("The document is intact"),
        _("The certificate names a natural person who may sign"),
    ),
    LegalFrame.ORDER_2019: (
        _("The signatory is identified"),
        _("The certificate is qualified, or equivalent"),
        _("The signature is in an accepted format"),
        _("The certificate was neither expired nor revoked when the document was signed"),
        _("The document is intact"),
    ),
}

REFERENCES: dict[str, str | Promise] = {
    "guide-2.3.8": _("Order of 15 June 2012, guide of the signature, 2.3.8"),
    "order-2012-article-2-I": _("Order of 15 June 2012, article 2, I"),
    "order-2019-article-2": _("Order of 22 March 2019, article 2"),
    "order-2019-article-3": _("Order of 22 March 2019, article 3"),
    "order-2019-article-5": _("Order of 22 March 2019, article 5"),
}

TIME_SOURCES: dict[TimeSource, str | Promise] = {
    # Translators: « horodatage qualifié »
    TimeSource.QUALIFIED_TIMESTAMP: _("qualified timestamp"),
    TimeSource.OTHER_TIMESTAMP: _("trusted timestamp, not a qualified one"),
    TimeSource.DEPOSIT: _("deposit on this platform"),
}

SENTENCES: dict[Code, str | Promise] = {
    Code.SIGNATURE_FOUND: _("A signature is there."),
    Code.NO_SIGNATURE_FOUND: _("The document was read to its end: it holds no signature."),
    Code.NO_SIGNATURE_RECOGNISED: _(
        "The file is of no signed format that is known here. Its signature may be a separate file."
    ),
    Code.SIGNATURE_EMPTY: _("A signature field is there, but it is filled with nothing."),
    Code.SIGNATURE_STRAY: _(
        "Bytes of a signature are in the file, but nothing in the document leads to them."
    ),
    Code.FORMAT_PADES: _("PAdES, as ETSI EN 319 142 defines it."),
    Code.FORMAT_PDF_CMS: _("PDF signature of the basic profile of PAdES (ISO 32000)."),
    Code.FORMAT_UNSUPPORTED: _(
        "A signature may be there, in a format that this program does not check yet (%(detail)s)."
        " Check it with another tool."
    ),
    Code.UNREADABLE: _("It could not be read. The logs have the details, reference %(reference)s."),
    Code.PASSWORD_NEEDED: _("The document opens with a password only: ask the bidder for it."),
    Code.TOO_LARGE: _("It is larger than what is examined here (%(detail)s)."),
    Code.SEVERAL_SIGNERS: _(
        "This signature holds %(count)s signers, where the standard allows one."
    ),
    Code.NOT_EXAMINED: _("Not examined: another line says why."),
    Code.INTACT: _(
        "The bytes are those that were signed, and the signature verifies"
        " (%(digest)s, %(algorithm)s)."
    ),
    Code.DIGEST_MISMATCH: _("The document was altered after it was signed."),
    Code.SIGNATURE_VALUE_WRONG: _(
        "The signature does not verify with the certificate that it carries."
    ),
    Code.ATTRIBUTES_UNSOUND: _("The signed attributes are missing, doubled or contradictory."),
    Code.CERTIFICATE_MISSING: _("The certificate of the signatory is not in the signature."),
    Code.CERTIFICATE_SUBSTITUTED: _(
        "The signature names another certificate than the one that it carries."
    ),
    Code.ALGORITHM_UNSUPPORTED: _(
        "The algorithm %(algorithm)s is not supported here: right or wrong, nothing is known."
    ),
    Code.COVERS_FILE: _("Every byte of the file is signed."),
    Code.COVERS_REVISION: _(
        "All that is shown was signed; what was added later changes nothing of it."
    ),
    Code.BYTE_RANGE_WRONG: _("The signed ranges of the file are not well formed."),
    Code.HOLE_NOT_CONTENTS: _(
        "More than the signature itself is left out of what is signed: something may be hidden there."
    ),
    Code.COVERAGE_PARTIAL: _("Only a part of the document is signed."),
    Code.COVERAGE_UNKNOWN: _("It could not be told how much of the document is signed."),
    Code.UNEXPLAINED_BYTES: _(
        "After the end of the document come %(count)s bytes that belong to nothing."
    ),
    Code.PAGES_CHANGED: _("The pages shown are not the pages that were signed."),
    Code.PERMISSION_EXCEEDED: _("A later change is one that the first signatory has forbidden."),
    Code.FORM_FILLED_LATER: _("Form fields were filled after the signature: %(fields)s."),
    Code.CHANGES_UNEXPLAINED: _(
        "Later revisions change more than what is known to be harmless: compare both versions."
    ),
    Code.CHANGES_NOT_COMPARED: _("Later revisions could not be compared with what was signed."),
    Code.HYBRID_REFERENCES: _(
        "The file has two tables of contents: an old reader may show something else."
    ),
    Code.ACTIVE_CONTENT: _(
        "The document holds scripts or actions, which may change what is shown: %(kinds)s."
    ),
    Code.STRONG_ENOUGH: _("The algorithms could be relied upon."),
    Code.WEAK_DIGEST: _(
        "The algorithm %(algorithm)s could no longer be relied upon after %(until)s (%(where)s)."
    ),
    Code.WEAK_KEY: _(
        "A key of %(size)s bits (%(algorithm)s) could no longer be relied upon after %(until)s"
        " (%(where)s)."
    ),
    Code.STRENGTH_UNKNOWN: _("The strength of %(algorithm)s is not known here (%(where)s)."),
    # Translators: « certificat qualifié de signature électronique » (eIDAS)
    Code.QUALIFIED: _("Qualified certificate for electronic signatures."),
    # Translators: « cachet électronique »
    Code.QUALIFIED_SEAL: _("Qualified certificate, but for seals: it stands for a legal person."),
    Code.QUALIFIED_OTHER: _(
        "Qualified certificate, but for something else than signatures (%(types)s)."
    ),
    Code.NOT_QUALIFIED: _(
        "The authority is on the trusted list, but the certificate does not say that it is qualified:"
        " check its level."
    ),
    Code.SERVICE_NOT_QUALIFIED: _(
        "The authority is on the trusted list for another service than qualified certificates."
    ),
    Code.SERVICE_NOT_GRANTED: _(
        "The authority was not accredited when the certificate was issued, or when it was used."
    ),
    Code.NOT_ON_TRUSTED_LIST: _(
        "The authority is not on the trusted list (%(list)s): check the level of the certificate with"
        " what the bidder joined."
    ),
    Code.NO_TRUSTED_LIST: _(
        "No trusted list is configured on this platform: nothing is known of the authority."
    ),
    Code.SELF_SIGNED: _("The certificate vouches for itself: anybody can make such a one."),
    Code.CHAIN_SOUND: _("The chain leads to an authority of the trusted list."),
    Code.CHAIN_UNSOUND: _("The chain breaks a rule (%(detail)s)."),
    Code.NO_CHAIN: _("No chain leads to an authority of the trusted list."),
    Code.AUTHORITY_OUT_OF_DATE: _("The authority “%(subject)s” was out of its dates."),
    Code.NOT_FOR_SIGNING: _(
        "The certificate is not meant for signing documents (%(usage)s): ask why it was used."
    ),
    Code.IN_DATE: _("The certificate is valid from %(not_before)s to %(not_after)s."),
    Code.NOT_YET_VALID: _(
        "The signature is older than its certificate, valid from %(not_before)s."
    ),
    Code.EXPIRED_NO_PROOF: _(
        "The certificate expired on %(not_after)s, and nothing proves that the signature is older."
    ),
    Code.EXPIRED_WHEN_CLAIMED: _(
        "The certificate expired on %(not_after)s; the signatory states a later time, %(claimed_at)s."
    ),
    Code.NOT_REVOKED: _(
        "The authority says that it was not revoked (%(source)s, %(this_update)s)."
    ),
    Code.REVOKED_LATER: _(
        "The certificate was revoked on %(revoked_at)s, after the signature was proven to exist."
    ),
    Code.REVOKED_NO_PROOF: _(
        "The certificate was revoked on %(revoked_at)s, and nothing proves that the signature is older."
    ),
    Code.REVOKED_WHEN_CLAIMED: _(
        "The certificate was revoked on %(revoked_at)s, before the time that the signatory states,"
        " %(claimed_at)s."
    ),
    Code.ON_HOLD: _("The certificate was suspended on %(revoked_at)s: the answer may change."),
    Code.REVOCATION_UNKNOWN: _(
        "Nothing at hand says whether the certificate was revoked at the time of the signature."
    ),
    Code.AUTHORITY_REVOKED: _("The authority “%(subject)s” was revoked on %(revoked_at)s."),
    Code.AUTHORITY_REVOCATION_UNKNOWN: _(
        "Nothing at hand says whether the authority “%(subject)s” was revoked."
    ),
    Code.TIME_OF_QUALIFIED_TIMESTAMP: _(
        "A qualified timestamp proves that the signature existed on %(at)s."
    ),
    Code.TIME_OF_OTHER_TIMESTAMP: _(
        "A trusted timestamp, not a qualified one, proves that the signature existed on %(at)s."
    ),
    Code.TIME_OF_DEPOSIT: _(
        "The deposit on this platform is the first proof that the signature existed: %(at)s."
    ),
    Code.TIMESTAMP_NOT_TRUSTED: _(
        "A timestamp of %(generated_at)s proves nothing: its authority is not known to be trustworthy."
    ),
    Code.TIMESTAMP_BROKEN: _(
        "A timestamp of %(generated_at)s is broken: it dates something else, or does not verify."
    ),
    Code.CLAIMED_TIME: _(
        "The signatory’s computer states %(claimed_at)s: nothing proves that time."
    ),
    Code.CLAIMED_AFTER_PROOF: _(
        "The signatory’s computer states %(claimed_at)s, later than the proof that the signature existed."
    ),
    Code.PERSON_NAMED: _(
        "The certificate names %(name)s: check that this person is who they say, and may sign."
    ),
    Code.PSEUDONYM: _("The certificate names a person by a pseudonym, %(name)s: ask who it is."),
    Code.NO_PERSON_NAMED: _(
        "The certificate names nobody that is plainly a person (%(name)s): ask who signed."
    ),
    # Translators: « cachet » (personne morale)
    Code.SEAL_NOT_PERSON: _("The certificate is the seal of a legal person, %(name)s."),
}


def sentence(finding: Finding, zone: str) -> str:
    """What a finding says, its instants in the zone named."""
    values: defaultdict[str, str | int] = defaultdict(lambda: "–")
    for name, value in finding.parameters.items():
        if value != "":
            values[name] = _in_zone(value, zone) if name in INSTANTS else value
    return str(SENTENCES[finding.code]) % values


def _in_zone(value: str | int, zone: str) -> str:
    return instant(datetime.fromisoformat(str(value)), zone)
