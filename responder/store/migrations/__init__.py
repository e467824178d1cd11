"""How older schemas become the one of `tables.py`; run by Alembic, one file a version."""
