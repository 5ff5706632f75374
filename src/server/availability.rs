//! Whether the port is open, as connections follow it.

use crate::sql::State;
use futures::{Stream, stream};
use tokio::sync::watch;

/// An item for each change of the state, until the gateway stops.
pub(super) fn changes(states: watch::Receiver<State>) -> impl Stream<Item = ()> {
    stream::unfold(states, |mut states| async {
        states.changed().await.ok()?;
        Some(((), states))
    })
}
