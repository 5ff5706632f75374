//! nslcd, its modules, and sudo-ldap: machines that have these in the place of SSSD.
//!
//! Their text for administrators, which these tests use as it stands, is `docs/clients/nslcd.md`.

mod logins;
mod lookups;
mod outages;
mod sudo;

use crate::harness::nslcd::{Conf, Nslcd};
use crate::harness::{Database, Engine, Site};
use std::sync::OnceLock;

/// A site with the deployed settings and a machine with the documented ones, for tests that only read.
fn shared() -> &'static (Site, Nslcd) {
    static SHARED: OnceLock<(Site, Nslcd)> = OnceLock::new();
    SHARED.get_or_init(|| {
        let site = Site::start(&Database::shared(Engine::PostgreSql).deployed());
        let nslcd = Nslcd::start(&site, &Conf::documented());
        (site, nslcd)
    })
}
