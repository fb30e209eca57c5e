"""`manage.py up`: embedded PostgreSQL and Valkey, and a small supervisor of web, worker and beat."""
