"""The demo community as data: the same for the same seed, in order, and without contradictions."""

import unicodedata
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from milepost.outward.starting.demo import DemoCommunity, generate, reading
from milepost.outward.starting.demo.drafting import Pool
from milepost.outward.starting.demo.reading import ContentError
from milepost.outward.starting.demo.weeks import Weeks, awake, in_portuguese, quiet, with_dates

# A Monday just after midnight, the turn of the year, the middle of August, a leap day, an ordinary afternoon.
DAYS = (
    datetime(2027, 3, 1, 0, 5, tzinfo=UTC),
    datetime(2026, 1, 1, 12, 0, tzinfo=UTC),
    datetime(2026, 8, 16, 23, 50, tzinfo=UTC),
    datetime(2028, 2, 29, 9, 0, tzinfo=UTC),
    datetime(2026, 11, 24, 14, 30, tzinfo=UTC),
)
CAST = {
    "morven": "owner",
    "ife": "steward",
    "tiago": "steward",
    "aylin": "moderator",
    "haruka": "ambassador",
    "lan": "member",
    "anahera": "newcomer",
    "salma": "newcomer",
    "kasia": "paused",
    "rhys": "left",
    "kettle-and-string": "organisation",
    "sound-library": "partner",
}


@pytest.fixture(scope="module", params=list(enumerate(DAYS)), ids=lambda pair: f"{pair[1]:%Y-%m-%d}")
def demo(request: pytest.FixtureRequest) -> DemoCommunity:
    seed, now = request.param
    return generate(seed, now)


def posts_of(demo: DemoCommunity):
    return [post for thread in demo.threads for post in thread.posts]


def test_the_same_seed_and_day_give_the_same_community():
    assert generate(3, DAYS[4]) == generate(3, DAYS[4])


def test_another_seed_gives_other_times_under_the_same_keys():
    one, other = generate(3, DAYS[4]), generate(4, DAYS[4])
    assert one != other
    assert {person.key for person in one.people} == {person.key for person in other.people}
    assert {thread.key for thread in one.threads} == {thread.key for thread in other.threads}


def test_a_zone_for_now_is_asked_for():
    with pytest.raises(ValueError, match="time zone"):
        generate(1, datetime(2026, 11, 24))


def test_it_is_as_large_as_a_real_small_community(demo: DemoCommunity):
    assert 150 <= len(demo.people) <= 180
    assert len(demo.threads) >= 220
    assert len(posts_of(demo)) >= 1600
    assert len(demo.reactions) > 1500
    assert len(demo.spaces) in range(7, 10)
    assert {space.access for space in demo.spaces} == {"open", "members", "private", "archive"}
    assert len(demo.charter.values) == 4
    assert 4 <= len(demo.goals) <= 6
    assert len(demo.gatherings) == 4
    assert sum(chapter.sub_community for chapter in demo.chapters) == 2


def test_most_threads_were_written_by_hand():
    written = reading.threads()
    assert sum(4 <= len(thread.posts) <= 14 for thread in written) >= 60


def test_keys_titles_and_openings_are_unique(demo: DemoCommunity):
    for stream in (
        demo.people,
        demo.joins,
        demo.invitations,
        demo.join_requests,
        demo.threads,
        demo.reactions,
        demo.life_milestones,
        demo.praise,
        demo.goals,
        demo.spaces,
        demo.chapters,
        demo.gatherings,
        posts_of(demo),
    ):
        assert [key for key, number in Counter(row.key for row in stream).items() if number > 1] == []
    assert len({thread.title for thread in demo.threads}) == len(demo.threads)
    assert len({thread.posts[0].body for thread in demo.threads}) == len(demo.threads)
    assert len({tuple(post.body for post in thread.posts) for thread in demo.threads}) == len(demo.threads)


def test_nobody_says_what_was_just_said_in_the_same_thread(demo: DemoCommunity):
    for thread in demo.threads:
        said = Counter(post.body for post in thread.posts if len(post.body) > 3)
        assert [text for text, number in said.items() if number > 1] == [], thread.title


def test_no_line_is_heard_too_often(demo: DemoCommunity):
    said = Counter(post.body for post in posts_of(demo) if len(post.body) > 20)
    assert max(said.values()) <= 3
    assert sum(number - 1 for number in said.values()) < len(posts_of(demo)) / 8


