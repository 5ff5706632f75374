//! The whole way on SQLite: what the other engines do in addition is tested against real servers in
//! `tests/it`.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor};
use tokio::time::{Instant, sleep};

use super::*;
use crate::model::value::Cell;

/// A directory of its own, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "ldap-gateway-sql-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Place(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("d.sqlite")
    }

    async fn manager(&self, sql: &str) -> SqliteConnection {
        let options = SqliteConnectOptions::new()
            .filename(self.file())
            .create_if_missing(true);
        let mut connection = options.connect().await.unwrap();
        connection
            .execute(sqlx::raw_sql(AssertSqlSafe(sql.to_owned())))
            .await
            .unwrap();
        connection
    }

    fn database(&self) -> Database {
        let mut settings = DatabaseSettings::new(format!("sqlite:{}", self.file().display()));
        settings.pool_size = 4;
        let database = Database::new(&settings, Metrics::default()).unwrap();
        database.mark_described();
        database
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn within(millis: u64) -> std::time::Instant {
    std::time::Instant::now() + Duration::from_millis(millis)
}

const USERS: &str = "CREATE TABLE u (uid TEXT PRIMARY KEY, n INTEGER); INSERT INTO u VALUES ('alice', 1), ('bob', 2);";
/// Runs for minutes, and holds a lock for reading meanwhile.
const SLOW: &str = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 3000000000) \
                    SELECT count(*) FROM u, c";

#[tokio::test]
async fn values_are_decoded_each_by_its_own_type() {
    let place = Place::new();
    let _manager = place
        .manager(
            "CREATE TABLE t (a, b BOOLEAN, c DATETIME); \
             INSERT INTO t VALUES (1, 1, '2024-01-02'), (1.5, 2, NULL), (X'FF00', 0, 7), (CAST(X'FF' AS TEXT), NULL, '')",
        )
        .await;
    let rows = place
        .database()
        .fetch("SELECT a, b, c FROM t", &[], Budget::lookup(within(2000)))
        .await
        .unwrap();
    assert_eq!(
        rows,
        [
            vec![Cell::Integer(1), Cell::Boolean(true), text("2024-01-02")],
            vec![text("1.5"), Cell::Integer(2), Cell::Null],
            vec![Cell::Bytes(vec![0xff, 0]), Cell::Boolean(false), Cell::Integer(7)],
            vec![Cell::Bytes(vec![0xff]), Cell::Null, text("")],
        ]
    );
}

#[tokio::test]
async fn arguments_are_bound() {
    let place = Place::new();
    let _manager = place.manager(USERS).await;
    let database = place.database();
    let sql = "SELECT uid FROM u WHERE uid = ? OR n = ? OR uid IN (SELECT value FROM json_each(?))";
    let args = [
        Arg::Text("x' OR '1'='1".to_owned()),
        Arg::Integer(2),
        Arg::TextList(vec!["al\"ice".to_owned(), "alice".to_owned()]),
    ];
    let rows = database.fetch(sql, &args, Budget::lookup(within(2000))).await.unwrap();
    assert_eq!(rows, [[text("alice")], [text("bob")]]);
    let described = database.describe(sql).await.unwrap();
    assert_eq!((described.columns.len(), described.parameters), (1, vec![None; 3]));
}

#[tokio::test]
async fn a_statements_own_error_is_not_repeated_and_changes_no_state() {
    let place = Place::new();
    let _manager = place.manager(USERS).await;
    let database = place.database();
    let begun = Instant::now();
    let error = database
        .fetch("SELECT nosuch FROM u", &[], Budget::scan(Duration::from_millis(60_000)))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, SqlError::Statement(_)) && begun.elapsed() < Duration::from_secs(1),
        "{error:?}"
    );
    assert!(!error.to_string().contains("nosuch"));
    assert!(matches!(database.describe("SELEC").await, Err(SqlError::Statement(_))));
    assert_eq!(database.state(), State::Serving);
}

