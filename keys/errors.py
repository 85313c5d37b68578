# SPDX-License-Identifier: EUPL-1.2
"""Why something is refused about a key pair.

KeyRefused                  code, user_message, remedy
├── CertificateNotAccepted  nothing may be sealed to this certificate; the code is the finding's
├── AlreadyRegistered       the key, or its certificate, is in a list already
├── PrivateKeySent          a private key came where none may
├── RequestTooLong          more than what our pages send
├── SharedPrime             a prime of the key is also one of a registered key
├── RequestUnreadable       a script sent what our pages never send
├── ChallengeExpired        answered more than ten minutes after it was issued
├── ChallengeSpent          answered already
├── WrongAnswer             not the answer of someone who opened the challenge
├── AlreadyRetired          the key pair is retired: there is nothing more to withdraw
├── KeyPairGone             it was deleted meanwhile
├── NotRenewable            only a key pair that was proven, and is in service, is renewed
├── RenewedAlready          a key pair has one successor
├── HolderMustProve         its first proof is that of its holder
├── HolderGone              the account of its holder is disabled
├── DrillAskedAlready       the holder has not answered yet what was asked before
├── NothingPlanned          no retirement is planned that could be called off
├── AlreadyReported         the key pair is known to be lost or compromised
└── CalendarLinkChanged     the link of the calendar is not, or no longer, what the page showed
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from keys.certificates import Finding
from keys.findings import explain
from keys.models import DrillRequest, KeyPair
from marketplace.errors import Refusal
from marketplace.templatetags.sigille import instant


class KeyRefused(Refusal):
    """Base of the refusals that concern key pairs."""

    code = "key_refused"


class CertificateNotAccepted(KeyRefused):
    """The assessment refuses the certificate; the first reason is told."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        explanation = explain(finding)
        self.code = finding.code
        self.user_message, self.remedy = explanation.message, explanation.remedy


class AlreadyRegistered(KeyRefused):
    """This certificate, or another one of the same key, is registered."""

    code = "already_registered"
    user_message = _("This key pair is already registered.")
    remedy = _("Find it in the lists of its service, or generate another one.")

    def __init__(self, fingerprint: str) -> None:
        super().__init__(fingerprint)
        self.fingerprint = fingerprint

    @property
    def facts(self) -> dict[str, str | int | None]:
        return {"fingerprint": self.fingerprint}


class PrivateKeySent(KeyRefused):
    """A private key, or a PKCS#12, was sent by mistake: of a key pair that is registered here, or not."""

    code = "private_key"
    remedy: str | Promise = _(
        "Do not use this key any more: generate another one, and never send a key file to anyone."
    )
    user_message = _(
        "What was sent holds a private key, or a key file. The site has kept nothing of it, "
        "but it has left your computer: this key is burnt."
    )

    def __init__(self, key_pair: KeyPair | None) -> None:
        super().__init__()
        self.key_pair = key_pair
        if key_pair:
            self.remedy = _(
                "It is the key of “%(name)s”: report this key pair as compromised on its page, now, "
                "then generate another one."
            ) % {"name": key_pair.name}

    @property
    def facts(self) -> dict[str, str | int | None]:
        return {"fingerprint": self.key_pair.fingerprint} if self.key_pair else {}


class RequestTooLong(KeyRefused):
    """More than what our pages send: nothing of it was read."""

    code = "request_too_long"
    user_message = _("What was sent is too long, and was not read.")
    remedy = _("Give the certificate alone (.cer, .crt or .pem), without its private key.")


class SharedPrime(KeyRefused):
    """Its modulus and a registered one have a factor in common: both private keys can be computed."""

    code = "shared_prime"
    user_message = _(
        "This RSA key is broken: one of its primes was used for another key, so that it can be computed."
    )
    remedy = _(
        "Whatever made it draws its primes badly: generate a key pair on this site, on another computer."
    )

    def __init__(self, fingerprint: str) -> None:
        super().__init__(fingerprint)
        self.fingerprint = fingerprint  # of the certificate that was offered

    @property
    def facts(self) -> dict[str, str | int | None]:
        return {"fingerprint": self.fingerprint}


class RequestUnreadable(KeyRefused):
    """A member is missing, or is not what our pages send."""

    code = "request_unreadable"
    user_message = _("The request is incomplete.")
    remedy = _("Load the page again, give a name of 1 to 100 characters, and start over.")


