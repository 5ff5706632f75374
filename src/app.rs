//! Puts the gateway together from its settings and runs it until it is told to stop.
//!
//! The database may be down: the gateway starts all the same, waits closed, says why, and opens when it can.

use crate::{
    auth::{
        authenticator::Authenticator,
        hashing_pool::{HashingLimits, HashingPool},
    },
    config::{Config, Layout, QuerySet},
    directory::{
        Directory,
        naming::subschema::Capabilities,
        queries::{self, QueryProblem},
        realm::Realm,
    },
    metrics::Metrics,
    model::dn::Dn,
    operations::{
        catalog::{Catalog, RealmServices},
        context::{Seldom, Services},
        controls::SUPPORTED_CONTROLS,
        extended::SUPPORTED_EXTENSIONS,
    },
    server::{admin::Admin, connection::Shared, listener::Listener, tls::reload::Acceptors},
    sql::{Database, OperatorQuery, SqlError},
};
use std::{
    collections::HashSet,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// The pause between two attempts to describe the queries.
const DESCRIBE_AGAIN: Duration = Duration::from_millis(500);
/// The pause after a statement was refused, before the queries are described again.
const REFUSED_PAUSE: Duration = Duration::from_secs(1);
/// How often a lasting problem is logged.
const REMIND: Duration = Duration::from_secs(60);
/// What the root DSE lists.
pub const CAPABILITIES: Capabilities = Capabilities {
    controls: &SUPPORTED_CONTROLS,
    extensions: &SUPPORTED_EXTENSIONS,
};

/// Why the gateway cannot start at all.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database settings.
    #[error("SQL_URI: {}", .0.detail())]
    Database(SqlError),
    /// The queries' texts.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Queries(Vec<QueryProblem>),
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
    describer: Describer,
    admin: Option<Admin>,
}

impl App {
    /// Builds everything. Must be called inside a Tokio runtime.
    ///
    /// # Errors
    /// What can be known to be wrong without asking the database.
    pub fn new(config: &Config, tls: Option<Acceptors>, metrics: Metrics) -> Result<App, StartError> {
        let database = Database::new(&config.database, metrics.clone()).map_err(StartError::Database)?;
        let queries = queries::parse_all(&config.queries, database.engine()).map_err(StartError::Queries)?;
        let hashing = HashingPool::new(HashingLimits {
            threads: config.auth.hashing_threads,
            // A connection has one bind at a time, so nobody is ever turned away.
            queue: config.network.max_connections,
            memory_kib: config.auth.hashing_memory.map(|mib| mib * 1024),
        })
        .map_err(StartError::Threads)?;
        let hashing = Arc::new(hashing);
        let (publish, published) = watch::channel(None);
        let again = Arc::new(Notify::new());
        let realm = RealmServices {
            name: None,
            base: config.base.clone(),
            published,
            authenticator: Authenticator::new(&config.auth, Arc::clone(&hashing), &metrics),
            policy: config.policy.clone(),
            describe_again: Arc::clone(&again),
        };
        let services = Arc::new(Services {
            catalog: Catalog::of_one(realm),
            hashing,
            metrics,
            log_filter_values: config.policy.log_filter_values,
            empty_base_used: Seldom::default(),
        });
        let listener = Listener {
            address: config.network.address,
            tls,
            max_connections: config.network.max_connections,
        };
        let shared = Shared {
            services,
            availability: database.states(),
            draining: CancellationToken::new(),
            network: config.network.clone(),
        };
        let admin = config.network.admin.map(|address| Admin {
            address,
            services: Arc::clone(&shared.services),
            database: database.clone(),
            availability: shared.availability.clone(),
            draining: shared.draining.clone(),
        });
        let describer = Describer {
            database,
            base: config.base.clone(),
            layout: config.layout.clone(),
            queries,
            publish,
            again,
            said: Mutex::default(),
        };
        Ok(App {
            listener,
            shared,
            grace: config.shutdown_grace,
            describer,
            admin,
        })
    }

    /// The database, for SIGHUP: it makes new connections and has the queries described again.
    pub fn database(&self) -> Database {
        self.describer.database.clone()
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
        let describing = tokio::spawn(self.describer.run());
        let serving = tokio::spawn(self.listener.run(self.shared, self.grace));
        stop.await;
        info!("stopping: no new connections, what is in flight is finished");
        draining.cancel();
        if let Err(error) = serving.await {
            error!(%error, "the listener failed");
        }
        describing.abort();
        Ok(())
    }
}

/// Keeps the directory described: at start until it succeeds, and again when connections were lost or replaced.
struct Describer {
    database: Database,
    base: Dn,
    layout: Layout,
    queries: QuerySet<OperatorQuery>,
    publish: watch::Sender<Option<Arc<Realm>>>,
    again: Arc<Notify>,
    /// What has been said of the directory. Each remark is said once.
    said: Mutex<HashSet<String>>,
}

impl Describer {
    async fn run(self) {
        loop {
            let generation = self.database.generation();
            self.describe().await;
            while self.database.generation() == generation {
                tokio::select! {
                    () = sleep(DESCRIBE_AGAIN) => {}
                    () = self.again.notified() => {
                        // A query that stays broken must not have all queries described all day.
                        sleep(REFUSED_PAUSE).await;
                        break;
                    }
                }
            }
        }
    }

    /// Tries until it succeeds. A problem is logged at once, and again every minute.
    async fn describe(&self) {
        let mut logged: Option<(Vec<QueryProblem>, Instant)> = None;
        loop {
            match Directory::build(&self.database, &self.base, &self.layout, &self.queries).await {
                Ok(directory) => {
                    if logged.is_some() {
                        info!("the queries have been described");
                    }
                    self.remark(&directory);
                    let realm = Realm::new(directory.source(), &self.layout, CAPABILITIES);
                    self.publish.send_replace(Some(Arc::new(realm)));
                    self.database.mark_described();
                    return;
                }
                Err(problems) => {
                    let again = logged
                        .as_ref()
                        .is_some_and(|(before, at)| *before == problems && at.elapsed() < REMIND);
                    if !again {
                        log_problems(&problems);
                        logged = Some((problems, Instant::now()));
                    }
                }
            }
            sleep(DESCRIBE_AGAIN).await;
        }
    }
}

impl Describer {
    /// Logs what is served differently than one might think.
    fn remark(&self, directory: &Directory) {
        let private_groups = directory
            .no_private_groups()
            .map(|why| format!("LDAP_USER_PRIVATE_GROUPS: no private groups are served: {why}"));
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        for remark in queries::remarks(directory.queries()).into_iter().chain(private_groups) {
            if said.insert(remark.clone()) {
                warn!("{remark}");
            }
        }
    }
}

fn log_problems(problems: &[QueryProblem]) {
    // One unreachable database is one problem, however many queries wait for it.
    if let Some(problem) = problems.iter().find(|problem| problem.unreachable) {
        warn!("SQL_URI: {}; waiting", problem.text);
    }
    for problem in problems.iter().filter(|problem| !problem.unreachable) {
        error!("{problem}");
    }
}
