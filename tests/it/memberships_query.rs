//! `SQL_QUERY_ALL_MEMBERSHIPS`: the same directory with and without it, and with it in every form that an operator may
//! write it, answers the same about who is in which group.

use crate::harness::client::{equal, search_for};
use crate::harness::database::Server;
use crate::harness::gateway::run_to_end;
use crate::harness::ldap::BASE;
use crate::harness::{Client, Database, Engine, Env, Gateway, beside_others, block_on, figure};
use ldap3_proto::proto::{LdapFilter, LdapSearchScope};
use std::collections::{BTreeMap, BTreeSet};

/// Users, by their number. The last two are not served.
const USERS: [(u32, &str); 17] = [
    (1, "alice"),
    (2, "MixedCase"),
    (3, "o'brien"),
    (4, "doe, john"),
    (5, "jörg"),
    (6, "jorg"),
    (7, "under_score"),
    (8, "underXscore"),
    (9, "per%cent"),
    (10, "back\\slash"),
    (11, "two words"),
    (12, "quo\"te"),
    (13, "#hash=+<>;"),
    (14, "loner"),
    (15, "12"),
    (16, "hidden"),
    (17, "hidden too"),
];

/// Groups: name, gid number. Two of one number; one without any; the last one is not served.
const GROUPS: [(&str, Option<u32>); 11] = [
    ("staff", Some(100)),
    ("Ops Team", Some(101)),
    ("R&D, Berlin", Some(102)),
    ("größe", Some(103)),
    ("café", Some(104)),
    ("cafe", Some(105)),
    ("twin-a", Some(106)),
    ("twin-b", Some(106)),
    ("empty", Some(107)),
    ("numberless", None),
    ("hidden group", Some(108)),
];

/// Who is in which group, by numbers: some twice, some of nobody, some in no group.
const LINKS: [(u32, u32); 27] = [
    (1, 100),
    (1, 100),
    (1, 101),
    (1, 106),
    (1, 108),
    (1, 999),
    (2, 100),
    (2, 102),
    (3, 102),
    (4, 102),
    (4, 103),
    (5, 103),
    (5, 104),
    (6, 105),
    (7, 100),
    (8, 101),
    (9, 101),
    (9, 106),
    (10, 101),
    (11, 101),
    (12, 100),
    (13, 103),
    (15, 100),
    (16, 100),
    (17, 108),
    (99, 100),
    (98, 999),
];

fn is_served(name: &str) -> bool {
    !name.starts_with("hidden")
}

/// The memberships that count.
fn truth() -> BTreeSet<(&'static str, &'static str)> {
    let mut pairs = BTreeSet::new();
    for (user, gid) in LINKS {
        let users = USERS.iter().filter(|(number, name)| *number == user && is_served(name));
        for (_, user) in users {
            let groups = GROUPS
                .iter()
                .filter(|(name, number)| *number == Some(gid) && is_served(name));
            pairs.extend(groups.map(|(group, _)| (*user, *group)));
        }
    }
    pairs
}