def test_streams_are_in_order(demo: DemoCommunity):
    def in_order(moments: list[datetime]) -> bool:
        return moments == sorted(moments)

    assert in_order([person.joined_at for person in demo.people])
    assert in_order([join.at for join in demo.joins])
    assert in_order([thread.started_at for thread in demo.threads])
    assert in_order([reaction.at for reaction in demo.reactions])
    assert in_order([one.claimed_at for one in demo.life_milestones])
    assert in_order([one.at for one in demo.praise])
    assert in_order([one.starts_at for one in demo.gatherings])
    for thread in demo.threads:
        assert in_order([post.at for post in thread.posts]), thread.title


def test_nothing_but_plans_lies_after_now(demo: DemoCommunity):
    moments = [
        *(person.joined_at for person in demo.people),
        *(post.at for post in posts_of(demo)),
        *(reaction.at for reaction in demo.reactions),
        *(one.claimed_at for one in demo.life_milestones),
        *(one.at for one in demo.praise),
        *(one.sent_at for one in demo.invitations),
        *(one.at for one in demo.join_requests),
    ]
    assert max(moments) <= demo.now
    assert demo.now - demo.began_at > timedelta(weeks=76)
    assert all(one.starts_at > demo.now and one.ends_at > one.starts_at for one in demo.gatherings)
    assert all(goal.deadline > demo.now.date() for goal in demo.goals)


def test_people_write_and_react_only_while_they_are_here(demo: DemoCommunity):
    people = {person.key: person for person in demo.people}
    for post in posts_of(demo):
        assert people[post.author].here(post.at), post
    for reaction in demo.reactions:
        assert people[reaction.person].here(reaction.at), reaction
    for one in demo.praise:
        assert people[one.giver].here(one.at)
        assert people[one.receiver].here(one.at)
        assert one.giver != one.receiver


def test_answers_and_reactions_come_after_what_they_answer(demo: DemoCommunity):
    posts = {post.key: post for post in posts_of(demo)}
    for thread in demo.threads:
        assert thread.posts[0].author == thread.author
        assert thread.posts[0].at == thread.started_at
        for post in thread.posts:
            assert post.thread == thread.key
            if post.reply_to:
                assert posts[post.reply_to].thread == thread.key
                assert posts[post.reply_to].at <= post.at
    for reaction in demo.reactions:
        assert posts[reaction.post].at < reaction.at
        assert posts[reaction.post].author != reaction.person


def test_only_members_of_the_private_room_write_and_react_in_it(demo: DemoCommunity):
    private = {space.slug: space.members for space in demo.spaces if space.access == "private"}
    assert private
    inside = {post.key: thread.space for thread in demo.threads for post in thread.posts if thread.space in private}
    assert inside
    for post in posts_of(demo):
        if post.key in inside:
            assert post.author in private[inside[post.key]]
    for reaction in demo.reactions:
        if reaction.post in inside:
            assert reaction.person in private[inside[reaction.post]]


def test_the_old_chat_ends_before_the_spaces_begin(demo: DemoCommunity):
    old = [post.at for thread in demo.threads if thread.space == "old-chat" for post in thread.posts]
    new = [thread.started_at for thread in demo.threads if thread.space != "old-chat"]
    assert len(old) > 40
    assert max(old) < min(new)


def test_no_placeholder_is_left(demo: DemoCommunity):
    texts = [
        *(thread.title for thread in demo.threads),
        *(post.body for post in posts_of(demo)),
        *(person.bio for person in demo.people),
        *(one.evidence for one in demo.life_milestones),
        *(one.text for one in demo.praise),
    ]
    for text in texts:
        assert text.strip() == text
        assert text
        for leftover in ("{", "}", "[[", "]]", "lorem", "TODO", " | ", "[w", "[for:"):
            assert leftover not in text or (leftover == " | " and "|---" in text), text


def test_everything_named_exists(demo: DemoCommunity):
    values = {value.slug for value in demo.charter.values}
    goals = {goal.slug for goal in demo.goals}
    people = {person.key for person in demo.people}
    milestones = {one.slug for one in demo.milestones}
    spaces = {space.slug for space in demo.spaces}
    assert {goal.value for goal in demo.goals} <= values
    assert {one.value for one in demo.milestones} <= values
    assert {one.value for one in demo.praise} <= values
    assert {space.value for space in demo.spaces} <= values
    assert {space.goal for space in demo.spaces} - {None} <= goals
    assert {thread.value for thread in demo.threads} - {None} <= values
    assert {thread.goal for thread in demo.threads} - {None} <= goals
    assert {thread.space for thread in demo.threads} == spaces
    assert {one.milestone for one in demo.life_milestones} == milestones
    assert {slug for persona in demo.personas for slug in persona.milestones} == milestones
    assert {person.persona for person in demo.people} - {None} == {persona.slug for persona in demo.personas}
    for keys in (
        {post.author for post in posts_of(demo)},
        {reaction.person for reaction in demo.reactions},
        {one.person for one in demo.life_milestones},
        {key for chapter in demo.chapters for key in (*chapter.members, *chapter.stewards)},
        {one.host for one in demo.gatherings},
        {one.inviter for one in demo.invitations},
        {one.person for goal in demo.goals for one in goal.check_ins},
    ):
        assert keys <= people


