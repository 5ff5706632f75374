//! A second source of entries, as simple as can be: a list, in the order of kinds and names. The battery's searches are
//! answered from it over the real protocol, so what they expect is the search's doing and not SQL's.
//!
//! The list is filled with what a gateway on SQLite serves, and served by the library in a process of its own: this test
//! program, started again for one test.

use crate::harness::gateway::log_file;
use crate::harness::ldap::BASE;
use crate::harness::process::{Process, command};
use crate::harness::{Client, Gateway, block_on, free_port, scratch};
use futures::future::{BoxFuture, ready};
use ldap_gateway::auth::{
    authenticator::Authenticator,
    hash_maker::HashMaker,
    hashing_pool::{HashingLimits, HashingPool},
};
use ldap_gateway::config::{
    Access, AuthSettings, BindDn, BindNames, Layout, NetworkSettings, OnDatabaseFailure, PasswordChangeSettings,
    Policy, Readers, RefusedWords,
};
use ldap_gateway::directory::DirectoryError;
use ldap_gateway::directory::account::{AccountOutcome, AccountSource};
use ldap_gateway::directory::entry_source::{
    Answer, Batch, EntryScan, EntrySource, Key, MembershipSet, Memberships, Order, Part, Related, ScanWay, Terms,
    Wanted,
};
use ldap_gateway::directory::kind::{GROUPS, KINDS, Kind, MembershipSide, PRIVATE_GROUPS, USERS};
use ldap_gateway::directory::naming::tree::{Name, Place, Tree};
use ldap_gateway::directory::realm::Realm;
use ldap_gateway::metrics::Metrics;
use ldap_gateway::model::dn::Dn;
use ldap_gateway::model::entry::Entry;
use ldap_gateway::model::schema::{AttributeId, Schema, ids};
use ldap_gateway::operations::catalog::{Catalog, RealmServices};
use ldap_gateway::operations::context::{Seldom, Services};
use ldap_gateway::server::connection::Shared;
use ldap_gateway::server::failures::FailedConnections;
use ldap_gateway::server::listener::Listener;
use ldap_gateway::sql::{Budget, State, StatementKind};
use ldap3_proto::proto::{LdapDerefAliases, LdapFilter, LdapOp, LdapSearchRequest, LdapSearchScope};
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

const FILE: &str = "LDAP_GATEWAY_TEST_ENTRY_LIST";
const PORT: &str = "LDAP_GATEWAY_TEST_ENTRY_LIST_PORT";

/// An entry as it was read: its DN, and its attributes with their values.
type Read = (String, Vec<(String, Vec<Vec<u8>>)>);

/// A gateway on a list of the entries that `other` serves.
pub fn gateway_like(other: &Gateway) -> Gateway {
    let file = scratch("entries").join("list.json");
    fs::write(&file, serde_json::to_vec(&read(other)).unwrap()).unwrap();
    let (port, log) = (free_port(), log_file("entry-list"));
    let mut program = command(env::current_exe().unwrap(), None);
    program.args(["--exact", "entry_list::serve", "--nocapture"]);
    program.env(FILE, &file).env(PORT, port.to_string());
    let output = || fs::File::options().append(true).open(&log).unwrap();
    program.stdout(output()).stderr(output());
    let mut gateway = Gateway::of_process(Process::spawn(program), port, log);
    gateway.expect_ready();
    gateway
}

/// All entries below the base, with every attribute.
fn read(gateway: &Gateway) -> Vec<Read> {
    let request = LdapOp::SearchRequest(LdapSearchRequest {
        base: BASE.to_owned(),
        scope: LdapSearchScope::Children,
        aliases: LdapDerefAliases::Never,
        sizelimit: 0,
        timelimit: 0,
        typesonly: false,
        filter: LdapFilter::Present("objectClass".to_owned()),
        attrs: ["*", "+", "uniqueMember"].map(str::to_owned).to_vec(),
    });
    let done = block_on(async { Client::connect(gateway).await.request(request).await.unwrap() });
    let attributes = |entry: Vec<ldap3_proto::proto::LdapPartialAttribute>| {
        let attributes = entry.into_iter();
        attributes.map(|attribute| (attribute.atype, attribute.vals)).collect()
    };
    let entries = done.entries.into_iter();
    entries.map(|entry| (entry.dn, attributes(entry.attributes))).collect()
}

/// The process that serves the list; in the run of all tests nothing to do.
#[test]
fn serve() {
    let (Some(file), Ok(port)) = (env::var_os(FILE), env::var(PORT)) else {
        return;
    };
    block_on(run(EntryList::read(Path::new(&file)), port.parse().unwrap()));
}

