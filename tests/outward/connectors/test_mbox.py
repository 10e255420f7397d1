"""Mail archives: separators, threads, encodings, dates, and mails as they should not be."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.outward.connectors.records import ConnectorError, FileReference
from milepost.outward.connectors.sources import detect_source, open_source
from milepost.outward.connectors.sources import mbox as mbox_module
from milepost.outward.connectors.sources.mail import Mail, parse_date, thread_title
from milepost.outward.connectors.sources.mbox import split
from tests.outward.connectors.building import read, write_folder, write_zip

FROM_LINE = "From amara@example.org  Thu May  2 10:00:00 2013\n"


def mail(
    key="1",
    body="Hello",
    subject="Beds",
    sender="Amara Okafor <amara@example.org>",
    date="Thu, 2 May 2013 12:00:00 +0200",
    **more,
):
    headers = {"From": sender, "Date": date, "Subject": subject, "Message-ID": f"<{key}@example.org>" if key else ""}
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    lines = "".join(f"{name}: {value}\n" for name, value in headers.items() if value)
    return f"{FROM_LINE}{lines}\n{body}\n\n"


def archive(tmp_path, *mails, name="garden.mbox"):
    (tmp_path / name).write_bytes(
        "".join(m if isinstance(m, str) else m.decode("latin-1") for m in mails).encode("latin-1")
    )
    return tmp_path / name


def test_one_mail(tmp_path):
    path = archive(tmp_path, mail(List_Id="Garden talk <garden.lists.example.org>"))
    assert detect_source(str(path)) == "mbox"
    got = read("mbox", path)
    (message,) = got.messages
    assert message.key == message.thread == "1@example.org"
    assert (message.text, message.title, message.author) == ("Hello", "Beds", "amara@example.org")
    assert message.at == datetime(2013, 5, 2, 10, tzinfo=UTC)
    assert (got.people["amara@example.org"].name, got.people["amara@example.org"].mail) == (
        "Amara Okafor",
        "amara@example.org",
    )
    assert got.channels["garden.lists.example.org"].name == "garden"


def test_threads_by_references_and_in_reply_to(tmp_path):
    got = read(
        "mbox",
        archive(
            tmp_path,
            mail("1"),
            mail("2", In_Reply_To="<1@example.org>"),
            mail("3", References="<1@example.org>\n\t<2@example.org>", In_Reply_To="<2@example.org>"),
            mail("4", In_Reply_To="<2@example.org>"),
            mail("5", References="<lost@example.org> <also-lost@example.org>"),
            mail("6", In_Reply_To='"Amara" message of "2 May" <gone@example.org>'),
            mail("7", In_Reply_To="<6@example.org>"),
            mail("8", In_Reply_To="<8@example.org>"),
        ),
    )
    assert {m.key[0]: (m.thread[:4], m.reply_to[:4]) for m in got.messages} == {
        "1": ("1@ex", ""),
        "2": ("1@ex", "1@ex"),
        "3": ("1@ex", "2@ex"),
        "4": ("1@ex", "2@ex"),
        "5": ("lost", "also"),
        "6": ("gone", "gone"),
        "7": ("gone", "6@ex"),
        "8": ("8@ex", ""),
    }


def test_monthly_files_come_in_the_order_of_their_mails_and_are_one_list(tmp_path):
    files = {
        "2013-April.txt": mail("1", date="Mon, 1 Apr 2013 12:00:00 +0000"),
        "2013-May.txt.gz": gzip.compress(mail("2", In_Reply_To="<1@example.org>").encode()),
        "2014-August.txt": mail("3", date="Fri, 1 Aug 2014 12:00:00 +0000", References="<1@example.org>"),
        "index.html": "<html></html>",
    }
    got = read("mbox", write_zip(tmp_path / "garden.zip", files))
    assert [m.key[0] for m in got.messages] == ["1", "2", "3"]
    assert {m.thread for m in got.messages} == {"1@example.org"}
    assert list(got.channels) == ["garden"]
    assert got.skipped == {"ignored_file": 1}


def test_a_discussion_carried_to_another_list_is_a_thread_there(tmp_path):
    got = read(
        "mbox",
        archive(
            tmp_path,
            mail("1", List_Id="<a.example.org>"),
            mail("2", List_Id="<b.example.org>", In_Reply_To="<1@example.org>"),
        ),
    )
    assert [m.thread for m in got.messages] == ["1@example.org", "b.example.org:1@example.org"]


def test_pipermail_hides_addresses_and_takes_attachments_out(tmp_path):
    body = (
        "See below\n-------------- next part --------------\nA non-text attachment was scrubbed...\nName: plan.pdf\n"
        "Type: application/pdf\nSize: 9 bytes\nURL: <http://lists.example.org/a/plan.pdf>\n"
    )
    got = read("mbox", archive(tmp_path, mail(sender="amara at example.org (Amara Okafor)", body=body)))
    (message,) = got.messages
    assert got.people["amara@example.org"].name == "Amara Okafor"
    assert message.text == "See below"
    assert (message.files[0].name, message.files[0].url) == ("plan.pdf", "http://lists.example.org/a/plan.pdf")


def test_cut_addresses_are_no_addresses(tmp_path):
    mails = [mail("1", sender="Amara <am...@example.org>"), mail("2", sender="Ada <am...@example.org>")]
    got = read("mbox", archive(tmp_path, *mails))
    assert len(got.people) == 2
    assert {person.mail for person in got.people.values()} == {""}


def test_senders_behind_a_list_that_rewrites_them(tmp_path):
    sender = '"Amara via Garden" <garden@lists.example.org>'
    got = read(
        "mbox", archive(tmp_path, mail("1", sender=sender, Reply_To="amara@example.org"), mail("2", sender=sender))
    )
    assert got.people["amara@example.org"].name == "Amara"
    assert got.messages[1].author != "garden@lists.example.org"


@pytest.mark.parametrize(
    ("headers", "body", "text"),
    [
        ({"Content_Type": "text/plain; charset=iso-8859-1"}, "caf\xe9", "café"),
        ({"Content_Type": "text/plain; charset=utf-8"}, "café".encode().decode("latin-1"), "café"),
        ({"Content_Type": "text/plain; charset=x-unknown"}, "caf\xe9", "café"),
        ({"Content_Type": "text/plain; charset=us-ascii"}, "café".encode().decode("latin-1"), "café"),
        ({"Content_Type": "text/plain; charset=gb2312"}, "你好".encode("gb18030").decode("latin-1"), "你好"),
        ({"Content_Transfer_Encoding": "quoted-printable", "Content_Type": "text/plain; charset=utf-8"}, "caf=C3=A9 =\nau lait", "café au lait"),
        ({"Content_Transfer_Encoding": "base64", "Content_Type": "text/plain; charset=utf-8"}, base64.b64encode("café".encode()).decode(), "café"),
        ({"Content_Transfer_Encoding": "base64"}, "Y2Fm*broken", "caf"),
        ({"Content_Type": "text/html; charset=utf-8"}, "<p>a <b>bed</b></p>", "a **bed**"),
        ({"Content_Type": "text/plain; format=flowed"}, "one \nline\n> quoted \n> more", "one line\n> quoted \n> more"),
        ({}, "text\n-- \nAmara\n+49 123", "text"),
        ({}, ">From the start\n>>From twice", "From the start\n>From twice"),
        ({}, "text\n_______________________________________________\nGarden mailing list\nGarden at example.org", "text"),
    ],
)  # fmt: skip
def test_bodies(tmp_path, headers, body, text):
    (message,) = read("mbox", archive(tmp_path, mail(body=body, **headers))).messages
    assert message.text.startswith(text) if "broken" in body else message.text == text


def test_parts_and_attachments(tmp_path):
    body = """--x
