//! A row becomes an entry: fallbacks, validity of every value, object classes, and the account of a bind.
//!
//! It knows rows as cells and attributes as the schema has them; no SQL, no filters. Membership attributes are added
//! elsewhere, because they are not in the row.

use crate::{
    directory::{
        account::AccountColumns,
        kind::Kind,
        mapping::{columns::Role, gecos::ascii, projection::Projection},
        naming::{subschema::superior_uuid, tree::Tree},
    },
    model::{
        entry::Entry,
        schema::{AttributeId, ClassId, Schema, ids},
        time::Timestamp,
        value::{Cell, Value},
    },
};
use bytes::Bytes;
use std::{borrow::Cow, mem, sync::Arc};
use uuid::Uuid;

/// Makes entries of one kind from rows of one projection.
#[derive(Debug, Clone)]
pub struct EntryMaker {
    kind: Kind,
    tree: Arc<Tree>,
    schema: Arc<Schema>,
    projection: Projection,
    namespace: Uuid,
    classes: Classes,
}

/// The object classes, made once: every entry shares their bytes.
#[derive(Debug, Clone)]
struct Classes {
    shadow_account: bool,
    extensible: bool,
}

/// The login shell of a row without one.
pub const DEFAULT_SHELL: &str = "/bin/bash";
/// Where the home directory of a row without one stands, its name following, or, where that is none, its number.
pub const HOMES: &str = "/home/";
/// The class that says what an entry is.
pub fn structural_class(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "inetOrgPerson",
        Kind::Group => "groupOfNames",
        Kind::PrivateGroup => "namedObject",
    }
}

const USER_CLASSES: [&str; 4] = ["top", "person", "organizationalPerson", "inetOrgPerson"];
const GROUP_CLASSES: [&str; 2] = ["top", "groupOfNames"];
/// Clients that synchronise groups by their members do not look at these.
const PRIVATE_GROUP_CLASSES: [&str; 3] = ["top", "namedObject", "posixGroup"];
const SHADOW_ATTRIBUTES: [&str; 7] = [
    "shadowLastChange",
    "shadowMin",
    "shadowMax",
    "shadowWarning",
    "shadowInactive",
    "shadowExpire",
    "shadowFlag",
];

impl EntryMaker {
    /// A maker for rows that `projection` describes.
    pub fn new(kind: Kind, tree: Arc<Tree>, schema: Arc<Schema>, projection: Projection) -> Self {
        let shadow: Vec<AttributeId> = SHADOW_ATTRIBUTES
            .iter()
            .filter_map(|name| schema.attribute(name))
            .collect();
        let classes: &[&str] = match kind {
            Kind::User => &["inetOrgPerson", "posixAccount", "ldapPublicKey", "shadowAccount"],
            Kind::Group => &["groupOfNames", "posixGroup"],
            Kind::PrivateGroup => &PRIVATE_GROUP_CLASSES,
        };
        let allowing: Vec<ClassId> = classes.iter().filter_map(|class| schema.object_class(class)).collect();
        let classes = Classes {
            shadow_account: kind == Kind::User && projection.passed_through().any(|id| shadow.contains(&id)),
            extensible: projection
                .passed_through()
                .any(|id| !allowing.iter().any(|class| schema.class_allows(*class, id))),
        };
        let namespace = superior_uuid(tree.base());
        EntryMaker {
            kind,
            tree,
            schema,
            projection,
            namespace,
            classes,
        }
    }

    /// What the rows are made of.
    pub fn projection(&self) -> &Projection {
        &self.projection
    }

    /// Where its entries stand.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// What their attributes mean.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Whether an entry of this kind can have values of an attribute.
    pub fn serves(&self, id: AttributeId) -> bool {
        const COMMON: [AttributeId; 6] = [
            ids::OBJECT_CLASS,
            ids::ENTRY_UUID,
            ids::ENTRY_DN,
            ids::STRUCTURAL_OBJECT_CLASS,
            ids::SUBSCHEMA_SUBENTRY,
            ids::HAS_SUBORDINATES,
        ];
        const OF_USERS: [AttributeId; 12] = [
            ids::UID,
            ids::CN,
            ids::SN,
            ids::GIVEN_NAME,
            ids::MAIL,
            ids::UID_NUMBER,
            ids::GID_NUMBER,
            ids::HOME_DIRECTORY,
            ids::LOGIN_SHELL,
            ids::GECOS,
            ids::SSH_PUBLIC_KEY,
            ids::MEMBER_OF,
        ];
        const OF_GROUPS: [AttributeId; 5] = [
            ids::CN,
            ids::GID_NUMBER,
            ids::MEMBER_UID,
            ids::MEMBER,
            ids::UNIQUE_MEMBER,
        ];
        let own: &[AttributeId] = match self.kind {
            Kind::User => &OF_USERS,
            Kind::Group => &OF_GROUPS,
            Kind::PrivateGroup => &[ids::CN, ids::GID_NUMBER],
        };
        let timestamp = (id == ids::CREATE_TIMESTAMP && self.projection.position(Role::CreatedAt).is_some())
            || (id == ids::MODIFY_TIMESTAMP && self.projection.position(Role::UpdatedAt).is_some());
        COMMON.contains(&id)
            || own.contains(&id)
            || timestamp
            || self.projection.passed_through().any(|have| have == id)
    }

