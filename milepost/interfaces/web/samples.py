"""What the style guide's components are shown with. Nothing in it comes from the database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh Adelaide Blaine Charlotte"

PEOPLE = [
    ("Amara Okafor", "sings, books rooms"),
    ("Lan Nguyen", "joined in March"),
    ("José Álvarez-Ruiz", "steward"),
    ("王小明", "plays the erhu"),
    ("Ife Adeyemi", "answers most newcomers"),
    ("سلمى حداد", "writes songs"),
    (LONG_NAME, "a very long name"),
    ("Þóra", "two words are not needed"),
]


def samples(now: datetime) -> dict[str, Any]:
    """The context of every component that shows a list."""
    return {**life(now), **purpose(), **talk(now), **figures(), **finding_the_way()}


def life(now: datetime) -> dict[str, Any]:
    """Moments of a community, entries of one member's timeline."""
    return {
        "moments": [
            {
                "who": "Mateus Kaya",
                "text": "reached",
                "stone": "First paid gig",
                "stone_state": "reached",
                "at": now - timedelta(hours=26),
                "quote": "Forty euros and a plate of soup. I cried in the van.",
                "cheers": 23,
                "cheers_url": "#",
                "links": [{"label": "Say something", "url": "#"}],
            },
            {
                "who": "Lan Nguyen",
                "text": "thanked Ife Adeyemi: lent her amp, then stayed to carry it home.",
                "at": now - timedelta(days=3),
                "cheers": 1,
                "cheers_url": "#",
            },
            {
                "who": LONG_NAME,
                "text": "set a stone of their own:",
                "stone": "Sing in front of my sisters",
                "stone_state": "own",
                "at": now - timedelta(days=15),
            },
        ],
        "entries": [
            {
                "text": "First paid gig at The Lantern",
                "at": now - timedelta(days=1),
                "milestone": True,
                "detail": "23 cheers",
            },
            {
                "text": "Answered “Which room for eleven people?”",
                "at": now - timedelta(days=4),
                "icon": "message-circle",
                "url": "#",
            },
            {"text": "Joined by Lan’s invitation", "at": now - timedelta(days=240), "icon": "door-open"},
        ],
    }


def purpose() -> dict[str, Any]:
    """Goals, and what to do next."""
    return {
        "goals": [
            {
                "title": "200 members play their first live gig this year",
                "url": "#",
                "value": 143,
                "max": 200,
                "line": "143 of 200",
                "state": "risk",
                "state_label": "a little behind",
                "expected": 178,
            },
            {
                "title": "Nobody waits more than a day for an answer",
                "url": "#",
                "value": 88,
                "max": 100,
                "line": "88 % within a day, up from 71",
                "state": "going",
                "state_label": "on the way",
            },
            {
                "title": "A hundred rooms opened",
                "url": "#",
                "value": 100,
                "max": 100,
                "line": "100 of 100",
                "state": "reached",
                "state_label": "reached",
            },
        ],
        "steps": [
            {"title": "Say why you are here", "text": "Written together in March.", "state": "done"},
            {
                "title": "Bring your history",
                "text": "From Slack, Discord, a forum, a mailing list or a table.",
                "state": "current",
                "url": "#",
                "action": "Choose a file",
            },
            {"title": "Invite the first ten", "text": "By link or by mail.", "state": "ahead"},
        ],
        "next_step": {
            "title": "Workshop: Talking to booking agents",
            "text": "Thursday 19:00, online. 6 of 10 who came got paid within 90 days.",
            "actions": [
                {"label": "Save my seat", "url": "#"},
                {"label": "I have done it already", "url": "#", "kind": "quiet"},
            ],
        },
    }


