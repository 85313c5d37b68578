# SPDX-License-Identifier: EUPL-1.2
"""What a page sent, received, said and kept: all of it, to be searched for what must not be there."""

import base64
import json

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

# Everything that a page can keep under our origin; a key that scripts can export shows what they would see.
_DUMP_STORAGE = """async () => {
  const digits = (byte) => byte.toString(16).padStart(2, '0')
  const inHexadecimal = (buffer) => Array.from(new Uint8Array(buffer), digits).join('')
  const showMember = async ([name, member]) => [name, await show(member)]
  const show = async (value) => {
    if (value instanceof CryptoKey) {
      const kind = `${value.type} key for ${value.algorithm.name}`
      const format = value.type === 'private' ? 'pkcs8' : value.type === 'public' ? 'spki' : 'raw'
      return crypto.subtle.exportKey(format, value).then(inHexadecimal, () => `${kind}, not extractable`)
    }
    if (value instanceof ArrayBuffer) return inHexadecimal(value)
    if (ArrayBuffer.isView(value)) return inHexadecimal(value.buffer)
    if (typeof value !== 'object' || value === null || value instanceof Date) return value
    return Object.fromEntries(await Promise.all(Object.entries(value).map(showMember)))
  }
  const ask = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const databases = []
  for (const { name } of await indexedDB.databases()) {
    const database = await ask(indexedDB.open(name))
    for (const store of database.objectStoreNames) {
      const values = await ask(database.transaction(store).objectStore(store).getAll())
      databases.push([name, store, await show(values)])
    }
    database.close()
  }
  return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, databases, document.cookie])
}"""


class Recorder:
    """Listens to a context from its first page on."""

    def __init__(self, context: BrowserContext) -> None:
        self.console: list[str] = []
        self.errors: list[str] = []
        self._requests: list[Request] = []
        self._unread: list[Response] = []
        self._bodies: list[bytes] = []
        context.on("request", self._on_request)
        context.on("response", self._on_response)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))

    def _on_request(self, request: Request) -> None:
        self._requests.append(request)

    def _on_response(self, response: Response) -> None:
        if response.url.startswith("http") and not 300 <= response.status < 400:
            self._unread.append(response)

    def _on_console(self, message: ConsoleMessage) -> None:
        self.console.append(f"{message.type}: {message.text}")

    def sent(self) -> bytes:
        """Every request: line, headers, body. A blob never leaves the browser and is left out."""
        leaving = [request for request in self._requests if not request.url.startswith("blob:")]
        return b"\n".join(
            b"\n".join(
                [
                    f"{request.method} {request.url}".encode(),
                    json.dumps(request.headers).encode(),
                    request.post_data_buffer or b"",
                ]
            )
            for request in leaving
        )

    def received(self) -> bytes:
        """The body of every answer of the site. Call it before a navigation, which drops them."""
        self._bodies += [response.body() for response in self._unread]
        self._unread.clear()
        return b"\n".join(self._bodies)

    def everything(self, page: Page) -> bytes:
        """What was sent, received, said on the console, and is kept by `page`'s origin."""
        kept = kept_by(page).encode()
        said = "\n".join([*self.console, *self.errors]).encode()
        return b"\n".join([self.sent(), self.received(), said, kept])


def kept_by(page: Page) -> str:
    """What the origin of `page` keeps in this browser, as JSON."""
    return str(page.evaluate(_DUMP_STORAGE))


def leaks(secrets: list[bytes], place: bytes) -> list[bytes]:
    """The spellings of secrets that are found there."""
    return [spelling for secret in secrets for spelling in spellings(secret) if spelling in place]


def spellings(secret: bytes) -> list[bytes]:
    """How bytes could be written somewhere: raw, hexadecimal, base64 at each alignment, as numbers."""
    aligned = [
        base64.b64encode(secret[start : start + len(secret) // 3 * 3 - 3]) for start in range(3)
    ]
    url_safe = [spelling.replace(b"+", b"-").replace(b"/", b"_") for spelling in aligned]
    numbers = ",".join(map(str, secret)).encode()
    return [
        secret,
        secret.hex().encode(),
        secret.hex().upper().encode(),
        numbers,
        *aligned,
        *url_safe,
    ]
