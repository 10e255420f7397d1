"""The pages of spaces over HTTP: who gets what, one success and one refusal each, and what they cost."""

from __future__ import annotations

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from milepost.domain.spaces.models import Attachment, Post, ReadMark, Space, SpaceMember, Thread
from milepost.foundation.common.ids import new_id
from tests.factories import make_attachment, make_cast, make_goal, make_member, make_reaction, make_thread, make_value

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def space(cast):
    return Space.create(community=cast.community, name="First gigs", purpose="Rooms, fees, nerves", by=cast.lan)


@pytest.fixture
def thread(cast, space):
    return Thread.start(space=space, title="Who has a PA?", text="For **Friday**.", by=cast.soraya)


@pytest.fixture
def base(cast):
    return f"/c/{cast.community.slug}/"


def text(response) -> str:
    return str(response.content.decode())


def at(client, person):
    """The client, signed in as that person."""
    if person is not None:
        client.force_login(person.account if hasattr(person, "account") else person)
    return client


# --- who --------------------------------------------------------------------------------------------

PAGES = {
    "index": ("spaces/", "member", True),
    "new": ("spaces/new/", "steward", False),
    "space": ("spaces/first-gigs/", "member", False),
    "settings": ("spaces/first-gigs/settings/", "steward", False),
    "start": ("spaces/first-gigs/new/", "member", False),
    "thread": ("spaces/first-gigs/{thread}/", "member", False),
    "edit thread": ("spaces/first-gigs/{thread}/edit/", "moderator", False),
    "move": ("spaces/first-gigs/{thread}/move/", "moderator", False),
    "react": ("posts/{post}/reactions/", "member", False),
    "history": ("posts/{post}/history/", "member", False),
}


@pytest.mark.parametrize("page", PAGES)
def test_who_sees_a_page(client, cast, thread, base, page):
    tail, lowest, for_visitors = PAGES[page]
    url = base + tail.format(thread=thread.pk, post=thread.posts.get().pk)
    visitor = client.get(url)
    if for_visitors:
        assert visitor.status_code == 200
    else:
        # A members' space is nothing that a visitor can know of; other pages ask to sign in.
        assert visitor.status_code in {302, 404}
    at(client, cast.noor)
    assert client.get(url).status_code == (200 if for_visitors else 404)
    at(client, make_member())
    assert client.get(url).status_code == (200 if for_visitors else 404)
    ranked = ["member", "moderator", "steward"]
    for person, role in ((cast.ife, "member"), (cast.mateus, "moderator"), (cast.lan, "steward")):
        at(client, person)
        allowed = ranked.index(role) >= ranked.index(lowest)
        assert client.get(url).status_code == (200 if allowed else 403), role


def test_a_private_space_is_nothing_to_others(client, cast, base):
    private = Space.create(community=cast.community, name="Team", kind="private", by=cast.lan)
    secret = Thread.start(space=private, title="Quiet words", text="Do not tell", by=cast.lan)
    post = secret.posts.get()
    addresses = [f"spaces/team/{tail}" for tail in ("", "new/", f"{secret.pk}/")]
    addresses += [f"posts/{post.pk}/", f"posts/{post.pk}/history/", f"posts/{post.pk}/reactions/"]
    for person, status in ((cast.soraya, 404), (cast.amara, 404), (cast.lan, 200)):
        at(client, person)
        for tail in addresses:
            assert client.get(base + tail, follow=True).status_code == status, tail
        assert ("Team" in text(client.get(f"{base}spaces/"))) is (status == 200)
    at(client, cast.soraya)
    for tail in ("deletion/", "restoration/", "reactions/"):
        assert client.post(f"{base}posts/{post.pk}/{tail}", {"emoji": "👍"}).status_code == 404
    assert client.post(f"{base}spaces/team/{secret.pk}/replies/", {"text": "Hi"}).status_code == 404
    assert Post.objects.count() == 1


def test_visitors_read_open_spaces_and_are_asked_to_take_part(client, cast, base):
    hall = Space.create(community=cast.community, name="Hall", kind="open", by=cast.lan)
    open_thread = Thread.start(space=hall, title="Welcome", text="Come in", by=cast.lan)
    page = client.get(f"{base}spaces/hall/{open_thread.pk}/")
    assert page.status_code == 200
    assert "Take part" in text(page)
    assert 'id="reply"' not in text(page)
    assert client.post(f"{base}spaces/hall/{open_thread.pk}/replies/", {"text": "Hi"}).status_code == 302
    cast.community.visibility = "members"
    cast.community.save()
    assert client.get(f"{base}spaces/hall/{open_thread.pk}/").status_code == 302


