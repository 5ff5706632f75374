//! Compares the databases' clocks with ours: at the start, every hour, and every minute while one is off. Who reads the log is
//! told at once, once a day while it lasts, and when it is over.

use std::time::{Duration, Instant};

use tracing::{debug, info, warn};

use crate::sql::{Database, clock};

/// Between two looks at clocks that are alike.
const ALIKE: Duration = Duration::from_secs(3600);
/// Between two looks at one that is off, or that could not be asked for.
const OFF: Duration = Duration::from_secs(60);
/// Between two warnings of one that stays off.
const DAILY: Duration = Duration::from_secs(86_400);

/// What is known of one database's clock.
#[derive(Debug)]
pub struct ClockWatch {
    database: Database,
    looked: Option<Instant>,
    /// When it was last said that it is off; none while it is not.
    said: Option<Instant>,
}

impl ClockWatch {
    /// Nothing is known yet.
    pub fn new(database: Database) -> Self {
        ClockWatch {
            database,
            looked: None,
            said: None,
        }
    }

    /// Looks at the clock, where that is due.
    pub async fn look(&mut self) {
        let known = self.database.clock_offset();
        let is_alike = known.is_some_and(|offset| clock::remark(offset).is_none());
        let pause = if is_alike { ALIKE } else { OFF };
        if self.looked.is_some_and(|looked| looked.elapsed() < pause) {
            return;
        }
        self.looked = Some(Instant::now());
        match clock::offset(&self.database).await {
            Ok(offset) => self.found(offset),
            Err(error) => debug!(error = %error.detail(), "the database's clock could not be looked at"),
        }
    }

    fn found(&mut self, offset: Option<i64>) {
        self.database.set_clock_offset(offset);
        match offset.and_then(clock::remark) {
            Some(remark) if self.said.is_none_or(|said| said.elapsed() >= DAILY) => {
                warn!("SQL_URI: {remark}");
                self.said = Some(Instant::now());
            }
            Some(_) => {}
            None => {
                if self.said.take().is_some() {
                    info!("SQL_URI: the database's clock and this machine's are alike again");
                }
            }
        }
    }
}