def talk(now: datetime) -> dict[str, Any]:
    """Threads, gatherings, and who is in them."""
    people = [{"name": n, "url": "#", "detail": d} for n, d in PEOPLE]
    return {
        "people": people,
        "threads": [
            {
                "title": "How do you ask for money without shrinking?",
                "url": "#",
                "meta": ["for First paid gig", "18 replies"],
                "at": now - timedelta(minutes=20),
                "at_label": "Ife answered",
                "people": people[:5],
                "unread": True,
            },
            {
                "title": "Draft: should newcomers get the first slot?",
                "url": "#",
                "meta": ["for Every room is a stage"],
                "at": now - timedelta(hours=4),
                "badge": "Open until Sunday",
                "badge_kind": "going",
                "people": people[2:4],
            },
            {
                "title": "Stage fright in the second song, not the first",
                "url": "#",
                "meta": ["nobody has answered yet"],
                "at": now - timedelta(days=2),
            },
        ],
        "events": [
            {
                "title": "Talking to booking agents",
                "url": "#",
                "starts_at": now + timedelta(days=2),
                "text": "19:00 online, 4 seats left",
                "action_label": "Join",
                "action_url": "#",
            },
            {
                "title": "Kitchen concert, Leith",
                "url": "#",
                "starts_at": now + timedelta(days=5),
                "text": "16:00, 22 coming, 3 you know",
                "action_label": "Join",
                "action_url": "#",
            },
        ],
    }


def figures() -> dict[str, Any]:
    """Numbers, and a table of them."""
    months = ["June", "July", "August", "September", "October", "November"]
    return {
        "stats": [
            {
                "label": "People who took part",
                "period": "November",
                "value": 214,
                "unit": "people",
                "change": "12 more than in October",
                "direction": "up",
                "rows_url": "#",
                "definition_url": "#",
                "spark": [150, 171, 168, 190, 202, 214],
                "spark_label": "Rising from 150 in June to 214 in November",
            },
            {
                "label": "Answered within a day",
                "period": "November",
                "value": 88,
                "unit": "%",
                "change": "3 less than in October",
                "direction": "down",
                "definition_url": "#",
            },
            {"label": "Rooms opened", "period": "since the start", "value": 1204, "unit": "rooms"},
            {
                "label": "Hours given",
                "period": "November",
                "value": None,
                "unit": "hours",
                "change": "nobody has counted yet",
            },
        ],
        "columns": [
            {"label": "Month", "url": "#", "sorted": "descending"},
            {"label": "People", "number": True},
            {"label": "Messages", "number": True},
            {"label": "First answer after"},
        ],
        "rows": [[f"{m} 2026", 150 + 9 * i, 1204 + 77 * i, f"{9 - i} hours"] for i, m in enumerate(months)],
    }


def finding_the_way() -> dict[str, Any]:
    """Crumbs, tabs, menus, filters, and what a page answers."""
    return {
        "crumbs": [{"label": "Talk", "url": "#"}, {"label": "Rooms and stages", "url": "#"}],
        "tabs": [
            {"label": "Timeline", "url": "#", "current": True},
            {"label": "Talk", "url": "#", "count": 1204},
            {"label": "Milestones", "url": "#", "count": 3},
        ],
        "chips": [
            {"label": "Play before you are ready", "url": "#"},
            {"label": "Lift while you climb", "url": "#", "current": True},
            {"label": "Rooms", "url": "#", "remove": True},
            {"label": "Not a link"},
        ],
        "menu_items": [
            {"label": "Edit", "url": "#", "icon": "pencil"},
            {"label": "Copy the link", "url": "#", "icon": "link"},
            {"label": "Remove", "url": "#", "icon": "trash-2", "danger": True},
        ],
        "filters": [
            {"name": "q", "label": "Name or words", "type": "search"},
            {
                "name": "role",
                "label": "Part",
                "value": "steward",
                "options": [{"value": "", "label": "Everyone"}, {"value": "steward", "label": "Stewards"}],
            },
            {"name": "since", "label": "Since", "type": "date"},
        ],
        "flashes": [
            {"message": "Your reply is posted.", "tags": "success"},
            {"message": "The import goes on in the background.", "tags": "info"},
            {"message": "Two people may be the same. Please look.", "tags": "warning"},
            {"message": "The file breaks off at line 204. The 203 rows before it are safe.", "tags": "error"},
        ],
    }
