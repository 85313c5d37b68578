# SPDX-License-Identifier: EUPL-1.2
"""A TCP proxy of our own that misbehaves on demand: it cuts a line at a byte, or loses an answer.

It runs in a thread of its own; what it is to do next is set between two requests, and read at each new piece.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

PIECE = 64 * 1024  # bytes relayed at once, at most


@dataclass
class Proxy:
    """Relays `port` to `target`, both of the loopback."""

    target: int
    port: int = 0
    cut_after: int | None = None  # bytes towards the target, after which both sides are cut, once
    loses_answer: bool = False  # the next answer is not relayed: both sides are cut instead, once
    # Called before a piece towards the target is relayed; false: it is not, and both sides are cut.
    on_piece: Callable[[bytes], bool] | None = None
    cuts: int = 0  # lines cut so far
    _relayed: int = field(default=0, repr=False)
    _clients: set[asyncio.StreamWriter] = field(default_factory=set, repr=False)

    def cut_at(self, count: int) -> None:
        """Cut the line once, when `count` more bytes have gone towards the target."""
        self._relayed, self.cut_after = 0, count

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one line, until one of its sides ends it or it is cut."""
        self._clients.add(writer)
        try:
            await self._relay(reader, writer)
        finally:
            self._clients.remove(writer)

    def cut_all(self) -> None:
        """Cut every line; who relays it ends then by itself."""
        for client in self._clients:
            client.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            theirs, towards = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            await _end(writer)
            return
        sides = [
            asyncio.create_task(self._towards_target(reader, towards)),
            asyncio.create_task(self._back(theirs, writer)),
        ]
        try:
            await asyncio.wait(sides, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for side in sides:
                side.cancel()
            await asyncio.gather(*sides, return_exceptions=True)
            await asyncio.gather(_end(towards), _end(writer))

    async def _towards_target(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while piece := await reader.read(PIECE):
            asked = self.on_piece
            if asked is not None and not await asyncio.to_thread(asked, piece):
                self.cuts += 1
                return
            left = None if self.cut_after is None else self.cut_after - self._relayed
            self._relayed += len(piece)
            writer.write(piece if left is None else piece[:left])
            await writer.drain()
            if left is not None and left <= len(piece):
                self.cut_after = None
                self.cuts += 1
                return

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(PIECE):
            if self.loses_answer:
                self.loses_answer = False
                self.cuts += 1
                return
            writer.write(piece)
            await writer.drain()


async def _end(writer: asyncio.StreamWriter) -> None:
    """Cut a side at once, what it had still to say included."""
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()


@contextmanager
def proxy_to(target: int) -> Iterator[Proxy]:
    """A proxy to this port of the loopback, for as long as the context lasts."""
    proxy, loop = Proxy(target), asyncio.new_event_loop()
    ready, stop = threading.Event(), asyncio.Event()
    thread = threading.Thread(target=_run, args=(loop, proxy, ready, stop), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


def _run(
    loop: asyncio.AbstractEventLoop, proxy: Proxy, ready: threading.Event, stop: asyncio.Event
) -> None:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(_listen(proxy, ready, stop))


async def _listen(proxy: Proxy, ready: threading.Event, stop: asyncio.Event) -> None:
    async with await asyncio.start_server(proxy.serve, "127.0.0.1", 0) as server:
        proxy.port = server.sockets[0].getsockname()[1]
        ready.set()
        await stop.wait()
        # Nothing is closed or cancelled while a line is being accepted: its socket would stay open.
        asyncio.get_running_loop().remove_reader(server.sockets[0].fileno())
        while lines := asyncio.all_tasks() - {asyncio.current_task()}:
            proxy.cut_all()
            await asyncio.wait(lines, return_when=asyncio.FIRST_COMPLETED)
