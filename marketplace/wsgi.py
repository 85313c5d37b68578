# SPDX-License-Identifier: EUPL-1.2
"""The WSGI application.

Never serve it through ASGI, nor behind a proxy that buffers requests: both write the body of an
upload, a bid in clear, to a temporary file.
"""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")

application = get_wsgi_application()
