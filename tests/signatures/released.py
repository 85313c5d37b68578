# SPDX-License-Identifier: EUPL-1.2
"""Opened envelopes for the tests of reports: one offer, one file, released by the agent of the scene."""

from dataclasses import dataclass

from envelopes import opening
from envelopes.models import ReleasedFile
from marketplace.models import EnvelopeKind
from signatures import reports
from signatures.models import Report
from tests.envelopes import sealed
from tests.envelopes.sealed import OPENED, Scene


@dataclass(frozen=True)
class Opened:
    """What the tests of a report start from."""

    scene: Scene
    file: ReleasedFile

    @property
    def report(self) -> Report:
        return Report.objects.get(file=self.file)


def make_opened(content: bytes = sealed.PDF, name: str = "acte d’engagement.pdf") -> Opened:
    """A released file whose report is asked for, and not concluded."""
    scene = sealed.make_scene({EnvelopeKind.OFFER: {name: content}})
    keys = sealed.unwrap(scene.offer, scene.holder)
    release = opening.release(scene.offer.pk, agent=scene.agent, keys=keys, now=OPENED)
    reports.ask(release.pk, now=OPENED)
    return Opened(scene, release.files.get())
