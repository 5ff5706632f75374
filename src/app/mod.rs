//! Puts the gateway together from its settings and runs it until it is told to stop.
//!
//! The database may be down: the gateway starts all the same, waits closed, says why, and opens when it can. `describer` keeps
//! each realm described and tries its queries (`trial`), `clock` compares clocks, `published` is what operations see of the realms.

mod capabilities;
mod clock;
mod describer;
mod published;
mod trial;

use crate::{
    auth::{
        authenticator::Authenticator,
        hash_maker::HashMaker,
        hashing_pool::{HashingLimits, HashingPool},
    },
    config::{Config, Query, QuerySet, RealmSettings},
    directory::{
        parse_password_update,
        queries::{self, QueryProblem},
    },
    metrics::Metrics,
    operations::{
        catalog::{Catalog, RealmServices},
        context::{Seldom, Services},
    },
    server::{
        admin::{Admin, ObservedRealm},
        availability,
        connection::Shared,
        failures::FailedConnections,
        health::RealmHealth,
        listener::Listener,
        tls::reload::Acceptors,
    },
    sql::{Database, OperatorQuery, OperatorStatements, SqlError},
};
pub use capabilities::CAPABILITIES;
use capabilities::CAPABILITIES_WITH_PASSWORDS;
use describer::{Describer, PasswordQuery};
use published::Published;
use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, error, info, info_span};

/// Why the gateway cannot start at all.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database settings and the queries' texts, each under the place where it was given.
    #[error("{}", .0.join("\n"))]
    Settings(Vec<String>),
    /// There is nothing to serve.
    #[error("REALM_CONFIG: no realm")]
    NoRealm,
    /// The operating system refuses threads.
    #[error("HASHING_THREADS: cannot start threads: {0}")]
    Threads(io::Error),
    /// The admin port cannot be opened.
    #[error("ADMIN_ADDR: cannot listen on {address}: {error}")]
    Admin {
        /// Where.
        address: std::net::SocketAddr,
        /// Why not.
        error: io::Error,
    },
    /// The port cannot be opened.
    #[error("PORT, BIND_IP: cannot listen on {address}: {error}")]
    Listen {
        /// Where.
        address: std::net::SocketAddr,
        /// Why not.
        error: io::Error,
    },
}

/// A gateway that is ready to run.
pub struct App {
    listener: Listener,
    shared: Shared,
    grace: Duration,
    describers: Vec<Describer>,
    admin: Option<Admin>,
}

/// A realm's part of the gateway, apart from what operations use.
struct Realm {
    database: Database,
    passwords: Option<PasswordQuery>,
    update: Option<OperatorStatements>,
    queries: QuerySet<OperatorQuery>,
    observed: ObservedRealm,
}

impl App {
    /// Builds everything. Must be called inside a Tokio runtime.
    ///
    /// # Errors
    /// What can be known to be wrong without asking a database, of all realms.
    pub fn new(config: &Config, tls: Option<Acceptors>, metrics: Metrics) -> Result<App, StartError> {
        let realms = realms(config, &metrics)?;
        let hashing = HashingPool::new(HashingLimits {
            threads: config.realm().auth.hashing_threads,
            // A connection has one bind at a time, so nobody is ever turned away.
            queue: config.network.max_connections,
            memory_kib: config.realm().auth.hashing_memory.map(|mib| mib * 1024),
        })
        .map_err(StartError::Threads)?;
        let hashing = Arc::new(hashing);
        let capabilities = match realms.iter().any(|(_, realm)| realm.update.is_some()) {
            true => CAPABILITIES_WITH_PASSWORDS,
            false => CAPABILITIES,
        };
        let (published, receivers) = Published::new(realms.len(), contexts(config), capabilities);
        let published = Arc::new(published);
        let mut services = Vec::new();
        let mut describers = Vec::new();
        let mut observed = Vec::new();
        let mut problems = Vec::new();
        for ((position, (settings, realm)), receiver) in realms.into_iter().enumerate().zip(receivers) {
            let again = Arc::new(Notify::new());
            let counted = &realm.observed.metrics;
            let authenticator = match Authenticator::new(&settings.auth, Arc::clone(&hashing), counted) {
                Ok(authenticator) => authenticator,
                Err(error) => {
                    problems.push(format!("{}: {error}", settings.place(error.setting())));
                    continue;
                }
            };
            services.push(RealmServices {
                name: settings.name.clone(),
                base: settings.base.clone(),
                published: receiver,
                authenticator,
                policy: settings.policy.clone(),
                metrics: settings.name.as_ref().map(|_| realm.observed.metrics.clone()),
                describe_again: Arc::clone(&again),
            });
            let health = realm.observed.health.clone();
            observed.push(realm.observed);
            describers.push(Describer {
                position,
                settings: settings.clone(),
                database: realm.database,
                queries: realm.queries,
                passwords: realm.passwords,
                update: realm.update,
                published: Arc::clone(&published),
                again,
                health,
                said: Mutex::default(),
            });
        }
        if !problems.is_empty() {
            return Err(StartError::Settings(problems));
        }
        let failures = FailedConnections::new(metrics.clone());
        let services = Arc::new(Services {
            catalog: Catalog::new(services, config.realms.default_position()).ok_or(StartError::NoRealm)?,
            hashing,
            hash_maker: HashMaker::default(),
            metrics,
            log_filter_values: config.realm().policy.log_filter_values,
            empty_base_used: Seldom::default(),
        });
        let shared = Shared {
            services,
            availability: availability::together(observed.iter().map(|realm| realm.state.clone()).collect()),
            draining: CancellationToken::new(),
            network: config.network.clone(),
            failures,
        };
        let admin = config.network.admin.map(|address| Admin {
            address,
            services: Arc::clone(&shared.services),
            realms: observed,
            availability: shared.availability.clone(),
            draining: shared.draining.clone(),
            certificate: tls.clone(),
        });
        let listener = Listener {
            address: config.network.address,
            tls,
            max_connections: config.network.max_connections,
        };
        Ok(App {
            listener,
            shared,
            grace: config.shutdown_grace,
            describers,
            admin,
        })
    }

