//! From the names that a source of memberships gives to the entries that have them, and how these spell them.

use crate::{
    directory::{
        entry_source::Key,
        error::DirectoryError,
        membership::relation::{CHUNK, FEW, Membership, NAMES_A_STATEMENT, NameSet},
        naming::tree::Name,
        source::{duplicates::Precedence, listing::Listing},
    },
    sql::{Budget, Predicate, Row},
};
use std::collections::{HashMap, hash_map::Entry};

/// The entries of a listing that have one of these names: how each spells it, by prepared name. The names are spelled as
/// the listing spells them.
///
/// # Errors
/// The database could not answer.
pub(crate) async fn as_spelled(
    listing: &Listing,
    mut names: Vec<String>,
    budget: Budget,
) -> Result<HashMap<String, String>, DirectoryError> {
    let mut found = Found::of(&mut names);
    found.add_named(listing, &names, budget).await?;
    Ok(found.spelled())
}

/// The same of names that may be spelled otherwise: those that the database does not know are looked for in any spelling.
///
/// # Errors
/// The database could not answer.
pub(crate) async fn in_any_spelling(
    listing: &Listing,
    mut names: Vec<String>,
    budget: Budget,
) -> Result<HashMap<String, String>, DirectoryError> {
    let mut found = Found::of(&mut names);
    found.add_named(listing, &names, budget).await?;
    let missing = found.missing();
    if missing.len() > FEW {
        for names in missing.chunks(NAMES_A_STATEMENT) {
            found.add(listing, listing.named_in_any_case(names, budget).await?);
        }
        return Ok(found.spelled());
    }
    let equal = missing.into_iter().map(|prepared| Predicate::EqualsIgnoreCase {
        column: listing.name_column(),
        prepared,
    });
    let any_spelling = Predicate::Or(equal.collect());
    let mut after: Option<Key> = None;
    loop {
        let chunk = listing.chunk(&any_spelling, after.as_ref(), CHUNK, budget).await?;
        found.add(listing, chunk.rows);
        after = chunk.next;
        if after.is_none() {
            return Ok(found.spelled());
        }
    }
}

/// The memberships whose user is among the entries found, spelled as its entry is.
pub(crate) fn with_users(memberships: Vec<Membership>, found: &HashMap<String, String>) -> Vec<Membership> {
    let kept = memberships.into_iter().filter_map(|membership| {
        let user = found.get(&Name::new(&membership.user)?.prepared)?.clone();
        Some(Membership { user, ..membership })
    });
    kept.collect()
}

/// Of the rows that were found, for each asked name the one that is the entry.
struct Found {
    asked: NameSet,
    by_name: HashMap<String, (Precedence, String)>,
}

impl Found {
    /// Nothing yet; the names become a set.
    fn of(names: &mut Vec<String>) -> Self {
        names.sort_unstable();
        names.dedup();
        Found {
            asked: NameSet::of(names),
            by_name: HashMap::new(),
        }
    }

    async fn add_named(&mut self, listing: &Listing, names: &[String], budget: Budget) -> Result<(), DirectoryError> {
        for names in names.chunks(NAMES_A_STATEMENT) {
            self.add(listing, listing.named(names, budget).await?);
        }
        Ok(())
    }

    fn add(&mut self, listing: &Listing, rows: Vec<Row>) {
        let projection = listing.maker().projection();
        for row in rows {
            let name = projection.name(&row).and_then(|name| Name::new(&name));
            let Some(name) = name.filter(|name| self.asked.has_prepared(name)) else {
                continue;
            };
            let precedence = Precedence::new(&name, projection.number(&row));
            match self.by_name.entry(name.prepared) {
                Entry::Vacant(new) => drop(new.insert((precedence, name.spelled))),
                Entry::Occupied(mut known) if precedence < known.get().0 => {
                    drop(known.insert((precedence, name.spelled)));
                }
                Entry::Occupied(_) => {}
            }
        }
    }

    fn missing(&self) -> Vec<String> {
        let missing = self.asked.prepared().filter(|name| !self.by_name.contains_key(*name));
        missing.cloned().collect()
    }

    fn spelled(self) -> HashMap<String, String> {
        let spelled = self.by_name.into_iter();
        spelled.map(|(prepared, (_, spelled))| (prepared, spelled)).collect()
    }
}
