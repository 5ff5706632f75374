"""Controls, Compare, Who am I?, Cancel and Abandon as python-ldap asks for them.

    controls.py URI DN PASSWORD [slow]

Everything the root DSE lists is used, and what is used is in the list. With `slow`, the directory takes its time over
each user; the script tells on standard output what it has done, and goes on at each line of standard input.
"""

import sys

import ldap
from ldap.controls import RequestControlTuples
from ldap.controls.libldap import AssertionControl, SimplePagedResultsControl
from ldap.controls.simple import ValueLessRequestControl

PAGED, ASSERTION, MANAGE_DSA_IT, DONT_USE_COPY = (
    ldap.CONTROL_PAGEDRESULTS,
    ldap.CONTROL_ASSERT,
    ldap.CONTROL_MANAGEDSAIT,
    "1.3.6.1.1.22",
)
PASSWORD_POLICY = "1.3.6.1.4.1.42.2.27.8.5.1"
WHO_AM_I, CANCEL = "1.3.6.1.4.1.4203.1.11.3", "1.3.6.1.1.8"
PEOPLE = "(objectClass=person)"


def connect(uri):
    ldap.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_NEVER)
    connection = ldap.initialize(uri)
    connection.set_option(ldap.OPT_NETWORK_TIMEOUT, 20)
    return connection


def names(connection, base, controls=(), filterstr=PEOPLE, scope=ldap.SCOPE_SUBTREE):
    answer = connection.search_ext_s(base, scope, filterstr, ["1.1"], serverctrls=list(controls))
    return [dn for dn, _ in answer]


def refused(error, ask, *arguments, **named):
    try:
        ask(*arguments, **named)
    except error:
        return
    raise AssertionError(f"{error.__name__} expected: {arguments} {named}")


def listed(connection):
    root = connection.search_s("", ldap.SCOPE_BASE, attrlist=["+"])[0][1]
    texts = lambda name: {value.decode() for value in root[name]}
    assert texts("supportedControl") == {PAGED, ASSERTION, MANAGE_DSA_IT, DONT_USE_COPY, PASSWORD_POLICY}
    assert texts("supportedExtension") == {WHO_AM_I, CANCEL}
    return root["namingContexts"][0].decode()


def page(connection, base, size, cookie=b"", filterstr=PEOPLE):
    control = SimplePagedResultsControl(True, size=size, cookie=cookie)
    message = connection.search_ext(base, ldap.SCOPE_SUBTREE, filterstr, ["1.1"], serverctrls=[control])
    _, found, _, controls = connection.result3(message)
    answers = [control for control in controls if control.controlType == PAGED]
    assert len(answers) == 1, "one paged results control is answered with one"
    return [dn for dn, _ in found], answers[0].cookie


def paged_results(uri, connection, base):
    whole = names(connection, base)
    assert len(whole) > 3 and len(whole) == len(set(whole))
    for size in (1, 2, len(whole) - 1, len(whole), 1000):
        walked, cookie, first = [], b"", True
        while first or cookie:
            found, cookie = page(connection, base, size, cookie)
            assert len(found) == size or not cookie, f"{len(found)} entries on a page of {size} that is not the last"
            walked, first = walked + found, False
        assert walked == whole, f"pages of {size}"
    begun, cookie = page(connection, base, 2)
    other = connect(uri)
    other.simple_bind_s(*sys.argv[2:4])
    assert page(other, base, 1000, cookie) == (whole[2:], b""), "on another connection"
    assert page(connection, base, 0, cookie) == ([], b""), "size 0 ends it"
    refused(ldap.UNWILLING_TO_PERFORM, page, connection, base, 2, cookie, "(uid=*)")
    refused(ldap.UNWILLING_TO_PERFORM, page, connection, base, 2, b"nonsense")
    _, _, _, controls = connection.result3(connection.search(base, ldap.SCOPE_SUBTREE, PEOPLE))
    assert not controls, "nobody gets the control who did not ask for it"