def test_another_communitys_address_leads_nowhere(client, cast, thread, base):
    other = make_cast()
    at(client, other.lan)
    there = f"/c/{other.community.slug}/"
    post = thread.posts.get().pk
    for tail in (f"spaces/first-gigs/{thread.pk}/", f"posts/{post}/", f"posts/{post}/history/"):
        assert client.get(there + tail).status_code == 404
    assert client.post(f"{there}posts/{post}/reactions/", {"emoji": "👍"}).status_code == 404
    assert client.post(f"{there}spaces/first-gigs/{thread.pk}/replies/", {"text": "Hi"}).status_code == 404


# --- starting and replying --------------------------------------------------------------------------


def test_starting_a_conversation(client, cast, space, base):
    goal, value = make_goal(cast.community), make_value(cast.community)
    at(client, cast.soraya)
    page = text(client.get(f"{base}spaces/first-gigs/new/"))
    assert goal.title in page
    assert value.name in page
    sent = {
        "title": "PA?",
        "text": "Who?",
        "tags": "Sound, gear",
        "serves": f"goal:{goal.pk}",
        "post_id": str(new_id()),
    }
    done = client.post(f"{base}spaces/first-gigs/new/", sent)
    made = Thread.objects.get()
    assert done.url == f"{base}spaces/first-gigs/{made.pk}/"
    assert (made.goal, made.value, made.tags.count()) == (goal, None, 2)
    again = client.post(f"{base}spaces/first-gigs/new/", sent)
    assert again.url == done.url
    assert Thread.objects.count() == 1


def test_what_was_typed_stays_when_it_is_refused(client, cast, space, base):
    at(client, cast.soraya)
    refused = client.post(
        f"{base}spaces/first-gigs/new/", {"title": "", "text": "Half a <thought>", "tags": "a,b,c,d,e,f"}
    )
    assert refused.status_code == 422
    assert "Half a &lt;thought&gt;" in text(refused)
    refused = client.post(f"{base}spaces/first-gigs/new/", {"title": "PA", "text": "Who?", "tags": "a,b,c,d,e,f"})
    assert refused.status_code == 422
    assert "at most five tags" in text(refused)
    assert not Thread.objects.exists()


def test_replying_without_a_script(client, cast, thread, base):
    at(client, cast.ife)
    url = f"{base}spaces/first-gigs/{thread.pk}/"
    page = text(client.get(url))
    post_id = re.search(r'name="post_id" value="([0-9a-f-]+)"', page)[1]
    for _twice in range(2):
        done = client.post(f"{url}replies/", {"text": "I *do*.", "post_id": post_id})
        assert done.url == f"{base}posts/{post_id}/"
    assert Post.objects.filter(thread=thread).count() == 2
    landed = client.get(done.url)
    assert landed.url == f"{url}#post-{post_id}"
    assert "I <em>do</em>." in text(client.get(landed.url))
    refused = client.post(f"{url}replies/", {"text": "  "})
    assert refused.status_code == 422
    assert "Write something first" in text(refused)


def test_replying_with_htmx(client, cast, thread, base):
    at(client, cast.ife)
    url = f"{base}spaces/first-gigs/{thread.pk}/replies/"
    done = client.post(url, {"text": "I do.", "page": "1"}, headers={"HX-Request": "true"})
    assert done.status_code == 200
    assert text(done).lstrip().startswith('<li class="post"')
    assert 'hx-swap-oob="true"' in text(done)
    assert "announce" in done["HX-Trigger"]
    refused = client.post(url, {"text": "", "page": "1"}, headers={"HX-Request": "true"})
    assert refused["HX-Retarget"] == "#reply"
    for n in range(19):
        thread.reply(text=f"And {n}", by=cast.ife)
    elsewhere = client.post(url, {"text": "Far below", "page": "1"}, headers={"HX-Request": "true"})
    assert elsewhere["HX-Redirect"].startswith(f"{base}posts/")


def test_answering_one_post(client, cast, thread, base):
    first = thread.posts.get()
    at(client, cast.ife)
    url = f"{base}spaces/first-gigs/{thread.pk}/"
    page = text(client.get(f"{url}?reply={first.pk}"))
    assert "You answer Soraya Haddad" in page
    client.post(f"{url}replies/", {"text": "I do.", "reply_to": str(first.pk)})
    assert "answers Soraya Haddad" in text(client.get(url))
    first.delete(by=cast.soraya)
    page = text(client.get(url))
    assert "answers a post that was removed" in page
    assert "The post that began this conversation was removed" in page
    assert client.get(f"{url}?reply=nonsense&page=x&removed=y").status_code == 200


