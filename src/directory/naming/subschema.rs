//! The entries that need no database: the root DSE (RFC 4512 5.1), the subschema subentry (4.2) and the base.
//!
//! What the root DSE lists is what the gateway supports; the lists come from those who do the work.

use crate::{
    directory::naming::tree::{SUBSCHEMA_DN, Tree},
    model::{
        dn::{AvaValue, Dn, Rdn},
        entry::Entry,
        schema::{Schema, ids},
        value::Value,
    },
};
use bytes::Bytes;
use uuid::Uuid;

/// What the operations support, as the root DSE lists it.
#[derive(Debug, Clone, Copy)]
pub struct Capabilities {
    /// supportedControl.
    pub controls: &'static [&'static str],
    /// supportedExtension.
    pub extensions: &'static [&'static str],
}

/// "All operational attributes" (RFC 3673) and "absolute true and false filters" (RFC 4526).
const FEATURES: [&str; 2] = ["1.3.6.1.4.1.4203.1.5.1", "1.3.6.1.4.1.4203.1.5.3"];

/// The root DSE of a gateway with these naming contexts, the default one first. No USN attributes, which SSSD depends on, and
/// a default one among several contexts.
pub fn root_dse(schema: &Schema, contexts: &[&str], capabilities: Capabilities) -> Entry {
    let mut entry = Entry::new(String::new());
    set(&mut entry, schema, "objectClass", ["top"]);
    set(&mut entry, schema, "namingContexts", contexts.iter().copied());
    set(
        &mut entry,
        schema,
        "defaultNamingContext",
        contexts.iter().copied().take(1),
    );
    set(&mut entry, schema, "subschemaSubentry", [SUBSCHEMA_DN]);
    set(&mut entry, schema, "supportedLDAPVersion", ["3"]);
    set(
        &mut entry,
        schema,
        "supportedControl",
        capabilities.controls.iter().copied(),
    );
    set(
        &mut entry,
        schema,
        "supportedExtension",
        capabilities.extensions.iter().copied(),
    );
    set(&mut entry, schema, "supportedFeatures", FEATURES);
    set(&mut entry, schema, "vendorName", ["ldap-gateway"]);
    set(&mut entry, schema, "vendorVersion", [env!("CARGO_PKG_VERSION")]);
    set(&mut entry, schema, "entryDN", [""]);
    entry
}

/// The subschema subentry: every definition that an answer can refer to.
pub fn subschema(schema: &Schema) -> Entry {
    let mut entry = Entry::new(SUBSCHEMA_DN.to_owned());
    set(
        &mut entry,
        schema,
        "objectClass",
        ["top", "subentry", "subschema", "extensibleObject"],
    );
    set(&mut entry, schema, "cn", ["Subschema"]);
    // The whole of what it is below (RFC 3672 section 2.1): subentry requires it.
    set(&mut entry, schema, "subtreeSpecification", ["{ }"]);
    set(
        &mut entry,
        schema,
        "attributeTypes",
        schema.attribute_type_descriptions(),
    );
    set(&mut entry, schema, "objectClasses", schema.object_class_descriptions());
    set(&mut entry, schema, "ldapSyntaxes", schema.syntax_descriptions());
    set(&mut entry, schema, "matchingRules", schema.matching_rule_descriptions());
    set(
        &mut entry,
        schema,
        "matchingRuleUse",
        schema.matching_rule_use_descriptions(),
    );
    set(&mut entry, schema, "structuralObjectClass", ["subentry"]);
    set(&mut entry, schema, "subschemaSubentry", [SUBSCHEMA_DN]);
    set(&mut entry, schema, "entryDN", [SUBSCHEMA_DN]);
    set(&mut entry, schema, "hasSubordinates", ["FALSE"]);
    entry
}

