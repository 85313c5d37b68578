# SPDX-License-Identifier: EUPL-1.2
from marketplace.models.accounts import Agent, Bidder, Right, User
from marketplace.models.consultations import Consultation, EnvelopeKind, Lot, Phase
from marketplace.models.journal import JournalEntry, JournalHead, JournalNode, SignedHead
from marketplace.models.organisations import Company, Organisation, Service
from marketplace.models.timestamps import Anchor, Timestamp

__all__ = [
    "Agent",
    "Anchor",
    "Bidder",
    "Company",
    "Consultation",
    "EnvelopeKind",
    "JournalEntry",
    "JournalHead",
    "JournalNode",
    "Lot",
    "Organisation",
    "Phase",
    "Right",
    "Service",
    "SignedHead",
    "Timestamp",
    "User",
]
