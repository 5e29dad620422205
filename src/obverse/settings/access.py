"""Who may look: users and their passwords, the sessions they have open, and tokens.

A session or a token is a random text that only its holder has; the database has its SHA-256.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from obverse.errors import NotFoundError, QuestionError
from obverse.settings.database import writing
from obverse.settings.tables import session, token, user

if TYPE_CHECKING:
    from argon2 import PasswordHasher

ADMIN = "admin"
MIN_PASSWORD, MAX_PASSWORD = 10, 1024

_DAY_US = 86_400_000_000
_SLIDE_US = 3_600_000_000  # a session in use is lengthened at most this often
_LINK_US = 7 * _DAY_US


class Session(msgspec.Struct, frozen=True):
    """An open session.

    Attributes:
        user_id: whose it is.
        user: that user's name.
        has_password: whether the user could log in with a password.
        expires_at: when it ends unless it is used before, µs since 1970 UTC.
    """

    user_id: int
    user: str
    has_password: bool
    expires_at: int


class Access:
    """Users, sessions and tokens. All times come from `clock`, in µs since 1970 UTC."""

    def __init__(self, engine: Engine, clock: Callable[[], int]) -> None:
        self._engine = engine
        self._clock = clock
        self._hasher: PasswordHasher | None = None
        self._decoy = ""

    # Passwords

    def has_password(self) -> bool:
        """Tell whether anybody could log in with a password."""
        with self._engine.connect() as connection:
            found = select(func.count()).select_from(user).where(user.c.password_hash.is_not(None))
            return bool(connection.execute(found).scalar())

    def set_password(self, password: str, name: str = ADMIN, keep: str | None = None) -> None:
        """Set a user's password, making the user where there is none. Ends the user's other sessions.

        Args:
            password: the new one.
            name: the user's name.
            keep: token of the one session to leave open.

        Raises:
            QuestionError: it is shorter than 10 characters or longer than 1024.
        """
        if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
            raise QuestionError(f"password: must have {MIN_PASSWORD} to {MAX_PASSWORD} characters")
        hashed = self._argon2().hash(password)
        with writing(self._engine) as connection:
            done = connection.execute(update(user).where(user.c.name == name).values(password_hash=hashed))
            if not done.rowcount:
                row = {"name": name, "password_hash": hashed, "created_at": self._clock()}
                connection.execute(insert(user).values(row))
            whose = select(user.c.id).where(user.c.name == name).scalar_subquery()
            others = session.c.user_id == whose, session.c.token_hash != _hash(keep or "")
            connection.execute(delete(session).where(*others))

    def check_password(self, name: str, password: str) -> bool:
        """Tell whether this is the user's password; takes as long where there is no such user.

        Takes some 50 ms and 64 MiB: call it in a thread, and not many at a time.
        """
        from argon2.exceptions import InvalidHashError, VerificationError

        with self._engine.connect() as connection:
            found = connection.execute(select(user.c.password_hash).where(user.c.name == name)).scalar()
        hasher = self._argon2()
        try:
            hasher.verify(found or self._decoy, password[: MAX_PASSWORD + 1])
        except (VerificationError, InvalidHashError):
            return False
        if found is not None and hasher.check_needs_rehash(found):
            with writing(self._engine) as connection:
                newer = hasher.hash(password)
                connection.execute(update(user).where(user.c.name == name).values(password_hash=newer))
        return found is not None

    def _argon2(self) -> PasswordHasher:
        if self._hasher is None:
            from argon2 import PasswordHasher

            hasher = PasswordHasher()  # RFC 9106's second choice: Argon2id, 64 MiB, 3 passes, 4 lanes
            self._decoy = hasher.hash(secrets.token_urlsafe(16))
            self._hasher = hasher
        return self._hasher

    # Sessions

    def open_session(self, days: int, name: str = ADMIN) -> str:
        """Open a session for a user, making the user where there is none; give its token.

        Sessions that have ended are swept out on this occasion.
        """
        made, at = secrets.token_urlsafe(32), self._clock()
        with writing(self._engine) as connection:
            connection.execute(delete(session).where(session.c.expires_at <= at))
            named = select(user.c.id).where(user.c.name == name)
            if connection.execute(named).first() is None:
                connection.execute(insert(user).values(name=name, created_at=at))
            whose = connection.execute(named).scalar_one()
            row = {"user_id": whose, "created_at": at, "used_at": at, "expires_at": at + days * _DAY_US}
            connection.execute(insert(session).values(token_hash=_hash(made), **row))
        return made

    def session_of(self, text: str, days: int) -> Session | None:
        """Find the open session that a token stands for, and lengthen it since it is used."""
        at, this = self._clock(), session.c.token_hash == _hash(text)
        columns = (user.c.id, user.c.name, user.c.password_hash, session.c.used_at, session.c.expires_at)
        with self._engine.connect() as connection:
            row = connection.execute(select(*columns).join_from(session, user).where(this)).one_or_none()
        if row is None or row.expires_at <= at:
            return None
        expires_at = row.expires_at
        if at - row.used_at >= _SLIDE_US:
            expires_at = at + days * _DAY_US
            with writing(self._engine) as connection:
                connection.execute(update(session).where(this).values(used_at=at, expires_at=expires_at))
        return Session(row.id, row.name, row.password_hash is not None, expires_at)

    def end_session(self, text: str) -> None:
        """End the session that a token stands for, if it is open."""
        with writing(self._engine) as connection:
            connection.execute(delete(session).where(session.c.token_hash == _hash(text)))

    # Tokens

    def create_link(self) -> str:
        """Make a log-in token: it opens one session, once, within seven days."""
        at = self._clock()
        with writing(self._engine) as connection:
            old = token.c.kind == "login", token.c.expires_at <= at
            connection.execute(delete(token).where(*old))
            return _add_token(connection, "login", "link", at, at + _LINK_US)

    def spend_link(self, text: str) -> bool:
        """Use up a log-in token; False where it is unknown, spent or too old."""
        at = self._clock()
        this = token.c.token_hash == _hash(text), token.c.kind == "login"
        unspent = token.c.used_at.is_(None), token.c.expires_at > at
        with writing(self._engine) as connection:
            done = connection.execute(update(token).where(*this, *unspent).values(used_at=at))
        return done.rowcount == 1

    def create_token(self, name: str) -> str:
        """Make a token with which a program may ask the API; it holds until it is revoked.

        Raises:
            QuestionError: the name is empty, too long or taken.
        """
        if not name.strip() or len(name) > 100:
            raise QuestionError(f"name: {name!r} must have 1 to 100 characters")
        with writing(self._engine) as connection:
            same = select(token.c.name).where(token.c.kind == "api", token.c.name == name)
            if connection.execute(same).first():
                raise QuestionError(f"name: a token named {name!r} exists already; choose another name")
            return _add_token(connection, "api", name, self._clock(), None)

    def revoke_token(self, name: str) -> None:
        """Take back an API token.

        Raises:
            NotFoundError: there is none of this name.
        """
        with writing(self._engine) as connection:
            this = token.c.kind == "api", token.c.name == name
            if not connection.execute(delete(token).where(*this)).rowcount:
                raise NotFoundError(f"no API token is named {name!r}")

    def token_name(self, text: str) -> str | None:
        """Give the name of an API token; None where it is none."""
        with self._engine.connect() as connection:
            this = token.c.token_hash == _hash(text), token.c.kind == "api"
            return connection.execute(select(token.c.name).where(*this)).scalar()


def _add_token(connection: Connection, kind: str, name: str, at: int, expires_at: int | None) -> str:
    made = secrets.token_urlsafe(32)
    row = {"kind": kind, "name": name, "created_at": at, "expires_at": expires_at}
    connection.execute(insert(token).values(token_hash=_hash(made), **row))
    return made


def _hash(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()
