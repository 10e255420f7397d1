"""Tables: formats, columns in several languages, kinds, keys, and rows that cannot be used."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime

import pytest

from milepost.outward.connectors.records import ConnectorError, Options
from milepost.outward.connectors.sources import detect_source, open_source
from milepost.outward.connectors.sources.columns import guess, guess_kind, load_mapping, parse_mapping, save_mapping
from tests.outward.connectors.building import read, write_zip

MESSAGES = "message_id,ts,sender_id,stream,topic,text\n1,2021-01-01 10:00,11,general,welcome,Hello\n2,2021-01-02 10:00,12,general,welcome,Hi\n3,2021-01-03 10:00,11,seeds,swap,Beans?\n"


def table(tmp_path, content, name="x.csv"):
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return tmp_path / name


def test_messages(tmp_path):
    path = table(tmp_path, MESSAGES)
    assert detect_source(str(path)) == "table"
    got = read("table", path, timezone="Europe/Lisbon")
    assert [(m.key, m.author, m.channel, m.title, m.text) for m in got.messages] == [
        ("1", "11", "general", "welcome", "Hello"),
        ("2", "12", "general", "welcome", "Hi"),
        ("3", "11", "seeds", "swap", "Beans?"),
    ]
    assert got.messages[0].thread == got.messages[1].thread != got.messages[2].thread
    assert got.messages[0].at == datetime(2021, 1, 1, 10, tzinfo=UTC)
    assert set(got.people) == {"11", "12"}
    assert set(got.channels) == {"general", "seeds"}


def test_a_mapping_given_wins_over_what_is_guessed(tmp_path):
    path = table(tmp_path, "key,when,who,room,about,say\n1,2021-01-01,a,r,t,x\n")
    mapping = parse_mapping("id=key,time=when,author=who,channel=room,thread=about,text=say")
    (message,) = read("table", path, mapping=mapping, kind="messages").messages
    assert (message.key, message.author, message.channel, message.title, message.text) == ("1", "a", "r", "t", "x")
    # A field mapped to nothing stays empty though a column would fit.
    (message,) = read(
        "table", table(tmp_path, "id,time,user,text\n1,2021-01-01,a,x\n"), mapping={"text": ""}, kind="messages"
    ).messages
    assert message.text == ""


def test_no_text_column_is_fine(tmp_path):
    got = read("table", table(tmp_path, "message_id,ts,sender_id,stream,topic,n_chars\n1,2021-01-01,11,g,t,99\n"))
    assert got.texts == [""]
    assert open_source("table", str(tmp_path / "x.csv")).preview().unmapped == ["n_chars"]


@pytest.mark.parametrize(
    ("headings", "fields"),
    [
        ("Absender;Nachricht;Gesendet am;Kanal;Thema", {"author", "text", "time", "channel", "thread"}),
        ("Expéditeur;Contenu;Date d’envoi;Salon;Sujet", {"author", "text", "time", "channel", "thread"}),
        ("Remitente;Mensaje;Fecha y hora;Grupo;Tema", {"author", "text", "time", "channel", "thread"}),
        ("Remetente;Mensagem;Data/Hora;Canal;Tópico", {"author", "text", "time", "channel", "thread"}),
        ("Sender;Message;Sent At;Channel;Thread", {"author", "text", "time", "channel", "thread"}),
    ],
)
def test_headings_in_several_languages(tmp_path, headings, fields):
    columns = headings.split(";")
    assert guess_kind(columns) == "messages"
    assert set(guess(columns, "messages")) == fields
    got = read("table", table(tmp_path, f"{headings}\nAmara;Olá;04.03.2021 05:06;geral;sementes\n".encode("utf-8-sig")))
    assert got.texts == ["Olá"]


@pytest.mark.parametrize(
    "headings",
    ["Name,E-Mail,Beigetreten", "Nom complet,Courriel,Date d'adhésion", "Nombre,Correo electrónico,Fecha de alta", "Nome,E-mail,Membro desde",
     "Full Name,Email Address,Member Since"],
)  # fmt: skip
def test_members(tmp_path, headings):
    got = read(
        "table",
        table(tmp_path, f"{headings},Lieblingsgemüse\nAmara,Amara@Example.org,2020-02-01,Bohnen\nJoão,,soon,\n"),
    )
    amara, joao = got.people.values()
    assert (amara.key, amara.name, amara.mail) == ("amara@example.org", "Amara", "amara@example.org")
    assert amara.joined_at == datetime(2020, 2, 1, tzinfo=UTC)
    assert amara.attributes == {"Lieblingsgemüse": "Bohnen"}
    assert (joao.name, joao.joined_at) == ("João", None)
    assert [(p.reason, p.noted) for p in got.problems] == [("bad_time", True)]


def test_activities(tmp_path):
    rows = 'user,date,action,hours\namara,2021-01-01,event.attended,"1,5"\njoao,2021-01-02,dance,2\njoao,2021-01-03,event.attended,x\n'
    path = table(tmp_path, rows)
    got = read("table", path, verbs=frozenset({"event.attended"}))
    (activity,) = got.activities
    assert (activity.verb, activity.author, activity.quantity) == ("event.attended", "amara", 1.5)
    assert got.reasons == ["unknown_verb", "bad_number"]
    constant = read(
        "table", table(tmp_path, "attendee,date\namara,2021-01-01\n"), kind="activities", verb="event.attended"
    )
    assert constant.activities[0].verb == "event.attended"
    with pytest.raises(ConnectorError, match="verb"):
        read("table", tmp_path / "x.csv", kind="activities")
    with pytest.raises(ConnectorError, match="not a verb"):
        read("table", tmp_path / "x.csv", kind="activities", verb="Attended!")


def test_two_columns_as_one_key(tmp_path):
    rows = "name,mail,date,subject\nA,a@example.org,2021-01-01,x\nB,a@example.org,2021-01-02,y\nA,a@example.org,2021-01-03,z\n"
    mapping = {"author": "name+mail", "author_name": "name", "time": "date", "text": "subject"}
    got = read("table", table(tmp_path, rows), kind="activities", verb="code.committed", mapping=mapping)
    assert set(got.people) == {"A|a@example.org", "B|a@example.org"}
    assert len(got.activities) == 3


def test_keys_from_content_are_the_same_the_next_time(tmp_path):
    rows = ["amara,2021-01-01,one", "amara,2021-01-01,two", "joao,2021-01-01,one"]
    first = read("table", table(tmp_path, "user,time,text\n" + "\n".join(rows)))
    again = read("table", table(tmp_path, "user,time,text\n" + "\n".join(reversed([*rows, "amara,2021-01-01,one"]))))
    assert len(first.messages) == 3
    assert set(first.by_key) == set(again.by_key)
    assert again.skipped == {"duplicate": 1}


def test_replies_without_a_thread_column(tmp_path):
    rows = (
        "id,user,time,text,parent_id\n1,a,2021-01-01,q,\n2,b,2021-01-02,r,1\n3,a,2021-01-03,s,2\n4,b,2021-01-04,t,0\n"
    )
    path = table(tmp_path, rows)
    got = read("table", path)
    assert [(m.thread, m.reply_to) for m in got.messages] == [("1", ""), ("1", "1"), ("1", "2"), ("4", "")]
    (rest, *_) = list(open_source("table", str(path)).batches(json.dumps({"file": "x.csv", "item": 2})))
    assert [(m.key, m.thread) for m in rest.messages] == [("3", "1"), ("4", "4")]


ROWS = [
    {"id": 1, "user": {"id": "a", "name": "Amara"}, "time": 1614834367, "text": "Olá", "mentions": ["b", "c"]},
    {"id": 2, "user": {"id": "b", "name": "Bo"}, "time": 1614834368000, "text": "x"},
]


@pytest.mark.parametrize("kind", ["jsonl", "json", "object", "gz", "zip"])
def test_json_of_many_shapes(tmp_path, kind):
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS) + "\n"
    name, content = {
        "jsonl": ("x.jsonl", lines.encode()),
        "json": ("x.json", json.dumps(ROWS, indent=1).encode("utf-16")),
        "object": ("x.json", json.dumps({"next": None, "results": ROWS}).encode()),
        "gz": ("x.jsonl.gz", gzip.compress(lines.encode())),
        "zip": ("x.zip", b""),
    }[kind]
    if kind == "zip":
        write_zip(tmp_path / name, {"a.jsonl": lines})
    else:
        table(tmp_path, content, name)
    got = read("table", tmp_path / name, mapping={"author": "user.id", "author_name": "user.name"}, kind="messages")
    assert [(m.key, m.author, m.text, m.mentions) for m in got.messages] == [
        ("1", "a", "Olá", ("b", "c")),
        ("2", "b", "x", ()),
    ]
    assert got.people["a"].name == "Amara"
    assert got.messages[1].at == datetime(2021, 3, 4, 5, 6, 8, tzinfo=UTC)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_delimiters_and_encodings(tmp_path, delimiter, encoding):
    rows = [
        ["id", "user", "time", "text"],
        ["1", "amara", "2021-01-01", '"caf\xe9, with\nlines; and ""quotes"" | all"'],
    ]
    got = read("table", table(tmp_path, "\r\n".join(delimiter.join(row) for row in rows).encode(encoding)))
    assert got.texts == ['café, with\nlines; and "quotes" | all']
    assert got.reasons == (["wrong_encoding"] if encoding == "cp1252" else [])


def test_a_separator_that_is_said(tmp_path):
    assert len(read("table", table(tmp_path, "sep=;\nuser;time;text\na;2021-01-01;x,y,z\n")).messages) == 1


def test_rows_that_cannot_be_used(tmp_path):
    rows = [
        "1,amara,2021-01-01,good",
        "2,amara,2021-01-02,too,many,fields",
        "3,amara",
        "4,,2021-01-03,nobody",
        "5,amara,2999-01-01,future",
        "6,amara,1950-01-01,past",
        "7,amara,2021-01-04,\x00good",
        "1,amara,2021-01-01,again",
        "",
    ]
    got = read("table", table(tmp_path, "id,user,time,text\n" + "\n".join(rows)))
    assert got.texts == ["good", "good"]
    assert [(p.reason, p.line) for p in got.problems] == [
        ("wrong_columns", 2), ("no_time", 3), ("no_author", 4), ("in_future", 5), ("before_1970", 6),
    ]  # fmt: skip
    assert got.skipped == {"duplicate": 1}


def test_lines_of_json_that_are_none(tmp_path):
    good = json.dumps({"id": 1, "user": "a", "time": 1614834367, "text": "x"})
    got = read("table", table(tmp_path, f"{good}\n{{broken\n[1]\n{good.replace('1,', '2,', 1)}", "x.jsonl"))
    assert len(got.messages) == 2
    assert got.reasons == ["not_an_object", "not_an_object"]


def test_parquet(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {
        "message_id": arrow.array([1, 2, 2, None], arrow.int64()),
        "ts": arrow.array([1614834367000, 1614834368000, 1614834368000, 1614834369000], arrow.timestamp("ms", "UTC")),
        "sender_id": arrow.array([5.0, 6.0, 6.0, 5.0]),
        "stream": arrow.array(["g", "g", "g", "g"]).dictionary_encode(),
        "topic": arrow.array(["t", "t", "t", None]),
        "mentions": arrow.array([[6], [], None, [5, 6]]),
    }
    parquet.write_table(arrow.table(columns), tmp_path / "x.parquet")
    got = read("table", tmp_path / "x.parquet")
    assert [(m.key, m.author, m.title, m.mentions) for m in got.messages[:2]] == [
        ("1", "5", "t", ("6",)),
        ("2", "6", "t", ()),
    ]
    assert got.messages[0].at == datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert len(got.messages) == 3
    assert got.messages[2].thread == got.messages[2].key
    with (tmp_path / "y.parquet").open("wb") as file:
        file.write((tmp_path / "x.parquet").read_bytes()[:-100])
    with pytest.raises(ConnectorError, match="complete Parquet"):
        read("table", tmp_path / "y.parquet")


def test_what_is_unclear_is_asked(tmp_path):
    with pytest.raises(ConnectorError, match="not clear"):
        read("table", table(tmp_path, "a,b\n1,2\n"))
    with pytest.raises(ConnectorError, match="No column was found for: time"):
        read("table", table(tmp_path, "user,text\n1,2\n"), kind="messages")
    with pytest.raises(ConnectorError, match="no column “who”"):
        read("table", table(tmp_path, "user,text\n1,2\n"), kind="messages", mapping={"author": "who"})
    with pytest.raises(ConnectorError, match="field that does not exist"):
        read("table", table(tmp_path, "user,text\n1,2\n"), kind="messages", mapping={"writer": "user"})
    with pytest.raises(ConnectorError, match="not a table"):
        read("table", table(tmp_path, b"\x00\x01\x02" * 100, "x.bin"))


def test_mappings_are_saved_and_read(tmp_path):
    mapping = {"author": "Absender", "time": "Gesendet am"}
    save_mapping(str(tmp_path / "m.json"), mapping)
    assert load_mapping(str(tmp_path / "m.json")) == parse_mapping(str(tmp_path / "m.json")) == mapping
    assert parse_mapping("") == {}
    with pytest.raises(ConnectorError):
        parse_mapping("author=a,time")
    with pytest.raises(ConnectorError):
        parse_mapping("absent.json")


def test_the_preview_warns_of_ambiguous_dates(tmp_path):
    path = table(tmp_path, "user,time,text\na,03/04/2021,x\n")
    preview = open_source("table", str(path)).preview()
    assert preview.kind == "messages"
    assert preview.mapping == {"author": "user", "time": "time", "text": "text"}
    assert len(preview.notes) == 1
    assert not open_source("table", str(path), Options(day_first=False)).preview().notes