async fn run(list: EntryList, port: u16) {
    let capabilities = ldap_gateway::app::CAPABILITIES;
    let realm = Realm::new(Arc::new(list), &Layout::default(), capabilities);
    let (_publish, published) = watch::channel(Some(Arc::new(realm)));
    let (_state, availability) = watch::channel(State::Serving);
    let hashing = Arc::new(
        HashingPool::new(HashingLimits {
            threads: NonZeroUsize::MIN,
            queue: 16,
            memory_kib: None,
        })
        .unwrap(),
    );
    let auth = AuthSettings::default();
    let metrics = Metrics::default();
    let realm = RealmServices {
        name: None,
        base: Dn::parse(BASE).unwrap(),
        published,
        authenticator: Authenticator::new(&auth, Arc::clone(&hashing), &metrics).unwrap(),
        policy: Policy {
            access: Access {
                readers: Readers::Anyone,
                ..Access::default()
            },
            bind_dn: BindDn::Lenient,
            bind_names: BindNames::default(),
            refused_words: RefusedWords::new([]),
            bind_hold: Duration::from_secs(1),
            scan_timeout: Duration::from_secs(10),
            on_database_failure: OnDatabaseFailure::Disconnect,
            log_filter_values: false,
            password_changes: PasswordChangeSettings::default(),
        },
        metrics: None,
        describe_again: Arc::new(Notify::new()),
    };
    let services = Services {
        catalog: Catalog::of_one(realm),
        hashing,
        hash_maker: HashMaker::default(),
        metrics,
        log_filter_values: false,
        empty_base_used: Seldom::default(),
    };
    let network = NetworkSettings {
        address: ([127, 0, 0, 1], port).into(),
        admin: None,
        unencrypted: true,
        max_connections: 1000,
        idle_timeout: Duration::from_secs(600),
        write_timeout: Duration::from_secs(60),
    };
    let listener = Listener {
        address: network.address,
        tls: None,
        max_connections: network.max_connections,
    };
    let shared = Shared {
        failures: FailedConnections::new(services.metrics.clone()),
        services: Arc::new(services),
        availability,
        draining: CancellationToken::new(),
        network,
    };
    listener.run(shared, Duration::ZERO).await;
}

/// Entries of each kind in the order of their prepared names, without the attributes that memberships make.
struct EntryList {
    schema: Arc<Schema>,
    tree: Arc<Tree>,
    entries: HashMap<Kind, Vec<(Name, Entry)>>,
    /// The groups of users and the members of groups.
    memberships: HashMap<Kind, Memberships>,
}

impl EntryList {
    fn read(file: &Path) -> EntryList {
        let schema = Arc::new(Schema::standard());
        let tree = Arc::new(Tree::new(Dn::parse(BASE).unwrap(), &Layout::default(), &KINDS, &schema));
        let mut list = EntryList {
            schema,
            tree,
            entries: HashMap::new(),
            memberships: HashMap::new(),
        };
        let entries: Vec<Read> = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        for (dn, attributes) in entries {
            list.add(dn, attributes);
        }
        for entries in list.entries.values_mut() {
            entries.sort_by(|(one, _), (other, _)| one.prepared.cmp(&other.prepared));
        }
        list
    }

    fn add(&mut self, dn: String, attributes: Vec<(String, Vec<Vec<u8>>)>) {
        let (kind, name) = self.named_by(&dn);
        let mut entry = Entry::new(dn);
        let mut others = Vec::new();
        for (attribute, values) in attributes {
            let id = self.schema.attribute(&attribute).unwrap();
            match id {
                ids::MEMBER | ids::MEMBER_OF => {
                    let dns = values.into_iter().map(|value| String::from_utf8(value).unwrap());
                    others.extend(dns.map(|dn| self.named_by(&dn).1.spelled));
                }
                ids::MEMBER_UID | ids::UNIQUE_MEMBER => {}
                _ => values.into_iter().for_each(|value| entry.push(id, value)),
            }
        }
        let is_private = |value: &_| value == "namedObject".as_bytes();
        let kind = match entry.values(ids::OBJECT_CLASS).iter().any(is_private) {
            true => &PRIVATE_GROUPS,
            false => kind,
        };
        if !others.is_empty() {
            let memberships = self.memberships.entry(kind).or_default();
            memberships.insert(name.prepared.clone(), others);
        }
        self.entries.entry(kind).or_default().push((name, entry));
    }

    fn named_by(&self, dn: &str) -> (Kind, Name) {
        match self.tree.locate(&Dn::parse(dn).unwrap(), &self.schema) {
            Place::Entry(kind, name) => (kind, name),
            place => panic!("{dn}: {place:?}"),
        }
    }