    /// Whether all entries of this kind have the object class with this OID, or none; None when it depends on the row.
    pub fn has_class(&self, oid: &str) -> Option<bool> {
        let is = |name: &str| {
            self.schema
                .object_class(name)
                .is_some_and(|class| self.schema.object_class_type(class).oid == oid)
        };
        let (always, sometimes): (&[&str], &[&str]) = match self.kind {
            Kind::User => (&USER_CLASSES, &["posixAccount", "ldapPublicKey"]),
            Kind::Group => (&GROUP_CLASSES, &["posixGroup"]),
            Kind::PrivateGroup => (&PRIVATE_GROUP_CLASSES, &[]),
        };
        if sometimes.iter().any(|name| is(name)) {
            return None;
        }
        Some(
            always.iter().any(|name| is(name))
                || (self.classes.shadow_account && is("shadowAccount"))
                || (self.classes.extensible && is("extensibleObject")),
        )
    }

    /// The entry of a row; none for a row whose name no DN can hold. `operational` adds the operational attributes.
    pub fn entry(&self, mut row: Vec<Cell>, operational: bool) -> Option<Entry> {
        let name = self.projection.name(&row)?;
        crate::model::prepare::prepare_ignore_case(&name)?;
        let number = self.projection.number(&row);
        // Each column makes one at most; a name can be two, and then there are the class and what nobody stores.
        let attributes = self.projection.roles().len() + if operational { 8 } else { 3 };
        let mut entry = Entry::with_room(self.tree.entry_dn(self.kind, &name), attributes);
        match self.kind {
            Kind::User => self.user(&mut entry, &mut row, &name, number),
            Kind::Group => self.group(&mut entry, &name, number),
            Kind::PrivateGroup => {
                let gid = self.projection.take(&mut row, Role::PrimaryGroup).to_integer();
                private_group(&mut entry, &name, number.and(gid)?);
            }
        }
        self.pass_through(&mut entry, &mut row);
        if operational {
            self.operational(&mut entry, &mut row, &name, number);
        }
        Some(entry)
    }

    fn user(&self, entry: &mut Entry, row: &mut [Cell], name: &str, number: Option<i128>) {
        let take = |row: &mut [Cell], role, id| self.valid_text(self.projection.take(row, role), id);
        let gid = self.projection.take(row, Role::PrimaryGroup).to_integer();
        let full = take(row, Role::FullName, ids::CN);
        let first = take(row, Role::FirstName, ids::GIVEN_NAME);
        let last = take(row, Role::LastName, ids::SN);
        let mail = take(row, Role::Mail, ids::MAIL).or_else(|| self.fallback_mail(name));
        let home = take(row, Role::HomeDirectory, ids::HOME_DIRECTORY);
        let shell = take(row, Role::LoginShell, ids::LOGIN_SHELL);
        let keys = self.projection.take(row, Role::SshPublicKey);
        let cn = full.unwrap_or_else(|| fallback_cn(first.as_deref(), last.as_deref(), name));
        let sn = last.unwrap_or_else(|| cn.split_whitespace().last().unwrap_or(name).to_owned());
        let posix = number.zip(gid);
        let keys = ssh_keys(keys);

        let mut classes: Vec<Value> = USER_CLASSES.iter().map(|class| constant(class)).collect();
        if posix.is_some() {
            classes.push(constant("posixAccount"));
        }
        if !keys.is_empty() {
            classes.push(constant("ldapPublicKey"));
        }
        if self.classes.shadow_account {
            classes.push(constant("shadowAccount"));
        }
        if self.classes.extensible {
            classes.push(constant("extensibleObject"));
        }
        entry.set(ids::OBJECT_CLASS, classes);
        entry.push(ids::UID, owned(name.to_owned()));
        if let Some((uid, gid)) = posix {
            let home = home.unwrap_or_else(|| self.fallback_home(name, uid));
            entry.push(ids::UID_NUMBER, owned(uid.to_string()));
            entry.push(ids::GID_NUMBER, owned(gid.to_string()));
            entry.push(ids::HOME_DIRECTORY, owned(home));
            entry.push(ids::LOGIN_SHELL, shell.map_or_else(|| constant(DEFAULT_SHELL), owned));
            if self.projection.position(Role::Attribute(ids::GECOS)).is_none() {
                entry.push(ids::GECOS, owned(ascii(&cn, name)));
            }
        }
        entry.push(ids::CN, owned(cn));
        entry.push(ids::SN, owned(sn));
        if let Some(first) = first {
            entry.push(ids::GIVEN_NAME, owned(first));
        }
        if let Some(mail) = mail {
            entry.push(ids::MAIL, owned(mail));
        }
        if !keys.is_empty() {
            entry.set(ids::SSH_PUBLIC_KEY, keys);
        }
    }

