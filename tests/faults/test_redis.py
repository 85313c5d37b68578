# SPDX-License-Identifier: EUPL-1.2
"""F8: Redis only wakes workers: without it, or once it has forgotten everything, bids go on."""

import redis

from tests.faults.oracle import Scene
from tests.faults.site import serving
from tools.services import free_port, redis_server


def test_redis_flushed_while_a_bid_is_sent(django_db_setup, campaign):
    with redis_server() as address, serving(SIGILLE_BROKER_URL=f"{address}/0") as site:
        scene = Scene.make(site.port)
        bidder, bid = scene.bidder, scene.bid()
        path = bidder.create(bid.offer, len(bid.content))
        with redis.Redis.from_url(address) as client:
            client.flushall()
        bidder.send(path, bid.content)
        bid.check({path: bid.content}, bidder.submit(bid.deposit, {path: bid.content}, bid.name))

    campaign.report("Redis flushed during an upload", tried=1, met=1)


def test_redis_absent(django_db_setup, campaign):
    with serving(SIGILLE_BROKER_URL=f"redis://127.0.0.1:{free_port()}/0") as site:
        scene = Scene.make(site.port)
        scene.deposit()

    assert 500 not in scene.bidder.answers
    campaign.report("Redis absent", tried=1, met=1)
