# SPDX-License-Identifier: EUPL-1.2
"""The server's clock, which a test may put forward: deadlines pass, nobody waits."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from marketplace import clock


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ahead = timedelta()
        self._true_now = timezone.now
        monkeypatch.setattr(timezone, "now", self.now)
        monkeypatch.setattr(clock, "now", self.now)  # PostgreSQL has its own

    def now(self) -> datetime:
        return self._true_now() + self._ahead

    def put_forward(self, by: timedelta) -> None:
        self._ahead += by
