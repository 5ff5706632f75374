//! Whatever a row holds, its entry is one of its classes: everything they require is there, and nothing that none allows.

use crate::{
    config::{Layout, container_rdn},
    directory::{
        kind::{
            EntryKind, GROUPS, KINDS, Kind, PRIVATE_GROUPS, USERS,
            role::Role,
            rule::{ValueSource, rule},
        },
        mapping::{columns::assign, entry::*, projection::Projection},
        naming::{
            subschema::{Capabilities, root_dse, subschema, superior},
            tree::Tree,
        },
    },
    model::{
        dn::Dn,
        entry::Entry,
        schema::{AttributeId, ClassId, Schema, ids},
        time::Timestamp,
        value::Cell,
    },
};
use proptest::prelude::*;
use std::sync::Arc;

/// Columns that rows may have, those of other kinds and nobody's among them.
const COLUMNS: [&str; 30] = [
    "uid_number",
    "gid_number",
    "full_name",
    "first_name",
    "last_name",
    "mail",
    "home_directory",
    "login_shell",
    "ssh_public_key",
    "gecos",
    "entry_uuid",
    "created_at",
    "updated_at",
    "shadowExpire",
    "shadowMin",
    "title",
    "description",
    "telephoneNumber",
    "jpegPhoto",
    "memberNisNetgroup",
    "ipHostNumber",
    "attr:favouriteDrink",
    "labeledURI",
    "o",
    "ou",
    "l",
    "businessCategory",
    "member_uids",
    "c",
    "note",
];

fn tree(mail_fallback: bool) -> Arc<Tree> {
    let schema = Schema::standard();
    let layout = Layout {
        mail_fallback,
        ..Layout::default()
    };
    Arc::new(Tree::new(
        Dn::parse("dc=example,dc=com").unwrap(),
        &layout,
        &KINDS,
        &schema,
    ))
}

fn maker(kind: Kind, columns: &[&str]) -> EntryMaker {
    let schema = Schema::standard().extended_with(&["favouriteDrink".to_owned()]);
    // The table of private groups is made of the users' columns.
    let described = if kind == &PRIVATE_GROUPS { &USERS } else { kind };
    let columns = assign(described, columns.iter().copied(), &schema);
    let projection = Projection::of_entries(&columns, &[]);
    EntryMaker::new(kind, tree(true), Arc::new(schema), projection)
}

/// What is wrong with an entry by the published schema.
fn faults(schema: &Schema, entry: &Entry) -> Vec<String> {
    let names: Vec<&str> = entry
        .values(ids::OBJECT_CLASS)
        .iter()
        .map(|class| std::str::from_utf8(class).unwrap())
        .collect();
    let classes: Vec<ClassId> = names.iter().map(|name| schema.object_class(name).unwrap()).collect();
    let chain = || classes.iter().flat_map(|class| schema.class_chain(*class));
    let mut faults = Vec::new();
    for class in chain() {
        let class = schema.object_class_type(class);
        let missing = class.must.iter().filter(|id| !entry.has(**id));
        faults.extend(missing.map(|id| format!("{} without {}", class.name(), schema.attribute_name(*id))));
    }
    for attribute in &entry.attributes {
        let kind = schema.attribute_type(attribute.id);
        let name = schema.attribute_name(attribute.id);
        let allowed = kind.usage.is_operational()
            || names.contains(&"extensibleObject")
            || classes.iter().any(|class| schema.class_allows(*class, attribute.id));
        if !allowed {
            faults.push(format!("{name} is allowed by none of {names:?}"));
        }
        if attribute.values.is_empty() || kind.single_value && attribute.values.len() > 1 {
            faults.push(format!("{name} has {} values", attribute.values.len()));
        }
        if let Some(value) = attribute.values.iter().find(|value| !kind.syntax.is_valid(value)) {
            faults.push(format!("{name} is {value:?}"));
        }
    }
    faults
}

