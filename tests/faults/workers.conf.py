# SPDX-License-Identifier: EUPL-1.2
"""That of an installation, with two processes; their clocks differ from the true one by so many minutes, the
first ahead, the second behind."""

import os
import runpy
from datetime import timedelta

globals().update(runpy.run_path("gunicorn.conf.py"))
workers = 2
threads = worker_connections = 32  # fewer than the requests: both serve
accesslog = os.environ["SIGILLE_TEST_ACCESS_LOG"]
access_log_format = "%(p)s %(m)s"
SKEW = timedelta(minutes=int(os.environ["SIGILLE_TEST_SKEW"]))


def post_worker_init(worker):
    from django.utils import timezone  # noqa: PLC0415 - once the application is there

    true_now, skew = timezone.now, SKEW if worker.age == 1 else -SKEW
    timezone.now = lambda: true_now() + skew
