"""The reading part of Defguard's sync with a directory, and its logins, over python-ldap.

    defguard.py rules SERVERS FACTS   checks each rule of docs/clients/defguard.md: "ok RULE" or "not ok RULE: why"
    defguard.py work SERVERS          a pull at each line of standard input; standard output tells what came of it

SERVERS is HOST:PORT,HOST:PORT; FACTS a directory with what the database holds. Defguard knows one server: the first.
"""

import ldap
from ldap.controls.libldap import SimplePagedResultsControl
from ldap.filter import escape_filter_chars

from checking import BASE, LOGIN, answered, connected, equal, fingerprint, group_dn, main, refused, rows, servers, user_dn

PEOPLE = "(objectClass=inetOrgPerson)"
GROUPS = "(objectClass=groupOfNames)"


def bound(server=None):
    connection = connected(server)
    connection.simple_bind_s(user_dn(LOGIN[0]), LOGIN[1])
    return connection


def paged(connection, filterstr, attributes, halt=None, sizes=None):
    """Whatever the last code is, these are all: only a lost connection is an error."""
    entries, cookie = [], b""
    while True:
        control = SimplePagedResultsControl(False, size=500, cookie=cookie)
        message = connection.search_ext(BASE, ldap.SCOPE_SUBTREE, filterstr, attributes, serverctrls=[control])
        try:
            _, found, _, controls = connection.result3(message)
        except ldap.LDAPError as error:
            if answered(error):
                return entries
            raise
        entries += found
        if sizes is not None:
            sizes.append(len(found))
        cookie = b"".join(c.cookie for c in controls if c.controlType == control.controlType)
        if not cookie:
            return entries
        if halt:
            halt()


def search(connection, filterstr, attributes=("*", "memberOf"), base=BASE, scope=ldap.SCOPE_SUBTREE):
    return connection.search_s(base, scope, filterstr, list(attributes))


def dns(entries):
    return sorted(dn for dn, _ in entries)


def spelled(entries, name):
    """Names are looked up as they are spelled, so this is too."""
    return {dn: [value.decode() for value in attributes.get(name, [])] for dn, attributes in entries}


def pull(halt):
    """What is not in here is deleted."""
    connection = bound()
    users = paged(connection, PEOPLE, ["*", "memberOf"], halt)
    groups = paged(connection, f"(&{GROUPS}(member=*))", ["cn", "member"])
    kept = {}
    for dn, attributes in users:
        if all(name in attributes for name in ("sn", "givenName", "mail")):
            kept[dn.lower()] = dn, attributes["uid"][0], attributes["mail"][0]
    members = {
        attributes["cn"][0]: sorted(kept[dn.decode().lower()] for dn in attributes["member"] if dn.decode().lower() in kept)
        for _, attributes in groups
        if "member" in attributes
    }
    return f"{len(kept)} users, {len(members)} groups, {fingerprint(sorted(kept.items()), sorted(members.items()))}"


def attribute_names_as_spelled(connection):
    given = {uid for uid, _, name in rows("users") if name}
    mailed = {uid for uid, mail, _ in rows("users") if mail}
    for dn, attributes in search(connection, PEOPLE, ["*"]):
        wanted = {"sn", "cn", "uid"}
        if attributes["uid"][0].decode() in mailed:
            wanted.add("mail")
        if attributes["uid"][0].decode() in given:
            wanted.add("givenName")
        missing = wanted - set(attributes)
        assert not missing, f"{dn}: {missing}"
    for asked in (["cn", "member"], ["CN", "uniqueMember"], ["memberOf"]):
        names = set(search(connection, "(|(cn=staff)(uid=alice))", asked)[0][1])
        assert names <= {"cn", "member", "CN", "uniqueMember", "memberOf"}, names
    assert spelled(search(connection, "(cn=staff)", ["member"]), "member")[group_dn("staff")]
    assert spelled(search(connection, "(cn=staff)", ["uniqueMember"]), "uniqueMember")[group_dn("staff")]
    assert spelled(search(connection, "(uid=alice)", ["memberOf"]), "memberOf")[user_dn("alice")]


def all_and_only_users(connection):
    found = search(connection, PEOPLE, ["uid"])
    equal("users", sorted(attributes["uid"][0].decode() for _, attributes in found), sorted(row[0] for row in rows("users")))


def groups_below_the_base(connection):
    found = search(connection, GROUPS, ["cn"])
    equal("groups", sorted(attributes["cn"][0].decode() for _, attributes in found), sorted(row[0] for row in rows("groups")))
    for dn, _ in found:
        assert dn.startswith("cn=") and len(ldap.dn.explode_dn(dn)) == 3, dn
    names = {dn: attributes for dn, attributes in found}
    equal("one level", dns(search(connection, GROUPS, ["cn"], scope=ldap.SCOPE_ONELEVEL)), sorted(names))


