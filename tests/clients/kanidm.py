"""What Kanidm's sync tool reads of a directory, over python-ldap, but for the content sync, which there is not yet.

    kanidm.py rules SERVERS FACTS   checks the rules of docs/clients/kanidm.md: "ok RULE" or "not ok RULE: why"
    kanidm.py work SERVERS          a refresh at each line of standard input; standard output tells what came of it

SERVERS is HOST:PORT,HOST:PORT; FACTS a directory with what the database holds. Kanidm knows one server: the first.
"""

import os
import socket
import ssl

import ldap
from ldap.controls import RequestControl
from ldap.filter import escape_filter_chars

from checking import BASE, LOGIN, connected, equal, fingerprint, main, refused, rows, servers, user_dn

EVERYTHING = "(|(objectclass=person)(objectclass=posixgroup))"
# SEQUENCE { refreshOnly }
SYNC = RequestControl("1.3.6.1.4.1.4203.1.9.1.1", True, bytes.fromhex("30030a0101"))


def bound():
    connection = connected()
    connection.simple_bind_s(user_dn(LOGIN[0]), LOGIN[1])
    return connection


def search(connection, filterstr=EVERYTHING, controls=()):
    found = connection.search_ext_s(BASE, ldap.SCOPE_SUBTREE, filterstr, ["*", "+"], serverctrls=list(controls))
    return [(dn, {name.lower(): [value.decode() for value in values] for name, values in entry.items()}) for dn, entry in found]


def split(entries):
    """As Kanidm tells persons from groups."""
    classes = lambda entry: {name.lower() for name in entry["objectclass"]}
    persons = [(dn, entry) for dn, entry in entries if "person" in classes(entry)]
    groups = [(dn, entry) for dn, entry in entries if "person" not in classes(entry) and "groupofnames" in classes(entry)]
    return persons, groups


def pull(halt):
    """Nothing is applied before the end; so the pause is between two requests."""
    connection = bound()
    halt()
    # Values have no order (RFC 4511 4.1.7).
    found = [(dn, {name: sorted(values) for name, values in entry.items()}) for dn, entry in search(connection)]
    persons, groups = split(found)
    return f"{len(persons)} persons, {len(groups)} groups, {fingerprint(persons, groups)}"


def persons_and_groups(connection):
    entries = search(connection)
    persons, groups = split(entries)
    # Private groups are no groupOfNames, and are skipped.
    equal("persons and groups", len(persons) + len(groups) + len(rows("private")), len(entries))
    equal("persons", sorted(entry["uid"][0] for _, entry in persons), sorted(row[0] for row in rows("users")))
    equal("groups", sorted(entry["cn"][0] for _, entry in groups), sorted(row[0] for row in rows("groups")))
    for dn, entry in entries:
        assert "top" in entry["objectclass"], dn
    for dn, entry in groups:
        assert "posixGroup" in entry["objectclass"] and "groupOfNames" in entry["objectclass"], dn


def single_values(connection):
    persons, groups = split(search(connection))
    for entries, names in ((persons, ("uid", "cn", "uidnumber")), (groups, ("cn", "gidnumber"))):
        for dn, entry in entries:
            for name in names:
                values = entry.get(name, [])
                # nogid has no group number and so no POSIX account.
                assert len(values) == 1 or (name == "uidnumber" and not values), f"{name} of {dn}: {values}"
                if name.endswith("number") and values:
                    assert values[0].isascii() and values[0].isdigit() and str(int(values[0])) == values[0], f"{dn}: {values}"


def members_are_dns_of_persons(connection):
    persons, groups = split(search(connection))
    dns = {dn: entry["uid"][0] for dn, entry in persons}
    got = sorted((entry["cn"][0], dns[dn]) for _, entry in groups for dn in entry.get("member", []))
    equal("members", got, sorted((cn, uid) for cn, uid in rows("members")))


def members_by_name(connection):
    for _, uid in rows("members")[:40]:
        found = search(connection, f"(&(uid={escape_filter_chars(uid)})(objectclass=person))")
        equal(uid, [entry["uid"] for _, entry in found], [[uid]])


def uuids_of_entries(connection):
    uuids = [entry["entryuuid"][0] for _, entry in search(connection)]
    equal("different ones", len(set(uuids)), len(uuids))
    other = connected(servers()[1])
    equal("on the other replica", sorted(entry["entryuuid"][0] for _, entry in search(other)), sorted(uuids))


def content_sync_is_refused(connection):
    refused(ldap.UNAVAILABLE_CRITICAL_EXTENSION, search, connection, EVERYTHING, [SYNC])
    equal("afterwards", len(search(connection, "(uid=alice)")), 1)


def certificate(_):
    host, port = servers()[0].split(":")
    context = ssl.create_default_context(cafile=os.environ["LDAP_CA"])
    with context.wrap_socket(socket.create_connection((host, int(port))), server_hostname="ldap1.example.com") as stream:
        equal("version", stream.version(), "TLSv1.3")
        shown = stream.getpeercert()
    equal("X.509", shown["version"], 3)
    assert ("DNS", "ldap1.example.com") in shown["subjectAltName"], shown


RULES = [
    persons_and_groups,
    single_values,
    members_are_dns_of_persons,
    members_by_name,
    uuids_of_entries,
    content_sync_is_refused,
    certificate,
]

main(RULES, bound, pull)
