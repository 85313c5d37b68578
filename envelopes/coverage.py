# SPDX-License-Identifier: EUPL-1.2
"""« Couverture de déchiffrement »: who opens a consultation’s bids today, at the deadline, at the opening.

What is sealed stays sealed to the same key pairs: neither their expiry nor their withdrawal keeps them
from opening it. A loss, a compromise or a holder who is gone does; and nobody can be sure of a key pair
that has opened nothing for 30 days.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from envelopes.deficiencies import has_left
from envelopes.models import VALID_AFTER_OPENING, Weakness
from keys.models import KeyPair
from marketplace.models import Consultation

Reason = KeyPair.RetirementReason
DOUBTS: Final = {Weakness.UNPROVEN, Weakness.STALE}
HANGS: Final = (Weakness.NOBODY, Weakness.NOTHING_SURE, Weakness.ONE_KEY, Weakness.ONE_PERSON)


class Moment(TextChoices):
    """When somebody may have to open."""

    TODAY = "today", _("Today")
    DEADLINE = "deadline", _("At the deadline")
    OPENING = "opening", _("At the planned opening")


class Answer(TextChoices):
    """Whether a key pair can be counted on."""

    # Translators: « Ouvre »
    OPENS = "opens", _("Opens")
    UNSURE = "unsure", _("Not sure")
    # Translators: « Ne compte plus »
    CANNOT = "cannot", _("Does not count")


@dataclass(frozen=True)
class Cell:
    """What one key pair does at one moment; `notes` say why not, or what surprises."""

    moment: Moment
    answer: Answer
    weaknesses: tuple[Weakness, ...]
    notes: tuple[str | Promise, ...]


@dataclass(frozen=True)
class Line:
    key_pair: KeyPair
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Verdict:
    """Something to repair: of one key pair, or of the whole. `moment` is the first at which it is so."""

    weakness: Weakness
    moment: Moment
    key_pair: KeyPair | None = None

    @property
    def is_grave(self) -> bool:
        """Whether the opening hangs on it: one more mishap, or none, and no bid opens."""
        return self.weakness in HANGS

    @property
    def message(self) -> str:
        return self._said(EXPLANATIONS[self.weakness][0])

    @property
    def remedy(self) -> str:
        return self._said(EXPLANATIONS[self.weakness][1])

    def _said(self, sentence: str | Promise) -> str:
        key_pair = self.key_pair
        names = {
            "moment": self.moment.label,
            "name": key_pair.name if key_pair else "",
            "holder": str(key_pair.holder) if key_pair else "",
        }
        return str(format_lazy(cast("str", sentence), **names))


@dataclass(frozen=True)
class Coverage:
    moments: tuple[Moment, ...]
    lines: tuple[Line, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def is_red(self) -> bool:
        """Whether the opening hangs on one key pair, on one person, or on nothing that is sure."""
        return any(verdict.is_grave for verdict in self.verdicts)

    @property
    def counts(self) -> tuple[int, int]:
        """How many key pairs, of how many people, are sure to open at the worst moment."""
        found = [_sure(self.lines, rank) for rank in range(len(self.moments))]
        worst = min(found, key=lambda sure: (len(_holders(sure)), len(sure)))
        return len(worst), len(_holders(worst))


def coverage(
    consultation: Consultation, key_pairs: Iterable[KeyPair], *, now: datetime
) -> Coverage:
    """What these key pairs, their holders at hand, make of the opening as things stand at `now`.

    Nobody knows today which drills will have been done by the deadline: proofs are judged at `now`.
    """
    moments = tuple(_moments(consultation, now))
    lines = tuple(_line(key_pair, consultation, moments, now) for key_pair in key_pairs)
    labels = tuple(moment for moment, _at in moments)
    return Coverage(labels, lines, tuple(_verdicts(labels, lines)))


def _moments(consultation: Consultation, now: datetime) -> Iterator[tuple[Moment, datetime]]:
    """Those that are not over."""
    yield Moment.TODAY, now
    if consultation.closes_at > now:
        yield Moment.DEADLINE, consultation.closes_at
    if consultation.opens_at > now:
        yield Moment.OPENING, consultation.opens_at


def _line(
    key_pair: KeyPair,
    consultation: Consultation,
    moments: Sequence[tuple[Moment, datetime]],
    now: datetime,
) -> Line:
    cells = []
    for moment, at in moments:
        found = tuple(_weaknesses(key_pair, consultation, at, now))
        notes = (*(weakness.label for weakness in found), *_notes(key_pair, at))
        cells.append(Cell(moment, _answer(found), found, notes))
    return Line(key_pair, tuple(cells))


def _weaknesses(
    key_pair: KeyPair, consultation: Consultation, at: datetime, now: datetime
) -> Iterator[Weakness]:
    is_proven = key_pair.proven_at is not None
    checks = [
        (key_pair.retirement_reason == Reason.LOST, Weakness.LOST),
        (key_pair.retirement_reason == Reason.COMPROMISED, Weakness.COMPROMISED),
        (not key_pair.holder.user.is_active, Weakness.HOLDER_GONE),
        (has_left(key_pair.holder, consultation, at=at), Weakness.HOLDER_LEAVES),
        (not is_proven, Weakness.UNPROVEN),
        (is_proven and not key_pair.is_freshly_proven(now), Weakness.STALE),
        (key_pair.not_after <= consultation.opens_at + VALID_AFTER_OPENING, Weakness.EXPIRING),
    ]
    return (weakness for is_so, weakness in checks if is_so)


def _answer(found: Sequence[Weakness]) -> Answer:
    if {*found} - DOUBTS - {Weakness.EXPIRING}:
        return Answer.CANNOT
    return Answer.UNSURE if DOUBTS & {*found} else Answer.OPENS


def _notes(key_pair: KeyPair, at: datetime) -> Iterator[str | Promise]:
    if key_pair.retirement_reason in {Reason.WITHDRAWN, Reason.RENEWED}:
        yield _("Withdrawn: it still opens what was sealed to it")
    if key_pair.is_expired(at):
        yield _("Expired: it still opens what was sealed to it")


def _verdicts(moments: Sequence[Moment], lines: Sequence[Line]) -> Iterator[Verdict]:
    """What the whole hangs on, if it hangs, and then what is wrong with each key pair."""
    hangs = [
        verdict for rank, moment in enumerate(moments) if (verdict := _hang(lines, rank, moment))
    ]
    if hangs:
        yield min(hangs, key=lambda verdict: HANGS.index(verdict.weakness))
    for rank, moment in enumerate(moments):
        if lines and not any(line.key_pair.is_backup for line in _sure(lines, rank)):
            yield Verdict(Weakness.NO_BACKUP, moment)
            break
    for line in lines:
        told: set[Weakness] = set()
        for cell in line.cells:
            for weakness in cell.weaknesses:
                if weakness not in told:
                    told.add(weakness)
                    yield Verdict(weakness, cell.moment, line.key_pair)


def _hang(lines: Sequence[Line], rank: int, moment: Moment) -> Verdict | None:
    sure = _sure(lines, rank)
    if all(line.cells[rank].answer == Answer.CANNOT for line in lines):
        return Verdict(Weakness.NOBODY, moment)
    if not sure:
        return Verdict(Weakness.NOTHING_SURE, moment)
    if len(sure) == 1:
        return Verdict(Weakness.ONE_KEY, moment, sure[0].key_pair)
    if len(_holders(sure)) == 1:
        return Verdict(Weakness.ONE_PERSON, moment)
    return None


def _sure(lines: Sequence[Line], rank: int) -> list[Line]:
    """Those that open at that moment without a doubt, their certificate in date long enough."""
    cells = [(line, line.cells[rank]) for line in lines]
    return [
        line
        for line, cell in cells
        if cell.answer == Answer.OPENS and Weakness.EXPIRING not in cell.weaknesses
    ]


def _holders(lines: Iterable[Line]) -> set[object]:
    return {line.key_pair.holder_id for line in lines}


_ASK_THE_OTHERS: Final = _("The others must open in its place: ask their holders for a drill.")
EXPLANATIONS: Final[dict[Weakness, tuple[str | Promise, str | Promise]]] = {
    Weakness.NOBODY: (
        _("{moment}, no key pair can be counted on: no bid would open."),
        _(
            "Look at once for the key files and their copies, and tell an administrator. If none is found"
            " before the deadline, withdraw the consultation: companies must not bid in vain."
        ),
    ),
    Weakness.NOTHING_SURE: (
        _("{moment}, no key pair is sure to open the bids."),
        _("Have each holder do a decryption drill today."),
    ),
    Weakness.ONE_KEY: (
        _("{moment}, the opening hangs on one key pair, “{name}” of {holder}."),
        _(
            "Have {holder} keep a second copy of its key file in another safe place, and repair the other"
            " key pairs."
        ),
    ),
    Weakness.ONE_PERSON: (
        _(
            "{moment}, the opening hangs on one person, who holds every key pair that is sure to open."
        ),
        _(
            "Have one key file and its password handed over to a colleague, and make that colleague the"
            " holder; or repair the key pairs of the others."
        ),
    ),
    Weakness.NO_BACKUP: (
        _("{moment}, no backup key pair is sure to open the bids."),
        _("Repair the backup key pair: recipients are frozen, another one cannot be added."),
    ),
    Weakness.LOST: (_("“{name}” was reported lost."), _ASK_THE_OTHERS),
    Weakness.COMPROMISED: (
        _(
            "“{name}” was reported compromised: whoever copied it and the sealed bids could read them."
        ),
        _(
            "Tell an administrator. Before the deadline, withdraw the consultation and publish another"
            " one, sealed to new key pairs."
        ),
    ),
    Weakness.HOLDER_GONE: (
        _("The account of {holder}, holder of “{name}”, is disabled."),
        _(
            "If a colleague received the key file and its password, make that colleague the holder and"
            " ask for a drill; otherwise report the key pair lost."
        ),
    ),
    Weakness.HOLDER_LEAVES: (
        _("{moment}, {holder}, holder of “{name}”, will have left."),
        _(
            "Have the key file and its password handed over before, make the colleague who receives them"
            " the holder, then ask for a drill."
        ),
    ),
    Weakness.UNPROVEN: (
        _("“{name}” has never been proven."),
        _("Have {holder} prove it on its page, or do without it."),
    ),
    Weakness.STALE: (
        _("“{name}” was last proven more than 30 days ago."),
        _("Ask {holder} for a decryption drill; if it no longer opens, report it lost."),
    ),
    Weakness.EXPIRING: (
        _("“{name}” expires less than 60 days after the planned opening."),
        _("It will still open what was sealed to it: have {holder} keep its file, and renew it."),
    ),
}