def test_the_cast_is_there_with_fixed_addresses(demo: DemoCommunity):
    assert {handle: person.cast for handle, person in demo.cast.items()} == CAST
    roles = {handle: person.role for handle, person in demo.cast.items()}
    assert (roles["morven"], roles["ife"], roles["aylin"], roles["haruka"]) == (
        "owner",
        "steward",
        "moderator",
        "ambassador",
    )
    assert demo.cast["rhys"].left_at is not None
    assert demo.cast["kasia"].paused_at is not None
    assert demo.cast["kettle-and-string"].kind == "organisation"
    assert demo.cast["sound-library"].audiences == ("partner",)
    assert [person.handle for person in demo.people if person.role == "owner"] == ["morven"]
    for person in demo.people:
        assert person.mail == f"{person.handle}@example.org"
        assert person.mail.isascii()


def test_invitations_come_before_the_join_and_from_someone_here(demo: DemoCommunity):
    people = {person.key: person for person in demo.people}
    accepted = [one for one in demo.invitations if one.accepted_by]
    assert len(accepted) > 40
    assert any(one.accepted_by is None for one in demo.invitations)
    for one in accepted:
        assert one.sent_at < people[one.accepted_by].joined_at == one.accepted_at
        assert people[one.inviter].joined_at < one.sent_at
    assert {join.source for join in demo.joins} == {"founder", "invitation", "poster", "friend", "link", "event"}
    assert all(len(request.answers) == len(demo.join_questions) for request in demo.join_requests)


def test_goals_count_what_their_measure_says(demo: DemoCommunity):
    goals = {goal.slug: goal for goal in demo.goals}
    first = [
        one
        for one in demo.life_milestones
        if one.milestone == "first-live-gig" and one.reached_on >= demo.began_at.date()
    ]
    assert goals["a-hundred-first-stages"].current == len(first)
    assert goals["thank-you-out-loud"].current == len(demo.praise)
    assert goals["step-free-stages"].current == goals["step-free-stages"].check_ins[-1].number
    assert 50 <= goals["nobody-unanswered"].current < 95
    assert all(0 < goal.current < goal.target for goal in demo.goals)


def test_life_milestones_follow_the_persona_and_happen_in_life(demo: DemoCommunity):
    people = {person.key: person for person in demo.people}
    paths = {persona.slug: persona.milestones for persona in demo.personas}
    reached = Counter(one.person for one in demo.life_milestones)
    for one in demo.life_milestones:
        person = people[one.person]
        assert one.milestone in paths[person.persona]
        assert one.reached_on <= one.claimed_at.date()
        assert one.claimed_at >= person.joined_at
        assert one.celebration == person.celebration
        assert person.kind == "human"
    assert len(reached) > 110
    assert {one.celebration for one in demo.life_milestones} == {"public", "community", "first_name", "private", "none"}


def test_some_questions_wait_for_a_steward_and_most_were_answered(demo: DemoCommunity):
    questions = [thread for thread in demo.threads if thread.is_question]
    waiting = [thread for thread in questions if len(thread.posts) == 1]
    assert 4 <= len(waiting) <= 12
    assert len(questions) > 50
    assert all(demo.now - thread.started_at < timedelta(weeks=3) for thread in waiting)


def test_activity_looks_like_people(demo: DemoCommunity):
    """A few write much, many little; evenings more than nights; the holidays are quiet."""
    zones = {person.key: ZoneInfo(person.time_zone) for person in demo.people}
    written = sorted(Counter(post.author for post in posts_of(demo)).values(), reverse=True)
    assert sum(written[:20]) > 0.4 * sum(written)
    assert sum(number <= 5 for number in written) > 40
    hours = Counter(post.at.astimezone(zones[post.author]).hour for post in posts_of(demo))
    assert sum(hours[hour] for hour in range(17, 24)) > 0.5 * sum(hours.values())
    assert sum(hours[hour] for hour in range(1, 7)) < 0.03 * sum(hours.values())
    days = Counter(post.at.date() for post in posts_of(demo))
    began = min(thread.started_at for thread in demo.threads if thread.space != "old-chat").date()
    # What lies right before now cannot be put off until after the holidays.
    span = [began + timedelta(days=number) for number in range((demo.now.date() - began).days - 30)]
    holidays = [days[day] for day in span if quiet(day)]
    others = [days[day] for day in span if not quiet(day)]
    assert sum(holidays) / len(holidays) < 0.75 * sum(others) / len(others)


