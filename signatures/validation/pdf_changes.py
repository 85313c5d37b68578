# SPDX-License-Identifier: EUPL-1.2
"""What later revisions of a PDF did to what one signature signed.

Two opinions are taken. Ours compares what is shown: the pages, their content and their resources. The
library's reviews every other object against a list of harmless updates, and calls the rest suspicious: many
genuine archives are in that rest, so it is reported as unexplained rather than as an alteration.
"""

from collections.abc import Iterator
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    DiffResult,
    ModificationLevel,
    SuspiciousModification,
)
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from signatures.validation.facts import Change, ChangeFacts, Problem
from signatures.validation.guard import attempt

MAX_COMPARED_OBJECTS = 200_000  # of the pages, a signature
MAX_PAGES = 20_000
MAX_REVIEWED_REVISIONS = 24  # a signature; the library's cost grows with the square

_NOT_SHOWN = {
    "/Annots",
    "/Parent",
    "/LastModified",
    "/Metadata",
    "/PieceInfo",
    "/StructParents",
    "/Tabs",
}
_INHERITED = ("/Resources", "/MediaBox", "/CropBox", "/Rotate")
_LEVELS = {
    ModificationLevel.NONE: Change.NONE,
    ModificationLevel.LTA_UPDATES: Change.ARCHIVAL,
    ModificationLevel.FORM_FILLING: Change.FORM,
}
_NEEDED_PERMISSION = {
    Change.NONE: 0,
    Change.ARCHIVAL: 1,
    Change.SIGNATURES: 2,
    Change.FORM: 2,
    Change.PAGES: 9,
}


Classified = tuple[Change, tuple[str, ...], str]  # the change, the fields filled, the detail


class TooManyObjects(Exception):
    """The pages hold more objects than are compared."""


def compare(reader: PdfFileReader, signature: EmbeddedPdfSignature) -> ChangeFacts:
    """The changes after the revision that `signature` signed, up to the last."""
    later = reader.xrefs.total_revisions - 1 - signature.signed_revision
    permission = signature.docmdp_level
    if later == 0:
        classified: Classified = (Change.NONE, (), "")
    else:
        classified = _classify(reader, signature, later)
    change, fields, detail = classified
    return ChangeFacts(
        later_revisions=later,
        change=change,
        fields=fields,
        permission=permission.value if permission else None,
        permission_is_respected=_respects(change, permission.value) if permission else None,
        detail=detail,
    )


def _respects(change: Change, permission: int) -> bool | None:
    needed = _NEEDED_PERMISSION.get(change)
    return None if needed is None else needed <= permission


def _classify(reader: PdfFileReader, signature: EmbeddedPdfSignature, later: int) -> Classified:
    difference = attempt(lambda: find_page_difference(reader, signature.signed_revision))
    if isinstance(difference, Problem):
        return Change.NOT_COMPARED, (), difference.reference
    if difference:
        return Change.PAGES, (), difference
    if later > MAX_REVIEWED_REVISIONS:
        return Change.NOT_COMPARED, (), f"{later} later revisions"
    review = attempt(lambda: _review(reader, signature))
    if isinstance(review, Problem):
        return Change.NOT_COMPARED, (), review.reference
    if isinstance(review, SuspiciousModification):
        return Change.UNEXPLAINED, (), str(review)
    return _name_changes(reader, review)


def _review(
    reader: PdfFileReader, signature: EmbeddedPdfSignature
) -> DiffResult | SuspiciousModification:
    return DEFAULT_DIFF_POLICY.review_file(
        reader,
        signature.signed_revision,
        field_mdp_spec=signature.fieldmdp,
        doc_mdp=signature.docmdp_level,
    )


def _name_changes(reader: PdfFileReader, review: DiffResult) -> Classified:
    change = _LEVELS.get(review.modification_level, Change.UNEXPLAINED)
    if change is not Change.FORM:
        return change, (), ""
    signature_fields = {name for name, _, _ in enumerate_sig_fields(reader)}
    fields = tuple(sorted(set(review.changed_form_fields) - signature_fields))
    return (Change.FORM if fields else Change.SIGNATURES), fields, ""