/// The same name to LDAP, spelled otherwise.
fn respelled(name: &str, nth: usize) -> String {
    match nth % 4 {
        0 => name.to_string(),
        1 => name.to_uppercase(),
        2 => name.replace(' ', "   "),
        _ => format!(" {} ", name.to_lowercase()),
    }
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn fill(database: &Database) {
    let mut sql = "CREATE TABLE people (id integer PRIMARY KEY, username varchar(80));\n\
                   CREATE TABLE teams (id integer PRIMARY KEY, name varchar(80), gid integer);\n\
                   CREATE TABLE links (person integer, gid integer);\n\
                   CREATE TABLE named (username varchar(80), name varchar(80));\n\
                   CREATE TABLE numbered (username varchar(80), gid varchar(80));\n\
                   CREATE VIEW both_tables AS SELECT p.username, t.name FROM links l JOIN people p ON p.id = l.person \
                   JOIN teams t ON t.gid = l.gid WHERE p.id < 4 UNION SELECT username, name FROM named;\n"
        .to_string();
    for (number, name) in USERS {
        sql += &format!("INSERT INTO people VALUES ({number}, {});\n", quote(name));
    }
    for (id, (name, gid)) in GROUPS.iter().enumerate() {
        let gid = gid.map_or("NULL".to_string(), |gid| gid.to_string());
        sql += &format!("INSERT INTO teams VALUES ({id}, {}, {gid});\n", quote(name));
    }
    for (person, gid) in LINKS {
        sql += &format!("INSERT INTO links VALUES ({person}, {gid});\n");
    }
    for (nth, (user, group)) in truth().into_iter().enumerate() {
        for nth in [nth, nth / 4] {
            sql += &format!(
                "INSERT INTO named VALUES ({}, {});\n",
                quote(&respelled(user, nth)),
                quote(&respelled(group, nth + 1))
            );
        }
        let gid = GROUPS.iter().find(|(name, _)| *name == group).unwrap().1.unwrap();
        let gid = [format!("{gid}"), format!("0{gid}"), format!(" {gid}")][nth % 3].clone();
        sql += &format!(
            "INSERT INTO numbered VALUES ({}, {});\n",
            quote(&respelled(user, nth)),
            quote(&gid)
        );
    }
    for strangers in [
        "named VALUES ('nosuch', 'staff')",
        "named VALUES ('alice', 'nosuch')",
        "named VALUES ('alicia', 'staff')",
        "named VALUES ('al', 'ice')",
        "named VALUES ('hidden', 'staff')",
        "named VALUES ('alice', 'hidden group')",
        "named VALUES (NULL, 'staff')",
        "named VALUES ('loner', NULL)",
        "named VALUES ('', 'staff')",
        "named VALUES ('loner', '')",
        "numbered VALUES ('nosuch', '100')",
        "numbered VALUES ('loner', '999')",
        "numbered VALUES ('loner', '100x')",
        "numbered VALUES ('loner', 'staff')",
        "numbered VALUES ('loner', '')",
        "numbered VALUES ('loner', NULL)",
        "numbered VALUES (NULL, '100')",
        "numbered VALUES ('hidden', '100')",
    ] {
        sql += &format!("INSERT INTO {strangers};\n");
    }
    database.sql(&sql);
}

/// The settings without the query.
fn without(database: &Database) -> Env {
    // A collation of MariaDB would put jorg into the groups of jörg.
    let exactly = match database.engine {
        Engine::MariaDb => "COLLATE utf8mb4_bin",
        Engine::PostgreSql | Engine::Sqlite => "",
    };
    let users = "SELECT username, id AS uid_number, 20001 AS gid_number FROM people";
    let groups = "SELECT name, gid AS gid_number FROM teams WHERE name <> 'hidden group'";
    database
        .deployed()
        .with(
            "SQL_QUERY_ALL_USERS",
            format!("{users} WHERE username NOT LIKE 'hidden%'"),
        )
        .with(
            "SQL_QUERY_ONE_USER",
            format!("{users} WHERE username NOT LIKE 'hidden%' AND username = ?"),
        )
        .with("SQL_QUERY_ALL_GROUPS", groups)
        .with(
            "SQL_QUERY_GROUPS_BY_MEMBER",
            format!(
                "SELECT t.name, t.gid AS gid_number FROM teams t JOIN links l ON l.gid = t.gid JOIN people p \
                 ON p.id = l.person WHERE t.name <> 'hidden group' AND p.username = ? {exactly}"
            ),
        )
        .with("LDAP_USER_PRIVATE_GROUPS", "auto")
        .with("LOG_LEVEL", "info,ldap_gateway::sql::database=debug")
}

/// How the query may be written, and whether the database can join it with users and groups.
const FORMS: [(&str, &str, bool); 8] = [
    (
        "by number",
        "SELECT p.username, l.gid AS gid_number FROM links l JOIN people p ON p.id = l.person",
        true,
    ),
    (
        "by name",
        "SELECT t.name, p.username FROM links l JOIN people p ON p.id = l.person JOIN teams t ON t.gid = l.gid",
        true,
    ),
    (
        "with columns of no meaning, two of one name, and more than once",
        "SELECT DISTINCT 1 AS x, 2 AS x, l.gid AS gidNumber, t.name, p.username AS uid, 'a' AS password FROM links l \
         JOIN people p ON p.id = l.person JOIN teams t ON t.gid = l.gid ORDER BY t.name -- all of them",
        true,
    ),
    ("a table of names", "SELECT * FROM named", false),
    (
        "a table of names and numbers",
        "SELECT n.username, n.gid AS gid_number FROM numbered n",
        false,
    ),
    (
        "two tables, the first of which is the users' and groups'",
        "SELECT p.username, t.name FROM links l JOIN people p ON p.id = l.person JOIN teams t ON t.gid = l.gid \
         WHERE p.id < 4 UNION SELECT username, name FROM named",
        false,
    ),
    ("a view of the same", "SELECT username, name FROM both_tables", false),
    (
        "names of the users' table, numbers that are texts",
        "SELECT p.username, CAST(l.gid AS CHAR(20)) AS gid_number FROM links l JOIN people p ON p.id = l.person",
        false,
    ),
];

struct Question {
    base: String,
    scope: LdapSearchScope,
    filter: LdapFilter,
    attributes: &'static [&'static str],
}