def test_the_stories_come_after_the_milestone(demo: DemoCommunity):
    days = {(one.person, one.milestone): one.reached_on for one in demo.life_milestones}
    stories = [thread for thread in demo.threads if thread.source == "stories"]
    assert len(stories) > 20
    for thread in stories:
        assert days[thread.author, thread.tags[1]] < thread.started_at.date() + timedelta(days=1)


def test_names_come_in_many_scripts():
    names = "".join(person.name for person in generate(1, DAYS[4]).people)
    scripts = {unicodedata.name(letter).split()[0] for letter in names if letter.isalpha()}
    assert scripts >= {"LATIN", "ARABIC", "CJK", "CYRILLIC", "GEORGIAN", "HANGUL", "HIRAGANA", "TAMIL"}
    assert set("ọễãøńōūğı") <= set(names)


# -- the parts ------------------------------------------------------------------------------------------------------


def test_a_line_fits_by_week_speaker_and_whom_it_is_for():
    line = reading._line("[w54, stage, for:harp, porto, rosa] Olá")
    assert line.text == "Olá"
    speaker = frozenset({"porto", "stage"})
    assert line.fits(week=54, speaker=speaker, spoken_to=frozenset({"harp"}))
    assert not line.fits(week=53, speaker=speaker, spoken_to=frozenset({"harp"}))
    assert not line.fits(week=54, speaker=frozenset({"porto"}), spoken_to=frozenset({"harp"}))
    assert not line.fits(week=54, speaker=frozenset({"leith", "stage"}), spoken_to=frozenset({"harp"}))
    assert not line.fits(week=54, speaker=speaker, spoken_to=frozenset({"oud"}))


def test_a_slot_at_the_start_of_a_line_is_no_tag():
    assert reading._line("[[name]], hello").text == "[[name]], hello"


def test_a_pool_runs_dry():
    pool = Pool((reading._line("one"), reading._line("two")), uses=1)
    drawn = {pool.draw(Random(1), week=1, speaker=frozenset()) for _ in range(3)}
    assert drawn == {"one", "two", None}


def test_a_post_may_speak_to_someone_at_the_start_of_a_line():
    posts = list(reading._posts(["@lan +2h >dot", "@dot thank you", "", "more", "@dot", "ok"]))
    assert [(post.handle, post.after, post.to, post.body) for post in posts] == [
        ("lan", 120, "dot", "@dot thank you\n\nmore"),
        ("dot", None, None, "ok"),
    ]


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (reading._person, "@nobody | Nobody | Leith"),
        (reading._milestone, "* first-live-gig: yesterday"),
        (lambda text: reading._thread("Empty", [text], "x"), "space: foyer"),
    ],
)
def test_what_a_writer_gets_wrong_is_named(read, text: str):
    with pytest.raises(ContentError, match="Nobody|yesterday|Empty"):
        read(text)


def test_dates_in_text_are_the_coming_ones():
    assert with_dates("on [[sat]] or [[tue+1]]", date(2026, 11, 26)) == "on Saturday 28 November or Tuesday 8 December"
    assert with_dates("[[sat]]", date(2026, 11, 27)) == "Saturday 5 December"
    assert in_portuguese(date(2026, 5, 7)) == "quinta, 7 de maio"


def test_weeks_end_in_the_week_of_now():
    weeks = Weeks.until(datetime(2026, 11, 24, 14, 30, tzinfo=UTC), "Europe/London")
    assert weeks.day(78) == date(2026, 11, 23)
    assert weeks.week_of(weeks.now) == 78
    assert weeks.written("week 78 Tue 20:00") == datetime(2026, 11, 24, 20, tzinfo=UTC)


def test_people_answer_by_day_where_they_are():
    zone = ZoneInfo("Asia/Tokyo")
    three_at_night = datetime.combine(date(2026, 11, 24), time(3), zone)
    assert 7 <= awake(Random(1), three_at_night, zone).astimezone(zone).hour <= 21
    evening = datetime.combine(date(2026, 11, 24), time(20), zone)
    assert awake(Random(1), evening, zone) == evening
