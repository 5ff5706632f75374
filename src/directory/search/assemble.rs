//! The entries of a search: judged by the filter, which has the last word on every entry, and given the membership
//! values that were asked for.

use crate::{
    directory::{
        error::DirectoryError,
        hidden::Hidden,
        kind::{GROUPS, Kind, MembershipSide, USERS},
        naming::{asserted::entry_name, tree::Name},
        search::{context::SearchContext, plan::Residual, required::Required, turn::Turn},
    },
    model::{
        entry::Entry,
        filter::{Program, Relations, Truth},
        schema::{Schema, ids},
        value::Value,
    },
    sql::StatementKind,
};
use bytes::Bytes;
use std::mem;

/// Octets of values that a filter looks at before the clock is looked at.
const OCTETS: usize = 32 * 1024;
/// Entries that a filter of few parts is held against in one go: those of a lookup.
const FEW_ENTRIES: usize = 4;

/// Those of `entries` that match, with the membership values that were asked for. `statements` is what they were read by.
///
/// # Errors
/// The source could not tell their memberships.
pub(crate) async fn assemble(
    context: &SearchContext<'_>,
    residual: &Residual,
    entries: Vec<Entry>,
    statements: StatementKind,
) -> Result<Vec<Entry>, DirectoryError> {
    match context.view.is_everything() && !context.tree.takes_places() {
        true => assemble_alike(context, residual, (entries, None), statements).await,
        false => Box::pin(assemble_in_view(context, residual, entries, statements)).await,
    }
}

/// The same where not everything can be seen: the session's own entry is judged apart from those before and after it.
async fn assemble_in_view(
    context: &SearchContext<'_>,
    residual: &Residual,
    mut entries: Vec<Entry>,
    statements: StatementKind,
) -> Result<Vec<Entry>, DirectoryError> {
    let (view, kind) = (&context.view, residual.kind);
    // What stands where a service account does is not reached by its DN.
    let is_taken = |entry: &Entry| context.tree.is_taken(kind, &entry_name(kind, entry));
    entries.retain(|entry| view.shows(kind, entry) && !is_taken(entry));
    let mut matching = Vec::new();
    while !entries.is_empty() {
        let own = entries.iter().position(|entry| view.is_own(kind, entry));
        let (part, residual, hidden) = match own {
            Some(0) => {
                let rest = entries.split_off(1);
                let own = residual.own.as_ref().map_or(residual, |own| &own.residual);
                (mem::replace(&mut entries, rest), own, None)
            }
            own => {
                let rest = own.map(|own| entries.split_off(own)).unwrap_or_default();
                (mem::replace(&mut entries, rest), residual, view.hidden())
            }
        };
        matching.extend(assemble_alike(context, residual, (part, hidden), statements).await?);
    }
    Ok(matching)
}

/// Those of entries that match, where the same is `hidden` of all of them.
async fn assemble_alike(
    context: &SearchContext<'_>,
    residual: &Residual,
    (mut entries, hidden): (Vec<Entry>, Option<&Hidden>),
    statements: StatementKind,
) -> Result<Vec<Entry>, DirectoryError> {
    let schema = context.schema;
    let mut required = Required::of(schema, &residual.filter, &context.selection);
    if let Some(hidden) = hidden {
        required = required.without(hidden);
        entries
            .iter_mut()
            .for_each(|entry| hidden.take_from(entry, residual.kind));
    }
    if required.before_filter {
        Box::pin(add_memberships(
            context,
            residual.kind,
            required,
            &mut entries,
            statements,
        ))
        .await?;
    }
    if residual.is_large || required.before_filter {
        entries = Box::pin(matching(schema, residual.program(), &residual.relations, entries)).await;
    } else if entries.len() > FEW_ENTRIES {
        entries = Box::pin(matching_by_turns(schema, residual, entries)).await;
    } else {
        entries.retain(|entry| residual.filter.evaluate(schema, entry, &residual.relations) == Truth::True);
    }
    if !required.before_filter {
        Box::pin(add_memberships(
            context,
            residual.kind,
            required,
            &mut entries,
            statements,
        ))
        .await?;
    }
    Ok(entries)
}

async fn add_memberships(
    context: &SearchContext<'_>,
    kind: Kind,
    required: Required,
    entries: &mut [Entry],
    statements: StatementKind,
) -> Result<(), DirectoryError> {
    let needed = match kind.membership {
        MembershipSide::Members => required.member_of,
        MembershipSide::Groups => required.member_uid || required.member || required.unique_member,
        MembershipSide::None => false,
    };
    if !needed || entries.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = entries.iter().map(|entry| entry_name(kind, entry)).collect();
    let budget = context.terms.budget(statements);
    let mut related = context.source.memberships(kind, &names, budget).await?;
    let mut turn = Turn::begin();
    for (entry, name) in entries.iter_mut().zip(&names) {
        turn.end_if_over().await;
        let Some(others) = Name::new(name).and_then(|name| related.remove(&name.prepared)) else {
            continue;
        };
        match kind.membership {
            MembershipSide::Members => entry.set(ids::MEMBER_OF, dns(context, &GROUPS, &others)),
            MembershipSide::Groups => add_members(context, required, entry, &others),
            MembershipSide::None => {}
        }
    }
    Ok(())
}

fn add_members(context: &SearchContext<'_>, required: Required, entry: &mut Entry, users: &[String]) {
    // memberUid belongs to posixGroup; a group without a number is none.
    if required.member_uid && !entry.values(ids::GID_NUMBER).is_empty() {
        let values: Vec<Value> = users.iter().map(|user| Bytes::from(user.clone())).collect();
        entry.set(ids::MEMBER_UID, values);
    }
    if required.member {
        entry.set(ids::MEMBER, dns(context, &USERS, users));
    }
    if required.unique_member {
        entry.set(ids::UNIQUE_MEMBER, dns(context, &USERS, users));
    }
}

fn dns(context: &SearchContext<'_>, kind: Kind, names: &[String]) -> Vec<Value> {
    let names = names.iter();
    names
        .map(|name| Bytes::from(context.tree.entry_dn(kind, name)))
        .collect()
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
        let mut run = program.begin(schema, &entry, relations);
        let truth = loop {
            turn.end_if_over().await;
            if let Some(truth) = run.go_on(OCTETS) {
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