class ChallengeExpired(KeyRefused):
    """The answer came too late."""

    code = "challenge_expired"
    user_message = _("The challenge was answered too late.")
    remedy = _("Start the exercise again: you have ten minutes.")


class ChallengeSpent(KeyRefused):
    """The challenge has had its answer."""

    code = "challenge_spent"
    user_message = _("This challenge has already been answered.")
    remedy = _("Start the exercise again to receive another one.")


class WrongAnswer(KeyRefused):
    """The answer is not that of someone who opened the challenge."""

    code = "wrong_answer"
    user_message = _("The answer to the challenge is wrong: the key has not been proven.")
    remedy = _("Start the exercise again with the key file of this very key pair.")


class AlreadyRetired(KeyRefused):
    """Retired, and needed by what was sealed to it: it stays."""

    code = "already_retired"
    user_message = _("This key pair is already withdrawn; it still opens what was sealed to it.")
    remedy = _("There is nothing more to do: keep its key file and its password.")


class KeyPairGone(KeyRefused):
    """Somebody deleted it a moment ago."""

    code = "key_pair_gone"
    user_message = _("This key pair has just been deleted.")
    remedy = _("Look at the list of its service; the journal tells who deleted it.")


class NotRenewable(KeyRefused):
    """Retired, or never proven: nothing to take over from."""

    code = "not_renewable"
    user_message = _("This key pair cannot be renewed: it is not in service.")
    remedy = _("Add a key pair instead; one that was never proven can be removed.")


class RenewedAlready(KeyRefused):
    """Somebody has renewed it, or has begun to."""

    code = "renewed_already"
    remedy = _(
        "Ask that person to prove the new key pair; if it was abandoned, remove it and start again."
    )

    def __init__(self, successor: KeyPair) -> None:
        super().__init__(successor.fingerprint)
        self.successor = successor
        self.user_message = _("%(name)s began to renew this key pair on %(instant)s.") % {
            "name": successor.holder,
            "instant": instant(successor.created_at),
        }

    @property
    def facts(self) -> dict[str, str | int | None]:
        return {"successor": self.successor.fingerprint}


class NothingPlanned(KeyRefused):
    """The date has passed, or there never was one."""

    code = "nothing_planned"
    user_message = _("No withdrawal of this key pair is planned, or it has already taken place.")
    remedy = _("A withdrawn key pair is not put back in service: add another one.")


class HolderMustProve(KeyRefused):
    """What a former holder, or a colleague with a copy, can open says nothing of what the holder can."""

    code = "holder_must_prove"
    user_message = _("This key pair is not proven yet: only its holder can prove it.")
    remedy = _(
        "Ask the holder for a decryption drill; if you have its key file and its password in the"
        " holder’s place, have yourself made the holder."
    )


class HolderGone(KeyRefused):
    """Nobody reads what is sent to a disabled account, nor opens bids with it."""

    code = "holder_gone"
    user_message = _("The account of this key pair’s holder is disabled.")
    remedy = _("Give the key pair to another holder who has its key file, or renew it.")


class DrillAskedAlready(KeyRefused):
    """One request at a time: the site repeats it by itself."""

    code = "drill_asked_already"
    remedy = _("Call the holder; without an answer, the site writes again after 30 days.")

    def __init__(self, request: DrillRequest) -> None:
        super().__init__(request.pk)
        facts = {"name": request.asked_by, "instant": instant(request.asked_at)}
        self.user_message = (
            _("%(name)s asked for this drill on %(instant)s; it has not been done yet.") % facts
            if request.asked_by
            else _("The site asked for this drill on %(instant)s; it has not been done yet.")
            % facts
        )


class AlreadyReported(KeyRefused):
    """The same, or worse, was reported of it."""

    code = "already_reported"
    user_message = _("This key pair was already reported, and people were told.")
    remedy = _("See below what depends on it and what to do.")


class CalendarLinkChanged(KeyRefused):
    """Made, replaced or revoked meanwhile: in another window, or by loading a page again."""

    code = "calendar_link_changed"
    user_message = _("Your calendar link has changed meanwhile: nothing was done.")
    remedy = _("See below how things stand now, and go on from there.")
