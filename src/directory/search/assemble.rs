//! From rows to the entries of a search: made, judged by the filter, which has the last word on every entry, and given
//! the membership values that were asked for. Knows nothing of pages and chunks.

use crate::{
    directory::{
        DirectoryError,
        kind::Kind,
        naming::{asserted::entry_name, tree::Name},
        search::{plan::Residual, required::Required, results::Results},
    },
    model::{
        entry::Entry,
        filter::{Program, Relations, Truth},
        schema::{Schema, ids},
        value::Value,
    },
    sql::{Row, StatementKind},
};
use bytes::Bytes;
use std::time::{Duration, Instant};
use tokio::task::yield_now;

/// How long a task works on before others get their turn: a search of everything, or with a large filter, must not hold
/// up lookups.
const TURN: Duration = Duration::from_millis(1);
/// Octets of values that a filter looks at before the clock is looked at.
const OCTETS: usize = 32 * 1024;

/// Rows made into entries before other tasks get their turn: a search of everything must not hold up lookups.
const ROWS_A_TURN: usize = 32;

/// Entries that a filter of few parts is held against in one go: those of a lookup.
const FEW_ENTRIES: usize = 4;

impl Results<'_> {
    /// Rows become entries; those that match get the membership values that were asked for.
    pub(crate) async fn entries(
        &mut self,
        kind: Kind,
        rows: Vec<Row>,
        residual: &Residual,
        statements: StatementKind,
    ) -> Result<Vec<Entry>, DirectoryError> {
        let maker = self.directory.source(kind).maker();
        let required = Required::of(&self.directory.schema, &residual.filter, &self.selection);
        let mut entries: Vec<Entry> = Vec::new();
        for (number, row) in rows.into_iter().enumerate() {
            entries.extend(maker.entry(row, required.operational));
            if number % ROWS_A_TURN == ROWS_A_TURN - 1 {
                yield_now().await;
            }
        }
        if required.before_filter {
            Box::pin(self.add_membership(kind, required, &mut entries, statements)).await?;
        }
        let schema = &self.directory.schema;
        if residual.is_large || required.before_filter {
            entries = Box::pin(matching(schema, residual.program(), &residual.relations, entries)).await;
        } else if entries.len() > FEW_ENTRIES {
            entries = Box::pin(matching_by_turns(schema, residual, entries)).await;
        } else {
            entries.retain(|entry| residual.filter.evaluate(schema, entry, &residual.relations) == Truth::True);
        }
        if !required.before_filter {
            Box::pin(self.add_membership(kind, required, &mut entries, statements)).await?;
        }
        if kind == Kind::Group {
            self.served.add(&entries);
        }
        Ok(entries)
    }

    async fn add_membership(
        &self,
        kind: Kind,
        required: Required,
        entries: &mut [Entry],
        statements: StatementKind,
    ) -> Result<(), DirectoryError> {
        let needed = match kind {
            Kind::User => required.member_of,
            Kind::Group => required.member_uid || required.member || required.unique_member,
            Kind::PrivateGroup => false,
        };
        if !needed || entries.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = entries.iter().map(|entry| entry_name(kind, entry)).collect();
        let budget = self.budget(statements);
        let mut related = match kind {
            Kind::User => self.directory.memberships.groups_of(&names, budget).await?,
            Kind::Group => self.directory.memberships.members_of(&names, budget).await?,
            Kind::PrivateGroup => return Ok(()),
        };
        let mut turn = Turn::begin();
        for (entry, name) in entries.iter_mut().zip(&names) {
            turn.end_if_over().await;
            let Some(others) = Name::new(name).and_then(|name| related.remove(&name.prepared)) else {
                continue;
            };
            match kind {
                Kind::User => entry.set(ids::MEMBER_OF, self.dns(Kind::Group, &others)),
                Kind::Group => self.add_members(required, entry, &others),
                Kind::PrivateGroup => {}
            }
        }
        Ok(())
    }

    fn add_members(&self, required: Required, entry: &mut Entry, users: &[String]) {
        // memberUid belongs to posixGroup; a group without a number is none.
        if required.member_uid && !entry.values(ids::GID_NUMBER).is_empty() {
            let values: Vec<Value> = users.iter().map(|user| Bytes::from(user.clone())).collect();
            entry.set(ids::MEMBER_UID, values);
        }
        if required.member {
            entry.set(ids::MEMBER, self.dns(Kind::User, users));
        }
        if required.unique_member {
            entry.set(ids::UNIQUE_MEMBER, self.dns(Kind::User, users));
        }
    }

    fn dns(&self, kind: Kind, names: &[String]) -> Vec<Value> {
        names
            .iter()
            .map(|name| Bytes::from(self.directory.tree.entry_dn(kind, name)))
            .collect()
    }
}

/// Those of the entries that match. There may be very many parts of the filter, and very many values: others get their
/// turn in between, also in the middle of an entry, and the search can be abandoned there.
pub(crate) async fn matching(
    schema: &Schema,
    program: &Program,
    relations: &(dyn Relations + Sync),
    entries: Vec<Entry>,
) -> Vec<Entry> {
    let mut matching = Vec::new();
    let mut turn = Turn::begin();
    for entry in entries {
        let mut run = program.begin();
        let truth = loop {
            turn.end_if_over().await;
            if let Some(truth) = run.go_on(schema, &entry, relations, OCTETS) {
                break truth;
            }
        };
        if truth == Truth::True {
            matching.push(entry);
        }
    }
    matching
}

/// Those of the entries that match a filter of few parts; others get their turn between two of them.
async fn matching_by_turns(schema: &Schema, residual: &Residual, entries: Vec<Entry>) -> Vec<Entry> {
    let mut matching = Vec::new();
    let mut turn = Turn::begin();
    for entry in entries {
        turn.end_if_over().await;
        if residual.filter.evaluate(schema, &entry, &residual.relations) == Truth::True {
            matching.push(entry);
        }
    }
    matching
}

/// A task's turn at the processor.
struct Turn(Instant);

impl Turn {
    fn begin() -> Self {
        Turn(Instant::now())
    }

    async fn end_if_over(&mut self) {
        if self.0.elapsed() >= TURN {
            yield_now().await;
            self.0 = Instant::now();
        }
    }
}
