# SPDX-License-Identifier: EUPL-1.2
import socket
import subprocess
import sys

import pytest
from celery import Celery
from kombu.exceptions import OperationalError

from marketplace import celery


def test_django_makes_our_queue_the_current_one():
    # In a process of its own, for importing the module here is already enough.
    code = "import celery, django; django.setup(); print(celery.current_app.main)"

    name = subprocess.check_output([sys.executable, "-c", code], text=True)

    assert name == "marketplace\n"


def test_queue_carries_json_one_job_at_a_time_acknowledged_late():
    assert celery.app.conf.accept_content == ["json"]
    assert celery.app.conf.task_serializer == "json"
    assert celery.app.conf.task_acks_late is True
    assert celery.app.conf.worker_prefetch_multiplier == 1


def test_clock_names_tasks_that_exist():
    celery.app.loader.import_default_modules()

    named = {entry["task"] for entry in celery.BEAT_SCHEDULE.values()}

    assert named <= set(celery.app.tasks)


def test_file_queue_is_closed_to_others(settings, tmp_path):
    settings.BROKER_URL, settings.DATA_DIR = "filesystem://", tmp_path

    options = celery.transport_options()

    assert options["data_folder_in"] == options["data_folder_out"]
    assert {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")} == {0o700}


def test_other_queues_need_no_folder(settings, tmp_path):
    settings.BROKER_URL, settings.DATA_DIR = "redis://127.0.0.1/0", tmp_path

    celery.transport_options()

    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_redis_that_is_silent_holds_nobody_up(settings, monkeypatch):
    monkeypatch.setattr(celery, "SILENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.BROKER_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        queue = Celery(broker=settings.BROKER_URL)
        queue.conf.broker_transport_options = celery.transport_options()

        with pytest.raises(OperationalError, match="Timeout"):
            queue.send_task("signatures.conclude_report", ["any"])
