# SPDX-License-Identifier: EUPL-1.2
"""Run by `tools.bench_pages` where Django is set up: 10,000 key pairs, and two ways of listing 20.

Ours is the page of an agent, in two tables of ten. The bare one has no session, no middleware, no menu.
"""

import os
import time
from copy import copy
from http import HTTPStatus
from statistics import median
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client, override_settings
from django.urls import path

from keys.models import KeyPair
from marketplace.models import User

KEY_PAIRS = 10_000
ROWS = 20
PAGES = 20  # a turn
HERE = {"host": "127.0.0.1"}
BARE = engines["django"].from_string("""<!doctype html><title>Keys</title><table>
{% for key_pair in key_pairs %}<tr><td>{{ key_pair.name }}<td>{{ key_pair.common_name }}
<td>{{ key_pair.holder.user }}<td>{{ key_pair.fingerprint }}<td>{{ key_pair.not_after }}</tr>
{% endfor %}</table>""")


def bare_list(_request: HttpRequest) -> HttpResponse:
    rows = KeyPair.objects.select_related("holder__user").defer("certificate")
    return HttpResponse(BARE.render({"key_pairs": rows.order_by("not_after")[:ROWS]}))


urlpatterns = [path("bare/", bare_list)]


def main() -> None:
    reader, stranger = Client(headers=HERE), Client(headers=HERE)
    reader.force_login(crowd())
    pairs = [(of_ours(reader), of_bare(stranger)) for _ in range(1 + int(os.environ["TURNS"]))]
    print(*(median(column) for column in zip(*pairs[1:], strict=True)))


def crowd() -> User:
    """Give thousands of key pairs to a service of the demonstration; an agent of it."""
    model = KeyPair.objects.select_related("holder__user").earliest("created_at")
    user, missing = model.holder.user, KEY_PAIRS - KeyPair.objects.count()
    copies = [copy(model) for _ in range(missing)]
    for number, one in enumerate(copies):
        one.pk, one.name, one.is_backup = uuid4(), f"Bi-clé {number}", number % 2 == 0
        one.fingerprint, one.public_key_digest = (uuid4().hex * 2 for _ in range(2))
    KeyPair.objects.bulk_create(copies, batch_size=500)
    return user


def of_ours(reader: Client) -> float:
    return timed(reader, "/settings/encryption-keys/")


@override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[])
def of_bare(stranger: Client) -> float:
    return timed(stranger, "/bare/")


def timed(asked: Client, address: str) -> float:
    """Seconds of a page, once the process has found its address: each turn changes all addresses."""
    asked.get(address)
    started = time.perf_counter()
    for _ in range(PAGES):
        response = asked.get(address)
        if response.status_code != HTTPStatus.OK:
            raise ConnectionError(f"{address}: {response.status_code}")
    return (time.perf_counter() - started) / PAGES
