"""Where the community talks: spaces, threads, posts, reactions, tags and unread marks.

Records `thread.started` (the first message of a thread), `reply.posted` (every other message), `reaction.given`.
"""
