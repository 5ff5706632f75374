//! What each client takes for true while the database is away, frozen or broken, and while one replica is cut off from it:
//! everything or nothing, and never a part.

use super::program::{Program, Worker};
use super::stage::Stage;
use crate::harness::database::Server;
use crate::harness::relay::Relay;
use crate::harness::{Database, Engine, beside_others, eventually};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

/// What came of a client's work, by when it was done.
type Told = BTreeMap<(&'static str, Program), String>;

/// All clients beside each other through one series of outages.
struct Story {
    stage: Stage,
    workers: Vec<Worker>,
    told: Told,
}

impl Story {
    /// A run of everybody's work.
    fn run(&mut self, when: &'static str) {
        self.halfway(when, "run", |_| ());
    }

    /// Somebody's first page is there, then it happens.
    fn halfway(&mut self, when: &'static str, how: &str, happening: impl FnOnce(&Stage)) {
        for worker in &mut self.workers {
            worker.tell(how);
        }
        if how == "halt" {
            for worker in &self.workers {
                assert_eq!(worker.hear(), "halted", "{when}: {:?}", worker.program);
            }
            happening(&self.stage);
            for worker in &mut self.workers {
                worker.tell("");
            }
        }
        for worker in &self.workers {
            let outcome = worker.hear();
            self.told.insert((when, worker.program), outcome);
        }
    }

    fn ready(&self) {
        for replica in &self.stage.site.replicas {
            replica.expect_ready();
        }
    }
}

fn told() -> &'static Told {
    static TOLD: OnceLock<Told> = OnceLock::new();
    TOLD.get_or_init(|| {
        let database = Database::private(Engine::PostgreSql);
        let Server::Postgres(server) = &database.server else {
            panic!("{database:?}")
        };
        let relay = Relay::to(server.port);
        let direct = format!("@127.0.0.1:{}/", server.port);
        let relayed = database.uri().replace(&direct, &format!("@127.0.0.1:{}/", relay.port));
        assert_ne!(relayed, database.uri());
        let stage = Stage::on(database, |env| [env.clone().with("SQL_URI", relayed), env]);
        let workers = Program::ALL.map(|program| Worker::start(program, &stage.servers(), &stage.authorities()));
        let mut story = Story {
            stage,
            workers: workers.into(),
            told: Told::new(),
        };
        story.run("before");

        story.halfway("killed halfway", "halt", |stage| stage.database.kill());
        story.run("killed");
        story.stage.database.launch();
        story.ready();
        story.run("after killed");

        story.halfway("frozen halfway", "halt", |stage| stage.database.freeze());
        story.run("frozen");
        story.stage.database.thaw();
        story.ready();
        story.run("after frozen");

        story
            .stage
            .database
            .sql("ALTER TABLE \"UserGroups\" RENAME TO \"elsewhere\"");
        story.run("memberships broken");
        story
            .stage
            .database
            .sql("ALTER TABLE \"elsewhere\" RENAME TO \"UserGroups\"; ALTER TABLE \"Users\" RENAME TO \"elsewhere\"");
        story.run("users broken");
        story
            .stage
            .database
            .sql("ALTER TABLE \"elsewhere\" RENAME TO \"Users\"");
        story.run("after broken");

        relay.close();
        let first = &story.stage.site.replicas[0];
        let closed = || first.with(|gateway| !gateway.accepts());
        assert!(
            eventually(Duration::from_secs(20), closed),
            "ldap1 still takes connections"
        );
        story.run("ldap1 cut off");
        story.told
    })
}

const ALL_AWAY: [&str; 6] = [
    "killed halfway",
    "killed",
    "frozen halfway",
    "frozen",
    "memberships broken",
    "users broken",
];

fn leaves_everything_as_it_is(program: Program) {
    let _guard = beside_others();
    let told = told();
    let whole = &told[&("before", program)];
    assert!(whole.starts_with("took "), "{whole}");
    for when in ALL_AWAY {
        let outcome = &told[&(when, program)];
        assert!(outcome.starts_with("left "), "{when}: {outcome}");
    }
    for when in ["after killed", "after frozen", "after broken"] {
        assert_eq!(&told[&(when, program)], whole, "{when}");
    }
}

/// Those that know both replicas have all from the other one; those that know one leave everything as it is.
fn with_one_replica_cut_off(program: Program, knows_both: bool) {
    let _guard = beside_others();
    let told = told();
    let outcome = &told[&("ldap1 cut off", program)];
    if knows_both {
        assert_eq!(outcome, &told[&("before", program)]);
    } else {
        assert!(outcome.starts_with("left "), "{outcome}");
    }
}

macro_rules! clients {
    ($($client:ident: $program:ident, $knows_both:literal;)*) => {
        $(
            mod $client {
                use crate::clients::program::Program;

                #[test]
                fn leaves_everything_as_it_is() {
                    super::leaves_everything_as_it_is(Program::$program);
                }

                #[test]
                fn with_one_replica_cut_off() {
                    super::with_one_replica_cut_off(Program::$program, $knows_both);
                }
            }
        )*
    };
}

clients! {
    proxmox: Proxmox, true;
    gitlab: GitLab, true;
    search_guard: SearchGuard, true;
    defguard: Defguard, false;
    kanidm: Kanidm, false;
}