def memberships_agree(connection):
    for who in ("alice", "many7", "heidi"):
        dn = user_dn(who)
        wanted = sorted(group_dn(cn) for cn, uid in rows("members") if uid == who and "," not in cn)
        for name in ("member", "uniqueMember"):
            found = [group for group in dns(search(connection, f"({name}={escape_filter_chars(dn)})", ["cn"])) if "\\" not in group]
            equal(f"{name} of {who}", found, wanted)
        found = spelled(search(connection, f"(uid={who})", ["memberOf"]), "memberOf")[dn]
        equal(f"memberOf of {who}", sorted(group for group in found if "\\" not in group), wanted)
    for group in ("staff", "team7"):
        members = spelled(search(connection, f"(&{GROUPS}(cn={group}))", ["member"]), "member")[group_dn(group)]
        found = dns(search(connection, f"(&{PEOPLE}(|(memberOf={group_dn(group)})))", ["*", "memberOf"]))
        equal(f"users by memberOf {group}", found, sorted(members))
        for spelling in (group_dn(group).upper(), group_dn(group).replace(",", ", ")):
            equal(spelling, dns(search(connection, f"(&{PEOPLE}(memberOf={spelling}))")), found)
    equal("is_member_of", len(search(connection, f"(&{GROUPS}(cn=team1)(member={user_dn('many1')}))", ["*"])), 1)
    equal("is_member_of", len(search(connection, f"(&{GROUPS}(cn=empty)(member={user_dn('many1')}))", ["*"])), 0)


def filters(connection):
    with_members = {cn for cn, _ in rows("members")}
    found = search(connection, f"(&{GROUPS}(member=*))", ["cn", "member"])
    equal("groups with members", {attributes["cn"][0].decode() for _, attributes in found}, with_members)
    equal("one of one", len(search(connection, f"(&(uid=alice)(|{PEOPLE}))")), 1)
    equal("free", len(search(connection, f"(&(uid=nobody)(|{PEOPLE}))")), 0)


def one_user_by_dn(connection):
    equal("alice", dns(search(connection, "(objectClass=*)", ["*"], user_dn("alice"), ldap.SCOPE_BASE)), [user_dn("alice")])
    refused(ldap.NO_SUCH_OBJECT, search, connection, "(objectClass=*)", ["*"], user_dn("nobody"), ldap.SCOPE_BASE)
    equal("afterwards", len(search(connection, "(uid=alice)")), 1)


def pages(connection):
    for filterstr, table in ((PEOPLE, "users"), (GROUPS, "groups")):
        sizes = []
        found = dns(paged(connection, filterstr, ["*", "memberOf"], sizes=sizes))
        count = len(rows(table))
        equal(table, (len(found), len(set(found))), (count, count))
        equal(f"pages of {table}", sizes, [500] * (count // 500) + [count % 500])


def replicas_spell_alike(connection):
    other = bound(servers()[1])
    # Values have no order (RFC 4511 4.1.7).
    in_order = lambda found: [(dn, {name: sorted(entry[name]) for name in entry}) for dn, entry in found]
    for filterstr in (PEOPLE, GROUPS):
        once, again, there = (in_order(search(where, filterstr, ["*", "+"])) for where in (connection, connection, other))
        equal("again", again, once)
        equal("on the other replica", there, once)


def binds(_):
    name, password = LOGIN
    refused(ldap.UNWILLING_TO_PERFORM, connected().simple_bind_s, user_dn(name), "")
    refused(ldap.INVALID_CREDENTIALS, connected().simple_bind_s, user_dn(name), "wrong-Passw0rd")
    connected().simple_bind_s(user_dn(name), password)


def writes_change_nothing(connection):
    def everything():
        # Values have no order.
        found = search(connection, "(objectClass=*)", ["*"])
        return [(dn, {name: sorted(values) for name, values in entry.items()}) for dn, entry in found]

    before = everything()
    attributes = [("objectClass", [b"inetOrgPerson"]), ("uid", [b"written"]), ("sn", [b"x"]), ("cn", [b"x"])]
    refused(ldap.UNWILLING_TO_PERFORM, connection.add_s, user_dn("written"), attributes)
    refused(ldap.UNWILLING_TO_PERFORM, connection.modify_s, user_dn("alice"), [(ldap.MOD_REPLACE, "sn", [b"x"])])
    refused(ldap.UNWILLING_TO_PERFORM, connection.rename_s, user_dn("alice"), "uid=written")
    refused(ldap.UNWILLING_TO_PERFORM, connection.delete_s, user_dn("alice"))
    equal("entries", everything(), before)


RULES = [
    attribute_names_as_spelled,
    all_and_only_users,
    groups_below_the_base,
    memberships_agree,
    filters,
    one_user_by_dn,
    pages,
    replicas_spell_alike,
    binds,
    writes_change_nothing,
]

main(RULES, bound, pull)
