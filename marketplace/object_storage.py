# SPDX-License-Identifier: EUPL-1.2
"""The S3-compatible store of a full installation; its failures are `OSError`, as those of a disk are."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from storages.backends.s3 import S3Storage

from marketplace.storage import SingleStore


class ObjectStorage(S3Storage):  # type: ignore[misc] # django-storages is untyped
    """Objects written once; one that is opened is fetched whole, so that reading it fails no more.

    Raises:
        OSError: the store does not answer, or refuses; FileNotFoundError where it has no such object.
    """

    copies = 1  # for this site; what the provider does behind it is the provider's
    all_answer = True

    @property
    def stores(self) -> tuple[SingleStore, ...]:
        return (self,)

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        with _failures():
            file: File[bytes] = super()._open(name, mode)
            file.open()
            return file

    def _save(self, name: str, content: "File[bytes]") -> str:
        with _failures():
            saved: str = super()._save(name, content)
            return saved

    def free_space(self) -> None:
        """S3 does not tell; `SIGILLE_S3_CAPACITY_GIB` does, where there is a limit."""

    def is_marked(self) -> bool:
        """A bucket that is not there says so."""
        return True

    def mark(self) -> None:
        pass

    def prove(self) -> None:
        """What it does not do, it says."""

    def listing(self) -> Iterator[tuple[str, datetime]]:
        with _failures():
            for found in self.bucket.objects.all():
                yield found.key, found.last_modified

    def read_start(self, name: str, size: int) -> bytes:
        with _failures():
            try:
                found = self.bucket.Object(name).get(Range=f"bytes=0-{size - 1}")
            except ClientError as error:
                if _status(error) == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                    return b""  # the object has no byte
                raise
            start: bytes = found["Body"].read()
            return start

    def replace(self, name: str, content: bytes) -> None:
        with _failures():
            self.bucket.Object(name).put(Body=content)

    def delete(self, name: str) -> None:
        with _failures():
            super().delete(name)

    def exists(self, name: str) -> bool:
        with _failures():
            exists: bool = super().exists(name)
            return exists


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code")
        missing = _status(error) == HTTPStatus.NOT_FOUND and code != "NoSuchBucket"
        raise (FileNotFoundError if missing else OSError)(str(error)) from error
    except (Boto3Error, BotoCoreError) as error:
        raise OSError(str(error)) from error


def _status(error: ClientError) -> object:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
