"""Changes of the tables, by Alembic: what a server or worker does before it uses a data base."""
