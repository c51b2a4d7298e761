"""The types of columns, and the one collection of all tables."""

from sqlalchemy import Float, Integer, MetaData
from sqlalchemy.dialects import postgresql

metadata = MetaData()

#: SQLite's own INTEGER is 64 bit; PostgreSQL's is not.
Big = Integer().with_variant(postgresql.BIGINT(), "postgresql")
Real = Float().with_variant(postgresql.DOUBLE_PRECISION(), "postgresql")
