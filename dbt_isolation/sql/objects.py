"""The things that statements make, change and drop, and the words they are called by."""

from dbt_isolation.sql.names import TEXT_PLACEHOLDER, name_at
from dbt_isolation.sql.tokens import Text, is_word, words

_TABLES = """
    table tables view views sequence sequences type types stream streams task tasks pipe pipes dictionary
    dictionaries synonym synonyms model models domain domains index indexes statistics trigger rule policy
    snapshot format alert tag aggregate collection object projection share connector volume volumes
"""
_PLACES = "schema schemas database databases catalog catalogs dataset keyspace namespace"
_FUNCTIONS = "function functions procedure procedures proc procs macro macros routine routines method"
#: Neither relations nor places: who may do what, and with which machines.
NOBODY = words("""
    role roles user users warehouse warehouses account accounts integration integrations resource group
    groups login server extension language tablespace secret network application publication
    subscription credential connection connections certificate assembly symmetric asymmetric session
    system organization failover replication compute quota settings profile foreign_server wrapper
    parameter service image authorization constraint column columns privileges external_location storage
    metastore provider recipient reservation assignment capacity cast operator collation event datashare
    identity endpoint
    """)
#: A word for a thing, and the kind its name is.
KINDS = {
    **dict.fromkeys(_TABLES.split(), "table"),
    **dict.fromkeys(_PLACES.split(), "place"),
    **dict.fromkeys(_FUNCTIONS.split(), "function"),
    "stage": "stage",
    "stages": "stage",
}
_BEFORE = words("""
    or replace alter local global temp temporary transient volatile external unlogged secure recursive
    materialized iceberg dynamic hybrid foreign live streaming refresh unique clustered nonclustered
    columnstore fulltext bitmap aggregate scalar remote row access masking file private public managed
    force editionable noneditionable event constraint session projection password authentication search
    vector snowflake interactive definer sql
    """)
_SKIPPED = words("if not exists concurrently only async")


class Thing:
    """What stands behind CREATE, DROP, ALTER and ON: the kind, whether temporary, and where its name begins.

    ``word`` is "" if no thing is known by the words.
    """

    __slots__ = ("index", "kind", "temporary", "word")

    def __init__(self, text: Text, index: int, hi: int) -> None:
        self.word = ""
        self.kind = "table"
        self.temporary = False
        unknown = False
        at = index
        while at < hi and at < index + 12:
            key = text.keys[at]
            follows = text.key(at + 1, hi)
            if key in ("temp", "temporary"):
                self.temporary = True
            elif (key, follows) in (("snapshot", "table"), ("table", "function")):
                pass
            elif key in KINDS or key in NOBODY:
                if key in _BEFORE and (follows in KINDS or follows in NOBODY):
                    at += 1
                    continue
                self.word = key
                self.kind = KINDS.get(key, "")
                at += 1
                break
            elif TEXT_PLACEHOLDER.fullmatch(key):
                unknown = True
            elif key not in _BEFORE:
                break
            at += 1
        if unknown and not self.word:
            self.word = "table"
        self.index = skip(text, at, hi)


def on_of(text: Text, index: int, hi: int) -> int:
    """Where the table of a trigger, policy or index by its name begins; the place itself without an ON."""
    name = name_at(text, index, hi)
    return name.last + 1 if name is not None and text.key(name.last, hi) == "on" else index


def skip(text: Text, index: int, hi: int) -> int:
    """The place behind IF NOT EXISTS and the like."""
    while index < hi and text.keys[index] in _SKIPPED:
        follows = text.key(index + 1, hi)
        if text.keys[index] in ("only", "async", "if") and not (follows == '"' or is_word(follows)):
            break
        index += 1
    return index