type Entries = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// RFC 4514 2.4, every special character as its octet.
fn escaped(name: &str) -> String {
    let one = |character: char| match character {
        character if character.is_alphanumeric() || character == ' ' => character.to_string(),
        character => character
            .to_string()
            .bytes()
            .map(|byte| format!("\\{byte:02x}"))
            .collect(),
    };
    name.chars().map(one).collect()
}

fn user_dn(name: &str) -> String {
    format!("uid={},{BASE}", escaped(name))
}

fn group_dn(name: &str) -> String {
    format!("cn={},{BASE}", escaped(name))
}

const MEMBERS: &[&str] = &["cn", "memberUid", "member", "uniqueMember"];

fn questions() -> Vec<Question> {
    let mut questions = Vec::new();
    let mut ask = |filter: LdapFilter, attributes| {
        questions.push(Question {
            base: BASE.to_string(),
            scope: LdapSearchScope::Subtree,
            filter,
            attributes,
        });
    };
    for user in USERS.iter().map(|(_, name)| *name).chain(["nosuch", "al", ""]) {
        ask(equal("memberUid", user), &["cn"]);
        ask(equal("memberUid", &user.to_uppercase()), &["cn"]);
        ask(equal("member", &user_dn(user)), &["cn", "gidNumber", "memberUid"]);
        ask(equal("uniqueMember", &user_dn(&user.to_uppercase())), &["1.1"]);
        ask(equal("uid", user), &["memberOf"]);
    }
    for (group, _) in GROUPS {
        ask(equal("memberOf", &group_dn(group)), &["uid"]);
        ask(equal("memberOf", &group_dn(&respelled(group, 3))), &["uid", "memberOf"]);
        ask(equal("cn", group), MEMBERS);
    }
    let staff = || equal("memberOf", &group_dn("staff"));
    let alice = || equal("memberUid", "alice");
    let not = |filter| LdapFilter::Not(Box::new(filter));
    let present = |name: &str| LdapFilter::Present(name.to_string());
    ask(not(staff()), &["memberOf"]);
    ask(not(alice()), MEMBERS);
    ask(not(equal("member", &user_dn("JÖRG"))), &["1.1"]);
    ask(LdapFilter::And(vec![equal("uid", "alice"), staff()]), &["uid"]);
    ask(LdapFilter::And(vec![equal("uid", "loner"), staff()]), &["uid"]);
    ask(
        LdapFilter::And(vec![alice(), not(equal("memberUid", "MixedCase"))]),
        MEMBERS,
    );
    ask(
        LdapFilter::Or(vec![alice(), equal("memberUid", "jorg"), staff()]),
        &["memberOf"],
    );
    for name in ["memberUid", "member", "uniqueMember", "memberOf"] {
        ask(present(name), &["memberOf", "member"]);
        ask(not(present(name)), &["1.1"]);
    }
    ask(present("objectClass"), &["*", "memberOf", "uniqueMember"]);
    ask(equal("objectClass", "groupOfNames"), MEMBERS);
    ask(equal("gidNumber", "106"), MEMBERS);
    for (group, _) in GROUPS {
        questions.push(Question {
            base: group_dn(group),
            scope: LdapSearchScope::Base,
            filter: present("objectClass"),
            attributes: MEMBERS,
        });
    }
    questions
}

