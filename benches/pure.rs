//! What a request costs where nothing is waited for: `cargo bench`. Each function is one step of a lookup by uid as
//! SSSD sends it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use bytes::BytesMut;
use criterion::{Criterion, criterion_group, criterion_main};
use ldap_gateway::model::dn::Dn;
use ldap_gateway::model::entry::{Entry, Selection};
use ldap_gateway::model::filter::{Filter, NoRelations};
use ldap_gateway::model::schema::{Schema, ids};
use ldap_gateway::protocol::{Decoded, EntryFormat, Request, ResponseWriter, decode};
use ldap_gateway::sql::Validity;
use ldap_gateway::sql::{Engine, OperatorQuery, Predicate, QueryDescription, QueryTable};
use ldap3_proto::LdapCodec;
use ldap3_proto::proto::{LdapDerefAliases, LdapMsg, LdapOp, LdapSearchRequest, LdapSearchScope};
use std::hint::black_box;
use tokio_util::codec::Encoder;

const FILTER: &str = "(&(uid=alice)(objectclass=posixAccount)(uid=*)(&(uidNumber=*)(!(uidNumber=0))))";
const ATTRIBUTES: [&str; 11] = [
    "objectClass",
    "uid",
    "userPassword",
    "uidNumber",
    "gidNumber",
    "cn",
    "homeDirectory",
    "loginShell",
    "modifyTimestamp",
    "sshPublicKey",
    "mail",
];
const QUERY: &str =
    "SELECT \"uid\" AS username, \"uidNumber\" AS uid_number, \"cn\" AS full_name, \"mail\" FROM \"Users\"";

fn request() -> BytesMut {
    let search = LdapSearchRequest {
        base: "dc=example,dc=com".into(),
        scope: LdapSearchScope::Subtree,
        aliases: LdapDerefAliases::Never,
        sizelimit: 0,
        timelimit: 0,
        typesonly: false,
        filter: ldap3_proto::parse_ldap_filter_str(FILTER).unwrap(),
        attrs: ATTRIBUTES.iter().map(|name| (*name).to_owned()).collect(),
    };
    let mut buffer = BytesMut::new();
    let message = LdapMsg::new(2, LdapOp::SearchRequest(search));
    LdapCodec::new(None, None).encode(message, &mut buffer).unwrap();
    buffer
}

fn alice() -> Entry {
    let mut entry = Entry::new("uid=alice,dc=example,dc=com");
    for class in [
        "top",
        "person",
        "organizationalPerson",
        "inetOrgPerson",
        "posixAccount",
        "ldapPublicKey",
    ] {
        entry.push(ids::OBJECT_CLASS, class);
    }
    entry.push(ids::UID, "alice");
    entry.push(ids::CN, "Alice Smith");
    entry.push(ids::SN, "Smith");
    entry.push(ids::MAIL, "alice@example.com");
    entry.push(ids::UID_NUMBER, "10001");
    entry.push(ids::GID_NUMBER, "20001");
    entry
}

fn protocol(criterion: &mut Criterion) {
    let octets = request();
    criterion.bench_function("decode a search request", |bencher| {
        bencher.iter(|| {
            let mut buffer = octets.clone();
            match decode(&mut buffer, 1 << 20) {
                Ok(Decoded::Message(message)) => matches!(message.request, Request::Search(_)),
                other => panic!("{other:?}"),
            }
        });
    });
    let (schema, entry) = (Schema::standard(), alice());
    let selection = Selection::new(&schema, &ATTRIBUTES.map(str::to_owned));
    let format = EntryFormat {
        schema: &schema,
        selection: &selection,
        types_only: false,
    };
    let mut buffer = BytesMut::with_capacity(4096);
    criterion.bench_function("encode an entry", |bencher| {
        bencher.iter(|| {
            buffer.clear();
            ResponseWriter::new(&mut buffer, 2).entry(black_box(&entry), &format);
            buffer.len()
        });
    });
}

fn model(criterion: &mut Criterion) {
    let schema = Schema::standard();
    criterion.bench_function("parse and normalize a DN", |bencher| {
        let text = "UID=alice , OU=People,dc=Example,dc=com";
        bencher.iter(|| Dn::parse(black_box(text)).unwrap().normalize(&schema));
    });
    criterion.bench_function("parse a filter", |bencher| {
        bencher.iter(|| Filter::parse(black_box(FILTER)).unwrap());
    });
    let filter = Filter::parse(FILTER).unwrap();
    criterion.bench_function("resolve a filter", |bencher| {
        bencher.iter(|| black_box(&filter).resolve(&schema));
    });
    let (resolved, entry) = (filter.resolve(&schema), alice());
    assert!(resolved.evaluate(&schema, &entry, &NoRelations).matches());
    criterion.bench_function("evaluate a filter", |bencher| {
        bencher.iter(|| black_box(&resolved).evaluate(&schema, &entry, &NoRelations));
    });
    criterion.bench_function("select attributes", |bencher| {
        let names = ATTRIBUTES.map(str::to_owned);
        bencher.iter(|| Selection::new(&schema, black_box(&names)));
    });
}

/// From a predicate to a statement with bound values, on each engine.
fn pushdown(criterion: &mut Criterion) {
    for engine in [Engine::PostgreSql, Engine::MySql, Engine::Sqlite] {
        let query = OperatorQuery::listing(QUERY, engine).unwrap();
        let columns = [
            ("username", "VARCHAR"),
            ("uid_number", "INT4"),
            ("full_name", "VARCHAR"),
            ("mail", "VARCHAR"),
        ];
        let columns = columns.map(|(name, type_name)| (name.to_owned(), type_name.to_owned()));
        let described = QueryDescription::new(&query, columns, Vec::new());
        let named = |column| Predicate::EqualsIgnoreCase {
            column,
            prepared: "alice@example.com".into(),
        };
        let predicate = Predicate::Or(vec![
            named(3),
            Predicate::And(vec![
                named(0),
                Predicate::Present {
                    column: 3,
                    validity: Validity::Ascii,
                }
                .negated(),
            ]),
            Predicate::IntegerEquals {
                column: 1,
                value: 10_001,
            },
        ]);
        criterion.bench_function(&format!("compile a predicate, {engine:?}"), |bencher| {
            let source = QueryTable::listing(&query, &described);
            bencher.iter(|| source.select(&[0, 1, 2, 3], black_box(&predicate)).unwrap());
        });
    }
}

criterion_group!(pure, protocol, model, pushdown);
criterion_main!(pure);
