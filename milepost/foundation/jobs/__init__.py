"""Background work: jobs with retries, schedules, and the worker process that runs both.

Owns `JobRun` (the trace of one request for background work) and `Schedule` (when repeating work is due).
Records no verbs: whoever asks for the work records what came of it.

    from milepost.foundation.jobs.job import Backoff, job
    from milepost.foundation.jobs.progress import progress
    from milepost.foundation.jobs.schedule import every

    @job(label=_("Import a Slack export"), retries=2, queue_name="imports", resumable=True)
    def import_slack(import_id: str) -> None:
        ...
        progress(done, total, note)

    import_slack.using(community_id=community.id).enqueue(str(import_.id))

Jobs live in an app's `tasks.py`, are safe to run twice, and take ids, never text or mail addresses,
because arguments are kept in the trace. docs/decisions/0010-background-work.md says why it is built so.
"""