async fn answer(client: &mut Client, question: &Question) -> (i32, Entries) {
    let search = search_for(
        &question.base,
        question.scope.clone(),
        question.filter.clone(),
        question.attributes,
    );
    let done = client.request(search).await.unwrap();
    let mut entries = Entries::new();
    for entry in &done.entries {
        let mut attributes = BTreeMap::new();
        for attribute in &entry.attributes {
            let values: BTreeSet<String> = attribute
                .vals
                .iter()
                .map(|value| String::from_utf8(value.clone()).unwrap())
                .collect();
            assert_eq!(
                values.len(),
                attribute.vals.len(),
                "twice: {attribute:?} of {}",
                entry.dn
            );
            attributes.insert(attribute.atype.clone(), values);
        }
        let before = entries.insert(entry.dn.clone(), attributes);
        assert!(before.is_none(), "twice: {}", entry.dn);
    }
    (done.code(), entries)
}

/// All answers, and how many statements they took.
fn answers(gateway: &Gateway, questions: &[Question]) -> (Vec<(i32, Entries)>, usize) {
    let count = || gateway.log().matches("a statement is run").count();
    let before = count();
    let answers = block_on(async {
        let mut client = Client::connect(gateway).await;
        let mut answers = Vec::new();
        for question in questions {
            answers.push(answer(&mut client, question).await);
        }
        answers
    });
    (answers, count() - before)
}

fn answers_the_same(engine: Engine) {
    let _guard = beside_others();
    let database = Database::empty_on(Server::shared(engine));
    fill(&database);
    let questions = questions();
    let without = without(&database);
    let (expected, statements) = answers(&Gateway::start_plain(&without), &questions);
    // The one that the others are compared with is right itself.
    let listing = questions
        .iter()
        .position(|question| question.filter == equal("objectClass", "groupOfNames"));
    let (_, groups) = &expected[listing.unwrap()];
    let served = groups.values().flat_map(|group| {
        let name = group["cn"].first().unwrap().clone();
        let members = group.get("memberUid").cloned().unwrap_or_default();
        members.into_iter().map(move |user| (user, name.clone()))
    });
    let wanted = truth()
        .into_iter()
        .map(|(user, group)| (user.to_string(), group.to_string()));
    assert_eq!(served.collect::<BTreeSet<_>>(), wanted.collect::<BTreeSet<_>>());
    let mut counted = vec![format!("without it {statements}")];
    for (form, query, is_joined) in FORMS {
        let env = without.clone().with("SQL_QUERY_ALL_MEMBERSHIPS", engine.quoted(query));
        let report = run_to_end(&env, &["check"], "");
        assert_eq!(report.code, Some(0), "{form}: {}", report.text());
        let how = match is_joined {
            true => "memberships are read from SQL_QUERY_ALL_MEMBERSHIPS, joined with users and groups",
            false => "memberships are read from SQL_QUERY_ALL_MEMBERSHIPS, its users and groups looked up",
        };
        assert!(report.stdout.contains(how), "{form}: {}", report.text());
        assert_eq!(
            report.stdout.contains("cannot be joined with users and groups"),
            !is_joined,
            "{form}: {}",
            report.text()
        );
        let (found, statements) = answers(&Gateway::start_plain(&env), &questions);
        for ((question, found), expected) in questions.iter().zip(&found).zip(&expected) {
            assert_eq!(
                found, expected,
                "{form}: {:?} below {}, {:?}",
                question.filter, question.base, question.attributes
            );
        }
        counted.push(format!("{form} {statements}"));
    }
    figure(&format!(
        "memberships on {}, statements for {} searches: {}",
        engine.name(),
        questions.len(),
        counted.join(", ")
    ));
}