Content-Type: multipart/alternative; boundary=y

--y
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

plain =C3=A9
--y
Content-Type: text/html

<p>rich</p>
--y--
--x
Content-Type: image/png; name="=?utf-8?B?YmVldC5wbmc=?="
Content-Disposition: attachment
Content-Transfer-Encoding: base64

iVBORw0KGgoAAAA=
--x--
"""
    (message,) = read("mbox", archive(tmp_path, mail(body=body, Content_Type="multipart/mixed; boundary=x"))).messages
    assert message.text == "plain é"
    assert [(f.name, f.mimetype) for f in message.files] == [("beet.png", "image/png")]


def test_headers_in_words_of_other_encodings(tmp_path):
    subject = "Re: [garden] =?ISO-8859-1?Q?caf=E9?= =?utf-8?B?8J+MsQ==?="
    got = read("mbox", archive(tmp_path, mail(subject=subject, sender="=?utf-8?Q?Jo=C3=A3o?= <joao@example.org>")))
    assert got.messages[0].title == "café🌱"
    assert got.people["joao@example.org"].name == "João"


@pytest.mark.parametrize(
    ("date", "headers", "at", "reasons"),
    [
        ("", {}, "2013-05-02T10:00:00", ["guessed_time"]),
        (
            "nonsense",
            {"Received": "from a by b; Fri, 3 May 2013 10:00:00 +0000"},
            "2013-05-03T10:00:00",
            ["guessed_time"],
        ),
        ("Thu, 1 Jan 1970 00:00:00 +0000", {}, "2013-05-02T10:00:00", ["guessed_time"]),
        ("Thu, 2 May 2999 10:00:00 +0000", {}, "2013-05-02T10:00:00", ["guessed_time"]),
        ("2 May 2013 10:00:00 GMT", {}, "2013-05-02T10:00:00", []),
        ("Thu, 2 May 2013 10:00 -0330 (NST)", {}, "2013-05-02T13:30:00", []),
    ],
)
def test_dates(tmp_path, date, headers, at, reasons):
    got = read("mbox", archive(tmp_path, mail(date=date, **headers)))
    assert got.messages[0].at.isoformat() == f"{at}+00:00"
    assert got.reasons == reasons
    assert all(problem.noted for problem in got.problems)


def test_a_mail_without_any_time_is_quarantined(tmp_path):
    text = mail("1") + mail("2", date="nonsense").replace(FROM_LINE, "From nobody\n") + mail("3")
    (tmp_path / "a.mbox").write_text(text)
    got = read("mbox", tmp_path / "a.mbox")
    assert [m.key[0] for m in got.messages] == ["1", "3"]
    assert [(p.reason, p.line, p.noted) for p in got.problems] == [("bad_time", 2, False)]


def test_a_missing_id_is_made_from_the_content(tmp_path):
    one = read("mbox", archive(tmp_path, mail("", body="a"), mail("", body="b"), mail("", body="a"), name="x.mbox"))
    again = read("mbox", archive(tmp_path, mail("", body="b"), mail("", body="a"), name="y.mbox"))
    assert len(one.messages) == 2
    assert one.skipped == {"duplicate": 1}
    assert set(one.by_key) == set(again.by_key)


def test_lines_that_begin_with_from_in_a_text_do_not_separate(tmp_path):
    body = "Dear all,\n\nFrom here on we plant.\n\nFrom: this is a quote\nTo: you\n\nFrom May\nto: June\nend"
    got = read("mbox", archive(tmp_path, mail("1", body=body), mail("2")))
    assert len(got.messages) == 2
    assert got.messages[0].text == body


def test_separators_without_a_blank_line_before(tmp_path):
    text = mail("1").rstrip("\n") + "\n" + mail("2")
    (tmp_path / "a.mbox").write_text(text)
    assert len(read("mbox", tmp_path / "a.mbox").messages) == 2


def test_line_ends_of_windows(tmp_path):
    (tmp_path / "a.mbox").write_bytes((mail("1", body="a\nb") + mail("2")).replace("\n", "\r\n").encode())
    assert read("mbox", tmp_path / "a.mbox").texts == ["a\nb", "Hello"]


@given(st.lists(st.integers(0, 200), min_size=1, max_size=5), st.integers(1, 700))
def test_splitting_does_not_depend_on_chunks(lengths, size):
    mails = [mail(str(at), body="word " * length).encode() for at, length in enumerate(lengths)]
    data = b"".join(mails)
    got = [raw for raw, _size in split(data[at : at + size] for at in range(0, len(data), size))]
    assert got == mails


def test_a_giant_mail_is_cut_and_the_next_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(mbox_module, "MAX_MAIL", 50_000)
    got = read(
        "mbox", archive(tmp_path, mail("1", body="x" * 70 + "\n" + ("y" * 70 + "\n") * 20_000), mail("2"), mail("3"))
    )
    assert [m.key[0] for m in got.messages] == ["1", "2", "3"]
    assert got.reasons == ["text_cut"]
    assert len(got.messages[0].text) <= 50_000


def test_one_file_for_each_mail(tmp_path):
    files = {"cur/1:2,S": mail("1").replace(FROM_LINE, ""), "new/2": mail("2").replace(FROM_LINE, ""), "tmp/x": ""}
    got = read("mbox", write_folder(tmp_path / "list", files))
    assert len(got.messages) == 2
    assert list(got.channels) == ["list"]


def test_a_gzip_that_breaks_off(tmp_path):
    body = "".join(f"{number * number % 7919}\n" for number in range(2000))
    data = gzip.compress("".join(mail(str(at), body=f"{at}\n{body}{at}") for at in range(60)).encode())
    (tmp_path / "a.mbox.gz").write_bytes(data[: len(data) * 2 // 3])
    got = read("mbox", tmp_path / "a.mbox.gz")
    assert len(got.messages) > 10
    assert got.reasons == ["broken_file"]


def test_what_is_no_mail(tmp_path):
    (tmp_path / "x.mbox").write_text("Just: a text\n\nwithout any mail")
    with pytest.raises(ConnectorError, match="no mail"):
        read("mbox", tmp_path / "x.mbox")


def test_going_on_in_the_middle_knows_the_threads_before(tmp_path):
    mails = [mail("1"), *(mail(str(at), In_Reply_To=f"<{at - 1}@example.org>") for at in range(2, 9))]
    path = archive(tmp_path, *mails)
    batches = list(open_source("mbox", str(path)).batches(json.dumps({"file": path.name, "item": 5})))
    rest = [m for batch in batches for m in batch.messages]
    assert [m.key[0] for m in rest] == ["6", "7", "8"]
    assert {m.thread for m in rest} == {"1@example.org"}


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        ("Re: RE: AW: [Garden] Re: Beds", "Beds"),
        ("[other] Beds", "[other] Beds"),
        ("Re[2]: Beds", "Beds"),
        ("Regarding", "Regarding"),
    ],
)
def test_titles(subject, title):
    assert thread_title(subject, "garden") == title


@given(st.binary(max_size=600))
def test_no_bytes_make_the_reader_fail(raw):
    parsed = Mail(b"From x  Thu May  2 10:00:00 2013\n" + raw)
    ids, answered = parsed.references()
    text, files = parsed.content()
    assert all(isinstance(one, str) for one in (*parsed.sender(), *ids, answered, text, parsed.subject()))
    assert all(isinstance(file, FileReference) for file in files)
    assert all(moment is None or moment.tzinfo for moment in (parsed.date(), parsed.delivered()))


@given(st.text(max_size=80))
def test_no_text_makes_the_date_reader_fail(text):
    assert parse_date(text) is None or parse_date(text).tzinfo is not None
