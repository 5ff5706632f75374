//! The attribute types that directories keep about themselves: RFC 4512, RFC 3045, RFC 4530, RFC 5020.

use super::MatchingRule as R;
use super::Syntax;
use super::Usage::{DirectoryOperation, DsaOperation};
use super::definition::{Definition, dn, opaque};

/// Kept by the server, the same on every replica.
const fn kept(definition: Definition) -> Definition {
    definition.read_only().usage(DirectoryOperation)
}

/// A time kept by the server.
const fn time(oid: &'static str, names: &'static [&'static str], text: &'static str) -> Definition {
    kept(
        Definition::of(Syntax::GeneralizedTime, oid, names, text)
            .eq(R::GeneralizedTime)
            .ord(R::GeneralizedTimeOrdering)
            .single(),
    )
}

/// A list of object identifiers in the root DSE.
const fn oids(oid: &'static str, names: &'static [&'static str], text: &'static str) -> Definition {
    Definition::of(Syntax::Oid, oid, names, text)
        .eq(R::ObjectIdentifier)
        .usage(DsaOperation)
}

/// A list of definitions in the subschema entry.
const fn definitions(
    syntax: Syntax,
    oid: &'static str,
    names: &'static [&'static str],
    text: &'static str,
) -> Definition {
    Definition::of(syntax, oid, names, text)
        .eq(R::ObjectIdentifierFirstComponent)
        .usage(DirectoryOperation)
}

/// A text in the root DSE (RFC 3045).
const fn vendor(oid: &'static str, names: &'static [&'static str], text: &'static str) -> Definition {
    Definition::of(Syntax::DirectoryString, oid, names, text)
        .eq(R::CaseExact)
        .single()
        .read_only()
        .usage(DsaOperation)
}

attributes! { after super::nis::END;
    OBJECT_CLASS = Definition::of(Syntax::Oid, "2.5.4.0", &["objectClass"], "classes of the entry (RFC 4512)").eq(R::ObjectIdentifier);
    ALIASED_OBJECT_NAME = dn("2.5.4.1", &["aliasedObjectName", "aliasedEntryName"], "target of an alias (RFC 4512)").single();
    CREATORS_NAME = kept(dn("2.5.18.3", &["creatorsName"], "who created the entry (RFC 4512)").single());
    CREATE_TIMESTAMP = time("2.5.18.1", &["createTimestamp"], "when the entry was created (RFC 4512)");
    MODIFIERS_NAME = kept(dn("2.5.18.4", &["modifiersName"], "who last changed the entry (RFC 4512)").single());
    MODIFY_TIMESTAMP = time("2.5.18.2", &["modifyTimestamp"], "when the entry last changed (RFC 4512)");
    STRUCTURAL_OBJECT_CLASS = kept(Definition::of(Syntax::Oid, "2.5.21.9", &["structuralObjectClass"], "what the entry is (RFC 4512)").eq(R::ObjectIdentifier).single());
    GOVERNING_STRUCTURE_RULE = kept(Definition::of(Syntax::Integer, "2.5.21.10", &["governingStructureRule"], "rule for its place (RFC 4512)").eq(R::Integer).single());
    SUBSCHEMA_SUBENTRY = kept(dn("2.5.18.10", &["subschemaSubentry"], "where the schema is published (RFC 4512)").single());
    HAS_SUBORDINATES = kept(Definition::of(Syntax::Boolean, "2.5.18.9", &["hasSubordinates"], "whether entries are below (X.501)").eq(R::Boolean).single());
    ENTRY_DN = kept(dn("1.3.6.1.1.20", &["entryDN"], "name of the entry (RFC 5020)").single());
    ENTRY_UUID = kept(Definition::of(Syntax::Uuid, "1.3.6.1.1.16.4", &["entryUUID"], "UUID of the entry (RFC 4530)").eq(R::Uuid).ord(R::UuidOrdering).single());
    MEMBER_OF = Definition::of(Syntax::Dn, "1.2.840.113556.1.2.102", &["memberOf"], "group that the entry belongs to").eq(R::DistinguishedName).read_only().usage(DsaOperation);
    // As 389 Directory Server and SSSD know it.
    NS_ACCOUNT_LOCK = kept(Definition::of(Syntax::DirectoryString, "2.16.840.1.113730.3.1.610", &["nsAccountLock"], "whether the account may not bind").eq(R::CaseIgnore).single());
    ATTRIBUTE_TYPES = definitions(Syntax::AttributeTypeDescription, "2.5.21.5", &["attributeTypes"], "attribute types (RFC 4512)");
    OBJECT_CLASSES = definitions(Syntax::ObjectClassDescription, "2.5.21.6", &["objectClasses"], "object classes (RFC 4512)");
    MATCHING_RULES = definitions(Syntax::MatchingRuleDescription, "2.5.21.4", &["matchingRules"], "matching rules (RFC 4512)");
    MATCHING_RULE_USE = definitions(Syntax::MatchingRuleUseDescription, "2.5.21.8", &["matchingRuleUse"], "uses of matching rules (RFC 4512)");
    LDAP_SYNTAXES = definitions(Syntax::LdapSyntaxDescription, "1.3.6.1.4.1.1466.101.120.16", &["ldapSyntaxes"], "syntaxes (RFC 4512)");
    DIT_CONTENT_RULES = definitions(Syntax::DitContentRuleDescription, "2.5.21.2", &["dITContentRules"], "content rules (RFC 4512)");
    DIT_STRUCTURE_RULES = Definition::of(Syntax::DitStructureRuleDescription, "2.5.21.1", &["dITStructureRules"], "structure rules (RFC 4512)").eq(R::IntegerFirstComponent).usage(DirectoryOperation);
    NAME_FORMS = definitions(Syntax::NameFormDescription, "2.5.21.7", &["nameForms"], "name forms (RFC 4512)");
    SUBTREE_SPECIFICATION = opaque(Syntax::SubtreeSpecification, "2.5.18.6", &["subtreeSpecification"], "what a subentry is about (RFC 3672)").single().usage(DirectoryOperation);
    NAMING_CONTEXTS = dn("1.3.6.1.4.1.1466.101.120.5", &["namingContexts"], "roots of the trees served (RFC 4512)").usage(DsaOperation);
    // No standard gives it an identifier; this one is a UUID of our own (X.667).
    DEFAULT_NAMING_CONTEXT = opaque(Syntax::Dn, "2.25.204570700704504779825651351408380087268", &["defaultNamingContext"], "the naming context to look in first").single().usage(DsaOperation);
    ALT_SERVER = opaque(Syntax::Ia5String, "1.3.6.1.4.1.1466.101.120.6", &["altServer"], "servers to ask instead (RFC 4512)").usage(DsaOperation);
    SUPPORTED_EXTENSION = opaque(Syntax::Oid, "1.3.6.1.4.1.1466.101.120.7", &["supportedExtension"], "extended operations (RFC 4512)").usage(DsaOperation);
    SUPPORTED_CONTROL = opaque(Syntax::Oid, "1.3.6.1.4.1.1466.101.120.13", &["supportedControl"], "controls (RFC 4512)").usage(DsaOperation);
    SUPPORTED_FEATURES = oids("1.3.6.1.4.1.4203.1.3.5", &["supportedFeatures"], "elective features (RFC 4512)");
    SUPPORTED_SASL_MECHANISMS = opaque(Syntax::DirectoryString, "1.3.6.1.4.1.1466.101.120.14", &["supportedSASLMechanisms"], "SASL mechanisms (RFC 4512)").usage(DsaOperation);
    SUPPORTED_LDAP_VERSION = opaque(Syntax::Integer, "1.3.6.1.4.1.1466.101.120.15", &["supportedLDAPVersion"], "protocol versions (RFC 4512)").usage(DsaOperation);
    VENDOR_NAME = vendor("1.3.6.1.1.4", &["vendorName"], "who made the server (RFC 3045)");
    VENDOR_VERSION = vendor("1.3.6.1.1.5", &["vendorVersion"], "version of the server (RFC 3045)");
}