fn cell() -> impl Strategy<Value = Cell> {
    let text = prop_oneof![
        "[a-z]{1,8}",
        "[ -~]{0,8}",
        ".{0,8}",
        prop::sample::select(vec![
            "",
            " ",
            "jörg",
            "../root",
            ".",
            "a/b",
            "Groß",
            "1",
            "-1",
            "ssh-rsa A\nssh-rsa B"
        ])
        .prop_map(str::to_owned),
    ];
    prop_oneof![
        3 => text.prop_map(Cell::Text),
        2 => (-5_i128..70_000).prop_map(Cell::Integer),
        1 => Just(Cell::Null),
        1 => Just(Cell::Unreadable),
        1 => any::<bool>().prop_map(Cell::Boolean),
        1 => any::<i64>().prop_map(|seconds| Cell::Time(Timestamp { seconds: seconds >> 20, nanos: 0 })),
        1 => prop::collection::vec(any::<u8>(), 0..6).prop_map(Cell::Bytes),
        1 => prop::collection::vec("[a-z]{0,3}".prop_map(Cell::Text), 0..3).prop_map(Cell::List),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_entry_has_what_its_classes_require(
        kind in prop::sample::select(KINDS.to_vec()),
        columns in prop::sample::subsequence(COLUMNS.to_vec(), 0..COLUMNS.len()),
        cells in prop::collection::vec(cell(), COLUMNS.len() + 1),
        operational: bool,
    ) {
        let naming = if kind == &GROUPS { "name" } else { "username" };
        // The table of private groups has no other columns.
        let is_there = |column: &&str| kind != &PRIVATE_GROUPS || ["uid_number", "gid_number"].contains(column);
        let columns: Vec<&str> = std::iter::once(naming).chain(columns).filter(|column| *column == naming || is_there(column)).collect();
        let maker = maker(kind, &columns);
        let width = maker.projection().roles().len();
        let row: Vec<Cell> = cells.into_iter().take(width).collect();
        if let Some(entry) = maker.entry(row.clone(), operational) {
            let faults = faults(maker.schema(), &entry);
            prop_assert!(faults.is_empty(), "{faults:?}: {row:?}");
        }
    }

    #[test]
    fn the_base_and_the_containers_have_what_their_classes_require(
        base in prop::sample::select(vec![
            "dc=example", "DC=example", "domainComponent=example", "o=x", "ou=x", "c=DE", "l=x", "st=x", "cn=x", "uid=x",
            "dc=#040178", "o=#040178", "ou=#040178", "c=#04024445", "dc=a+ou=b", "ou=b+dc=a", "o=a+cn=b", "c=DE+l=x",
            "mail=a@b", "telephoneNumber=1", "2.5.4.11=x", "0.9.2342.19200300.100.1.25=x",
        ]),
        above in prop::sample::select(vec!["", ",dc=com", ",o=org"]),
        container in prop::sample::select(vec!["ou=people", "o=people", "dc=people", "c=DE", "l=x", "st=x", "OU=x", "ou=#040178"]),
    ) {
        let schema = Schema::standard();
        let Ok(rdn) = container_rdn(container) else { return Ok(()) };
        let layout = Layout { users: Some(rdn), ..Layout::default() };
        let tree = Tree::new(Dn::parse(&format!("{base}{above}")).unwrap(), &layout, &KINDS, &schema);
        for dn in [tree.base()].into_iter().chain(tree.containers()) {
            let entry = superior(&schema, &tree, dn);
            let faults = faults(&schema, &entry);
            prop_assert!(faults.is_empty(), "{dn}: {faults:?}");
        }
        let capabilities = Capabilities { controls: &[], extensions: &[] };
        for entry in [root_dse(&schema, &[tree.base_text()], capabilities), subschema(&schema)] {
            let faults = faults(&schema, &entry);
            prop_assert!(faults.is_empty(), "{}: {faults:?}", entry.dn);
        }
    }
}

fn user(columns: &[(&str, Cell)]) -> Entry {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let row = columns.iter().map(|(_, cell)| cell.clone()).collect();
    maker(&USERS, &names).entry(row, false).unwrap()
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn value(entry: &Entry, id: AttributeId) -> String {
    entry
        .values(id)
        .first()
        .map(|value| text_of(value).into_owned())
        .unwrap_or_default()
}

#[test]
fn a_home_is_by_the_name_or_by_the_number() {
    for (name, home, expected) in [
        ("alice", Cell::Null, "/home/alice"),
        ("alice", text("/srv/alice"), "/srv/alice"),
        ("alice", text("/srv/jörg"), "/home/alice"),
        ("jörg", Cell::Null, "/home/4711"),
        ("jörg", text(""), "/home/4711"),
        ("jörg", text("/home/jorg"), "/home/jorg"),
        ("../root", Cell::Null, "/home/4711"),
        ("a/b", Cell::Null, "/home/4711"),
        ("..", Cell::Null, "/home/4711"),
        (" . ", Cell::Null, "/home/4711"),
        ("...", Cell::Null, "/home/..."),
    ] {
        let entry = user(&[
            ("username", text(name)),
            ("uid_number", Cell::Integer(4711)),
            ("gid_number", Cell::Integer(1)),
            ("home_directory", home),
        ]);
        assert_eq!(value(&entry, ids::HOME_DIRECTORY), expected, "{name}");
    }
}

#[test]
fn without_numbers_nothing_of_a_posix_account_is_left() {
    let entry = user(&[
        ("username", text("alice")),
        ("uid_number", Cell::Integer(4711)),
        ("gid_number", text("none")),
        ("home_directory", text("/home/alice")),
        ("login_shell", text("/bin/sh")),
        ("gecos", text("Alice")),
    ]);
    let posix = [
        ids::UID_NUMBER,
        ids::GID_NUMBER,
        ids::HOME_DIRECTORY,
        ids::LOGIN_SHELL,
        ids::GECOS,
    ];
    assert!(posix.into_iter().all(|id| !entry.has(id)));
    assert!(
        !entry
            .values(ids::OBJECT_CLASS)
            .iter()
            .any(|class| class == "posixAccount")
    );
}

#[test]
fn an_address_is_made_up_only_where_that_is_asked_for() {
    let schema = Arc::new(Schema::standard());
    for (asked, expected) in [(false, ""), (true, "alice@example.com")] {
        let columns = assign(&USERS, ["username", "mail"], &schema);
        let projection = Projection::of_entries(&columns, &[]);
        let maker = EntryMaker::new(&USERS, tree(asked), Arc::clone(&schema), projection);
        for mail in [Cell::Null, text(""), text("alice@größe.example")] {
            let entry = maker.entry(vec![text("alice"), mail], false).unwrap();
            assert_eq!(value(&entry, ids::MAIL), expected);
        }
    }
}

/// Users whose keys are served four times, and whose number is a text as well.
static REPEATING: EntryKind = EntryKind {
    rules: &[
        rule(ids::SSH_PUBLIC_KEY, &[ValueSource::Lines(Role::SshPublicKey)]),
        rule(ids::CN, &[ValueSource::Values(Role::SshPublicKey)]),
        rule(ids::SN, &[ValueSource::Text(Role::SshPublicKey)]),
        rule(ids::GIVEN_NAME, &[ValueSource::Values(Role::SshPublicKey)]),
        rule(ids::MAIL, &[ValueSource::Values(Role::CreatedAt)]),
        rule(ids::GECOS, &[ValueSource::Values(Role::Number)]),
        rule(ids::UID_NUMBER, &[ValueSource::Number(Role::Number)]),
    ],
    ..USERS
};

#[test]
fn a_column_may_be_read_by_several_rules() {
    let maker = maker(&REPEATING, &["username", "ssh_public_key", "created_at", "uid_number"]);
    let key = |key: &str| text(key);
    for cell in [key("one"), Cell::List(vec![key("one"), key("two")])] {
        let moment = Cell::Time(Timestamp { seconds: 0, nanos: 0 });
        let row = vec![text("alice"), cell.clone(), moment, Cell::Integer(7)];
        let entry = maker.entry(row, true).unwrap();
        for id in [ids::SSH_PUBLIC_KEY, ids::CN, ids::GIVEN_NAME] {
            assert_eq!(entry.values(id), cell_values(cell.clone()).as_slice(), "{id:?}");
        }
        assert_eq!(entry.has(ids::SN), matches!(cell, Cell::Text(_)));
        assert!(entry.has(ids::MAIL) && entry.has(ids::CREATE_TIMESTAMP));
        assert_eq!(value(&entry, ids::GECOS), "7");
        assert_eq!(value(&entry, ids::UID_NUMBER), "7");
    }
}

#[test]
fn a_column_that_is_a_fallback_lacks_nothing() {
    let lacking = |columns: &[&str], row: &[Cell]| maker(&USERS, columns).lacking(row);
    let text = |text: &str| Cell::Text(text.to_owned());
    let [name, empty] = [text("alice"), Cell::Null];
    assert_eq!(
        lacking(&["username", "first_name"], &[name.clone(), empty.clone()]),
        [ids::GIVEN_NAME]
    );
    assert_eq!(
        lacking(&["username", "full_name"], &[name, empty]),
        [ids::CN],
        "its own column is empty"
    );
}
