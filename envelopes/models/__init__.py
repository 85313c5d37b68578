# SPDX-License-Identifier: EUPL-1.2
from envelopes.models.bids import (
    VALID_AFTER_OPENING,
    Attempt,
    ChosenKey,
    Deposit,
    Envelope,
    Receipt,
    RecipientSet,
    SealedBlock,
    SealedFile,
    StoreAlarm,
    new_file_id,
)
from envelopes.models.coverage import CoverageNotice, Degradation, Departure, KeyReport, Weakness
from envelopes.models.openings import LocalOpening, Opening, Release, ReleasedFile
from envelopes.models.registers import ClosingFingerprint, PaperDeposit, Scrub

__all__ = [
    "VALID_AFTER_OPENING",
    "Attempt",
    "ChosenKey",
    "ClosingFingerprint",
    "CoverageNotice",
    "Degradation",
    "Departure",
    "Deposit",
    "Envelope",
    "KeyReport",
    "LocalOpening",
    "Opening",
    "PaperDeposit",
    "Receipt",
    "RecipientSet",
    "Release",
    "ReleasedFile",
    "Scrub",
    "SealedBlock",
    "SealedFile",
    "StoreAlarm",
    "Weakness",
    "new_file_id",
]
