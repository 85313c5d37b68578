# SPDX-License-Identifier: EUPL-1.2
"""Two stores that hold the same: an object is saved once both have it, and read from either."""

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Any, Final, cast

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage, storages

from marketplace.storage import BlockStore, PartsFile, SingleStore

logger = logging.getLogger(__name__)

MOMENT: Final = 30.0  # seconds


class MirroredStorage(Storage):
    """A first and a second store, each described as in the setting `STORAGES`.

    The second is written after the first, from memory: a block is small, and two files synced at once on one
    disk take longer than one after the other. Reading goes on to the second where the first fails; a store
    that failed is then read last for a moment, or each block of a bid would wait for its silence.
    """

    def __init__(self, first: dict[str, Any], second: dict[str, Any]) -> None:
        self._stores = tuple(storages.create_storage(described) for described in (first, second))
        self._watched = tuple(_Watched(cast("SingleStore", store)) for store in self._stores)

    @property
    def copies(self) -> int:
        return len(self._stores)

    @property
    def stores(self) -> tuple[SingleStore, ...]:
        return tuple(sorted(self._watched, key=lambda store: store.failed_lately))

    @property
    def all_answer(self) -> bool:
        return not any(store.failed_lately for store in self._watched)

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        """Read whole, so that reading it fails no more; nothing says that it is the better copy."""
        failure: OSError = FileNotFoundError(name)
        for store in self._stores:
            try:
                with store.open(name, mode) as file:
                    return ContentFile(file.read())
            except FileNotFoundError:
                continue
            except OSError as error:
                failure = error
        raise failure

    def _save(self, name: str, content: "File[bytes]") -> str:
        """Save in both, or in neither: what a store cannot give back is harmless, and swept one day."""
        kept: list[bytes] = []
        sources = (_keeping(kept, content.chunks()), kept)
        with ExitStack() as undoing:
            for store, source in zip(self._stores, sources, strict=True):
                saved = store.save(name, PartsFile(source, content.size))
                undoing.callback(_take_back, store, saved)
                _check_name(saved, name)
            undoing.pop_all()
        return name

    def delete(self, name: str) -> None:
        failure: OSError | None = None
        for store in self._stores:
            try:
                store.delete(name)
            except OSError as error:
                failure = error
        if failure is not None:
            raise failure

    def exists(self, name: str) -> bool:
        return any(store.exists(name) for store in self._stores)

    def free_space(self) -> int | None:
        """Bytes that both may still take."""
        known = [store.free_space() for store in self._block_stores()]
        return min((size for size in known if size is not None), default=None)

    def listing(self) -> Iterator[tuple[str, datetime]]:
        for store in self._block_stores():
            yield from store.listing()

    def _block_stores(self) -> tuple[BlockStore, ...]:
        return cast("tuple[BlockStore, ...]", self._stores)


class _Watched:
    """A store, and whether it failed to read a moment ago."""

    def __init__(self, store: SingleStore) -> None:
        self._store = store
        self._failed_at: float | None = None

    @property
    def failed_lately(self) -> bool:
        return self._failed_at is not None and time.monotonic() - self._failed_at < MOMENT

    def read_start(self, name: str, size: int) -> bytes:
        try:
            return self._store.read_start(name, size)
        except FileNotFoundError:
            raise
        except OSError:
            self._failed_at = time.monotonic()
            raise

    def replace(self, name: str, content: bytes) -> None:
        self._store.replace(name, content)

    def is_marked(self) -> bool:
        return self._store.is_marked()

    def mark(self) -> None:
        self._store.mark()

    def prove(self) -> None:
        self._store.prove()


def _keeping(kept: list[bytes], parts: Iterator[bytes]) -> Iterator[bytes]:
    for part in parts:
        kept.append(part)
        yield part


def _check_name(saved: str, name: str) -> None:
    """A store gives another name to what it has already: the copies would not be found together."""
    if saved != name:
        raise FileExistsError(name)


def _take_back(store: Storage, name: str) -> None:
    try:
        store.delete(name)
    except OSError:
        logger.warning("%s could not be removed from a store", name, exc_info=True)
