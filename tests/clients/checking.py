"""What the clients in Python share: connections, comparisons, and what their programs write."""

import hashlib
import os
import sys

import ldap
import ldap.dn

BASE = "dc=example,dc=com"
LOGIN = os.environ["LOGIN_NAME"], os.environ["LOGIN_PASSWORD"]

def answered(error):
    """Whether it is a result of the request's. A Notice of Disconnection has a code, too, and no such type."""
    return bool(error.args) and isinstance(error.args[0], dict) and "msgtype" in error.args[0]


def servers():
    return sys.argv[2].split(",")


def connected(server=None):
    connection = ldap.initialize(f"ldaps://{server or servers()[0]}")
    connection.set_option(ldap.OPT_X_TLS_CACERTFILE, os.environ["LDAP_CA"])
    connection.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
    connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
    connection.set_option(ldap.OPT_NETWORK_TIMEOUT, 8)
    connection.set_option(ldap.OPT_REFERRALS, 0)
    return connection


def user_dn(name):
    return f"uid={name},{BASE}"


def group_dn(name):
    return f"cn={name},{BASE}"


def rows(table):
    with open(os.path.join(sys.argv[3], table), encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t") for line in file]


def equal(what, got, wanted):
    if got == wanted:
        return
    if isinstance(got, (list, set)) and isinstance(wanted, (list, set)):
        more, less = ([str(x)[:200] for x in a if x not in b][:3] for a, b in ((got, wanted), (wanted, got)))
        raise AssertionError(f"{what}: too much: {more}; missing: {less}")
    raise AssertionError(f"{what}: {got}, not {wanted}"[:500])


def refused(error, ask, *arguments):
    try:
        got = ask(*arguments)
    except error:
        return
    raise AssertionError(f"{error.__name__} expected: {arguments}: {got}")


def fingerprint(*parts):
    return hashlib.md5(repr(parts).encode()).hexdigest()


def say(text):
    print(" ".join(text.split()), flush=True)


def main(rules, connect, pull):
    if sys.argv[1] == "rules":
        for rule in rules:
            try:
                rule(connect())
                say(f"ok {rule.__name__}")
            except Exception as error:
                say(f"not ok {rule.__name__}: {type(error).__name__}: {error}")
        return
    for line in sys.stdin:
        todo = [line.strip() == "halt"]

        def halt():
            if todo and todo.pop():
                say("halted")
                sys.stdin.readline()

        try:
            say(f"took {pull(halt)}")
        except ldap.LDAPError as error:
            say(f"left {type(error).__name__}: {error}")
