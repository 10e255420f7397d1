from .run import JobRun, JobState
from .schedule import Schedule

__all__ = ["JobRun", "JobState", "Schedule"]