#[tokio::test]
async fn a_changed_table_is_never_an_empty_answer() {
    let place = Place::new();
    let mut manager = place.manager(USERS).await;
    let database = place.database();
    for step in 0..3 {
        // `*` on purpose: here the driver's worker dies in the middle, and its stream ends without an error.
        let rows = database
            .fetch("SELECT * FROM u", &[], Budget::lookup(within(4000)))
            .await;
        assert_eq!(rows.unwrap().len(), 2, "step {step}");
        let sql = format!("ALTER TABLE u ADD COLUMN c{step} TEXT");
        manager.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
    }
}

#[tokio::test]
async fn a_slow_lookup_is_cut_and_leaves_the_pool_free() {
    let place = Place::new();
    let mut manager = place.manager(USERS).await;
    let database = place.database();
    let error = database
        .fetch(SLOW, &[], Budget::lookup(within(300)))
        .await
        .unwrap_err();
    assert_eq!(error, SqlError::TimedOut);
    for _ in 0..8 {
        let dropped = tokio::time::timeout(
            Duration::from_millis(20),
            database.fetch(SLOW, &[], Budget::scan(Duration::from_millis(60_000))),
        );
        assert!(dropped.await.is_err());
    }
    let begun = Instant::now();
    database
        .fetch("SELECT 1", &[], Budget::bind(within(2000)))
        .await
        .unwrap();
    // The statements have ended: nobody holds a lock.
    manager.execute("BEGIN EXCLUSIVE").await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(500), "{:?}", begun.elapsed());
    assert_eq!(database.state(), State::Serving);
}

#[tokio::test]
async fn a_locked_database_is_waited_for() {
    let place = Place::new();
    let mut manager = place.manager(USERS).await;
    let database = place.database();
    manager.execute("BEGIN EXCLUSIVE").await.unwrap();
    let error = database
        .fetch("SELECT n FROM u", &[], Budget::lookup(within(600)))
        .await
        .unwrap_err();
    assert_eq!(error, SqlError::TimedOut);
    let (rows, ()) = tokio::join!(
        database.fetch("SELECT n FROM u", &[], Budget::lookup(within(4000))),
        async {
            sleep(Duration::from_millis(900)).await;
            manager.execute("COMMIT").await.unwrap();
        }
    );
    assert_eq!(rows.unwrap().len(), 2);
    assert_eq!(database.state(), State::Serving);
}

#[tokio::test]
async fn a_vanished_file_is_held_for_and_a_new_one_is_read() {
    let place = Place::new();
    let manager = place.manager(USERS).await;
    let database = place.database();
    let count = || database.fetch("SELECT n FROM u", &[], Budget::lookup(within(4000)));
    assert_eq!(count().await.unwrap().len(), 2);
    drop(manager);
    std::fs::remove_file(place.file()).unwrap();
    let (rows, ()) = tokio::join!(count(), async {
        sleep(Duration::from_millis(700)).await;
        assert!(matches!(database.state(), State::Holding { .. }));
        place
            .manager("CREATE TABLE u (uid, n); INSERT INTO u VALUES ('carol', 3)")
            .await;
    });
    assert_eq!(rows.unwrap(), [[Cell::Integer(3)]]);
    assert_eq!(database.state(), State::Serving);
}

#[tokio::test]
async fn away_is_answered_at_once_and_the_probe_leads_back() {
    let place = Place::new();
    let database = place.database();
    let mut states = database.states();
    let begun = Instant::now();
    let fetch = |budget| database.fetch("SELECT n FROM u", &[], budget);
    let error = fetch(Budget::scan(Duration::from_secs(60))).await.unwrap_err();
    assert!(matches!(error, SqlError::Unavailable(_)), "{error:?}");
    assert_eq!(database.state(), State::Away);
    assert!(
        (4.4..5.1).contains(&begun.elapsed().as_secs_f32()),
        "{:?}",
        begun.elapsed()
    );
    let begun = Instant::now();
    assert!(matches!(
        fetch(Budget::bind(within(60_000))).await,
        Err(SqlError::Unavailable(_))
    ));
    assert!(begun.elapsed() < Duration::from_millis(50));
    place.manager(USERS).await;
    states.wait_for(|state| *state == State::Serving).await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(1000), "{:?}", begun.elapsed());
    assert_eq!(fetch(Budget::lookup(within(60_000))).await.unwrap().len(), 2);
}