/// The entry of the naming context or of a container below it; its class follows its RDN.
pub fn superior(schema: &Schema, tree: &Tree, dn: &Dn) -> Entry {
    let text = dn.to_string();
    let mut entry = Entry::new(text.clone());
    let (mut structural, classes) = superior_classes(dn);
    let mut classes = classes.to_vec();
    set(&mut entry, schema, "objectClass", classes.iter().copied());
    for ava in dn.rdns().first().map(Rdn::avas).unwrap_or_default() {
        if let (Some(id), AvaValue::Text(value)) = (schema.attribute(ava.attribute()), ava.value()) {
            entry.push(id, Bytes::from(value.clone()));
        }
    }
    if classes.contains(&"organization") && entry.values(ids::O).is_empty() {
        let name = tree.mail_domain().unwrap_or(&text).to_owned();
        entry.push(ids::O, Bytes::from(name));
    }
    // A value that is written in hexadecimal is not one that the class requires.
    if !has_all_of(schema, &entry, &classes) {
        structural = "namedObject";
        classes = vec!["top", structural];
    }
    if !has_only_of(schema, &entry, &classes) && !classes.contains(&EXTENSIBLE) {
        classes.push(EXTENSIBLE);
    }
    set(&mut entry, schema, "objectClass", classes);
    let entry_uuid = superior_uuid(dn).to_string();
    set(&mut entry, schema, "structuralObjectClass", [structural]);
    set(&mut entry, schema, "subschemaSubentry", [SUBSCHEMA_DN]);
    set(&mut entry, schema, "entryDN", [text]);
    set(&mut entry, schema, "entryUUID", [entry_uuid]);
    set(&mut entry, schema, "hasSubordinates", ["TRUE"]);
    entry
}

/// The entry of a service account. applicationProcess (RFC 4519 3.1) requires cn, whatever its RDN is.
pub fn service_account(schema: &Schema, dn: &Dn) -> Entry {
    let text = dn.to_string();
    let mut entry = Entry::new(text.clone());
    let (attribute, name) = dn.rdns().first().and_then(Rdn::single).unwrap_or_default();
    let is_uid = schema.attribute(attribute) == Some(ids::UID);
    let classes = ["top", "applicationProcess"].into_iter();
    set(
        &mut entry,
        schema,
        "objectClass",
        classes.chain(is_uid.then_some("uidObject")),
    );
    set(&mut entry, schema, "cn", [name]);
    set(&mut entry, schema, "uid", is_uid.then_some(name));
    set(&mut entry, schema, "structuralObjectClass", ["applicationProcess"]);
    set(&mut entry, schema, "subschemaSubentry", [SUBSCHEMA_DN]);
    set(&mut entry, schema, "entryDN", [text]);
    set(&mut entry, schema, "entryUUID", [superior_uuid(dn).to_string()]);
    set(&mut entry, schema, "hasSubordinates", ["FALSE"]);
    entry
}

const EXTENSIBLE: &str = "extensibleObject";

/// Whether an entry has what its classes require, objectClass aside.
fn has_all_of(schema: &Schema, entry: &Entry, classes: &[&str]) -> bool {
    let ids = classes.iter().filter_map(|class| schema.object_class(class));
    let mut required = ids
        .flat_map(|id| schema.class_chain(id))
        .flat_map(|id| schema.object_class_type(id).must);
    required.all(|id| *id == ids::OBJECT_CLASS || !entry.values(*id).is_empty())
}

/// Whether its classes allow what an entry has.
fn has_only_of(schema: &Schema, entry: &Entry, classes: &[&str]) -> bool {
    let ids: Vec<_> = classes.iter().filter_map(|class| schema.object_class(class)).collect();
    let mut have = entry.attributes.iter().map(|attribute| attribute.id);
    have.all(|id| ids.iter().any(|class| schema.class_allows(*class, id)))
}

/// The entryUUID of the base or a container, from its DN: the same on every replica.
pub fn superior_uuid(dn: &Dn) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_X500, dn.to_string().to_lowercase().as_bytes())
}

fn superior_classes(dn: &Dn) -> (&'static str, &'static [&'static str]) {
    let attribute = dn
        .rdns()
        .first()
        .and_then(|rdn| rdn.avas().first())
        .map(|ava| ava.attribute().to_ascii_lowercase())
        .unwrap_or_default();
    match attribute.as_str() {
        "dc" | "domaincomponent" | "0.9.2342.19200300.100.1.25" => ("domain", &["top", "domain"]),
        "o" | "organizationname" | "2.5.4.10" => ("organization", &["top", "organization"]),
        "ou" | "organizationalunitname" | "2.5.4.11" => ("organizationalUnit", &["top", "organizationalUnit"]),
        "c" | "countryname" | "2.5.4.6" => ("country", &["top", "country"]),
        "l" | "localityname" | "2.5.4.7" | "st" | "stateorprovincename" | "2.5.4.8" => {
            ("locality", &["top", "locality"])
        }
        _ => ("namedObject", &["top", "namedObject", "extensibleObject"]),
    }
}

fn set<T: Into<String>>(entry: &mut Entry, schema: &Schema, name: &str, values: impl IntoIterator<Item = T>) {
    let values: Vec<Value> = values.into_iter().map(|value| Bytes::from(value.into())).collect();
    if let Some(id) = schema.attribute(name)
        && !values.is_empty()
    {
        entry.set(id, values);
    }
}
