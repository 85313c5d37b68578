# SPDX-License-Identifier: EUPL-1.2
"""What every web process has in common; the address and the numbers come on the command line.

One thread serves one running upload. The body is read as it arrives, so a request may last for
hours: the time-out below watches the process, not the request.
"""

import gc
import resource
from typing import Any

from gunicorn.http.unreader import SocketUnreader

# A process that dies leaves nothing of a bid on the disk.
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

worker_class = "gthread"
threads = 16
keepalive = 5  # seconds
timeout = 60  # seconds without a heartbeat
graceful_timeout = 5  # seconds left to running requests: an upload resumes where it stopped
control_socket_disable = True

# A body is read in pieces of 256 KiB (`envelopes.limits`): what is received beyond one is copied each time.
SocketUnreader.max_body_chunk = 128 * 1024


def post_worker_init(_worker: Any) -> None:
    """What is loaded lasts as long as the process: the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()
