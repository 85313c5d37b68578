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


class ObjectStorage(S3Storage):  # type: ignore[misc] # django-storages is untyped
    """Objects written once; one that is opened is fetched whole, so that reading it fails no more.

    Raises:
        OSError: the store does not answer, or refuses; FileNotFoundError where it has no such object.
    """

    copies = 1  # for this site; what the provider does behind it is the provider's

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

    def listing(self) -> Iterator[tuple[str, datetime]]:
        with _failures():
            for found in self.bucket.objects.all():
                yield found.key, found.last_modified

    def read_start(self, name: str, size: int) -> bytes:
        with _failures():
            found = self.bucket.Object(name).get(Range=f"bytes=0-{size - 1}")
            start: bytes = found["Body"].read()
            return start

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
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        raise (FileNotFoundError if status == HTTPStatus.NOT_FOUND else OSError)(
            str(error)
        ) from error
    except (Boto3Error, BotoCoreError) as error:
        raise OSError(str(error)) from error
