//! Keeps a realm described: at the start until that succeeds, and again when connections were lost or replaced, or a statement
//! was refused.

use super::{
    clock::ClockWatch,
    published::Published,
    trial::{Trial, refused},
};
use crate::{
    config::{AuthBackend, PasswordSettings, Query, QuerySet, RealmSettings},
    directory::{
        Directory, PasswordRow, PasswordUpdate,
        account::PasswordStore,
        kind::role::Role,
        passwords::Passwords,
        queries::{self, QueryProblem},
        realm::Realm,
    },
    server::health::RealmHealth,
    sql::{Database, OperatorQuery, OperatorStatements, State},
};
use std::{
    collections::{HashMap, HashSet},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};
use tracing::{error, info, warn};

/// The pause between two attempts to describe the queries.
const DESCRIBE_AGAIN: Duration = Duration::from_millis(500);
/// The pause after a statement was refused, before the queries are described again.
const REFUSED_PAUSE: Duration = Duration::from_secs(1);
/// The same while what was described before is served, and a query stays broken: nobody waits for the port.
const DESCRIBE_BROKEN: Duration = Duration::from_secs(2);
/// A query that is refused once may be one whose table is just being replaced: it is broken when it is refused so often in a
/// row.
const BROKEN_AFTER: u32 = 2;
/// How often the queries are tried where nobody else asks them.
const TRY: Duration = Duration::from_secs(60);
/// After this time without an answer, the log says that there is none.
const NO_ANSWER_YET: Duration = Duration::from_secs(1);
/// How often a lasting problem is logged.
const REMIND: Duration = Duration::from_secs(60);

/// Keeps one realm described.
pub struct Describer {
    /// The realm, by its position.
    pub position: usize,
    /// Its settings.
    pub settings: RealmSettings,
    /// Its database.
    pub database: Database,
    /// What it asks its database.
    pub queries: QuerySet<OperatorQuery>,
    /// Where its passwords are, where that is not the directory's own query.
    pub passwords: Option<PasswordQuery>,
    /// What changes them, `SQL_UPDATE_PASSWORD`.
    pub update: Option<OperatorStatements>,
    /// Where what was described goes.
    pub published: Arc<Published>,
    /// Told when to do it again.
    pub again: Arc<Notify>,
    /// Where `/readyz` and the metrics look.
    pub health: RealmHealth,
    /// What has been said of the directory. Each remark is said once.
    pub said: Mutex<HashSet<String>>,
}

/// What finds the passwords of a realm.
pub struct PasswordQuery {
    /// Where it was given.
    pub settings: PasswordSettings,
    /// The database, which may be the directory's.
    pub database: Database,
    /// The query.
    pub query: OperatorQuery,
}

/// What was found wrong when a realm was described.
struct Found<'a> {
    problems: Vec<QueryProblem>,
    /// Which database it is about, and whose settings.
    database: &'a Database,
    settings: GivenBy<'a>,
}

/// Where the settings of a database were given.
#[derive(Clone, Copy)]
enum GivenBy<'a> {
    Realm(&'a RealmSettings),
    Passwords(&'a PasswordSettings),
}

/// What keeps a realm from being described, as lines of the log: what waits for a database, and what is wrong.
struct Problems {
    waiting: Option<String>,
    wrong: Vec<String>,
    /// The queries that are wrong.
    broken: Vec<Query>,
}

/// A realm as it was described.
struct Described {
    realm: Realm,
    trials: Vec<Trial>,
}

impl GivenBy<'_> {
    fn place(self, name: &str) -> String {
        match self {
            GivenBy::Realm(settings) => settings.place(name),
            GivenBy::Passwords(settings) => settings.place(name),
        }
    }
}

