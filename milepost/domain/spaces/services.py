"""What no one object owns: counts worked out anew, and what is unread."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db import connection, transaction

_LIVE = "p.deleted_at IS NULL"


def recount(space_ids: Sequence[uuid.UUID]) -> None:
    """Work out the counts of these spaces and of their threads from the posts; for bulk imports, and for repair.

    Set-based, one space a transaction.
    """
    for space in space_ids:
        key = space if connection.vendor == "postgresql" else space.hex
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE spaces_thread SET"
                f" post_count = (SELECT count(*) FROM spaces_post p WHERE p.thread_id = spaces_thread.id AND {_LIVE}),"
                " last_post_at = COALESCE((SELECT max(p.posted_at) FROM spaces_post p"
                f" WHERE p.thread_id = spaces_thread.id AND {_LIVE}), last_post_at)"
                " WHERE space_id = %s",
                [key],
            )
            live = "FROM spaces_thread t WHERE t.space_id = spaces_space.id AND t.deleted_at IS NULL"
            cursor.execute(
                f"UPDATE spaces_space SET thread_count = (SELECT count(*) {live}),"
                f" post_count = (SELECT COALESCE(sum(t.post_count), 0) {live}),"
                f" last_post_at = (SELECT max(t.last_post_at) {live}) WHERE id = %s",
                [key],
            )
