# SPDX-License-Identifier: EUPL-1.2
"""The job queue. Celery only wakes workers: what is to be done is in the database.

A job lost with its broker is found again by a sweep of `BEAT_SCHEDULE`; a job delivered twice does
nothing the second time. Arguments are identifiers, never a name, a key or a file: the queue of an
embedded installation is a folder of JSON files.
"""

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.schedules import crontab
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")

SILENCE = 5  # seconds that a broker may take to answer

# What beat queues: {"task": its explicit name, "schedule": seconds or a crontab}.
BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    # Often, since a threshold is passed at any hour; each alert is sent once all the same.
    "expiry alerts": {"task": "keys.raise_alerts", "schedule": crontab(minute=5)},
    "decryption drills": {"task": "keys.ask_for_drills", "schedule": crontab(minute=20)},
    "renewed key pairs": {"task": "keys.retire_replaced", "schedule": crontab(minute="*/10")},
    "journal anchors": {"task": "marketplace.anchor_journal", "schedule": 60.0},
    "whole journal": {"task": "marketplace.check_journal", "schedule": crontab(hour=3, minute=17)},
    # Often, for a bidder waits for the token of a receipt; a message that nobody took is not kept.
    "timestamps": {
        "task": "marketplace.obtain_timestamps",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "abandoned uploads": {"task": "envelopes.sweep", "schedule": crontab(hour=3, minute=20)},
    "closing fingerprints": {"task": "envelopes.close_consultations", "schedule": 60.0},
    "test consultations": {"task": "marketplace.extend_tests", "schedule": crontab(minute=40)},
    # By short spells: it begins once a day, and goes on until every block was read.
    "scrub": {"task": "envelopes.scrub", "schedule": 60.0, "options": {"expires": 60}},
    "store alarms": {"task": "envelopes.tell_alarms", "schedule": 60.0},
    "receipts by mail": {"task": "envelopes.mail_receipts", "schedule": 60.0},
    "decryption coverage": {"task": "envelopes.watch_coverage", "schedule": 300.0},
    "reported keys": {"task": "envelopes.tell_reports", "schedule": 60.0},
    "departures": {"task": "envelopes.tell_departures", "schedule": 60.0},
    "forgotten reports": {"task": "signatures.sweep_reports", "schedule": 60.0},
}


def broker_folder() -> Path:
    """Where the embedded installation keeps its queue."""
    return Path(settings.DATA_DIR) / "broker"


def transport_options() -> dict[str, Any]:
    """Options of the broker of the settings; the filesystem one gets its folders, mode 0700.

    Redis must answer soon: whoever releases an envelope waits for it, and the sweep makes up for it.
    """
    if not settings.BROKER_URL.startswith("filesystem:"):
        return {"socket_timeout": SILENCE, "socket_connect_timeout": SILENCE}
    queue, control = broker_folder() / "queue", broker_folder() / "control"
    for folder in (broker_folder(), queue, control):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "data_folder_in": str(queue),
        "data_folder_out": str(queue),
        "control_folder": str(control),
        "polling_interval": 0.2,  # seconds
    }


app = Celery("marketplace", broker=settings.BROKER_URL)
app.conf.update(
    accept_content=["json"],
    beat_schedule=BEAT_SCHEDULE,
    broker_connection_retry_on_startup=True,
    broker_transport_options=transport_options(),
    enable_utc=True,
    task_acks_late=True,
    task_ignore_result=True,
    task_serializer="json",
    timezone=settings.TIME_ZONE,
    worker_enable_remote_control=False,
    worker_hijack_root_logger=False,
    worker_prefetch_multiplier=1,
)
app.autodiscover_tasks()
