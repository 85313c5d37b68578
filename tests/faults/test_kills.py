# SPDX-License-Identifier: EUPL-1.2
"""F1, F3: the process that serves is killed, or its disk fails, at each call that writes."""

import re
from pathlib import Path

import pytest
from django.db import connection

from envelopes.models import Attempt
from tests.faults.oracle import Scene
from tests.faults.site import Site
from tests.faults.strace import Call, calls, sample, tracing

BLOCK = re.compile(r"/\d+-[0-9a-f-]{36}$")  # the name of one, `envelopes.sealing.seal_block`


def written(scene: Scene, site: Site, trace: Path) -> list[Call]:
    """The calls that write during a deposit of three blocks, one of each kind and rank."""
    scene.deposit()  # what is done once, such as opening the database
    with tracing(site.worker, trace):
        scene.deposit()
    return list({(call.name, call.rank): call for call in calls(trace)}.values())


@pytest.fixture
def scene(site: Site) -> Scene:
    return Scene.make(site.port)


def test_killed_at_any_write(scene, site, tmp_path, campaign):
    positions = sample(written(scene, site, tmp_path / "calls"), campaign.extent(6, 10_000))
    killed = 0
    for position in positions:
        worker, fault = site.worker, f"{position.name}:signal=SIGKILL:when={position.rank}"
        with tracing(worker, tmp_path / "killed", fault):
            scene.deposit()
        killed += site.is_replaced(worker)

    # A body may come in fewer pieces than when they were counted.
    assert killed >= 0.9 * len(positions) - 1
    campaign.report("SIGKILL at a call that writes", tried=len(positions), met=killed)


@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_failed_at_any_write_to_the_disk(scene, site, store, tmp_path, campaign, error):
    found = written(scene, site, tmp_path / "calls")
    on_disk = [call for call in found if call.path.startswith(str(store.parent))]
    blocks = [call for call in on_disk if keeps_a_block(call, store)]
    others = [call for call in on_disk if call not in blocks]
    few = campaign.extent(2, 10_000)
    positions = sample(blocks, few) + sample(others, few)
    met = refused = 0
    for position in positions:
        before, fault = not_kept(), f"{position.name}:error={error}:when={position.rank}"
        with tracing(site.worker, tmp_path / "failed", fault):
            scene.deposit()
        found = calls(tmp_path / "failed")
        failed = [call for call in found if call.is_injected]
        met += bool(failed)
        for call in failed:
            if keeps_a_block(call, store):
                assert not_kept() > before, str(call)
                assert synced_after(found, call) == []
                refused += 1

    assert met >= 0.9 * len(positions) - 1
    assert refused
    fault = f"{error} at a call that writes to the disk"
    campaign.report(fault, tried=len(positions), met=met, refused=refused)


def keeps_a_block(call: Call, store: Path) -> bool:
    """Whether a block is lost if the call fails: its bytes, or those of a folder above it."""
    return call.name in {"write", "fsync"} and call.path.startswith(str(store))


def not_kept() -> int:
    """How many requests were refused because the store had failed: none of them was acknowledged."""
    return Attempt.objects.filter(cause__in=["store_failed", "store_silent"]).count()


def synced_after(found: list[Call], failed: Call) -> list[Call]:
    """The syncs of a block after one of its calls failed: there must be none.

    A folder is synced again for the next block: by another descriptor, and for another name.
    """
    if not BLOCK.search(failed.path):
        return []
    after = found[found.index(failed) + 1 :]
    return [call for call in after if call.name == "fsync" and call.path == failed.path]


def test_what_writes_is_seen(scene, site, store, tmp_path):
    """Or the tests above would prove nothing: blocks, folders, the database, the answers."""
    found = written(scene, site, tmp_path / "calls")
    names = {call.name for call in found}
    synced = {call.path for call in found if call.name in {"fsync", "fdatasync"}}

    assert {"write", "fsync", "sendto"} <= names
    assert any(path.startswith(str(store)) for path in synced)
    assert connection.vendor != "sqlite" or {"pwrite64", "fdatasync"} <= names
