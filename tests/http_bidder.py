# SPDX-License-Identifier: EUPL-1.2
"""Someone who deposits with nothing but HTTP, and knows nothing of Django."""

import base64
import http.cookiejar
import re
import urllib.parse
import urllib.request

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
PAGE_DATA = re.compile(r'<script id="[\w-]+" type="application/json">(.*?)</script>', re.DOTALL)


class Bidder:
    """Someone who deposits with nothing but HTTP."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str):
        url = urllib.parse.urljoin(self.address, path)
        named = self.headers(**headers)
        named.pop("Cookie")  # the opener's: a redirection may change it
        request = urllib.request.Request(url, body, named, method=method)  # noqa: S310 - ours
        return self.opener.open(request)

    def headers(self, **headers: str) -> dict[str, str]:
        """These, and what says who asks, where the request is made without `ask`."""
        cookies = {cookie.name: cookie.value or "" for cookie in self.cookies}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return named | ({"X-CSRFToken": cookies["csrf"]} if "csrf" in cookies else {})

    def page(self, path: str) -> str:
        return str(self.ask("GET", path).read(), "utf-8")

    def tender(self, reference: str) -> str:
        """The path of the consultation of that reference: a list may lead to others as well."""
        listed = self.page("/consultations/?closed=on&q=" + reference)
        links: list[str] = re.findall(r"/consultations/[0-9a-f-]{36}/", listed)
        return next(link for link in links if reference in self.page(link))

    def submit_form(self, path: str, *, to: str | None = None, **fields: str):
        """Post the form of the page at `path`, to another path where that is what it says."""
        data = {"csrfmiddlewaretoken": TOKEN.findall(self.page(path))[0], **fields}
        return self.ask("POST", to or path, urllib.parse.urlencode(data).encode())

    def create(self, data: dict[str, str], envelope: str, size: int) -> str:
        """Begin an upload; its path."""
        created = self.ask(
            "POST",
            data["uploadsUrl"],
            Tus_Resumable="1.0.0",
            Upload_Length=str(size),
            Upload_Metadata="envelope " + base64.b64encode(envelope.encode()).decode(),
        )
        return str(created.headers["Location"])

    def upload(self, data: dict[str, str], envelope: str, content: bytes) -> str:
        location = self.create(data, envelope, len(content))
        patched = self.ask(
            "PATCH",
            location,
            content,
            Tus_Resumable="1.0.0",
            Upload_Offset="0",
            Content_Type="application/offset+octet-stream",
        )
        assert patched.headers["Upload-Offset"] == str(len(content))
        return location.rstrip("/").rpartition("/")[2]
