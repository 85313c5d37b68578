# SPDX-License-Identifier: EUPL-1.2
"""The validation core: what a file is, what its signatures are, and what the law makes of them.

`detect` → `extract` → facts, stored as JSON → `judge`. Facts are measured once and judged as often as needed:
under another legal frame, or years later. Nothing here knows Django, the disk or the network.
"""

from signatures.validation.detection import detect
from signatures.validation.extraction import extract
from signatures.validation.facts import DocumentFacts, Kind, Service
from signatures.validation.findings import FindingCode, Indication, Status, SubIndication
from signatures.validation.frames import LegalFrame, Line, conditions
from signatures.validation.json_form import from_json, to_json
from signatures.validation.judgement import judge
from signatures.validation.trust import Anchor, RevocationData, Trust
from signatures.validation.verdicts import Verdict

__all__ = [
    "Anchor",
    "DocumentFacts",
    "FindingCode",
    "Indication",
    "Kind",
    "LegalFrame",
    "Line",
    "RevocationData",
    "Service",
    "Status",
    "SubIndication",
    "Trust",
    "Verdict",
    "conditions",
    "detect",
    "extract",
    "from_json",
    "judge",
    "to_json",
]
