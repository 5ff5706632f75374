//! What operations ask: one naming context, the entries that need no source, and where all others come from.

use crate::{
    config::{HiddenAttributes, Layout, RefusedWords},
    directory::{
        account::{AccountOutcome, AccountSource, PasswordStore},
        entry_source::EntrySource,
        error::DirectoryError,
        hidden::Hidden,
        kind::{Kind, USERS},
        naming::{
            fixed::FixedEntries,
            subschema::Capabilities,
            tree::{Name, Place, Tree},
        },
        search::{
            begin::{SearchOutcome, Searched, begin},
            query::SearchQuery,
            view::Own,
        },
    },
    model::{
        dn::Dn,
        filter::{Filter, ResolvedFilter},
        schema::Schema,
        scope::Scope,
    },
    sql::Budget,
};
use std::{fmt, mem, panic::resume_unwind, sync::Arc};
use tokio::{
    sync::Semaphore,
    task::{JoinError, spawn_blocking},
};

/// Filters of more octets than this are resolved on a thread of their own.
const LARGE_FILTER: usize = 64 * 1024;
/// So many at a time.
const RESOLVING: usize = 2;

/// A naming context and what is served in it.
pub struct Realm {
    schema: Arc<Schema>,
    tree: Arc<Tree>,
    fixed: FixedEntries,
    /// A search below the empty base is one of the whole directory.
    empty_base: bool,
    entries: Arc<dyn EntrySource>,
    accounts: Arc<dyn AccountSource>,
    passwords: Option<Arc<dyn PasswordStore>>,
    /// What sessions may not see that are not bound.
    hidden_from_anonymous: Option<Arc<Hidden>>,
    /// What users may not see that are not the entry's own.
    hidden_from_others: Option<Arc<Hidden>>,
    /// Turns at resolving large filters.
    resolving: Arc<Semaphore>,
    capabilities: Capabilities,
}

impl fmt::Debug for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Realm({})", self.tree.base_text())
    }
}

impl Realm {
    /// Serves what `source` has.
    pub fn new(
        source: Arc<impl EntrySource + AccountSource + 'static>,
        layout: &Layout,
        capabilities: Capabilities,
    ) -> Self {
        let (schema, tree) = (Arc::clone(source.schema()), Arc::clone(source.tree()));
        Realm {
            fixed: FixedEntries::new(&schema, &tree, capabilities),
            // A base that is empty itself can only be asked for so.
            empty_base: layout.empty_base || tree.base().is_root(),
            resolving: Arc::new(Semaphore::new(RESOLVING)),
            entries: source.clone(),
            accounts: source,
            passwords: None,
            hidden_from_anonymous: None,
            hidden_from_others: None,
            schema,
            tree,
            capabilities,
        }
    }

    /// The same with accounts from elsewhere, made of its own.
    #[must_use]
    pub fn with_accounts(mut self, make: impl FnOnce(Arc<dyn AccountSource>) -> Arc<dyn AccountSource>) -> Self {
        self.accounts = make(self.accounts);
        self
    }

    /// The same, with passwords that can be changed.
    #[must_use]
    pub fn with_passwords(mut self, passwords: Option<Arc<dyn PasswordStore>>) -> Self {
        self.passwords = passwords;
        self
    }

    /// Where passwords are changed; none where they cannot be.
    pub fn passwords(&self) -> Option<&Arc<dyn PasswordStore>> {
        self.passwords.as_ref()
    }

    /// The same beside other realms: the root DSE lists the naming contexts of all, the default one first, and the subschema
    /// has `names` too, which are attributes of others.
    #[must_use]
    pub fn beside(&self, contexts: &[&str], names: &[String]) -> Self {
        let schema = self.schema.extended_with(names);
        Realm {
            schema: Arc::clone(&self.schema),
            tree: Arc::clone(&self.tree),
            fixed: self.fixed.beside(contexts, &schema, self.capabilities),
            empty_base: self.empty_base,
            entries: Arc::clone(&self.entries),
            accounts: Arc::clone(&self.accounts),
            passwords: self.passwords.clone(),
            hidden_from_anonymous: self.hidden_from_anonymous.clone(),
            hidden_from_others: self.hidden_from_others.clone(),
            resolving: Arc::clone(&self.resolving),
            capabilities: self.capabilities,
        }
    }

    /// The attributes that the operator's queries add to the published schema.
    pub fn added_attributes(&self) -> Vec<String> {
        self.schema.names_beyond(&Schema::standard())
    }

    /// The same with attributes that not everybody sees.
    #[must_use]
    pub fn with_hidden(mut self, attributes: &HiddenAttributes) -> Self {
        let hidden = |names: &mut dyn Iterator<Item = &String>| {
            let names = names.map(String::as_str);
            Hidden::new(names, self.entries.kinds(), &self.schema).map(Arc::new)
        };
        let (authenticated, own) = (&attributes.authenticated, &attributes.own);
        let from_anonymous = hidden(&mut authenticated.iter().chain(own));
        let from_others = hidden(&mut own.iter());
        self.hidden_from_anonymous = from_anonymous;
        self.hidden_from_others = from_others;
        self
    }

    /// What is hidden from a session in entries that are not its own. `user` is the DN that it is bound as, None where it
    /// is bound as nobody.
    pub fn hidden_from(&self, user: Option<&str>) -> Option<&Arc<Hidden>> {
        match user {
            Some(_) => self.hidden_from_others.as_ref(),
            None => self.hidden_from_anonymous.as_ref(),
        }
    }

