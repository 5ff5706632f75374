"""The published schema as python-ldap reads it, and every answer held against it.

    schema.py URI DN PASSWORD

Ends with an error at the first definition that does not parse, that refers to nothing, or that is missing.
"""

import collections
import sys

import ldap
import ldap.schema
from ldap.schema.models import AttributeType, LDAPSyntax, MatchingRule, MatchingRuleUse, ObjectClass

KINDS = (LDAPSyntax, MatchingRule, MatchingRuleUse, AttributeType, ObjectClass)


def connect(uri, who, password):
    ldap.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_NEVER)
    connection = ldap.initialize(uri)
    connection.set_option(ldap.OPT_NETWORK_TIMEOUT, 20)
    connection.simple_bind_s(who, password)
    return connection


def load(connection):
    """Root DSE, subschemaSubentry, subschema subentry. The parser refuses two definitions with one identifier."""
    dn = connection.search_subschemasubentry_s("")
    assert dn, "the root DSE names no subschema"
    entry = connection.read_subschemasubentry_s(dn)
    schema = ldap.schema.SubSchema(entry, check_uniqueness=2)
    for kind in KINDS:
        values = entry.get(kind.schema_attribute, [])
        assert values, f"no {kind.schema_attribute}"
        # What it does not understand it skips: all must be there when it writes the definition again.
        for value in values:
            again = str(kind(value))
            assert not words(value.decode()) - words(again), f"read {value.decode()}\nas {again}"
    return schema


def words(text):
    """Single quotes, parentheses and dollars are punctuation that may be written in more than one way."""
    for mark in "()'$":
        text = text.replace(mark, " ")
    return collections.Counter(text.split())


def resolve(schema):
    """Every reference leads to a definition of the right kind."""

    def has(kind, name):
        assert schema.get_obj(kind, name) is not None, f"{kind.__name__} {name!r} is used and not defined"

    for oid in schema.listall(AttributeType):
        attribute = schema.get_obj(AttributeType, oid)
        for name in attribute.sup:
            has(AttributeType, name)
        for rule in (attribute.equality, attribute.ordering, attribute.substr):
            if rule:
                has(MatchingRule, rule)
        assert attribute.syntax or attribute.sup, f"{oid} has neither syntax nor supertype"
        if attribute.syntax:
            has(LDAPSyntax, attribute.syntax)
    for oid in schema.listall(ObjectClass):
        definition = schema.get_obj(ObjectClass, oid)
        for name in definition.sup:
            has(ObjectClass, name)
        for name in definition.must + definition.may:
            has(AttributeType, name)
    for oid in schema.listall(MatchingRule):
        has(LDAPSyntax, schema.get_obj(MatchingRule, oid).syntax)
    for oid in schema.listall(MatchingRuleUse):
        has(MatchingRule, oid)
        for name in schema.get_obj(MatchingRuleUse, oid).applies:
            has(AttributeType, name)


def served(connection, schema):
    """Every attribute and class in the directory is defined, and every class has what it requires."""
    base = connection.search_s("", ldap.SCOPE_BASE, attrlist=["namingContexts"])[0][1]["namingContexts"][0].decode()
    entries = connection.search_s(base, ldap.SCOPE_SUBTREE, attrlist=["*", "+"])
    entries += connection.search_s("", ldap.SCOPE_BASE, attrlist=["*", "+"])
    for dn, attributes in entries:
        classes = [name.decode() for name in attributes["objectClass"]]
        for name in classes:
            assert schema.get_obj(ObjectClass, name), f"class {name} of {dn}"
        must, may = schema.attribute_types(classes)
        allowed = {name for oid in (*must, *may) for name in schema.get_obj(AttributeType, oid).names}
        for name in attributes:
            definition = schema.get_obj(AttributeType, name)
            assert definition, f"attribute {name} of {dn}"
            operational = definition.usage != 0
            anything = dn == "" or "extensibleObject" in classes
            assert operational or anything or name in allowed, f"{name} of {dn} is in none of {classes}"
            values = attributes[name]
            assert not definition.single_value or len(values) == 1, f"{name} of {dn} has {len(values)} values"
    return len(entries)


def main():
    connection = connect(*sys.argv[1:4])
    schema = load(connection)
    resolve(schema)
    count = served(connection, schema)
    print(f"{len(schema.listall(AttributeType))} types, {count} entries")


main()
