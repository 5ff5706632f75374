//! The schema as an index: attribute types and object classes by identifier and by name.

use std::borrow::Cow;
use std::fmt;

use super::classes::{self, class_ids};
use super::definition::{self, AttributeId, AttributeType, ClassId, ObjectClass, ObjectClassKind};
use super::names::Names;
use super::rules::MatchingRule;
use super::{cosine, nis, operational, person, syntax, user};

/// What language options begin with.
const LANGUAGE: &[u8] = b"lang-";

/// Attribute types and object classes by identifier and by name.
#[derive(Clone)]
pub struct Schema {
    attributes: Vec<AttributeType>,
    by_name: Names<AttributeId>,
    classes_by_name: Names<ClassId>,
    /// For each attribute type: itself and everything that inherits from it (RFC 4512 section 2.5.1).
    subtypes: Vec<Vec<AttributeId>>,
}

impl fmt::Debug for Schema {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Schema")
            .field("attributes", &self.attributes.len())
            .finish_non_exhaustive()
    }
}

impl Schema {
    /// The published schema: everything this server can serve without knowing the operator's columns.
    #[must_use]
    pub fn standard() -> Self {
        let tables = [
            user::TABLE,
            cosine::TABLE,
            person::TABLE,
            nis::TABLE,
            operational::TABLE,
        ];
        let attributes = tables.into_iter().flatten().map(AttributeType::from).collect();
        let mut classes_by_name = Names::default();
        for (class, place) in classes::TABLE.iter().zip(0..) {
            for name in class.names.iter().chain(std::iter::once(&class.oid)) {
                classes_by_name.add(name, ClassId(place));
            }
        }
        let mut schema = Self {
            attributes,
            by_name: Names::default(),
            classes_by_name,
            subtypes: Vec::new(),
        };
        schema.index();
        schema
    }

    /// The schema with further user attributes: directory strings under these names (columns
    /// `attr:NAME`). Names that exist already, or that are no names (RFC 4512 section 1.4), are left out.
    /// Object identifiers are made from the names alone, so that replicas publish the same ones.
    #[must_use]
    pub fn extended_with(&self, names: &[String]) -> Self {
        let mut extended = self.clone();
        for name in names {
            let known = extended.attributes.iter().any(|attribute| {
                attribute
                    .names
                    .iter()
                    .any(|existing| existing.eq_ignore_ascii_case(name))
            });
            if known || !syntax::is_descriptor(name.as_bytes()) || extended.attributes.len() >= usize::from(u16::MAX) {
                continue;
            }
            let mut attribute = AttributeType::from(&definition::string("", &[], "passed through from a column"));
            attribute.oid = Cow::Owned(generated_oid(name));
            attribute.names = vec![Cow::Owned(name.clone())];
            extended.attributes.push(attribute);
        }
        extended.index();
        extended
    }

    /// The names of the attributes that another schema has not.
    pub fn names_beyond(&self, other: &Schema) -> Vec<String> {
        let names = self.attributes.iter().filter_map(|attribute| attribute.names.first());
        let names = names.filter(|name| other.attribute(name.as_bytes()).is_none());
        names.map(|name| name.to_string()).collect()
    }

    fn index(&mut self) {
        self.by_name = Names::default();
        self.subtypes = vec![Vec::new(); self.attributes.len()];
        for (attribute, place) in self.attributes.iter().zip(0..) {
            let id = AttributeId(place);
            let names = attribute.names.iter().chain(std::iter::once(&attribute.oid));
            for name in names {
                self.by_name.add(name, id);
            }
            let mut ancestor = Some(id);
            while let Some(current) = ancestor {
                if let Some(list) = self.subtypes.get_mut(usize::from(current.0)) {
                    list.push(id);
                }
                ancestor = self
                    .attributes
                    .get(usize::from(current.0))
                    .and_then(|found| found.superior);
            }
        }
    }

    /// The attribute type of a name in any case or of a dotted object identifier; no options.
    #[must_use]
    pub fn attribute(&self, name_or_oid: impl AsRef<[u8]>) -> Option<AttributeId> {
        self.by_name.get(name_or_oid.as_ref())
    }

    /// What an attribute description asks for: a type, and whether values tagged with further options are meant, which no
    /// entry has. `None` for a type that the schema does not have, and for options that are not recognized with it, which
    /// makes the whole description unrecognized (RFC 4512 section 2.5): `;binary` belongs to some types (RFC 4522),
    /// languages (RFC 3866) to all user attributes.
    #[must_use]
    pub fn describe(&self, description: impl AsRef<[u8]>) -> Option<(AttributeId, bool)> {
        let description = description.as_ref();
        // Nearly none has options, and no name has what they begin with.
        if let Some(id) = self.attribute(description) {
            return Some((id, false));
        }
        let mut parts = description.split(|byte| *byte == b';');
        let id = self.attribute(parts.next()?)?;
        let (mut tagged, mut binary) = (false, false);
        for option in parts {
            if option.eq_ignore_ascii_case(b"binary") {
                if binary || !self.attribute_type(id).syntax.is_transferred_in_binary() {
                    return None;
                }
                binary = true;
            } else {
                let (prefix, language) = option.split_at_checked(LANGUAGE.len())?;
                let key = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
                // What the server keeps about an entry has no language.
                let is_tag = prefix.eq_ignore_ascii_case(LANGUAGE) && language.iter().all(key);
                if !is_tag || self.attribute_type(id).is_operational() {
                    return None;
                }
                tagged = true;
            }
        }
        Some((id, tagged))
    }