    /// The user whose entry has this DN, spelled as it is served.
    pub fn own(&self, dn: &Arc<str>) -> Option<Own> {
        let parsed = Dn::parse(dn).ok()?;
        match self.locate(&parsed) {
            Place::Entry(kind, name) if kind == &USERS => Some(Own {
                dn: Arc::clone(dn),
                name,
            }),
            _ => None,
        }
    }

    /// Whether a user is in one of some groups, whose names are prepared.
    ///
    /// # Errors
    /// The source could not answer in time.
    pub async fn is_member(&self, user: &Own, groups: &[String], budget: Budget) -> Result<bool, DirectoryError> {
        let names = [user.name.spelled.clone()];
        let found = self.entries.memberships(&USERS, &names, budget).await?;
        let mut found = found.into_values().flatten().filter_map(|group| Name::new(&group));
        Ok(found.any(|group| groups.contains(&group.prepared)))
    }

    /// Begins a search.
    ///
    /// # Errors
    /// The source could not say whether the base exists, or the search cannot be resumed where it is asked to.
    pub async fn search(&self, mut query: SearchQuery) -> Result<SearchOutcome<'_>, DirectoryError> {
        let filter = mem::replace(&mut query.filter, Filter::And(Vec::new()));
        let filter = self.resolved(filter).await;
        let searched = Searched {
            schema: &self.schema,
            tree: &self.tree,
            fixed: &self.fixed,
            source: &*self.entries,
            empty_base: self.empty_base,
        };
        begin(searched, filter, &query).await
    }

    /// The account that a bind DN means. `lenient`: also a DN that only names a user.
    ///
    /// # Errors
    /// The database could not answer in time.
    pub async fn account(
        &self,
        dn: &Dn,
        lenient: bool,
        refused: &RefusedWords,
        budget: Budget,
    ) -> Result<AccountOutcome, DirectoryError> {
        match self.user(dn, lenient) {
            Some(name) => self.accounts.account(&name, refused, budget).await,
            None => Ok(AccountOutcome::NotAUser),
        }
    }

    /// The name of the user that a bind DN means, whether or not there is one.
    pub fn user(&self, dn: &Dn, lenient: bool) -> Option<Name> {
        match self.locate(dn) {
            Place::Entry(kind, name) if kind == &USERS => Some(name),
            _ if lenient => self.tree.lenient_user(dn, &self.schema),
            _ => None,
        }
    }

    /// By what failed binds with this DN are counted: equal for all that mean the same user, and found without asking the
    /// database.
    pub fn login_name(&self, dn: &Dn, lenient: bool) -> String {
        match self.user(dn, lenient) {
            Some(name) => name.prepared,
            None => format!("{:?}", dn.normalize(&self.schema)),
        }
    }

    /// The account of the user with this name.
    ///
    /// # Errors
    /// The database could not answer in time.
    pub async fn account_named(
        &self,
        name: &Name,
        refused: &RefusedWords,
        budget: Budget,
    ) -> Result<AccountOutcome, DirectoryError> {
        self.accounts.account(name, refused, budget).await
    }

    /// The domain of the base DN (`example.com`); none when the base has no `dc`.
    pub fn domain(&self) -> Option<&str> {
        self.tree.mail_domain()
    }

    /// The entry that those of this kind stand below.
    pub fn superior(&self, kind: Kind) -> &Dn {
        self.tree.superior(kind)
    }

    /// Everything an answer can refer to.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The kinds of entries that there may be.
    pub fn kinds(&self) -> &[Kind] {
        self.entries.kinds()
    }

    /// The naming context, as it stands at the end of every DN.
    pub fn base_text(&self) -> &str {
        self.tree.base_text()
    }

    /// Whether the source answers as far as is known. While it does not, nothing that is empty may look complete.
    pub fn is_reachable(&self) -> bool {
        self.entries.is_reachable()
    }

    /// The DN that a text is, if the schema knows all of it.
    pub fn read_dn(&self, text: &str) -> Option<Arc<Dn>> {
        self.tree.read(text, &self.schema)
    }

    /// What a DN names.
    pub fn locate(&self, dn: &Dn) -> Place {
        self.tree.locate(dn, &self.schema)
    }

    /// Whether a search reads the whole directory because its base is empty and the operator wants that.
    pub fn is_whole_by_empty_base(&self, base: &Dn, scope: Scope) -> bool {
        self.empty_base && base.is_root() && scope != Scope::Base
    }

    /// What a filter means here. A large one is resolved beside the threads that serve everybody, few at a time: folding
    /// and normalising some megabytes takes a second.
    pub async fn resolved(&self, filter: Filter) -> ResolvedFilter {
        if filter.weight() <= LARGE_FILTER {
            return filter.resolve(&self.schema);
        }
        let turn = Arc::clone(&self.resolving).acquire_owned().await;
        let schema = Arc::clone(&self.schema);
        let resolved = spawn_blocking(move || {
            let _turn = turn;
            filter.resolve(&schema)
        });
        match resolved.await.map_err(JoinError::try_into_panic) {
            Ok(resolved) => resolved,
            Err(Ok(panic)) => resume_unwind(panic),
            // The gateway ends.
            Err(Err(_)) => std::future::pending().await,
        }
    }

    /// The root DSE and the subschema can be read by anybody: clients need them before they bind. With any other
    /// scope an empty base names no entry, or means the whole directory.
    pub fn is_public(&self, dn: &Dn, scope: Scope) -> bool {
        match self.locate(dn) {
            Place::RootDse => scope == Scope::Base,
            Place::Subschema => true,
            _ => false,
        }
    }
}