def test_a_closed_conversation_takes_no_reply(client, cast, thread, base):
    thread.close(by=cast.mateus)
    at(client, cast.ife)
    url = f"{base}spaces/first-gigs/{thread.pk}/"
    assert "This conversation is closed" in text(client.get(url))
    refused = client.post(f"{url}replies/", {"text": "But"})
    assert refused.status_code == 422
    assert Post.objects.count() == 1


# --- single posts -----------------------------------------------------------------------------------


def test_a_permalink_finds_the_page(client, cast, space, base):
    long = make_thread(space, author=cast.soraya, posts=45)
    at(client, cast.ife)
    posts = list(long.posts.order_by("posted_at", "pk"))
    assert client.get(f"{base}posts/{posts[0].pk}/").url == f"{base}spaces/first-gigs/{long.pk}/#post-{posts[0].pk}"
    url = client.get(f"{base}posts/{posts[44].pk}/").url
    assert url == f"{base}spaces/first-gigs/{long.pk}/?page=3#post-{posts[44].pk}"
    assert f'id="post-{posts[44].pk}"' in text(client.get(url))
    long.move(to=Space.create(community=cast.community, name="Gear", by=cast.lan), by=cast.mateus)
    assert client.get(f"{base}posts/{posts[0].pk}/").url.startswith(f"{base}spaces/gear/")
    assert client.get(f"{base}spaces/first-gigs/{long.pk}/").url == f"{base}spaces/gear/{long.pk}/"


def test_changing_a_post(client, cast, thread, base):
    post = thread.posts.get()
    url = f"{base}posts/{post.pk}/"
    at(client, cast.ife)
    assert client.get(f"{url}edit/").status_code == 403
    at(client, cast.soraya)
    assert "For **Friday**." in text(client.get(f"{url}edit/"))
    assert client.post(f"{url}edit/", {"text": ""}).status_code == 422
    assert client.post(f"{url}edit/", {"text": "For Saturday."}).status_code == 302
    history = text(client.get(f"{url}history/"))
    assert "For **Friday**." in history
    assert "For Saturday." in history


def test_removing_and_bringing_back(client, cast, thread, base):
    reply = thread.reply(text="I do.", by=cast.ife)
    at(client, cast.soraya)
    assert client.post(f"{base}posts/{reply.pk}/deletion/").status_code == 403
    at(client, cast.ife)
    done = client.post(f"{base}posts/{reply.pk}/deletion/")
    page = text(client.get(done.url))
    assert "Bring it back" in page
    assert f"posts/{reply.pk}/restoration/" in page
    assert client.get(f"{base}posts/{reply.pk}/").status_code == 404
    assert client.post(f"{base}posts/{reply.pk}/restoration/").url.endswith(f"#post-{reply.pk}")
    first = thread.posts.order_by("posted_at").first()
    reply.delete(by=cast.ife)
    at(client, cast.soraya)
    done = client.post(f"{base}posts/{first.pk}/deletion/")
    assert done.url.startswith(f"{base}spaces/first-gigs/?removed=")
    assert "Bring it back" in text(client.get(done.url))


def test_reacting(client, cast, thread, base):
    post = thread.posts.get()
    url = f"{base}posts/{post.pk}/reactions/"
    at(client, cast.ife)
    assert 'value="🎉"' in text(client.get(url))
    assert client.post(url, {"emoji": "🎉"}).status_code == 302
    page = text(client.get(f"{base}spaces/first-gigs/{thread.pk}/"))
    assert 'aria-pressed="true" aria-label="🎉 1 person"' in page
    bar = client.post(url, {"emoji": "🎉"}, headers={"HX-Request": "true"})
    assert 'value="🎉"' not in text(bar)
    assert client.post(url, {"emoji": "<b>"}).status_code == 302
    post.refresh_from_db()
    assert post.reactions == {}


def test_what_stands_in_a_post_is_text(client, cast, thread, base):
    thread.reply(text="<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)>", by=cast.ife)
    make_reaction(thread.posts.first(), by=cast.joao, emoji='"><script>')
    at(client, cast.soraya)
    page = text(client.get(f"{base}spaces/first-gigs/{thread.pk}/"))
    assert "<script>alert" not in page
    assert "onerror" not in page.replace("&lt;img src=x onerror=alert(1)&gt;", "")
    assert 'href="javascript' not in page
    assert '"><script>' not in page


