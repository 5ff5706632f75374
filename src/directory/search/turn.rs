//! A task's turn at the processor: a search of everything, or with a large filter, must not hold up lookups.

use std::time::{Duration, Instant};
use tokio::task::yield_now;

/// How long a task works on before others get their turn.
const TURN: Duration = Duration::from_millis(1);

/// A task's turn at the processor.
pub(crate) struct Turn(Instant);

impl Turn {
    pub fn begin() -> Self {
        Turn(Instant::now())
    }

    /// Lets others work if it has lasted long enough.
    pub async fn end_if_over(&mut self) {
        if self.0.elapsed() >= TURN {
            yield_now().await;
            self.0 = Instant::now();
        }
    }
}