impl Found<'_> {
    /// One unreachable database is one problem, however many queries wait for it; so is one cause of several queries. The
    /// database is asked for hints.
    async fn told(&self) -> Problems {
        let (waiting, wrong): (Vec<_>, Vec<_>) = self.problems.iter().cloned().partition(|problem| problem.unreachable);
        let waiting = waiting.first();
        let broken = wrong.iter().map(|problem| problem.query).collect();
        let wrong = QueryProblem::with_hints(wrong, self.database).await;
        let wrong = QueryProblem::together(wrong).into_iter().map(|(queries, text)| {
            let places = queries.into_iter().map(|query| self.settings.place(query.variable()));
            format!("{}: {text}", places.collect::<Vec<_>>().join(", "))
        });
        Problems {
            waiting: waiting.map(|problem| waits(&self.settings.place("SQL_URI"), self.database, &problem.text)),
            wrong: wrong.collect(),
            broken,
        }
    }
}

impl Problems {
    /// Logs what was not logged within the last minute: of two causes that take turns neither fills the log.
    fn log(&self, logged: &mut HashMap<String, Instant>) {
        logged.retain(|_, at| at.elapsed() < REMIND);
        let mut is_new = |line: &String| match logged.contains_key(line) {
            true => false,
            false => logged.insert(line.clone(), Instant::now()).is_none(),
        };
        for line in self.waiting.iter().filter(|line| is_new(line)) {
            warn!("{line}");
        }
        for line in self.wrong.iter().filter(|line| is_new(line)) {
            error!("{line}");
        }
    }

    /// Whether nobody can sign in: a bind needs the row of the one-user query, and all spellings of its name.
    fn admit_nobody(&self) -> bool {
        let needed = [Query::AllUsers, Query::OneUser];
        self.broken.iter().any(|query| needed.contains(query))
    }

    /// What is wrong, a line each.
    fn lines(&self) -> Vec<String> {
        self.waiting.iter().chain(&self.wrong).cloned().collect()
    }
}

/// That a database, of the setting at `place`, is waited for.
fn waits(place: &str, database: &Database, why: &str) -> String {
    format!("{place}: waiting for {}: {why}", database.place())
}

impl Describer {
    /// Runs until the gateway ends.
    pub async fn run(self) {
        let mut clocks: Vec<ClockWatch> = self.databases().cloned().map(ClockWatch::new).collect();
        let mut told = HashMap::new();
        loop {
            let generations = self.generations();
            let trials = self.describe(&mut clocks).await;
            let mut works = self.try_all(&trials, &mut told).await;
            let mut tried = Instant::now();
            while self.generations() == generations {
                tokio::select! {
                    () = sleep(DESCRIBE_AGAIN) => {}
                    () = self.again.notified() => {
                        // A query that stays broken must not have all queries described all day.
                        sleep(REFUSED_PAUSE).await;
                        break;
                    }
                }
                for clock in &mut clocks {
                    clock.look().await;
                }
                if tried.elapsed() < if works { TRY } else { DESCRIBE_BROKEN } {
                    continue;
                }
                tried = Instant::now();
                match works {
                    // Once is not enough: they are described, and tried again.
                    true if refused(&trials).await.is_some_and(|refused| !refused.is_empty()) => break,
                    true => {}
                    false => works = self.try_all(&trials, &mut told).await,
                }
            }
        }
    }

    /// Tries what was described, and has `/readyz` and the metrics show it. Whether all of it works, as far as is known.
    async fn try_all(&self, trials: &[Trial], told: &mut HashMap<String, Instant>) -> bool {
        let Some(refused) = refused(trials).await else {
            return true;
        };
        if refused.is_empty() {
            if !told.is_empty() {
                info!("the queries work again");
                told.clear();
            }
            self.health.is_well();
            return true;
        }
        let problems = Problems {
            waiting: None,
            broken: refused.iter().map(|(trial, _)| trial.query).collect(),
            wrong: refused
                .into_iter()
                .map(|(trial, why)| format!("{}: {why}", trial.place))
                .collect(),
        };
        self.note(&problems, BROKEN_AFTER);
        problems.log(told);
        false
    }

