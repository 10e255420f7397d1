"""Backups: one compressed tar file with the database, the uploads, the secrets, and checksums of all of it."""
