//! The settings of one realm, and where each was given.

use super::option_names::option_name;
use crate::config::{
    access::Access,
    auth::AuthSettings,
    database::DatabaseSettings,
    directory::{Layout, base_dn},
    origin::GivenSettings,
    parse::Reader,
    policy::Policy,
    query_set::QuerySet,
};
use crate::model::dn::Dn;
use std::{collections::BTreeMap, sync::Arc};

/// One directory: its base, its database, and what operations obey in it.
#[derive(Clone, Debug)]
pub struct RealmSettings {
    /// Its `name` in `REALM_CONFIG`; none for the realm of the plain settings.
    pub name: Option<Arc<str>>,
    /// `LDAP_BASE_DN`, or what was derived from the common name; a realm's `baseDn`.
    pub base: Dn,
    /// What stands below the base.
    pub layout: Layout,
    /// How to reach the database.
    pub database: DatabaseSettings,
    /// What to ask it.
    pub queries: QuerySet<String>,
    /// Where passwords are read, where that is not the row of the one-user query.
    pub passwords: Option<PasswordSettings>,
    /// What a bind must pass.
    pub auth: AuthSettings,
    /// What operations obey.
    pub policy: Policy,
    /// What of it was given, and where.
    pub given: GivenSettings,
    pub(super) places: Places,
}

/// Where the passwords of a realm are, by the options of its backend `sql`.
#[derive(Clone, Debug)]
pub struct PasswordSettings {
    /// The database; none where it is the directory's.
    pub database: Option<DatabaseSettings>,
    /// The query that gives the row with a user's password.
    pub one_user: String,
    pub(super) places: Places,
}

/// Where settings were given.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// The realm's, such as `realms[1]`; none for the plain settings.
    pub(super) realm: Option<String>,
    /// By the settings' names.
    pub(super) given: BTreeMap<&'static str, String>,
}

impl Places {
    pub(super) fn of(&self, name: &str) -> String {
        match (&self.realm, self.given.get(name)) {
            (None, _) => name.to_owned(),
            (Some(_), Some(given)) => given.clone(),
            (Some(realm), None) => format!("{realm}.directory.options.{}", option_name(name)),
        }
    }
}

impl RealmSettings {
    /// Where a setting of this realm was given: its name, or the path in `REALM_CONFIG`.
    pub fn place(&self, name: &str) -> String {
        self.places.of(name)
    }

    /// Its name for people, and the base where it has none.
    pub fn title(&self) -> String {
        match &self.name {
            Some(name) => name.to_string(),
            None => self.base.to_string(),
        }
    }

    /// Reads a realm's settings, which are the plain ones where there is no `REALM_CONFIG`.
    pub(super) fn read(reader: &mut Reader) -> Self {
        let _: Option<()> = reader.parsed("DIRECTORY_BACKEND", "`sql`", |text| {
            text.eq_ignore_ascii_case("sql").then_some(())
        });
        let common_name = reader.text("LDAP_COMMON_NAME").unwrap_or_default();
        let base = base_dn(reader, &common_name);
        let database = DatabaseSettings::read(reader);
        let queries = QuerySet::read(reader);
        let access = Access::read(reader, &base, &queries);
        let service_accounts = access.service_accounts.iter().map(|account| account.dn.clone());
        let service_accounts = service_accounts.collect();
        let policy = Policy::read(reader, access);
        let mut auth = AuthSettings::read(reader, &common_name);
        auth.guessing.limit_delay(reader, policy.bind_hold);
        RealmSettings {
            name: None,
            layout: Layout {
                service_accounts,
                refused_words: policy.refused_words.clone(),
                ..Layout::read(reader)
            },
            base,
            database,
            queries,
            passwords: None,
            auth,
            policy,
            given: GivenSettings(reader.given_settings().clone()),
            places: Places::default(),
        }
    }
}

impl PasswordSettings {
    /// Where a setting of these was given.
    pub fn place(&self, name: &str) -> String {
        self.places.of(name)
    }
}
