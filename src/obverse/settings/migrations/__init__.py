"""Steps from one revision of ``settings.db`` to the next, run by Alembic when the file is opened."""