#[tokio::test]
async fn streams_are_complete_or_say_so() {
    let place = Place::new();
    let _manager = place.manager(USERS).await;
    let database = place.database();
    let numbers = |limit: u64| {
        format!("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT {limit}) SELECT x FROM c")
    };
    let second = Duration::from_secs(1);

    let mut stream = database.stream(numbers(10_000), Vec::new(), second);
    let mut count = 0;
    while let Some(rows) = stream.next().await {
        count += rows.unwrap().len();
    }
    assert_eq!(count, 10_000);

    // More than the quarter of the pool, each dropped in the middle.
    for _ in 0..5 {
        let mut stream = database.stream(numbers(3_000_000_000), Vec::new(), second);
        assert_eq!(stream.next().await.unwrap().unwrap().len(), 256);
    }

    let mut stream = database.stream("SELECT nosuch FROM u".to_owned(), Vec::new(), second);
    assert!(matches!(stream.next().await, Some(Err(SqlError::Statement(_)))));
    assert!(stream.next().await.is_none());

    let mut stream = database.stream(SLOW.to_owned(), Vec::new(), Duration::from_millis(200));
    assert!(matches!(stream.next().await, Some(Err(SqlError::TimedOut))));
}

#[tokio::test]
async fn a_read_without_a_bound_ends() {
    let place = Place::new();
    let _manager = place.manager(USERS).await;
    let sql = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 200000) SELECT x FROM c";
    let error = place
        .database()
        .fetch(sql, &[], Budget::scan(Duration::from_millis(60_000)))
        .await
        .unwrap_err();
    assert!(error.detail().contains("more rows"), "{error:?}");
}

#[tokio::test]
async fn nothing_shows_the_uri_or_the_values() {
    let settings = DatabaseSettings::new("postgres://scott:hunter2@db.internal/d");
    assert!(!format!("{settings:?}").contains("scott"));
    assert!(!format!("{:?}", Database::new(&settings, Metrics::default()).unwrap()).contains("internal"));
    assert!(!format!("{:?}", Arg::Text("hunter2".to_owned())).contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identical_lookups_that_wait_share_a_statement_and_one_that_was_sent_is_not_joined() {
    let place = Place::new();
    let _manager = place.manager(USERS).await;
    let mut settings = DatabaseSettings::new(format!("sqlite:{}", place.file().display()));
    settings.pool_size = 1;
    let database = Database::new(&settings, Metrics::default()).unwrap();
    database.mark_described();
    // Who shares a statement has its random number.
    let lookup = |database: &Database, name: &str| {
        let (database, args) = (database.clone(), [Arg::Text(name.to_owned())]);
        tokio::spawn(async move {
            let sql = "SELECT uid, random() FROM u WHERE uid = ?";
            database
                .fetch(sql, &args, Budget::lookup(within(20_000)))
                .await
                .unwrap()
        })
    };
    let busy = database.clone();
    let blocker = tokio::spawn(async move { busy.fetch(SLOW, &[], Budget::scan(Duration::from_millis(20_000))).await });
    while !database.inner.pool.is_taken() {
        sleep(Duration::from_millis(5)).await;
    }
    let waiting: Vec<_> = (0..20).map(|_| lookup(&database, "alice")).collect();
    let other = lookup(&database, "bob");
    // Whoever began to wait first leaves; the others must not leave with it.
    while database.inner.waiting.turn_count() < 2 {
        sleep(Duration::from_millis(5)).await;
    }
    sleep(Duration::from_millis(100)).await;
    waiting[0].abort();
    sleep(Duration::from_millis(100)).await;
    blocker.abort();
    let mut numbers = std::collections::BTreeSet::new();
    for rows in waiting.into_iter().skip(1) {
        let rows = rows.await.unwrap();
        assert_eq!((rows.len(), &rows[0][0]), (1, &text("alice")));
        numbers.insert(rows[0][1].to_text().unwrap().into_owned());
    }
    assert_eq!(numbers.len(), 1, "statements for one lookup");
    assert_eq!(other.await.unwrap()[0][0], text("bob"));
    let later = lookup(&database, "alice").await.unwrap();
    assert!(!numbers.contains(later[0][1].to_text().unwrap().as_ref()));
    assert_eq!(database.inner.waiting.turn_count(), 0);
}
