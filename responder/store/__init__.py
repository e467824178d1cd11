"""Where memory outlives the process; the only package that knows SQL.

SQLite, PostgreSQL and the in-memory twin do the same things (`responder.ports.Store`), and a
writer gives a store its asynchronous face. What is stored means nothing here: decisions about
it live in the domain, and which file or server it is comes from the settings.
"""

from responder.store.opening import open_store
from responder.store.writer import StoreWriter

__all__ = ["StoreWriter", "open_store"]