#[test]
fn postgresql_answers_the_same() {
    answers_the_same(Engine::PostgreSql);
}

#[test]
fn mariadb_answers_the_same() {
    answers_the_same(Engine::MariaDb);
}

#[test]
fn sqlite_answers_the_same() {
    answers_the_same(Engine::Sqlite);
}

/// How many statements one search is.
#[test]
fn a_question_is_few_statements() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let database = Database::shared(engine);
        let env = database
            .deployed()
            .with("LOG_LEVEL", "info,ldap_gateway::sql::database=debug")
            .with(
                "SQL_QUERY_ALL_MEMBERSHIPS",
                database.recommended().get("SQL_QUERY_ALL_MEMBERSHIPS"),
            );
        let gateway = Gateway::start_plain(&env);
        let count = |filter: LdapFilter, attributes: &'static [&'static str]| {
            let question = Question {
                base: BASE.to_string(),
                scope: LdapSearchScope::Subtree,
                filter,
                attributes,
            };
            let (answers, statements) = answers(&gateway, std::slice::from_ref(&question));
            (answers[0].1.len(), statements)
        };
        let is_group = || equal("objectClass", "groupOfNames");
        let and = |filter| LdapFilter::And(vec![is_group(), filter]);
        for (what, found, expected) in [
            ("groups of a user", count(equal("memberUid", "alice"), &["cn"]), (6, 1)),
            (
                "groups of nobody's",
                count(equal("member", "uid=onlyfirst,dc=example,dc=com"), &["cn"]),
                (0, 1),
            ),
            ("user with groups", count(equal("uid", "alice"), &["memberOf"]), (1, 2)),
            (
                "users of a group",
                count(equal("memberOf", "cn=staff,dc=example,dc=com"), &["uid"]),
                (3, 3),
            ),
            (
                "group with members",
                count(and(equal("cn", "staff")), &["member"]),
                (1, 2),
            ),
        ] {
            assert_eq!(found, expected, "{what} on {}", engine.name());
        }
    }
}

/// More memberships than are read at once, nearly all of them of one group among many: they are read in parts.
#[test]
fn a_group_may_be_larger_than_what_is_read_at_once() {
    let _guard = beside_others();
    const MANY: usize = 100_001;
    let database = Database::schema_on(Server::shared(Engine::Sqlite));
    database.sql(&format!(
        "INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\") \
         SELECT 'u' || value, 1000000 + value, 2000001 FROM generate_series(1, {MANY});\n\
         INSERT INTO \"Groups\" (\"cn\", \"gidNumber\") SELECT 'g' || value, 2000000 + value FROM generate_series(1, 300);\n\
         INSERT INTO \"UserGroups\" (\"uidNumber\", \"gidNumber\") SELECT 1000000 + value, 2000001 FROM generate_series(1, {MANY});\n\
         INSERT INTO \"UserGroups\" (\"uidNumber\", \"gidNumber\") SELECT 1000000 + value, 2000000 + value FROM generate_series(2, 300);"
    ));
    let listed = database.recommended().get("SQL_QUERY_ALL_MEMBERSHIPS").to_string();
    let env = database.deployed().with("LOG_LEVEL", "info");
    let gateway = Gateway::start_plain(&env.with("SQL_QUERY_ALL_MEMBERSHIPS", listed));
    block_on(async {
        let mut client = Client::connect(&gateway).await;
        let search = search_for(
            BASE,
            LdapSearchScope::Subtree,
            equal("objectClass", "groupOfNames"),
            &["cn", "memberUid"],
        );
        let done = client.request(search).await.expect("it lives");
        assert_eq!((done.code(), done.entries.len()), (0, 300));
        for entry in &done.entries {
            let values = |name: &str| {
                let of = entry.attributes.iter().find(|attribute| attribute.atype == name);
                of.map(|attribute| attribute.vals.clone()).unwrap_or_default()
            };
            let group = String::from_utf8(values("cn").remove(0)).unwrap();
            let members = values("memberUid");
            match group.as_str() {
                "g1" => assert_eq!(members.into_iter().collect::<BTreeSet<_>>().len(), MANY),
                other => assert_eq!(members, [other.replacen('g', "u", 1).into_bytes()], "{other}"),
            }
        }
    });
}