    /// The realm's databases.
    pub fn databases(&self) -> impl Iterator<Item = &Database> {
        let passwords = self.passwords.iter().map(|passwords| &passwords.database);
        [&self.database].into_iter().chain(passwords)
    }

    fn generations(&self) -> Vec<u64> {
        self.databases().map(Database::generation).collect()
    }

    /// Tries until it succeeds. A problem is logged at once, and again every minute.
    async fn describe(&self, clocks: &mut [ClockWatch]) -> Vec<Trial> {
        let mut told: Option<(Vec<QueryProblem>, Problems, Instant)> = None;
        let mut logged = HashMap::new();
        let mut refused = 0;
        loop {
            match self.described_or_told(told.is_none()).await {
                Ok(Described { realm, trials }) => {
                    if told.is_some() {
                        info!("the queries have been described");
                    }
                    // Before anybody is served, as far as nobody has to wait for it.
                    for clock in clocks {
                        clock.look().await;
                    }
                    // What was served before may be described, and not work.
                    if !self.published.is_published(self.position) {
                        self.health.is_well();
                    }
                    self.published.publish(self.position, realm);
                    self.databases().for_each(Database::mark_described);
                    return trials;
                }
                Err(found) => {
                    let is_told = told
                        .as_ref()
                        .is_some_and(|(before, _, at)| *before == found.problems && at.elapsed() < REMIND);
                    if !is_told {
                        let problems = found.told().await;
                        problems.log(&mut logged);
                        told = Some((found.problems, problems, Instant::now()));
                    }
                    if let Some((_, problems, _)) = &told {
                        refused = if problems.waiting.is_none() { refused + 1 } else { 0 };
                        self.note(problems, refused);
                    }
                }
            }
            let is_served = self.published.is_published(self.position);
            sleep(if is_served && refused > BROKEN_AFTER {
                DESCRIBE_BROKEN
            } else {
                DESCRIBE_AGAIN
            })
            .await;
        }
    }

    /// Has `/readyz` and the metrics show what is wrong.
    fn note(&self, problems: &Problems, refused: u32) {
        if problems.waiting.is_some() {
            // What is known of a database that was there before is shown by its state.
            if !self.published.is_published(self.position) {
                self.health.is_unknown(problems.lines());
            }
        } else if refused >= BROKEN_AFTER || !self.published.is_published(self.position) {
            let broken: Vec<&str> = problems.broken.iter().map(|query| query.variable()).collect();
            self.health
                .is_broken(&broken, problems.lines(), problems.admit_nobody());
        }
    }

