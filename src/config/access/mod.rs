//! Who may read what: who may search, which attributes are hidden from whom, and accounts that stand in no table.

mod hidden;
mod readers;
mod service_accounts;

pub use hidden::HiddenAttributes;
pub use readers::Readers;
pub use service_accounts::{Rights, ServiceAccount};

use super::{parse::Reader, query_set::QuerySet};
use crate::model::dn::Dn;
use std::sync::Arc;

/// Who may read what.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// `SEARCH_ALLOWED_TO` and `REQUIRE_AUTH_FOR_SEARCH`: who may search and compare.
    pub readers: Readers,
    /// `ATTRIBUTES_AUTHENTICATED` and `ATTRIBUTES_SELF`: which attributes not everybody sees.
    pub hidden: HiddenAttributes,
    /// `SERVICE_ACCOUNTS`. Clones share them.
    pub service_accounts: Arc<[ServiceAccount]>,
}

impl Access {
    pub(super) fn read(reader: &mut Reader, base: &Dn, queries: &QuerySet<String>) -> Self {
        Access {
            readers: Readers::read(reader),
            hidden: HiddenAttributes::read(reader, queries),
            service_accounts: service_accounts::read(reader, base),
        }
    }
}