def find_page_difference(reader: PdfFileReader, revision: int) -> str:
    """In a few words, how the pages differ between `revision` and the last one; "" when they do not.

    Raises:
        TooManyObjects: the comparison was given up.
    """
    old = list(_iterate_pages(reader.get_historical_root(revision)))
    new = list(_iterate_pages(reader.root))
    if len(old) != len(new):
        return f"{len(old)} pages signed, {len(new)} shown"
    comparison = _Comparison()
    for number, (before, after) in enumerate(zip(old, new, strict=True), start=1):
        if comparison.differ(before, after):
            return f"page {number}"
    return ""


def _iterate_pages(root: generic.DictionaryObject) -> Iterator[dict[str, Any]]:
    """What each page shows, inherited attributes included (ISO 32000-2, §7.7.3.4)."""
    stack: list[tuple[Any, dict[str, Any]]] = [(root.raw_get("/Pages"), {})]
    seen: set[tuple[int, int]] = set()
    count = 0
    while stack:
        raw, inherited = stack.pop()
        if isinstance(raw, generic.IndirectObject):
            if (raw.idnum, raw.generation) in seen:
                raise TooManyObjects("the page tree is not a tree")
            seen.add((raw.idnum, raw.generation))
        node = _resolve(raw)
        own = inherited | {key: node.raw_get(key) for key in _INHERITED if key in node}
        if "/Kids" in node:
            stack.extend((kid, own) for kid in reversed(list(_resolve(node.raw_get("/Kids")))))
            continue
        count += 1
        if count > MAX_PAGES:
            raise TooManyObjects("too many pages")
        yield own | {key: value for key, value in node.items() if key not in _NOT_SHOWN}


def _resolve(value: Any) -> Any:
    if isinstance(value, generic.IndirectObject):
        value = value.get_object()  # type: ignore[no-untyped-call] # the library has few types
    if isinstance(value, generic.DecryptedObjectProxy):
        value = value.decrypted
    return value


class _Comparison:
    """Walks two revisions in step; what has been compared once is not compared again."""

    def __init__(self) -> None:
        self._seen: set[tuple[int, int, int, int]] = set()
        self._budget = MAX_COMPARED_OBJECTS

    def differ(self, before: Any, after: Any) -> bool:
        stack = [(before, after)]
        while stack:
            old, new = stack.pop()
            if self._was_seen(old, new):
                continue
            children = self._pair_children(_resolve(old), _resolve(new))
            if children is None:
                return True
            stack.extend(children)
        return False

    def _was_seen(self, old: Any, new: Any) -> bool:
        self._budget -= 1
        if self._budget < 0:
            raise TooManyObjects("too many objects in the pages")
        if not isinstance(old, generic.IndirectObject) or not isinstance(
            new, generic.IndirectObject
        ):
            return False
        key = (old.idnum, old.generation, new.idnum, new.generation)
        known = key in self._seen
        self._seen.add(key)
        return known

    @staticmethod
    def _pair_children(old: Any, new: Any) -> list[tuple[Any, Any]] | None:
        """The children to compare next, or None when the two already differ."""
        if isinstance(old, dict) and isinstance(new, dict):
            return _pair_entries(old, new)
        if isinstance(old, list) and isinstance(new, list):
            return list(zip(old, new, strict=True)) if len(old) == len(new) else None
        same_kind = type(old) is type(new) or (_is_number(old) and _is_number(new))
        return [] if same_kind and old == new else None


def _is_number(value: Any) -> bool:
    return isinstance(value, (generic.FloatObject, generic.NumberObject))


def _pair_entries(old: Any, new: Any) -> list[tuple[Any, Any]] | None:
    if isinstance(old, generic.StreamObject) != isinstance(new, generic.StreamObject):
        return None
    if isinstance(old, generic.StreamObject) and old.encoded_data != new.encoded_data:
        return None
    if set(old) != set(new):
        return None
    # The values as they are written: a reference is compared before it is followed.
    return [(value, dict.__getitem__(new, key)) for key, value in old.items()]
