"""Who works on what next: one small protocol, on SQLite for one machine and on PostgreSQL for many."""