def test_unclaimed_people_are_text_without_a_page(client, cast, space, base):
    old = make_thread(space, author=cast.joao, text="From Slack")
    at(client, cast.soraya)
    page = text(client.get(f"{base}spaces/first-gigs/{old.pk}/"))
    assert '<b class="post-who">João Pires</b>' in page
    assert "people/" + str(cast.joao.person_id) not in page


# --- files ------------------------------------------------------------------------------------------


def test_files_are_sent_and_fetched(client, cast, thread, base, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    picture = io.BytesIO()
    Image.new("RGB", (20, 10), "red").save(picture, "PNG")
    at(client, cast.ife)
    url = f"{base}spaces/first-gigs/{thread.pk}/replies/"
    files = [SimpleUploadedFile("stage.png", picture.getvalue()), SimpleUploadedFile("list.txt", b"<not html")]
    refused = client.post(url, {"text": "See", "attached": [SimpleUploadedFile("x.html", b"<html><script>")]})
    assert refused.status_code == 422
    assert "of a kind that we do not keep" in text(refused)
    files[1] = SimpleUploadedFile("list.txt", b"cables, mixer")
    assert client.post(url, {"text": "See", "attached": files}).status_code == 302
    image, plain = Attachment.objects.order_by("name").reverse()
    shown = client.get(f"{base}files/{image.pk}/")
    assert shown["Content-Type"] == "image/png"
    assert shown["Content-Disposition"].startswith("inline")
    saved = client.get(f"{base}files/{plain.pk}/")
    assert saved["Content-Disposition"].startswith("attachment")
    assert saved["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in saved["Content-Security-Policy"]
    assert b"".join(saved.streaming_content) == b"cables, mixer"
    # `close` would tell Django that the request is over, and end the test's transaction.
    for closer in [*shown._resource_closers, *saved._resource_closers]:
        closer()
    page = text(client.get(f"{base}spaces/first-gigs/{thread.pk}/"))
    assert 'alt="stage.png"' in page
    at(client, make_member())
    assert client.get(f"{base}files/{plain.pk}/").status_code == 404
    at(client, None)
    client.logout()
    assert client.get(f"{base}files/{plain.pk}/").status_code == 404
    Post.objects.get(pk=plain.post_id).delete(by=cast.ife)
    at(client, cast.ife)
    assert client.get(f"{base}files/{plain.pk}/").status_code == 404


def test_files_known_by_reference_are_links_away(client, cast, space, base):
    old = make_thread(space, author=cast.joao)
    make_attachment(old.posts.get(), name="plan.pdf", url="https://files.example.org/plan.pdf")
    make_attachment(old.posts.get(), name="odd", url="javascript:alert(1)")
    at(client, cast.soraya)
    page = text(client.get(f"{base}spaces/first-gigs/{old.pk}/"))
    assert 'href="https://files.example.org/plan.pdf"' in page
    assert "javascript:alert" not in page


# --- unread -----------------------------------------------------------------------------------------


def test_new_posts_are_marked_until_they_were_seen(client, cast, thread, base):
    at(client, cast.ife)
    url = f"{base}spaces/first-gigs/{thread.pk}/"
    assert "1 new" in text(client.get(f"{base}spaces/"))
    page = text(client.get(url))
    assert "New since you were here" in page
    assert not ReadMark.objects.exists()
    last = re.search(r'name="last" value="([0-9a-f-]+)"', page)[1]
    assert client.post(f"{url}read/", {"last": last}, headers={"HX-Request": "true"}).status_code == 204
    page = text(client.get(url))
    assert "New since you were here" not in page
    assert 'name="last"' not in page
    assert "1 new" not in text(client.get(f"{base}spaces/"))
    thread.reply(text="I do.", by=cast.mateus)
    assert "Who has a PA?" in text(client.get(f"{base}spaces/first-gigs/?only=new"))
    assert client.post(f"{base}spaces/first-gigs/read/").status_code == 302
    assert "Who has a PA?" not in text(client.get(f"{base}spaces/first-gigs/?only=new"))
    thread.reply(text="I do too.", by=cast.mateus)
    client.post(f"{base}spaces/read/")
    assert "1 new" not in text(client.get(f"{base}spaces/"))


# --- stewards and moderators ------------------------------------------------------------------------


def test_a_steward_opens_and_changes_a_space(client, cast, base):
    at(client, cast.lan)
    value = make_value(cast.community)
    sent = {"name": "Gear", "purpose": "Lend and borrow", "kind": "members", "serves": f"value:{value.pk}"}
    assert client.post(f"{base}spaces/new/", sent).url == f"{base}spaces/gear/"
    assert client.post(f"{base}spaces/new/", sent | {"name": ""}).status_code == 422
    gear = Space.objects.get(slug="gear")
    assert gear.value == value
    assert (
        client.post(
            f"{base}spaces/gear/settings/", sent | {"name": "Tools", "kind": "private", "serves": ""}
        ).status_code
        == 302
    )
    gear.refresh_from_db()
    assert (gear.name, gear.kind, gear.value) == ("Tools", "private", None)
    assert client.post(f"{base}spaces/gear/people/", {"handle": "@soraya"}).status_code == 302
    assert client.post(f"{base}spaces/gear/people/", {"handle": "nobody"}).status_code == 422
    assert SpaceMember.objects.filter(space=gear).count() == 2
    client.post(f"{base}spaces/gear/people/", {"remove": str(cast.soraya.pk)})
    assert SpaceMember.objects.filter(space=gear).count() == 1
    for to, column in (("read-only", "read_only_at"), ("archive", "archived_at")):
        client.post(f"{base}spaces/gear/standing/", {"to": to})
        gear.refresh_from_db()
        assert getattr(gear, column) is not None
    assert "Tools" in text(client.get(f"{base}spaces/?show=archived"))
    for to in ("writable", "unarchive"):
        client.post(f"{base}spaces/gear/standing/", {"to": to})
    gear.refresh_from_db()
    assert gear.takes_posts
    at(client, cast.mateus)
    assert client.post(f"{base}spaces/gear/standing/", {"to": "archive"}).status_code == 403


def test_a_moderator_tends_a_conversation(client, cast, thread, base):
    Space.create(community=cast.community, name="Gear", by=cast.lan)
    url = f"{base}spaces/first-gigs/{thread.pk}/"
    at(client, cast.ife)
    for tail in ("pin/", "closure/", "move/"):
        assert client.post(url + tail).status_code == 403
    at(client, cast.mateus)
    client.post(f"{url}pin/")
    client.post(f"{url}closure/")
    thread.refresh_from_db()
    assert thread.pinned_at
    assert thread.closed_at
    assert "pinned" in text(client.get(f"{base}spaces/first-gigs/"))
    client.post(f"{url}closure/")
    client.post(f"{url}pin/")
    assert client.post(f"{url}edit/", {"title": "A PA", "tags": "sound"}).status_code == 302
    gear = Space.objects.get(slug="gear")
    assert client.post(f"{url}move/", {"to": str(gear.pk)}).url == f"{base}spaces/gear/{thread.pk}/"
    assert client.post(f"{base}spaces/gear/{thread.pk}/move/", {"to": str(new_id())}).status_code == 422
    thread.refresh_from_db()
    assert (thread.title, thread.pinned_at, thread.closed_at, thread.space) == ("A PA", None, None, gear)


# --- what pages cost --------------------------------------------------------------------------------


@pytest.mark.parametrize("tail", ["spaces/", "spaces/first-gigs/", "spaces/first-gigs/{thread}/"])
def test_a_page_takes_ten_queries_however_much_is_on_it(
    client, cast, space, thread, base, tail, django_assert_max_num_queries
):
    for n in range(19):
        thread.reply(text=f"Ask @lan, {n}", by=cast.ife)
        if n % 4 == 0:
            make_thread(space, author=make_member(cast.community))
            Space.create(community=cast.community, name=f"Space {n}", by=cast.lan)
    make_reaction(thread.posts.first(), by=cast.ife)
    at(client, cast.mateus)
    url = base + tail.format(thread=thread.pk)
    client.get(url)
    with django_assert_max_num_queries(10):
        assert client.get(url).status_code == 200


def test_many_pages_of_threads_by_cursor(client, cast, space, base):
    for n in range(65):
        make_thread(space, author=cast.soraya, title=f"Thread {n:02}")
    at(client, cast.ife)
    seen, url = [], f"{base}spaces/first-gigs/"
    while url:
        page = text(client.get(url))
        seen += re.findall(r"Thread \d\d", page)
        after = re.search(r'rel="next" href="([^"]+)"', page)
        url = f"{base}spaces/first-gigs/{after[1].replace('&amp;', '&')}" if after else ""
    assert len(seen) == len(set(seen)) == 65
