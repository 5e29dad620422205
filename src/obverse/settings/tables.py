"""The tables of ``settings.db``, as they are now; `migrations` brings older files here.

Secrets are kept as hashes, except write keys: those are public (they stand in every page that sends events)
and the operator must be able to look one up again. Instants are whole microseconds since 1970 UTC.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

write_key = Table(
    "write_key",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("touchpoint", String(100)),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)

user = Table(
    "user_account",  # `user` is a reserved word in PostgreSQL
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("email", String(320)),
    Column("password_hash", String(255)),  # none until a password is set
    Column("created_at", BigInteger, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", Integer, ForeignKey("user_account.id"), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

token = Table(
    "token",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("kind", String(10), nullable=False),  # "login": opens one session, once; "api": a program's
    Column("name", String(100), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("used_at", BigInteger),  # when a log-in token was spent
)

setting = Table(
    "setting",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("value", Text, nullable=False),  # JSON
)

segment = Table(
    "segment",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("question", Text, nullable=False),  # JSON
    Column("pick", Text, nullable=False),  # JSON
    Column("people", LargeBinary),  # keys of a snapshot's people, 8 bytes each; none where it is made anew
    Column("created_at", BigInteger, nullable=False),
)

dashboard = Table(
    "dashboard",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("panels", Text, nullable=False),  # JSON
    Column("share_token", String(64), unique=True),  # opens it, and nothing else, to anybody
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)

survey = Table(
    "survey",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("state", String(10), nullable=False),
    Column("version", Integer, nullable=False),  # the newest
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)

survey_version = Table(
    "survey_version",
    metadata,
    Column("survey_id", String(64), ForeignKey("survey.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("body", Text, nullable=False),  # JSON
    Column("created_at", BigInteger, nullable=False),
)

secret = Table(
    "secret",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