    /// The definition of an attribute type.
    #[must_use]
    pub fn attribute_type(&self, id: AttributeId) -> &AttributeType {
        // Every identifier comes from this schema or from one it extends; `name` stands in for the
        // impossible rest, so that a mistake cannot end a connection.
        static FALLBACK: std::sync::LazyLock<AttributeType> =
            std::sync::LazyLock::new(|| AttributeType::from(&definition::string("2.5.4.41", &["name"], "")));
        self.attributes.get(usize::from(id.0)).unwrap_or_else(|| &FALLBACK)
    }

    /// The name under which an attribute is served.
    #[must_use]
    pub fn attribute_name(&self, id: AttributeId) -> &str {
        self.attribute_type(id).name()
    }

    /// All attribute types, in the order of their identifiers.
    pub fn attributes(&self) -> impl Iterator<Item = (AttributeId, &AttributeType)> {
        self.attributes
            .iter()
            .zip(0..)
            .map(|(attribute, place)| (AttributeId(place), attribute))
    }

    /// An attribute type and everything that inherits from it: what a filter on it looks at (RFC 4511 4.5.1.7).
    #[must_use]
    pub fn subtypes(&self, id: AttributeId) -> &[AttributeId] {
        self.subtypes.get(usize::from(id.0)).map_or(&[], Vec::as_slice)
    }

    /// Whether a type is the other one or inherits from it.
    #[must_use]
    pub fn is_subtype(&self, id: AttributeId, ancestor: AttributeId) -> bool {
        self.subtypes(ancestor).contains(&id)
    }

    /// The matching rule of a name in any case or of a dotted object identifier.
    #[must_use]
    pub fn matching_rule(&self, name_or_oid: &str) -> Option<MatchingRule> {
        MatchingRule::ALL
            .iter()
            .copied()
            .find(|rule| rule.oid() == name_or_oid || rule.name().eq_ignore_ascii_case(name_or_oid))
    }

    /// The object class of a name in any case or of a dotted object identifier.
    #[must_use]
    pub fn object_class(&self, name_or_oid: impl AsRef<[u8]>) -> Option<ClassId> {
        self.classes_by_name.get(name_or_oid.as_ref())
    }

    /// The definition of an object class.
    #[must_use]
    pub fn object_class_type(&self, id: ClassId) -> &'static ObjectClass {
        static TOP: ObjectClass = ObjectClass {
            oid: "2.5.6.0",
            names: &["top"],
            description: "",
            superior: None,
            kind: ObjectClassKind::Abstract,
            must: &[],
            may: &[],
        };
        classes::TABLE.get(usize::from(id.0)).unwrap_or(&TOP)
    }

    /// All object classes.
    pub fn object_classes(&self) -> impl Iterator<Item = (ClassId, &'static ObjectClass)> {
        classes::TABLE
            .iter()
            .zip(0..)
            .map(|(class, place)| (ClassId(place), class))
    }

    /// A class and all it extends, itself first, `top` last.
    pub fn class_chain(&self, id: ClassId) -> impl Iterator<Item = ClassId> + '_ {
        std::iter::successors(Some(id), |class| self.object_class_type(*class).superior)
    }

    /// Whether entries of the class, by itself or by what it extends, may hold the attribute
    /// (RFC 4512 section 2.4). Operational attributes are not governed by classes.
    #[must_use]
    pub fn class_allows(&self, class: ClassId, attribute: AttributeId) -> bool {
        self.class_chain(class).any(|class| {
            let definition = self.object_class_type(class);
            let listed = |list: &[AttributeId]| list.iter().any(|allowed| self.is_subtype(attribute, *allowed));
            listed(definition.must)
                || listed(definition.may)
                || (class == class_ids::EXTENSIBLE_OBJECT && !self.attribute_type(attribute).is_operational())
        })
    }

    /// The dotted object identifier behind a name or identifier of an object class, attribute type or
    /// matching rule, in this order (RFC 4517 section 4.2.26). `None` for an unknown name.
    #[must_use]
    pub fn resolve_oid<'a>(&'a self, name_or_oid: &'a str) -> Option<&'a str> {
        if syntax::is_numeric_oid(name_or_oid.as_bytes()) {
            return Some(name_or_oid);
        }
        if let Some(class) = self.object_class(name_or_oid) {
            return Some(self.object_class_type(class).oid);
        }
        if let Some(attribute) = self.attribute(name_or_oid) {
            return Some(&self.attribute_type(attribute).oid);
        }
        self.matching_rule(name_or_oid).map(MatchingRule::oid)
    }

    /// The name under which an object identifier is served; the reverse of [`Schema::resolve_oid`].
    #[must_use]
    pub fn name_of_oid(&self, oid: &str) -> Option<&str> {
        let class = classes::TABLE
            .iter()
            .find(|class| class.oid == oid)
            .map(ObjectClass::name);
        class
            .or_else(|| self.attribute(oid).map(|id| self.attribute_name(id)))
            .or_else(|| self.matching_rule(oid).map(MatchingRule::name))
    }
}

/// An object identifier under 2.25 (X.667) from a name-based UUID.
fn generated_oid(name: &str) -> String {
    let uuid = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, name.to_ascii_lowercase().as_bytes());
    format!("2.25.{}", uuid.as_u128())
}
