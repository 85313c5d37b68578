# SPDX-License-Identifier: EUPL-1.2
"""That of an installation, with one thread, so that its system calls come in one order, and that lets itself
be traced by the user who started it."""

import ctypes
import runpy

globals().update(runpy.run_path("gunicorn.conf.py"))
threads = 1
preload_app = True  # a killed worker is replaced at once


def post_fork(_server, _worker):
    set_tracer, any_process = 0x59616D61, ctypes.c_ulong(-1)  # PR_SET_PTRACER, prctl(2)
    ctypes.CDLL(None).prctl(set_tracer, any_process)
