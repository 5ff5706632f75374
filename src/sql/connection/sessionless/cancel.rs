//! Cancel requests (PostgreSQL's manual, 55.2.8).

use std::sync::Arc;

use postgres_protocol::message::frontend;

use super::address::Address;
use super::wire::Wire;

/// What a running statement is told to end by, in the pooler's words: it knows its clients by these two numbers.
#[derive(Clone)]
pub(crate) struct CancelKey {
    address: Arc<Address>,
    key: (i32, i32),
}

impl std::fmt::Debug for CancelKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CancelKey")
    }
}

impl PartialEq for CancelKey {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for CancelKey {}

impl CancelKey {
    /// By the two numbers that the login brought.
    pub(crate) fn new(address: &Arc<Address>, key: (i32, i32)) -> CancelKey {
        CancelKey {
            address: Arc::clone(address),
            key,
        }
    }

    /// Asks for the end of what runs for that connection, which must still be open. Returns when the pooler has taken it.
    pub(crate) async fn cancel(&self) -> Result<(), sqlx::Error> {
        let mut wire = Wire::connect(&self.address).await?;
        let (process, secret) = self.key;
        frontend::cancel_request(process, secret, wire.outgoing());
        wire.flush().await?;
        wire.until_closed().await
    }
}
