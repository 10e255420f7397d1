"""Every subcommand: where it lives and what it is for, so that `milepost --help` imports none of them.

To add one: a module with a click command, and a line here. A line whose module is not there is hidden.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

HERE = "milepost.interfaces.cli"


@dataclass(frozen=True, slots=True)
class Entry:
    target: str
    """`module:attribute`, below this package."""
    help: str

    @property
    def module(self) -> str:
        return f"{HERE}.{self.target.partition(':')[0]}"

    @property
    def attribute(self) -> str:
        return self.target.partition(":")[2]

    @property
    def is_there(self) -> bool:
        return find_spec(self.module) is not None


SECTIONS: dict[str, dict[str, Entry]] = {
    "Run the site": {
        "serve": Entry("serve:serve", "Start the site: web server and worker together."),
        "worker": Entry("worker:worker", "Start one more worker for background work."),
        "demo": Entry("demo:demo", "Load the demo community."),
    },
    "Communities": {
        "community": Entry("community:community", "Create and list communities."),
        "account": Entry("account:account", "Create sign-ins and give them a role."),
        "import": Entry("importing:importing", "Bring in a history: Slack, Discord, mail, a forum, a table."),
        "export": Entry("exporting:exporting", "Take a whole community out as documented files."),
        "personas": Entry("personas:personas", "Load personas and their paths from a file; see who is where."),
        "milestones": Entry("milestones:milestones", "Milestones: define, preview, go through history, list awards."),
        "badges": Entry("badges:badges", "Make and check badges (Open Badges 3.0)."),
        "events": Entry("events:events", "Events: list them, who was there, answers that came by mail."),
        "stats": Entry("stats:stats", "Count what is stored of a community."),
        "conditions": Entry("conditions:conditions", "Rules: check one, explain it, count whom it is about."),
        "tally": Entry("tally:tally", "Count the votes in a file: ballots, budgets, recounts."),
        "segments": Entry("segments:segments", "Members under a name: load, count and compare segments."),
        "opinion-map": Entry("opinion_map:opinion_map", "Draw the opinion map of votes that Polis exported."),
    },
    "Look after it": {
        "check": Entry("check:check", "Look at everything that can go wrong, and say what to do."),
        "backup": Entry("backup:backup", "Write database, uploads and secrets into one file, while the site runs."),
        "restore": Entry("restore:restore", "Bring a backup back."),
        "upgrade": Entry("upgrade:upgrade", "After new code: back up, migrate, check."),
        "readers": Entry("readers:readers", "What follows the log: how far it is, run it, rewind it."),
        "jobs": Entry("jobs:jobs", "Background work: list it, run failed work again."),
        "bench": Entry("bench:bench", "Measure this machine's speed with generated data."),
        "version": Entry("version:version", "Say which versions are at work."),
    },
}


def entries() -> dict[str, Entry]:
    """All that are there, by name."""
    return {name: entry for part in SECTIONS.values() for name, entry in part.items() if entry.is_there}