    /// The databases, for SIGHUP: they make new connections and have the queries described again.
    pub fn databases(&self) -> Vec<Database> {
        let databases = self.describers.iter().flat_map(Describer::databases);
        databases.cloned().collect()
    }

    /// Serves until `stop` is over, then drains.
    ///
    /// # Errors
    /// A port cannot be opened at the start. Later, opening it is tried again.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), StartError> {
        let address = self.listener.address;
        // Opened for a moment only: the socket must stay closed until the directory can be served.
        drop(
            self.listener
                .bind()
                .map_err(|error| StartError::Listen { address, error })?,
        );
        // Dropped at the end, and with it the connections of the admin port.
        let mut asked = JoinSet::new();
        if let Some(admin) = self.admin {
            let (address, socket) = (admin.address, admin.bind());
            let socket = socket.map_err(|error| StartError::Admin { address, error })?;
            asked.spawn(admin.run(socket));
        }
        let draining = self.shared.draining.clone();
        // Dropped at the end, too.
        let mut describing = JoinSet::new();
        for describer in self.describers {
            let span = span_of(&describer.settings);
            describing.spawn(describer.run().instrument(span));
        }
        let serving = tokio::spawn(self.listener.run(self.shared, self.grace));
        stop.await;
        info!("stopping: no new connections, what is in flight is finished");
        draining.cancel();
        if let Err(error) = serving.await {
            error!(%error, "the listener failed");
        }
        Ok(())
    }
}

/// Lines of the log about one of several realms name it.
fn span_of(realm: &RealmSettings) -> Span {
    match &realm.name {
        Some(name) => info_span!("realm", realm = &**name),
        None => Span::none(),
    }
}

/// The naming contexts, the default one first.
fn contexts(config: &Config) -> Vec<String> {
    let default = config.realm().base.to_string();
    let others = config.realms.iter().map(|realm| realm.base.to_string());
    let others: Vec<String> = others.filter(|base| *base != default).collect();
    [default].into_iter().chain(others).collect()
}

/// The realms' databases and queries.
///
/// # Errors
/// What is wrong with those of all realms.
fn realms<'a>(config: &'a Config, metrics: &Metrics) -> Result<Vec<(&'a RealmSettings, Realm)>, StartError> {
    let mut problems = Vec::new();
    let mut realms = Vec::new();
    for settings in config.realms.iter() {
        match span_of(settings).in_scope(|| realm(settings, metrics)) {
            Ok(realm) => realms.push((settings, realm)),
            Err(found) => problems.extend(found),
        }
    }
    match problems.is_empty() {
        true => Ok(realms),
        false => Err(StartError::Settings(problems)),
    }
}

/// The variables of the queries and statements that a realm has.
fn given(settings: &RealmSettings) -> impl Iterator<Item = &'static str> {
    let update = settings.policy.password_changes.update.as_ref();
    let update = update.map(|_| Query::UpdatePassword);
    settings
        .queries
        .each()
        .map(|(query, _)| query)
        .chain(update)
        .map(Query::variable)
}

fn realm(settings: &RealmSettings, metrics: &Metrics) -> Result<Realm, Vec<String>> {
    // A realm with a name is counted by itself.
    let metrics = settings
        .name
        .as_ref()
        .map_or_else(|| metrics.clone(), |_| Metrics::default());
    let uri = |error: SqlError, place: String| vec![format!("{place}: {}", error.detail())];
    let database = Database::new(&settings.database, metrics.clone());
    let database = database.map_err(|error| uri(error, settings.place("SQL_URI")))?;
    let queries = queries::parse_all(&settings.queries, database.engine()).map_err(|problems| {
        let place = |query: Query| settings.place(query.variable());
        let lines = QueryProblem::together(problems).into_iter();
        let lines = lines.map(|(queries, text)| {
            let places: Vec<String> = queries.into_iter().map(place).collect();
            format!("{}: {text}", places.join(", "))
        });
        lines.collect::<Vec<_>>()
    })?;
    let mut observed = ObservedRealm {
        name: settings.name.clone(),
        state: database.states(),
        databases: vec![(None, database.clone(), metrics.clone())],
        health: RealmHealth::new(given(settings)),
        metrics,
    };
    let passwords = match &settings.passwords {
        None => None,
        Some(passwords) => {
            let own = match &passwords.database {
                None => database.clone(),
                Some(own) => {
                    let metrics = Metrics::default();
                    let own = Database::new(own, metrics.clone());
                    let own = own.map_err(|error| uri(error, passwords.place("SQL_URI")))?;
                    observed.state = availability::of_all(vec![database.states(), own.states()]);
                    observed.databases.push((Some("passwords"), own.clone(), metrics));
                    own
                }
            };
            Some(PasswordQuery::new(passwords, own).map_err(|problem| vec![problem])?)
        }
    };
    let update = match &settings.policy.password_changes.update {
        None => None,
        Some(text) => {
            // They are changed where they are read.
            let engine = passwords
                .as_ref()
                .map_or(database.engine(), |own| own.database.engine());
            let update = parse_password_update(text, engine);
            let place = settings.place(Query::UpdatePassword.variable());
            Some(update.map_err(|problem| vec![format!("{place}: {}", problem.text)])?)
        }
    };
    Ok(Realm {
        database,
        passwords,
        update,
        queries,
        observed,
    })
}
