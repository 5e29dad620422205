"""Where the server is reached: which hosts and origins are its own, what its cookies are called."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from obverse.errors import ObverseError


class MisdirectedError(ObverseError):
    """The request was meant for another host."""

    status = 421
    code = "misdirected"


@dataclass(frozen=True)
class Site:
    """The server's own address, and how a proxy in front of it is reached.

    Attributes:
        host: address that it listens on.
        port: port that it listens on.
        public_url: the proxy's address, such as ``https://analytics.example.com``; None without one.
        trusted_proxies: addresses or networks whose ``X-Forwarded-For`` is believed.
    """

    host: str
    port: int
    public_url: str | None = None
    trusted_proxies: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """The address to open in a browser on this machine, or the public one."""
        if self.public_url:
            return self.public_url
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - not bound here
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def exposed(self) -> bool:
        """Whether others than users of this machine can reach it."""
        public = urlsplit(self.public_url).hostname if self.public_url else None
        return not is_loopback(self.host) or (public is not None and not is_loopback(public))

    @property
    def secure(self) -> bool:
        """Whether browsers reach it by https alone."""
        return bool(self.public_url and self.public_url.startswith("https://"))

    @property
    def cookie(self) -> str:
        """Name of the session's cookie: two servers on one machine, at two ports, do not share it."""
        return "__Host-obverse" if self.secure else f"obverse-{self.port}"

    def check_host(self, host: str | None) -> None:
        """Refuse what a page of another name sends to a server on this machine (DNS rebinding).

        Raises:
            MisdirectedError: the `Host` header names neither this machine nor the public address.
        """
        if not is_loopback(self.host):
            return
        name = urlsplit(f"//{host or ''}").hostname or ""
        if is_loopback(name) or (self.public_url and name == urlsplit(self.public_url).hostname):
            return
        raise MisdirectedError(
            f"this server does not answer for host {name!r}; behind a proxy, set its address as public_url"
        )

    def is_own_origin(self, origin: str, host: str | None) -> bool:
        """Tell whether an `Origin` header names a page of this server, asked for under `host`."""
        if self.public_url and origin == self.public_url.rstrip("/"):
            return True
        return not self.secure and origin in {f"http://{host}", f"https://{host}"}

    def client(self, peer: str, forwarded: str | None) -> str:
        """Give the address that a request came from: the peer, or what a trusted proxy says of it."""
        for claimed in reversed((forwarded or "").split(",")):
            if not claimed.strip() or not self._trusts(peer):
                break
            peer = claimed.strip()
        return peer

    def _trusts(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in ip_network(network) for network in self.trusted_proxies)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address.

    >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "example.com")]
    [True, True, True, False, False]
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def local_path(text: str | None) -> str:
    """Give a path of this server to go to after log-in; ``/`` for whatever is none.

    >>> [local_path(text) for text in ("/funnel?by=x", "//evil.example", "https://evil.example", None)]
    ['/funnel?by=x', '/', '/', '/']
    """
    if not text or not text.startswith("/") or text.startswith("//") or "\\" in text:
        return "/"
    if not text.isprintable() or not text.isascii() or text.startswith(("/login", "/logout", "/setup")):
        return "/"
    return text
