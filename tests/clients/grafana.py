"""What Grafana does at a login and in its background sync, over python-ldap, with the lines of docs/clients/grafana.md.

    grafana.py rules SERVERS PAGE   "ok RULE" or "not ok RULE: why" for each rule; SERVERS is HOST:PORT,HOST:PORT
"""

import copy
import os
import sys
import tomllib

import ldap
from ldap.filter import escape_filter_chars

from checking import LOGIN, connected, equal, main, refused, servers


def settings():
    with open(sys.argv[3], encoding="utf-8") as file:
        block = file.read().split("```toml\n", 1)[1].split("```", 1)[0]
    server = tomllib.loads(block)["servers"][0]
    server["bind_password"] = os.environ["SERVICE_PASSWORD"]
    return server


class NotFound(Exception):
    """No such user."""


class NoRole(Exception):
    """In none of the groups."""


def dialled(hosts):
    for number, host in enumerate(hosts):
        try:
            connection = connected(host)
            # It connects at once; python-ldap does so with the first request.
            connection.search_s("", ldap.SCOPE_BASE, "(objectClass=*)", ["1.1"])
            return connection
        except ldap.SERVER_DOWN:
            if number + 1 == len(hosts):
                raise


def found(connection, server, logins):
    names = server["attributes"]
    attributes = [names[name] for name in ("username", "surname", "email", "name", "member_of") if names.get(name)]
    if server.get("group_search_filter_user_attribute"):
        attributes.append(server["group_search_filter_user_attribute"])
    alternatives = "".join(server["search_filter"].replace("%s", escape_filter_chars(login)) for login in logins)
    entries = []
    for base in server["search_base_dns"]:
        entries += connection.search_s(base, ldap.SCOPE_SUBTREE, f"(|{alternatives})", attributes)
    return entries


def value(entry, name):
    """Names are looked up as they are spelled; `dn` is the entry's name."""
    dn, attributes = entry
    return dn if name == "dn" else attributes.get(name, [b""])[0].decode()


def groups(connection, server, entry):
    if not server.get("group_search_filter"):
        return [group.decode() for group in entry[1].get(server["attributes"]["member_of"], [])]
    wanted = value(entry, server["group_search_filter_user_attribute"])
    search = server["group_search_filter"].replace("%s", escape_filter_chars(wanted))
    found_groups = []
    for base in server["group_search_base_dns"]:
        found_groups += connection.search_s(base, ldap.SCOPE_SUBTREE, search, ["dn"])
    return [dn for dn, _ in found_groups]


def user(connection, server, entry):
    names = server["attributes"]
    member_of = groups(connection, server, entry)
    of = {group.lower() for group in member_of}
    roles = [one["org_role"] for one in server["group_mappings"] if one["group_dn"] == "*" or one["group_dn"].lower() in of]
    return {
        "login": value(entry, names["username"]),
        "name": f"{value(entry, names['name'])} {value(entry, names['surname'])}".strip(),
        "email": value(entry, names["email"]),
        "groups": sorted(member_of),
        "role": roles[0] if roles else None,
    }


def login(server, name, password, hosts=None):
    connection = dialled(hosts or servers())
    single = "%s" in server["bind_dn"]
    if server["bind_password"]:
        connection.simple_bind_s(server["bind_dn"], server["bind_password"])
    elif single:
        connection.simple_bind_s(server["bind_dn"].replace("%s", name), password)
    else:
        connection.simple_bind_s(server["bind_dn"], "")
    entries = found(connection, server, [name])
    if not entries:
        raise NotFound(name)
    one = user(connection, server, entries[0])
    if one["role"] is None:
        raise NoRole(name)
    if not single:
        connection.simple_bind_s(entries[0][0], password)
    return one


def a_login_has_name_address_and_role(server):
    one = login(server, *LOGIN)
    equal("login", one["login"], LOGIN[0])
    equal("role", one["role"], "Editor")
    assert "cn=ldapusers,dc=example,dc=com" in one["groups"], one
    alice = user(*alices(server))
    equal("name", alice["name"], "Alice Smith")
    equal("email", alice["email"], "alice@example.com")


def alices(server):
    connection = dialled(servers())
    connection.simple_bind_s(server["bind_dn"], server["bind_password"])
    return connection, server, found(connection, server, ["alice"])[0]


def wrong_passwords_and_names_are_told_apart_from_errors(server):
    refused(ldap.INVALID_CREDENTIALS, login, server, LOGIN[0], "wrong-Passw0rd")
    for name in ("nobody", "*", f"{LOGIN[0]})(uid=*", "al*"):
        refused(NotFound, login, server, name, LOGIN[1])
    other = {**server, "bind_password": "wrong-Passw0rd"}
    refused(ldap.INVALID_CREDENTIALS, login, other, *LOGIN)


def who_is_in_no_mapped_group_cannot_sign_in(server):
    other = copy.deepcopy(server)
    other["group_mappings"] = [one for one in other["group_mappings"] if "ldapusers" not in one["group_dn"]]
    refused(NoRole, login, other, *LOGIN)
    other["group_mappings"].append({"group_dn": "*", "org_role": "Viewer"})
    equal("role", login(other, *LOGIN)["role"], "Viewer")


def groups_are_the_same_by_a_search(server):
    other = copy.deepcopy(server)
    other["group_search_filter"] = "(&(objectClass=groupOfNames)(member=%s))"
    other["group_search_filter_user_attribute"] = "dn"
    other["group_search_base_dns"] = other["search_base_dns"]
    other["attributes"]["member_of"] = "dn"
    equal("user", login(other, *LOGIN), login(server, *LOGIN))


def without_a_service_account(server):
    own = {**server, "bind_dn": "uid=%s,dc=example,dc=com", "bind_password": ""}
    equal("user", login(own, *LOGIN), login(server, *LOGIN))
    refused(ldap.INVALID_CREDENTIALS, login, own, LOGIN[0], "wrong-Passw0rd")
    refused(ldap.UNWILLING_TO_PERFORM, login, {**server, "bind_password": ""}, *LOGIN)


def a_second_host_is_asked(server):
    closed = "localhost:1"
    equal("user", login(server, *LOGIN, [closed, *servers()]), login(server, *LOGIN))


def five_hundred_at_once(server):
    connection = dialled(servers())
    connection.simple_bind_s(server["bind_dn"], server["bind_password"])
    logins = [f"nobody{number}" for number in range(498)] + ["alice", LOGIN[0]]
    entries = found(connection, server, logins)
    equal("users", sorted(value(entry, "uid") for entry in entries), sorted(["alice", LOGIN[0]]))


RULES = [
    a_login_has_name_address_and_role,
    wrong_passwords_and_names_are_told_apart_from_errors,
    who_is_in_no_mapped_group_cannot_sign_in,
    groups_are_the_same_by_a_search,
    without_a_service_account,
    a_second_host_is_asked,
    five_hundred_at_once,
]

main(RULES, settings, None)