    fn of(&self, kind: Kind) -> &[(Name, Entry)] {
        self.entries.get(&kind).map_or(&[], Vec::as_slice)
    }

    fn find(&self, kind: Kind, name: &Name) -> Option<&(Name, Entry)> {
        self.of(kind).iter().find(|(known, _)| known.prepared == name.prepared)
    }

    fn others(&self, kind: Kind, prepared: &str) -> Vec<String> {
        let others = self.memberships.get(&kind).and_then(|of| of.get(prepared));
        others.cloned().unwrap_or_default()
    }
}

fn answer<'a, T: Send + 'a>(answer: T) -> Answer<'a, T> {
    Box::pin(ready(Ok(answer)))
}

impl EntrySource for EntryList {
    fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn tree(&self) -> &Arc<Tree> {
        &self.tree
    }

    fn is_reachable(&self) -> bool {
        true
    }

    fn kinds(&self) -> &[Kind] {
        &KINDS
    }

    fn serves(&self, kind: Kind, id: AttributeId) -> bool {
        kind.membership_attributes.contains(&id) || self.of(kind).iter().any(|(_, entry)| entry.has(id))
    }

    fn has_class(&self, _: Kind, _: &str) -> Option<bool> {
        None
    }

    fn standing_at<'a>(&'a self, kind: Kind, name: &'a Name, _: &'a Terms) -> Answer<'a, Option<(Kind, Entry)>> {
        let kinds = KINDS.into_iter().filter(|other| other.place() == kind.place());
        let mut found = kinds.filter_map(|kind| Some((kind, self.find(kind, name)?.1.clone())));
        answer(found.next())
    }

    fn named<'a>(&'a self, kind: Kind, names: &'a [Name], _: &'a Terms) -> Answer<'a, Vec<Entry>> {
        let found = names.iter().filter_map(|name| self.find(kind, name));
        answer(found.map(|(_, entry)| entry.clone()).collect())
    }

    fn scan<'a>(&'a self, wanted: &Wanted<'_>) -> Result<Box<dyn EntryScan + 'a>, DirectoryError> {
        let done = match wanted.part {
            Part::All | Part::FirstPage => None,
            Part::PageAfter(_, key) => Name::new(key),
        };
        let entries = self.of(wanted.kind);
        let is_done = |(name, _): &(Name, Entry)| done.as_ref().is_some_and(|done| name.prepared <= done.prepared);
        Ok(Box::new(ListScan {
            left: &entries[entries.partition_point(is_done)..],
        }))
    }

    fn end_page<'a>(&'a self, _: Kind, _: &'a mut [Entry], _: usize, _: &'a Terms) -> Answer<'a, Order> {
        // No two of them are equal.
        answer(Order::Key)
    }

    fn memberships<'a>(&'a self, kind: Kind, names: &'a [Key], _: Budget) -> Answer<'a, Memberships> {
        let names = names.iter().filter_map(|name| Name::new(name));
        answer(
            names
                .map(|name| (name.prepared.clone(), self.others(kind, &name.prepared)))
                .collect(),
        )
    }

    fn related<'a>(&'a self, kind: Kind, other: &'a Name, _: &'a Terms) -> Answer<'a, Option<Related>> {
        let side: Kind = match kind.membership {
            MembershipSide::Members => &GROUPS,
            MembershipSide::Groups => &USERS,
            MembershipSide::None => return answer(None),
        };
        answer(self.find(side, other).map(|(name, _)| Related {
            spelled: name.spelled.clone(),
            set: Arc::new(MembershipSet::named(self.others(side, &name.prepared))),
        }))
    }
}

impl AccountSource for EntryList {
    fn account<'a>(
        &'a self,
        _: &'a Name,
        _: &'a RefusedWords,
        _: Budget,
    ) -> BoxFuture<'a, Result<AccountOutcome, DirectoryError>> {
        answer(AccountOutcome::Unknown("a list has no passwords"))
    }
}

struct ListScan<'a> {
    left: &'a [(Name, Entry)],
}

impl EntryScan for ListScan<'_> {
    fn way(&self) -> ScanWay {
        ScanWay::AllByKey
    }

    fn next<'b>(&'b mut self, limit: u32, _: &'b Terms) -> Answer<'b, Batch> {
        let (now, left) = self.left.split_at(self.left.len().min(limit as usize));
        self.left = left;
        answer(Batch {
            entries: now.iter().map(|(_, entry)| entry.clone()).collect(),
            is_last: left.is_empty(),
            statements: StatementKind::Scan,
        })
    }
}