/// A table of names outlives its users. The group is read all the same: its names are compared with the users' in one go
/// and not each with every row.
#[test]
fn names_of_users_that_are_gone_cost_little() {
    let _guard = beside_others();
    let database = Database::empty_on(Server::shared(Engine::Sqlite));
    fill(&database);
    database.sql(
        "INSERT INTO people SELECT 1000 + value, 'u' || value FROM generate_series(1, 20000);\n\
         INSERT INTO named SELECT 'U' || value, 'empty' FROM generate_series(1, 300);\n\
         INSERT INTO named SELECT 'gone' || value, 'empty' FROM generate_series(1, 1000);",
    );
    let env = without(&database).with("SQL_QUERY_ALL_MEMBERSHIPS", "SELECT * FROM named");
    let gateway = Gateway::start_plain(&env);
    let question = Question {
        base: BASE.to_string(),
        scope: LdapSearchScope::Subtree,
        filter: equal("cn", "empty"),
        attributes: &["memberUid"],
    };
    let (found, _) = answers(&gateway, &[question]);
    let members = found[0].1.values().next().map(|group| group["memberUid"].len());
    assert_eq!((found[0].0, members), (0, Some(300)));
}

/// A listing of groups that has each group once a member: its members are read once all the same, and not once a row.
#[test]
fn groups_listed_once_a_member() {
    const MEMBERS: u64 = 1_500;
    let _guard = beside_others();
    for engine in [Engine::PostgreSql, Engine::MariaDb, Engine::Sqlite] {
        let database = Database::empty_on(Server::shared(engine));
        fill(&database);
        let numbers = match engine {
            Engine::MariaDb => format!("(SELECT seq AS n FROM seq_1_to_{MEMBERS}) numbers"),
            Engine::Sqlite => format!("(SELECT value AS n FROM generate_series(1, {MEMBERS})) numbers"),
            Engine::PostgreSql => format!("generate_series(1, {MEMBERS}) numbers (n)"),
        };
        let name = if engine == Engine::MariaDb {
            "concat('u', n)"
        } else {
            "'u' || n"
        };
        database.sql(&format!(
            "INSERT INTO people SELECT 1000 + n, {name} FROM {numbers};\n\
             INSERT INTO links SELECT 1000 + n, 107 FROM {numbers};\n\
             CREATE INDEX links_by_gid ON links (gid);"
        ));
        let listing = "SELECT t.name, t.gid AS gid_number FROM teams t JOIN links l ON l.gid = t.gid \
                       WHERE t.name <> 'hidden group'";
        for (form, sql) in [FORMS[0], FORMS[1], FORMS[7]].map(|(form, sql, _)| (form, sql)) {
            let env = without(&database)
                .with("SQL_QUERY_ALL_GROUPS", listing)
                .with("SQL_QUERY_ALL_MEMBERSHIPS", sql);
            let gateway = Gateway::start_plain(&env);
            let before = gateway.process.peak_rss();
            let question = Question {
                base: BASE.to_string(),
                scope: LdapSearchScope::Subtree,
                filter: equal("cn", "empty"),
                attributes: &["memberUid"],
            };
            let (found, _) = answers(&gateway, &[question]);
            let members = found[0].1.values().next().map(|group| group["memberUid"].len() as u64);
            assert_eq!((found[0].0, members), (0, Some(MEMBERS)), "{form}");
            // The square of them would be 2,250,000 rows.
            let grown = gateway.process.peak_rss().saturating_sub(before);
            assert!(grown < 100 << 10, "{form} on {}: {grown} KiB", engine.name());
        }
    }
}
