"""Pictures by URL, for a user who asked for it."""

from __future__ import annotations

from cleancut.errors import InputMissing
from cleancut.files import too_large

# A picture's server that says nothing for this long is not going to.
_TIMEOUT_SECONDS = 30.0


def fetch(url: str, max_bytes: int | None) -> bytes:
    """The bytes behind an http(s) URL. Raises InputMissing, FileTooLarge.

    Redirects are followed to http(s) alone, which is all that the client speaks.
    """
    import httpx

    if not url.lower().startswith(("http://", "https://")):
        raise InputMissing(f"{url} is neither http nor https", hint="fetch it yourself, and give the file")
    try:
        with (
            httpx.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=True, max_redirects=5) as client,
            client.stream("GET", url) as answer,
        ):
            answer.raise_for_status()
            data = bytearray()
            for chunk in answer.iter_bytes():
                data += chunk
                if max_bytes is not None and len(data) > max_bytes:
                    raise too_large(url, len(data), max_bytes)
            return bytes(data)
    except httpx.HTTPStatusError as error:
        raise InputMissing(
            f"{url} answered {error.response.status_code} {error.response.reason_phrase}",
            hint="check the address in a browser",
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise InputMissing(
            f"cannot fetch {url}: {str(error) or type(error).__name__}",
            hint="check the address and the network; proxies are taken from HTTPS_PROXY",
        ) from error
