"""Which column of a table means what: aliases in several languages, and mappings given or saved."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from django.utils.translation import gettext as _

from milepost.outward.connectors.records import ConnectorError, RecordKind

#: Fields that a mapping may name, by kind of table.
FIELDS: dict[RecordKind, tuple[str, ...]] = {
    "members": ("id", "name", "handle", "mail", "time", "audience", "is_bot"),
    "messages": (
        "id", "author", "author_name", "author_mail", "time", "channel", "thread", "title", "text", "reply_to",
        "mentions", "edited",
    ),
    "activities": (
        "id", "author", "author_name", "author_mail", "time", "verb", "object_kind", "object", "quantity", "channel", "text",
    ),
}  # fmt: skip

#: Headings, lower case without accents and marks; the first that a table has wins. English, German, French, Spanish,
#: Portuguese, and the names that well-known exports use.
_ALIASES: dict[str, str] = {
    "id": """id messageid msgid postid uid uuid key ts_id rowid nachrichtid nachrichtenid kennung nummer idmessage
        identifiant idmensaje identificador idmensagem commit sha hash eventid activityid ticketid""",
    "author": """author authorid senderid userid sender user username author_id from fromid fromuser actor actorid
        memberid personid poster postedby createdby autor autorid absender absenderid verfasser benutzer benutzerid nutzer
        mitglied auteur auteurid expediteur utilisateur membre usuario usuarioid remitente autora miembro remetente membro
        participante teilnehmer participant attendee committer""",
    "author_name": """authorname sendername senderfullname fullname displayname realname rawname nickname from_name fromname
        autorname absendername benutzername nomauteur nomexpediteur nombreautor nombreremitente nomeautor nomeremetente
        name nom nombre nome""",
    "author_mail": """authoremail authormail senderemail sendermail useremail fromemail email mail emailaddress
        absendermail correo courriel correoelectronico adresseemail""",
    "time": """time timestamp ts datetime date at createdat created sentat senttime postedat postdate dateposted happenedat
        occurredat createdtime datesent authortime committime authortimelocal authoredat zeit zeitpunkt zeitstempel datum
        datumzeit datumuhrzeit gesendet gesendetam erstelltam erstellt horodatage dateheure datecreation datedenvoi heure
        envoyele cree creele fecha fechahora fechayhora hora marcadetiempo fechadecreacion enviado creado data datahora
        dataehora carimbodetempo datadecriacao enviadoem criadoem eventdate""",
    "channel": """channel channelname channelid stream streamname room group list listname forum space chat conversation
        board category section kanal gruppe raum liste bereich kategorie canal salon groupe espace categorie categoria grupo
        sala lista espacio espaco grupoid""",
    "thread": """thread threadid threadts topic topicname topicid conversationid discussion discussionid
        parentthread thema unterhaltung diskussion gesprach faden sujet fil fildediscussion tema hilo
        discusion conversacion topico discussao assunto""",
    "title": "title subject heading betreff titel uberschrift titre objet asunto titulo",
    "text": """text message content body messagetext post comment msg markdown nachricht inhalt beitrag kommentar texte
        contenu corps commentaire texto mensaje contenido cuerpo comentario mensagem conteudo corpo publicacao""",
    "reply_to": """replyto replytoid inreplyto inreplytoid parent parentid parentmessageid replytomessageid
        antwortauf antwortaufid reponsea respuestaa respostaa""",
    "mentions": "mentions mentioned mentionedusers erwahnungen mentionnes menciones mencoes",
    "edited": "edited editedat updatedat modified modifiedat lastedited bearbeitet geandertam modifiele editado editadoem",
    "verb": """verb action activity activitytype event eventtype type kind aktion aktivitat ereignis art tatigkeit activite
        evenement typeaction accion actividad evento tipo acao atividade""",
    "object_kind": "objectkind objecttype targettype objektart typeobjet tipoobjeto",
    "object": "object objectid objectname target targetid item eventname objekt ziel objet cible objeto objetivo alvo",
    "quantity": """quantity amount count hours value points minutes menge anzahl betrag stunden wert quantite montant nombreheures
        heures valeur cantidad importe horas valor quantidade montante""",
    "name": """name fullname displayname realname membername nameofmember vollername vollstandigername nomcomplet nom
        nombrecompleto nombre nomecompleto nome""",
    "handle": "handle username login nick nickname screenname benutzername pseudo identifiantutilisateur nombredeusuario nomedeusuario",
    "mail": "email mail emailaddress mailaddress emailadresse mailadresse courriel adresseemail correo correoelectronico enderecodeemail",
    "audience": """audience membertype membershiptype role status membership rolle mitgliedsart mitgliedschaft statut
        typemembre rol tipodemiembro estado papel tipodemembro""",
    "is_bot": "isbot bot",
}
_JOINED = """joined joinedat joindate joinedon membersince membersinceat createdat created registeredat registrationdate
    signupdate startdate beigetreten beitritt beitrittsdatum eintritt eintrittsdatum mitgliedseit registriertam
    inscription dateinscription datedinscription dateadhesion datedadhesion inscritle membredepuis adhesion dateadhesion alta fechadealta miembrodesde
    fechaderegistro inscritoem datadeinscricao membrodesde datadeentrada date datum fecha data""".split()
_TABLE = {field: words.split() for field, words in _ALIASES.items()}
_MEMBER_ID = [
    *_TABLE["id"],
    "memberid",
    "userid",
    "mitgliedid",
    "mitgliedsnummer",
    "idmembre",
    "numeromembre",
    "numerodemiembro",
]
#: What tells of an activity, where a message would have it as a title.
_SAID_OF_IT = [
    *_TABLE["title"],
    *"summary description note notes details beschreibung notiz descripcion descricao".split(),
]


def plain(heading: str) -> str:
    """A heading without case, accents and marks: “Date d’envoi” -> “datedenvoi”."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", heading.casefold()) if not unicodedata.combining(c))
    return re.sub(r"[^\w]|_", "", bare)


