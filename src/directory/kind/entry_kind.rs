//! What a kind of entries is.

use crate::{
    directory::kind::{
        role::Role,
        rule::{Class, Rule},
    },
    model::schema::AttributeId,
};

/// A kind of entries: everything that tells users from groups.
#[derive(Debug)]
pub struct EntryKind {
    /// The attribute that names its entries.
    pub naming_attribute: AttributeId,
    /// The class that says what an entry is (RFC 4512 2.4.2).
    pub structural_class: &'static str,
    /// Begins what a derived entryUUID is made of. Changing it changes the UUIDs.
    pub uuid_label: &'static str,
    /// What the columns of its query are for, by their names in lower case.
    pub columns: &'static [(&'static str, Role)],
    /// A row without a number in each of these columns is no entry.
    pub required_numbers: &'static [Role],
    /// Its attributes, in the order in which they are served. Columns that are attributes themselves follow.
    pub rules: &'static [Rule],
    /// Its object classes, in the order in which they are served.
    pub classes: &'static [Class],
    /// The attributes that memberships make.
    pub membership_attributes: &'static [AttributeId],
}
