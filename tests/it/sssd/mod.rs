//! Logins and lookups through a real SSSD, both replicas in `ldap_uri`.
//!
//! The text for administrators, which these tests use as it stands, is `docs/clients/sssd.md`. Each case runs with both schemas, unless it has to do with one only.

mod changes;
mod logins;
mod lookups;
mod outages;
mod settings;
pub mod stage;
mod stories;

use crate::harness::sssd::{Conf, Sssd};
use crate::harness::{Database, Engine, Site, beside_others};
use std::sync::{OnceLock, RwLockReadGuard};

/// The two ways in which SSSD can look for the members of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    Rfc2307,
    Rfc2307bis,
}

impl Schema {
    pub fn conf(self) -> Conf {
        match self {
            Schema::Rfc2307 => Conf::documented("rfc2307"),
            Schema::Rfc2307bis => Conf::documented("rfc2307bis"),
        }
    }
}

/// The site with the deployed settings, for tests that only read.
fn site() -> &'static Site {
    static SITE: OnceLock<Site> = OnceLock::new();
    SITE.get_or_init(|| Site::start(&Database::shared(Engine::PostgreSql).deployed()))
}

/// The same with the recommended settings.
fn recommended_site() -> &'static Site {
    static SITE: OnceLock<Site> = OnceLock::new();
    SITE.get_or_init(|| Site::start(&Database::shared(Engine::PostgreSql).recommended()))
}

/// What a case gets: an SSSD with the documented settings, shared with other cases.
pub struct Case {
    pub schema: Schema,
    pub sssd: &'static Sssd,
    _not_while_measuring: RwLockReadGuard<'static, ()>,
}

impl Case {
    fn of(schema: Schema) -> Case {
        static SSSD: [OnceLock<Sssd>; 2] = [OnceLock::new(), OnceLock::new()];
        let guard = beside_others();
        Case {
            schema,
            sssd: SSSD[schema as usize].get_or_init(|| Sssd::start(site(), &schema.conf())),
            _not_while_measuring: guard,
        }
    }

    /// An SSSD of the case's own, on the same site.
    pub fn sssd_with(&self, change: impl FnOnce(Conf) -> Conf) -> Sssd {
        Sssd::start(site(), &change(self.schema.conf()))
    }
}

macro_rules! stamp {
    ($($file:ident: [$($case:ident),* $(,)?]),* $(,)?) => {
        stamp!(@ rfc2307 Rfc2307 $($file: [$($case),*])*);
        stamp!(@ rfc2307bis Rfc2307bis $($file: [$($case),*])*);
    };
    (@ $schema:ident $variant:ident $($file:ident: [$($case:ident),*])*) => {
        mod $schema {
            $(
                mod $file {
                    use crate::sssd::{Case, Schema};
                    $(
                        #[test]
                        fn $case() {
                            crate::sssd::$file::$case(&Case::of(Schema::$variant));
                        }
                    )*
                }
            )*
        }
    };
}

stamp! {
    lookups: [
        users_by_name,
        users_by_number,
        groups_by_name_and_number,
        groups_of_a_user,
        who_does_not_exist,
        names_in_another_case,
        names_that_are_odd,
        logins_of_odd_names,
        hostile_names,
        nobody_is_listed,
    ],
    changes: [
        expired_caches,
        everybody_is_listed,
    ],
    settings: [
        access_filters,
        ssh_keys,
        who_is_not_active,
    ],
    logins: [
        right_password,
        wrong_password,
        empty_password,
        unknown_user,
        no_password_set,
        who_is_not_in_the_group_is_denied,
        everybody,
    ],
}