def guess(columns: Iterable[str], kind: RecordKind) -> dict[str, str]:
    """field -> column, for the columns whose heading says what they are. Each column serves one field."""
    headings: dict[str, str] = {}
    for column in columns:
        headings.setdefault(plain(column), column)
    mapping: dict[str, str] = {}
    taken: set[str] = set()
    for field in FIELDS[kind]:
        aliases = _TABLE[field]
        if kind == "members":
            aliases = _JOINED if field == "time" else _MEMBER_ID if field == "id" else aliases
        elif kind == "activities" and field == "text":
            aliases = [*aliases, *_SAID_OF_IT]
        found = (headings[alias] for alias in map(plain, aliases) if alias in headings)
        column = next((column for column in found if column not in taken), "")
        if column:
            mapping[field] = column
            taken.add(column)
    # “Name” beside no other author is the author.
    if kind != "members" and "author" not in mapping:
        instead = mapping.get("author_mail") or mapping.get("author_name")
        if instead:
            mapping["author"] = instead
    return mapping


def guess_kind(columns: Iterable[str]) -> RecordKind | None:
    """What a table with these headings holds, or None where they do not tell."""
    columns = list(columns)
    messages, activities, members = (guess(columns, kind) for kind in ("messages", "activities", "members"))
    if "author" in messages and "time" in messages:
        if "text" in messages or "thread" in messages or "reply_to" in messages:
            return "messages"
        if "verb" in activities or "object" in activities or "quantity" in activities:
            return "activities"
    if "name" in members and ("mail" in members or "handle" in members or "time" in members or "id" in members):
        if "verb" in activities and "time" in activities and "channel" not in messages and "mail" not in members:
            return "activities"
        return "members"
    if "author" in messages and "time" in messages:
        return "messages" if "channel" in messages else "activities"
    return "members" if "mail" in members or "handle" in members else None


def parse_mapping(text: str) -> dict[str, str]:
    """From `--map`: “author=sender_id,time=ts”, or the path of a saved mapping (JSON)."""
    text = text.strip()
    if not text:
        return {}
    if "=" not in text or text.endswith(".json"):
        return load_mapping(text)
    mapping = {}
    for pair in text.split(","):
        field, separator, column = pair.partition("=")
        if not separator or not field.strip() or not column.strip():
            raise ConnectorError(
                _("“%(pair)s” in the mapping is not of the form field=column.") % {"pair": pair},
                _("Write for example author=sender_id,time=ts,channel=stream,thread=topic,id=message_id."),
            )
        mapping[field.strip()] = column.strip()
    return mapping


def load_mapping(path: str) -> dict[str, str]:
    try:
        saved = json.loads(Path(path).read_text("utf-8"))
        if isinstance(saved, dict) and all(isinstance(v, str) for v in saved.values()):
            return {str(field): column for field, column in saved.items()}
    except (OSError, ValueError) as error:
        raise ConnectorError(
            _("The mapping “%(path)s” cannot be read.") % {"path": path},
            _("Give the path of a saved mapping, or write it as field=column,field=column."),
        ) from error
    raise ConnectorError(
        _("“%(path)s” does not hold a mapping.") % {"path": path}, _("It should be a JSON object of field and column.")
    )


def save_mapping(path: str, mapping: dict[str, str]) -> None:
    Path(path).write_text(json.dumps(mapping, ensure_ascii=False, indent=1) + "\n", "utf-8")


def check_mapping(mapping: dict[str, str], columns: list[str], kind: RecordKind) -> None:
    """Raises a ConnectorError for fields or columns that do not exist, naming those that do."""
    for field, column in mapping.items():
        if field not in FIELDS[kind]:
            raise ConnectorError(
                _("The mapping names a field that does not exist: “%(field)s”.") % {"field": field},
                _("Fields of %(kind)s: %(fields)s.") % {"kind": kind, "fields": ", ".join(FIELDS[kind])},
            )
        for part in column.split("+") if column not in columns else ():
            if part not in columns:
                raise ConnectorError(
                    _("The table has no column “%(column)s”.") % {"column": part},
                    _("Its columns are: %(columns)s.") % {"columns": ", ".join(columns[:60])},
                )
