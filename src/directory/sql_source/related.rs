//! The memberships of one user or group, for a filter that asks who has them. Where one statement can, a user's groups come
//! as rows of all-groups, so that they need not be read again.

use crate::{
    directory::{
        entry_source::{MembershipSet, Related, Terms},
        error::DirectoryError,
        kind::{GROUPS, Kind, USERS},
        membership::MembershipsOf,
        naming::tree::Name,
        source::{duplicates::distinct, listing::spellings},
        sql_source::{rows::entries_of, source::SqlSource},
    },
    sql::Budget,
};
use std::sync::Arc;

/// The members of a group; None when there is no such group.
pub(super) async fn members(
    source: &SqlSource,
    group: &Name,
    terms: &Terms,
) -> Result<Option<Related>, DirectoryError> {
    let Some(spelled) = spelled(source, &GROUPS, group, terms.lookup).await? else {
        return Ok(None);
    };
    let names = [spelled.clone()];
    let memberships = source
        .memberships
        .read(MembershipsOf::Groups(&names), terms.lookup)
        .await?;
    let set = MembershipSet::named(memberships.into_iter().map(|found| found.user));
    Ok(Some(Related {
        spelled,
        set: Arc::new(set),
    }))
}

/// The groups of a user; None when there is no such user.
pub(super) async fn groups(source: &SqlSource, user: &Name, terms: &Terms) -> Result<Option<Related>, DirectoryError> {
    // A user is found together with the groups; another spelling, or one of duplicates, is looked up first.
    if let Some(found) = groups_of_spellings(source, &spellings(user), user, terms).await? {
        return Ok(Some(found));
    }
    let Some(spelled) = spelled(source, &USERS, user, terms.lookup).await? else {
        return Ok(None);
    };
    let found = groups_of_spellings(source, std::slice::from_ref(&spelled), user, terms).await?;
    // Who is in no group may not be found in this way.
    Ok(Some(found.unwrap_or(Related {
        spelled,
        set: Arc::default(),
    })))
}

/// The groups of the one user that these spellings find; None when they find nobody, or several.
async fn groups_of_spellings(
    source: &SqlSource,
    spellings: &[String],
    user: &Name,
    terms: &Terms,
) -> Result<Option<Related>, DirectoryError> {
    let is_meant = |found: &str| Name::new(found).is_some_and(|found| found.prepared == user.prepared);
    let maker = source.listing(&GROUPS).maker();
    let columns = &maker.projection().columns;
    if let Some(mut found) = source
        .memberships
        .groups_with_rows(spellings, columns, terms.lookup)
        .await?
    {
        found.retain(|(user, _)| is_meant(user));
        let Some(spelled) = only(found.iter().map(|(user, _)| user)) else {
            return Ok(None);
        };
        let rows = found.into_iter().filter_map(|(_, row)| row).collect();
        let rows = distinct(maker.projection(), rows);
        let set = MembershipSet::named(rows.iter().filter_map(|row| maker.projection().name(row)));
        let entries = entries_of(source.listing(&GROUPS), rows, terms.operational).await;
        return Ok(Some(Related {
            spelled,
            set: Arc::new(set.with_entries(entries)),
        }));
    }
    let mut memberships = source
        .memberships
        .read(MembershipsOf::Users(spellings), terms.lookup)
        .await?;
    memberships.retain(|found| is_meant(&found.user));
    let Some(spelled) = only(memberships.iter().map(|found| &found.user)) else {
        return Ok(None);
    };
    let set = match source.memberships.spell_groups_alike() {
        true => MembershipSet::named(memberships.into_iter().map(|found| found.group)),
        false => {
            let existing = source.memberships.existing_groups(&memberships, terms.lookup).await?;
            MembershipSet::named(existing.into_values())
        }
    };
    Ok(Some(Related {
        spelled,
        set: Arc::new(set),
    }))
}

/// How the entry with this name spells it.
async fn spelled(
    source: &SqlSource,
    kind: Kind,
    name: &Name,
    budget: Budget,
) -> Result<Option<String>, DirectoryError> {
    let row = source.find(kind, name, budget).await?;
    Ok(row.and_then(|row| source.listing(kind).maker().projection().name(&row)))
}

/// The one that all of them are.
fn only<'a>(mut names: impl Iterator<Item = &'a String>) -> Option<String> {
    let first = names.next()?;
    names.all(|name| name == first).then(|| first.clone())
}
