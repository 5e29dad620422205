"""Segments and dashboards."""

import sqlalchemy as sa
from alembic import op

revision = "r0002"
down_revision = "r0001"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "segment",
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("pick", sa.Text(), nullable=False),
        sa.Column("people", sa.LargeBinary()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_segment"),
    )
    op.create_table(
        "dashboard",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("panels", sa.Text(), nullable=False),
        sa.Column("share_token", sa.String(64)),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dashboard"),
        sa.UniqueConstraint("name", name="uq_dashboard_name"),
        sa.UniqueConstraint("share_token", name="uq_dashboard_share_token"),
    )
