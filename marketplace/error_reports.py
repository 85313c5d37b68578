# SPDX-License-Identifier: EUPL-1.2
"""What a report of an error says: where it was raised, never what was in hand there.

The functions that receive a bid hold it in clear in their variables; Django would quote them, on its page
of an error in development and in its mails to administrators.
"""

from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter


class WithoutContents(SafeExceptionReporterFilter):
    """No variable of any function, no field of any form."""

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        return {}

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> ItemsView[str, Any]:
        return dict[str, Any]().items()