    fn group(&self, entry: &mut Entry, name: &str, number: Option<i128>) {
        let mut classes: Vec<Value> = GROUP_CLASSES.iter().map(|class| constant(class)).collect();
        if number.is_some() {
            classes.push(constant("posixGroup"));
        }
        if self.classes.extensible {
            classes.push(constant("extensibleObject"));
        }
        entry.set(ids::OBJECT_CLASS, classes);
        entry.push(ids::CN, owned(name.to_owned()));
        if let Some(number) = number {
            entry.push(ids::GID_NUMBER, owned(number.to_string()));
        }
    }

    fn pass_through(&self, entry: &mut Entry, row: &mut [Cell]) {
        let is_posix = self.kind != Kind::User || !entry.values(ids::UID_NUMBER).is_empty();
        for (cell, role) in row.iter_mut().zip(self.projection.roles()) {
            if let Role::Attribute(id) = role {
                // The one attribute of a column that posixAccount alone allows.
                if *id == ids::GECOS && !is_posix {
                    continue;
                }
                let single = self.schema.attribute_type(*id).single_value;
                let mut values: Vec<Value> = Vec::new();
                for value in cell_values(mem::take(cell)) {
                    if self.is_valid(*id, &value) && !values.contains(&value) {
                        values.push(value);
                    }
                }
                if single {
                    values.truncate(1);
                }
                if !values.is_empty() {
                    entry.set(*id, values);
                }
            }
        }
    }

    fn operational(&self, entry: &mut Entry, row: &mut [Cell], name: &str, number: Option<i128>) {
        let own = self.projection.take(row, Role::EntryUuid);
        let uuid = entry_uuid(&own).unwrap_or_else(|| self.derived_uuid(name, number));
        let structural = structural_class(self.kind);
        entry.push(ids::ENTRY_UUID, owned(uuid.hyphenated().to_string()));
        entry.push(ids::ENTRY_DN, owned(entry.dn.clone()));
        entry.push(ids::STRUCTURAL_OBJECT_CLASS, constant(structural));
        entry.push(
            ids::SUBSCHEMA_SUBENTRY,
            constant(crate::directory::naming::tree::SUBSCHEMA_DN),
        );
        entry.push(ids::HAS_SUBORDINATES, constant("FALSE"));
        for (role, id) in [
            (Role::CreatedAt, ids::CREATE_TIMESTAMP),
            (Role::UpdatedAt, ids::MODIFY_TIMESTAMP),
        ] {
            let time = self.projection.take(row, role).to_time();
            if let Some(time) = time.and_then(Timestamp::to_generalized) {
                entry.push(id, owned(time));
            }
        }
    }

    /// From base DN, kind and number, so that a renamed user keeps it; from the name where there is no number.
    fn derived_uuid(&self, name: &str, number: Option<i128>) -> Uuid {
        let kind = match self.kind {
            Kind::User => "user",
            Kind::Group => "group",
            Kind::PrivateGroup => "private-group",
        };
        let key = match number {
            Some(number) => format!("{kind}:{number}"),
            None => format!("{kind}:name:{name}"),
        };
        Uuid::new_v5(&self.namespace, key.as_bytes())
    }

    fn fallback_mail(&self, name: &str) -> Option<String> {
        let mail = format!("{name}@{}", self.tree.mail_fallback()?);
        self.is_valid(ids::MAIL, mail.as_bytes()).then_some(mail)
    }

    /// A name that is a path, or a directory's own name, would be somebody else's home.
    fn fallback_home(&self, name: &str, uid: i128) -> String {
        let home = format!("{HOMES}{name}");
        if is_home_name(name) && self.is_valid(ids::HOME_DIRECTORY, home.as_bytes()) {
            home
        } else {
            format!("{HOMES}{uid}")
        }
    }