    /// Describes. At the start it says where the database is, and that an answer takes long: an address where nobody is
    /// gives none, and no error either.
    async fn described_or_told(&self, is_first: bool) -> Result<Described, Found<'_>> {
        let starting = |database: &Database| is_first && database.state() == State::Starting;
        for (place, database) in self.placed_databases().filter(|(_, database)| starting(database)) {
            info!("{place}: connecting to {}", database.place());
        }
        let mut describing = pin!(self.described());
        tokio::select! {
            described = &mut describing => return described,
            () = sleep(NO_ANSWER_YET), if is_first => {}
        }
        let silent = self
            .placed_databases()
            .filter(|(_, database)| starting(database) && !database.is_connected());
        silent.for_each(|(place, database)| warn!("{}", waits(&place, database, "no answer yet")));
        describing.await
    }

    /// The realm's databases, each with the place of its `SQL_URI`.
    fn placed_databases(&self) -> impl Iterator<Item = (String, &Database)> {
        let passwords = self
            .passwords
            .iter()
            .filter(|passwords| passwords.settings.database.is_some());
        let passwords = passwords.map(|passwords| (passwords.settings.place("SQL_URI"), &passwords.database));
        [(self.settings.place("SQL_URI"), &self.database)]
            .into_iter()
            .chain(passwords)
    }

    async fn described(&self) -> Result<Described, Found<'_>> {
        let RealmSettings { base, layout, .. } = &self.settings;
        let directory = Directory::build(&self.database, base, layout, &self.queries).await;
        let directory = directory.map_err(|problems| Found {
            problems,
            database: &self.database,
            settings: GivenBy::Realm(&self.settings),
        })?;
        self.remark(&directory);
        let own = |(query, statement)| Trial {
            query,
            place: self.settings.place(Query::variable(query)),
            database: self.database.clone(),
            statement,
        };
        let mut trials: Vec<Trial> = directory.trials().into_iter().map(own).collect();
        let realm = Realm::new(directory.source(), layout, self.published.capabilities);
        let realm = realm.with_hidden(&self.settings.policy.access.hidden);
        let Some(PasswordQuery {
            settings,
            database,
            query,
        }) = &self.passwords
        else {
            let store = self.store(directory.password_row()).await?;
            return Ok(Described {
                realm: realm.with_passwords(store),
                trials,
            });
        };
        let passwords = Passwords::describe(database, query).await;
        let passwords = passwords.map_err(|problems| Found {
            problems,
            database,
            settings: GivenBy::Passwords(settings),
        })?;
        let store = self.store(Some(passwords.row_of_a_user())).await?;
        trials.push(Trial {
            query: Query::OneUser,
            place: settings.place(Query::OneUser.variable()),
            database: database.clone(),
            statement: passwords.trial(),
        });
        let realm = realm.with_accounts(|accounts| passwords.of(accounts));
        Ok(Described {
            realm: realm.with_passwords(store),
            trials,
        })
    }

    /// What changes passwords, in the row where they are read.
    async fn store(&self, row: Option<PasswordRow>) -> Result<Option<Arc<dyn PasswordStore>>, Found<'_>> {
        let Some(statements) = &self.update else {
            return Ok(None);
        };
        let hold = self.settings.policy.bind_hold;
        match PasswordUpdate::describe(row, statements, hold).await {
            Ok(update) => Ok(Some(Arc::new(update))),
            Err(problem) => {
                let passwords = self.passwords.as_ref().map(|passwords| &passwords.database);
                let database = passwords.unwrap_or(&self.database);
                Err(Found {
                    problems: vec![problem],
                    database,
                    settings: GivenBy::Realm(&self.settings),
                })
            }
        }
    }

    /// Roles whose absence is a matter of taste, or of no matter to the chain: `check` tells of them.
    fn of_no_interest(&self) -> Vec<Role> {
        let mut roles = queries::hints::ONLY_FOR_CHECK.to_vec();
        if self.passwords.is_some() || !self.settings.auth.chain.has(AuthBackend::Sql) {
            roles.push(Role::Password);
        }
        roles
    }

    /// Logs what is served differently than one might think, and which columns are ignored that speak of who may sign in.
    fn remark(&self, directory: &Directory) {
        let private_groups = directory
            .no_private_groups()
            .map(|why| format!("LDAP_USER_PRIVATE_GROUPS: no private groups are served: {why}"));
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let hints = queries::hints::column_hints(directory.queries().each(), &self.of_no_interest());
        let hints = queries::hints::lines(hints);
        let remarks = queries::remarks(directory.queries()).into_iter().chain(private_groups);
        for remark in remarks.chain(hints) {
            if said.insert(remark.clone()) {
                warn!("{remark}");
            }
        }
    }
}

impl PasswordQuery {
    /// The query that the settings give; `directory` is the realm's own database.
    ///
    /// # Errors
    /// What is wrong, under the place where it was given.
    pub fn new(settings: &PasswordSettings, database: Database) -> Result<Self, String> {
        let query = OperatorQuery::lookup(&settings.one_user, database.engine());
        let query = query.map_err(|error| format!("{}: {error}", settings.place(Query::OneUser.variable())))?;
        Ok(PasswordQuery {
            settings: settings.clone(),
            database,
            query,
        })
    }
}
