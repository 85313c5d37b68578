# SPDX-License-Identifier: EUPL-1.2
"""What runs up from this app: upper apps listen, and sweep for what the signal missed."""

from django.dispatch import Signal

# Sent once per envelope, after the commit of its release: `envelope_id`, `released_at`.
envelope_opened = Signal()