def assertions(connection, who, base):
    for holds, text in ((True, "(objectClass=person)"), (False, "(objectClass=posixGroup)"), (False, "(noSuch=x)")):
        for critical in (True, False):
            control = AssertionControl(critical, text)
            search = lambda: names(connection, who, [control], scope=ldap.SCOPE_BASE)
            compare = lambda: connection.compare_ext_s(who, "objectClass", "person", serverctrls=[control])
            if holds:
                assert search() == [who] and compare() is True
            else:
                refused(ldap.ASSERTION_FAILED, search)
                refused(ldap.ASSERTION_FAILED, compare)


def without_effect(connection, who, base):
    """There are no referrals and no copies: both are understood, and change nothing."""
    for oid in (MANAGE_DSA_IT, DONT_USE_COPY):
        # Not ManageDSAITControl, which is never critical.
        control = ValueLessRequestControl(oid, True)
        assert names(connection, base, [control]) == names(connection, base)
        assert connection.compare_ext_s(who, "objectClass", "person", serverctrls=[control]) is True
        refused(ldap.UNAVAILABLE_CRITICAL_EXTENSION, connection.whoami_s, RequestControlTuples([control]))
    assert names(connection, base, [ValueLessRequestControl(MANAGE_DSA_IT, False)]) == names(connection, base)
    refused(ldap.PROTOCOL_ERROR, names, connection, base, [ValueLessRequestControl(DONT_USE_COPY, False)])
    unknown = "1.3.6.1.4.1.4203.666.5.12"
    assert names(connection, base, [ValueLessRequestControl(unknown, False)]) == names(connection, base)
    refused(ldap.UNAVAILABLE_CRITICAL_EXTENSION, names, connection, base, [ValueLessRequestControl(unknown, True)])


def compare(connection, who, base):
    for attribute, value in (("objectClass", "PERSON"), ("2.5.4.0", "2.5.6.6"), ("uid", who.split(",")[0][4:].upper())):
        assert connection.compare_s(who, attribute, value) is True, attribute
    assert connection.compare_s(who, "uid", "somebody else") is False
    refused(ldap.NO_SUCH_ATTRIBUTE, connection.compare_s, who, "l", "x")
    refused(ldap.NO_SUCH_ATTRIBUTE, connection.compare_s, who, "userPassword", sys.argv[3])
    refused(ldap.NO_SUCH_ATTRIBUTE, connection.compare_s, who, "cn;lang-de", "x")
    refused(ldap.UNDEFINED_TYPE, connection.compare_s, who, "noSuchType", "x")
    refused(ldap.UNDEFINED_TYPE, connection.compare_s, who, "cn;binary", "x")
    refused(ldap.NO_SUCH_OBJECT, connection.compare_s, "uid=nobody," + base, "uid", "nobody")


def step(text):
    print(text, flush=True)
    assert sys.stdin.readline(), "the test has ended"


def slow(connection, base):
    def begin():
        message = connection.search(base, ldap.SCOPE_SUBTREE, PEOPLE)
        step("asked")
        return message

    message = begin()
    connection.cancel_s(message)
    refused(ldap.CANCELLED, connection.result, message)
    step("gone")
    refused(ldap.NO_SUCH_OPERATION, connection.cancel_s, message)
    connection.abandon(begin())
    step("gone")
    # The connection lives.
    assert len(connection.search_s("", ldap.SCOPE_BASE)) == 1


def main():
    uri, who, password = sys.argv[1:4]
    connection = connect(uri)
    assert connection.whoami_s() == "", "anonymous"
    base = listed(connection)
    if sys.argv[4:] == ["slow"]:
        # Without a bind, which would look for the user in other spellings.
        slow(connection, base)
    else:
        connection.simple_bind_s(who, password)
        assert connection.whoami_s() == "dn:" + who
        paged_results(uri, connection, base)
        assertions(connection, who, base)
        without_effect(connection, who, base)
        compare(connection, who, base)
    print("done", flush=True)


main()