    /// The attributes of which a row has a column but no value that can be served as it is.
    pub fn lacking(&self, row: &[Cell]) -> Vec<AttributeId> {
        const ROLES: [(Role, AttributeId); 6] = [
            (Role::FullName, ids::CN),
            (Role::FirstName, ids::GIVEN_NAME),
            (Role::LastName, ids::SN),
            (Role::Mail, ids::MAIL),
            (Role::HomeDirectory, ids::HOME_DIRECTORY),
            (Role::LoginShell, ids::LOGIN_SHELL),
        ];
        let cell = |role| self.projection.position(role).and_then(|position| row.get(position));
        let lacks = |(role, id): (Role, AttributeId)| {
            let cell = cell(role)?.clone();
            self.valid_text(cell, id).is_none().then_some(id)
        };
        ROLES.into_iter().filter_map(lacks).collect()
    }

    /// NULL, the empty string and what breaks the attribute's syntax count as absent.
    fn valid_text(&self, cell: Cell, id: AttributeId) -> Option<String> {
        if cell.is_absent() {
            return None;
        }
        let text = match cell {
            Cell::Text(text) => text,
            other => other.to_text()?.into_owned(),
        };
        self.is_valid(id, text.as_bytes()).then_some(text)
    }

    fn is_valid(&self, id: AttributeId, value: &[u8]) -> bool {
        !value.is_empty() && self.schema.attribute_type(id).syntax.is_valid(value)
    }
}

/// The account columns of a row, taken out of it.
pub fn account_columns(projection: &Projection, row: &mut [Cell]) -> AccountColumns {
    AccountColumns {
        status: projection.take(row, Role::Status),
        enabled: projection.take(row, Role::Enabled),
        locked: projection.take(row, Role::Locked),
        expires_at: projection.take(row, Role::ExpiresAt),
        auth_backends: projection.take(row, Role::AuthBackends),
    }
}

/// The primary group, by its number, of the user it is named after.
fn private_group(entry: &mut Entry, name: &str, gid: i128) {
    entry.set(ids::OBJECT_CLASS, PRIVATE_GROUP_CLASSES.map(constant).to_vec());
    entry.push(ids::CN, owned(name.to_owned()));
    entry.push(ids::GID_NUMBER, owned(gid.to_string()));
}

fn fallback_cn(first: Option<&str>, last: Option<&str>, name: &str) -> String {
    match (first, last) {
        (Some(first), Some(last)) => format!("{first} {last}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => name.to_owned(),
    }
}

/// Whether a name names a directory of its own below [`HOMES`].
pub(crate) fn is_home_name(name: &str) -> bool {
    !name.contains('/') && ![".", ".."].contains(&name.trim())
}

/// One key a line, as `authorized_keys` files have them; comments and blank lines are none.
fn ssh_keys(cell: Cell) -> Vec<Value> {
    let mut keys: Vec<Value> = Vec::new();
    let mut add = |text: &str| {
        for line in text.lines().map(str::trim) {
            if !line.is_empty() && !line.starts_with('#') && !keys.iter().any(|key| key == line) {
                keys.push(owned(line.to_owned()));
            }
        }
    };
    match cell {
        Cell::Text(text) => add(&text),
        other => {
            for value in cell_values(other) {
                add(&String::from_utf8_lossy(&value));
            }
        }
    }
    keys
}

/// The values of a cell: each element of an array or JSON array, else the one it is.
pub fn cell_values(cell: Cell) -> Vec<Value> {
    match cell {
        Cell::Null => Vec::new(),
        Cell::Bytes(bytes) => vec![Bytes::from(bytes)],
        Cell::Text(text) => vec![owned(text)],
        Cell::List(cells) => cells.into_iter().flat_map(cell_values).collect(),
        other => other
            .to_text()
            .map(|text| owned(text.into_owned()))
            .into_iter()
            .collect(),
    }
}

fn entry_uuid(cell: &Cell) -> Option<Uuid> {
    match cell {
        Cell::Bytes(bytes) => Uuid::from_slice(bytes).ok(),
        other => Uuid::try_parse(other.to_text()?.trim()).ok(),
    }
}

fn owned(text: String) -> Value {
    Bytes::from(text)
}

fn constant(text: &'static str) -> Value {
    Bytes::from_static(text.as_bytes())
}

/// A user name or group name out of a value, lossless where it is UTF-8.
pub fn text_of(value: &Value) -> Cow<'_, str> {
    String::from_utf8_lossy(value)
}
