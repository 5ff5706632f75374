//! The database restarted, away, frozen, broken, late.

use crate::harness::client::{bind, equal, search_for};
use crate::harness::ldap::{BASE, user_dn};
use crate::harness::{Client, Database, Engine, Env, Gateway, beside_others, block_on, eventually, figure};
use ldap3_proto::proto::{LdapFilter, LdapOp, LdapSearchScope};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::{JoinSet, spawn_blocking};

use crate::harness::ldap::BATTERY_PASSWORD as PASSWORD;

/// A search is given up after 4.5 s; the rest is for a machine that is busy with other tests.
const GIVEN_UP: Duration = Duration::from_secs(5);
/// "Open and answering within a second": a probe every 0.5 s, and the same allowance.
const BACK: Duration = Duration::from_millis(2_500);

macro_rules! on_servers {
    ($($case:ident),* $(,)?) => {
        mod postgresql {
            $(#[test] fn $case() { super::$case(super::Engine::PostgreSql); })*
        }
        mod mariadb {
            $(#[test] fn $case() { super::$case(super::Engine::MariaDb); })*
        }
    };
}

on_servers!(
    restarted_under_load,
    frozen_for_a_moment,
    away_and_back,
    frozen_and_thawed,
    time_limit_that_ends_first,
    away_with_unavailable_for_searches,
    one_query_broken,
    users_broken,
    started_before_the_database,
    started_with_a_wrong_password,
    started_with_a_broken_query,
);

fn env(database: &Database) -> Env {
    // Not trace: the times below are to be the gateway's, not the log's.
    database.deployed().with("LOG_LEVEL", "debug")
}

fn scan(filter: LdapFilter) -> LdapOp {
    search_for(BASE, LdapSearchScope::Subtree, filter, &["uid", "cn", "memberUid"])
}

fn person() -> LdapFilter {
    equal("objectClass", "person")
}

/// One request and what must come of it.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Lookup,
    LookupOnNewConnection,
    Users,
    GroupsWithMembers,
    GroupsOf,
    Bind,
    WrongBind,
}

/// What is right, counted before anything happens.
#[derive(Clone, Copy)]
struct Expected {
    users: usize,
    groups: usize,
    groups_of_alice: usize,
}

impl Expected {
    fn of(database: &Database) -> Expected {
        let count = |sql: &str| database.rows(sql)[0][0].parse::<usize>().unwrap();
        // Served as groups of their own.
        let private =
            "SELECT COUNT(*) FROM \"Users\" WHERE \"gidNumber\" NOT IN (SELECT \"gidNumber\" FROM \"Groups\")";
        Expected {
            users: count("SELECT COUNT(*) FROM \"Users\""),
            groups: count("SELECT COUNT(*) FROM \"Groups\"") + count(private),
            groups_of_alice: count("SELECT COUNT(*) FROM \"UserGroups\" WHERE \"uidNumber\" = 10001"),
        }
    }
}

impl Kind {
    async fn ask(self, client: &mut Client, gateway: &Gateway, expected: Expected) -> Result<(), String> {
        let count = |done: Result<crate::harness::client::Done, _>, wanted: usize| match done {
            Ok(done) if done.code() == 0 && done.entries.len() == wanted => Ok(()),
            Ok(done) => Err(format!(
                "{self:?}: code {}, {} entries of {wanted}",
                done.code(),
                done.entries.len()
            )),
            Err(closed) => Err(format!("{self:?}: {closed:?}")),
        };
        let code = |code: Result<i32, _>, wanted: i32| match code {
            Ok(code) if code == wanted => Ok(()),
            other => Err(format!("{self:?}: {other:?}")),
        };
        match self {
            Kind::Lookup => count(client.search(equal("uid", "alice")).await, 1),
            Kind::LookupOnNewConnection => {
                let mut client = Client::try_connect(gateway)
                    .await
                    .map_err(|error| format!("{self:?}: {error}"))?;
                count(client.search(equal("uid", "BOB")).await, 1)
            }
            Kind::Users => count(client.request(scan(person())).await, expected.users),
            Kind::GroupsWithMembers => count(
                client.request(scan(equal("objectClass", "posixGroup"))).await,
                expected.groups,
            ),
            Kind::GroupsOf => count(
                client.search(equal("memberUid", "alice")).await,
                expected.groups_of_alice,
            ),
            Kind::Bind => code(
                client
                    .bind(&user_dn("cheap"), PASSWORD)
                    .await
                    .map_err(|closed| format!("{closed:?}")),
                0,
            ),
            Kind::WrongBind => code(
                client
                    .bind(&user_dn("cheap"), "wrong-Passw0rd")
                    .await
                    .map_err(|closed| format!("{closed:?}")),
                49,
            ),
        }
    }
}

/// Asks everything all the time while `happening` runs; every single answer must be right. Returns how many there were
/// and how long the longest took.
fn asked_while(database: &Database, happening: impl FnOnce() + Send + 'static) -> (usize, Duration) {
    asked_with(&env(database), database, happening)
}

/// The same of a gateway with other settings.
pub fn asked_with(env: &Env, database: &Database, happening: impl FnOnce() + Send + 'static) -> (usize, Duration) {
    let expected = Expected::of(database);
    let gateway = Arc::new(Gateway::start(env));
    let shown = Arc::clone(&gateway);
    let outcome = block_on(async move {
        let over = Arc::new(AtomicBool::new(false));
        let mut askers = JoinSet::new();
        for kind in [
            Kind::Lookup,
            Kind::Lookup,
            Kind::LookupOnNewConnection,
            Kind::Users,
            Kind::GroupsWithMembers,
            Kind::GroupsOf,
            Kind::Bind,
            Kind::WrongBind,
        ] {
            let (over, gateway) = (Arc::clone(&over), Arc::clone(&gateway));
            let mut client = Client::connect(&gateway).await;
            askers.spawn(async move {
                let (mut count, mut longest) = (0, Duration::ZERO);
                while !over.load(Ordering::Relaxed) {
                    let start = Instant::now();
                    kind.ask(&mut client, &gateway, expected).await?;
                    longest = longest.max(start.elapsed());
                    count += 1;
                    tokio::time::sleep(Duration::from_millis(25)).await;
                }
                Ok::<_, String>((count, longest))
            });
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        spawn_blocking(happening).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        over.store(true, Ordering::Relaxed);
        let (mut count, mut longest, mut wrong) = (0, Duration::ZERO, Vec::new());
        for result in askers.join_all().await {
            match result {
                Ok((of_one, time)) => {
                    count += of_one;
                    longest = longest.max(time);
                }
                Err(error) => wrong.push(error),
            }
        }
        (count, longest, wrong)
    });
    assert!(outcome.2.is_empty(), "{:#?}\n{}", outcome.2, shown.log_tail());
    (outcome.0, outcome.1)
}

fn restarted_under_load(engine: Engine) {
    let _guard = beside_others();
    let database = Database::private(engine);
    let server = database.clone();
    let (count, longest) = asked_while(&database, move || {
        let start = Instant::now();
        server.stop();
        // Away for 3 s, starting up included.
        std::thread::sleep(Duration::from_millis(2_800).saturating_sub(start.elapsed()));
        server.launch();
        let away = start.elapsed();
        assert!(
            away < Duration::from_secs(4),
            "this machine is too slow for the test: away for {away:?}"
        );
        figure(&format!(
            "outage, {}: restarted, away for {:.1} s",
            engine.name(),
            away.as_secs_f32()
        ));
    });
    figure(&format!(
        "outage, {}: restarted under load: {count} requests, all right, the longest took {:.1} s",
        engine.name(),
        longest.as_secs_f32()
    ));
    assert!(longest > Duration::from_secs(1), "nothing was held: {longest:?}");
}

fn frozen_for_a_moment(engine: Engine) {
    let _guard = beside_others();
    let database = Database::private(engine);
    let server = database.clone();
    let (count, longest) = asked_while(&database, move || {
        server.freeze();
        std::thread::sleep(Duration::from_millis(2_500));
        server.thaw();
    });
    figure(&format!(
        "outage, {}: frozen for 2.5 s: {count} requests, all right, the longest took {:.1} s",
        engine.name(),
        longest.as_secs_f32()
    ));
}

fn away_and_back(engine: Engine) {
    gone(engine, Database::stop, Database::launch, "away");
}

fn frozen_and_thawed(engine: Engine) {
    gone(engine, Database::freeze, Database::thaw, "frozen");
}

/// Code 3 with no entries would be taken for the whole answer.
fn time_limit_that_ends_first(engine: Engine) {
    let _guard = beside_others();
    let database = Database::private(engine);
    let gateway = Gateway::start(&env(&database));
    block_on(async {
        let mut client = Client::connect(&gateway).await;
        assert_eq!(client.lookup("alice").await.unwrap(), 1);
        let server = database.clone();
        spawn_blocking(move || server.freeze()).await.unwrap();
        let LdapOp::SearchRequest(mut request) = scan(person()) else {
            panic!("a scan is a search")
        };
        request.timelimit = 3;
        let closed = client
            .request(LdapOp::SearchRequest(request))
            .await
            .expect_err("it was answered");
        assert!(closed.entries == 0 && closed.notice.is_some(), "{closed:?}");
        let server = database.clone();
        spawn_blocking(move || server.thaw()).await.unwrap();
    });
}

/// Longer than anybody waits: what ends how, and the way back.
fn gone(engine: Engine, go: fn(&Database), come_back: fn(&Database), what: &str) {
    let _guard = beside_others();
    let database = Database::private(engine);
    let gateway = Arc::new(Gateway::start(&env(&database)));
    block_on(async {
        let mut searchers = Vec::new();
        for _ in 0..6 {
            let mut client = Client::connect(&gateway).await;
            assert_eq!(client.lookup("alice").await.unwrap(), 1);
            searchers.push(client);
        }
        let mut binder = Client::connect(&gateway).await;
        let mut root_reader = Client::connect(&gateway).await;
        let mut idle = Client::connect(&gateway).await;
        let silent = Client::connect(&gateway).await;

        let server = database.clone();
        spawn_blocking(move || go(&server)).await.unwrap();
        let start = Instant::now();
        let mut tasks = JoinSet::new();
        let filters = [
            equal("uid", "alice"),
            equal("uid", "nobody"),
            person(),
            equal("memberUid", "alice"),
            equal("objectClass", "posixGroup"),
            LdapFilter::Substring(
                "cn".into(),
                ldap3_proto::proto::LdapSubstringFilter {
                    initial: None,
                    any: vec!["mit".into()],
                    final_: None,
                },
            ),
        ];
        for (mut client, filter) in searchers.into_iter().zip(filters) {
            tasks.spawn(async move {
                let sent = Instant::now();
                let shown = format!("{filter:?}");
                let closed = client.search(filter).await.expect_err(&format!("{shown} was answered"));
                assert!(closed.entries == 0 && closed.notice.is_some(), "{shown}: {closed:?}");
                assert!(sent.elapsed() < GIVEN_UP, "{shown}: {:?}", sent.elapsed());
                sent.elapsed()
            });
        }
        let bound = tokio::spawn(async move {
            let code = binder
                .bind(&user_dn("cheap"), PASSWORD)
                .await
                .expect("a bind is answered");
            (code, start.elapsed())
        });
        // Meanwhile: the root DSE needs no database, and the port is still open.
        let asked = Instant::now();
        root_reader.root_dse().await.unwrap();
        assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
        let mut newcomer = Client::try_connect(&gateway).await.expect("holding: the port is open");
        newcomer.root_dse().await.unwrap();

        let mut longest = Duration::ZERO;
        for time in tasks.join_all().await {
            longest = longest.max(time);
        }
        let (code, bind_time) = bound.await.unwrap();
        assert_eq!(code, 52, "unavailable");
        assert!(bind_time < Duration::from_millis(6_500), "{bind_time:?}");

        // Away: nobody new, and those who were idle have been told.
        let refused = spawn_blocking({
            let gateway = Arc::clone(&gateway);
            move || eventually(Duration::from_secs(4), || !gateway.accepts())
        });
        assert!(refused.await.unwrap(), "still open\n{}", gateway.log_tail());
        let closed = start.elapsed();
        assert!(
            idle.receive_within(Duration::from_secs(3)).await.is_some(),
            "a Notice of Disconnection"
        );
        assert!(
            idle.receive_within(Duration::from_secs(3)).await.is_none(),
            "then the end"
        );
        drop(silent);

        let server = database.clone();
        spawn_blocking(move || come_back(&server)).await.unwrap();
        let back = Instant::now();
        let opened = spawn_blocking({
            let gateway = Arc::clone(&gateway);
            move || eventually(Duration::from_secs(10), || gateway.accepts())
        });
        assert!(opened.await.unwrap(), "it did not open again\n{}", gateway.log_tail());
        let mut client = Client::connect(&gateway).await;
        assert_eq!(client.lookup("alice").await.unwrap(), 1);
        let answered = back.elapsed();
        assert_eq!(client.lookup("nobody").await.unwrap(), 0);
        assert_eq!(client.bind(&user_dn("cheap"), PASSWORD).await.unwrap(), 0);
        assert_eq!(
            client.request(scan(person())).await.unwrap().entries.len(),
            Expected::of(&database).users
        );
        figure(&format!(
            "outage, {}: {what}: searches closed after {:.1} s at most, bind unavailable after {:.1} s, refusing after {:.1} s, \
             answering {:.2} s after it was back",
            engine.name(),
            longest.as_secs_f32(),
            bind_time.as_secs_f32(),
            closed.as_secs_f32(),
            answered.as_secs_f32()
        ));
        assert!(answered < BACK, "{answered:?}");
    });
}

fn away_with_unavailable_for_searches(engine: Engine) {
    let _guard = beside_others();
    let database = Database::private(engine);
    let gateway = Gateway::start(&env(&database).with("ON_DATABASE_FAILURE", "unavailable"));
    block_on(async {
        let mut client = Client::connect(&gateway).await;
        assert_eq!(client.lookup("alice").await.unwrap(), 1);
        let server = database.clone();
        spawn_blocking(move || server.kill()).await.unwrap();
        let done = client.search(equal("uid", "alice")).await.expect("answered");
        assert_eq!((done.code(), done.entries.len()), (52, 0));
    });
}

/// Breaks and mends the memberships. PostgreSQL: a permission; elsewhere the table goes.
fn break_memberships(database: &Database) {
    match database.engine {
        Engine::PostgreSql => database.sql("REVOKE SELECT ON \"UserGroups\" FROM gateway"),
        _ => database.sql("ALTER TABLE \"UserGroups\" RENAME TO \"Elsewhere\""),
    };
}

fn mend_memberships(database: &Database) {
    match database.engine {
        Engine::PostgreSql => database.sql("GRANT SELECT ON \"UserGroups\" TO gateway"),
        _ => database.sql("ALTER TABLE \"Elsewhere\" RENAME TO \"UserGroups\""),
    };
}

fn one_query_broken(engine: Engine) {
    let _guard = beside_others();
    // Nothing happens to the server, so the shared one will do.
    let database = Database::fresh(engine);
    let expected = Expected::of(&database);
    let gateway = Gateway::start(&env(&database));
    block_on(async {
        let mut before = Client::connect(&gateway).await;
        assert_eq!(before.lookup("alice").await.unwrap(), 1);
        break_memberships(&database);
        for round in 0..5 {
            // Its requests end at once: neither retried nor held.
            for filter in [
                equal("memberUid", "alice"),
                equal("member", &user_dn("alice")),
                equal("objectClass", "posixGroup"),
            ] {
                let start = Instant::now();
                let mut client = Client::connect(&gateway).await;
                let shown = format!("{filter:?}");
                let closed = client.request(scan(filter)).await.expect_err(&shown);
                assert_eq!(closed.entries, 0, "{shown}: a group without its members was served");
                assert!(
                    start.elapsed() < Duration::from_secs(2),
                    "{shown} was held for {:?}",
                    start.elapsed()
                );
            }
            // The others go on, on this connection and on new ones.
            assert_eq!(before.lookup("bob").await.unwrap(), 1, "round {round}");
            let mut client = Client::connect(&gateway).await;
            assert_eq!(client.lookup("alice").await.unwrap(), 1);
            assert_eq!(client.bind(&user_dn("cheap"), PASSWORD).await.unwrap(), 0);
            let people = client
                .request(search_for(BASE, LdapSearchScope::Subtree, person(), &["uid"]))
                .await
                .unwrap();
            assert_eq!((people.code(), people.entries.len()), (0, expected.users));
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        assert!(gateway.accepts());
        mend_memberships(&database);
        let mut client = Client::connect(&gateway).await;
        let mut found = client.search(equal("memberUid", "alice")).await;
        // Where it looks again only now and then, a moment may pass.
        for _ in 0..20 {
            if found.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
            client = Client::connect(&gateway).await;
            found = client.search(equal("memberUid", "alice")).await;
        }
        assert_eq!(found.unwrap().entries.len(), expected.groups_of_alice);
    });
}

fn users_broken(engine: Engine) {
    let _guard = beside_others();
    let database = Database::fresh(engine);
    let gateway = Gateway::start(&env(&database));
    block_on(async {
        let mut client = Client::connect(&gateway).await;
        assert_eq!(client.bind(&user_dn("cheap"), PASSWORD).await.unwrap(), 0);
        database.sql("ALTER TABLE \"Users\" RENAME TO \"Elsewhere\"");
        // Never invalidCredentials, never noSuchObject, never nothing.
        let code = client.bind(&user_dn("cheap"), PASSWORD).await.unwrap();
        assert_eq!(code, 52);
        let mut client = Client::connect(&gateway).await;
        client
            .search(equal("uid", "alice"))
            .await
            .expect_err("a lookup without the table");
        let mut client = Client::connect(&gateway).await;
        let read = search_for(
            &user_dn("alice"),
            LdapSearchScope::Base,
            LdapFilter::Present("uid".into()),
            &[],
        );
        client.request(read).await.expect_err("a read without the table");
        database.sql("ALTER TABLE \"Elsewhere\" RENAME TO \"Users\"");
        assert!(gateway.accepts());
        let mut client = Client::connect(&gateway).await;
        client.root_dse().await.unwrap();
    });
}

/// Waits closed for a while, opens once `mend` was done.
fn waits_until(gateway: &mut Gateway, names: &str, mend: impl FnOnce()) {
    for _ in 0..10 {
        std::thread::sleep(Duration::from_millis(200));
        assert!(!gateway.accepts(), "open, and nothing to serve");
        assert!(gateway.process.try_wait().is_none(), "it ended\n{}", gateway.log_tail());
    }
    assert!(
        eventually(Duration::from_secs(5), || gateway.log().contains(names)),
        "{names} is not named\n{}",
        gateway.log_tail()
    );
    mend();
    let start = Instant::now();
    assert!(
        gateway.wait_ready(Duration::from_secs(10)),
        "it did not open\n{}",
        gateway.log_tail()
    );
    let open = start.elapsed();
    assert!(open < Duration::from_secs(5), "open after {open:?}");
    block_on(async {
        let mut client = Client::connect(gateway).await;
        assert_eq!(client.lookup("alice").await.unwrap(), 1);
        assert_eq!(
            client.request(bind(&user_dn("cheap"), PASSWORD)).await.unwrap().code(),
            0
        );
    });
}

fn started_before_the_database(engine: Engine) {
    let _guard = beside_others();
    let database = Database::private(engine);
    database.stop();
    let mut gateway = Gateway::spawn(&env(&database));
    waits_until(&mut gateway, "SQL_URI", || database.launch());
}

fn started_with_a_wrong_password(engine: Engine) {
    let _guard = beside_others();
    let database = Database::private(engine);
    let set = |password: &str| {
        let statement = match engine {
            Engine::PostgreSql => format!("ALTER ROLE gateway PASSWORD '{password}'"),
            _ => format!("ALTER USER gateway IDENTIFIED BY '{password}'"),
        };
        database.sql(&statement);
    };
    set("another-S3cret");
    let mut gateway = Gateway::spawn(&env(&database));
    waits_until(&mut gateway, "SQL_URI", || set(crate::harness::database::APP_PASSWORD));
}

fn started_with_a_broken_query(engine: Engine) {
    let _guard = beside_others();
    let database = Database::fresh(engine);
    break_memberships(&database);
    let mut gateway = Gateway::spawn(&env(&database));
    // PostgreSQL prepares a query on a table it will not let us read; then there is nothing to wait for.
    if engine == Engine::PostgreSql {
        mend_memberships(&database);
        database.sql("ALTER TABLE \"UserGroups\" RENAME TO \"Elsewhere\"");
        drop(gateway);
        gateway = Gateway::spawn(&env(&database));
    }
    waits_until(&mut gateway, "SQL_QUERY_GROUPS_BY_MEMBER", || {
        database.sql("ALTER TABLE \"Elsewhere\" RENAME TO \"UserGroups\"");
    });
}

#[test]
fn sqlite_file_that_comes_later() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::Sqlite);
    let file = database.sqlite_file();
    let aside = file.with_extension("aside");
    database.sql("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE");
    std::fs::rename(&file, &aside).unwrap();
    let mut gateway = Gateway::spawn(&env(&database));
    waits_until(&mut gateway, "SQL_URI", || std::fs::rename(&aside, &file).unwrap());
}

#[test]
fn sqlite_table_that_goes() {
    one_query_broken(Engine::Sqlite);
}

#[test]
fn sqlite_busy_writer() {
    // The manager writes all the time; in WAL mode nobody waits for anybody.
    let _guard = beside_others();
    let database = Database::fresh(Engine::Sqlite);
    let server = database.clone();
    let (count, _) = asked_while(&database, move || {
        for round in 0..20 {
            server.sql(&format!(
                "UPDATE \"Users\" SET \"updatedAt\" = '2024-01-01 00:00:{round:02}'"
            ));
        }
    });
    assert!(count > 20);
}
