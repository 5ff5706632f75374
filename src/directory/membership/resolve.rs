//! Which of the names that a source of memberships gives are those of users and groups, and how their entries spell them.

use crate::{
    directory::{
        Directory,
        error::DirectoryError,
        kind::Kind,
        membership::memberships::{CHUNK, CHUNK_SIZE, FEW, Pair, prepared},
        naming::tree::Name,
        source::{duplicates::Precedence, listing::Key},
    },
    sql::{Budget, Predicate, Row},
};
use std::collections::{HashMap, hash_map::Entry};

impl Directory {
    /// The groups among the pairs that all-groups knows, by prepared name, as it spells them: a memberOf that points
    /// nowhere would make clients fail.
    pub(crate) async fn existing_groups(
        &self,
        pairs: &[Pair],
        budget: Budget,
    ) -> Result<HashMap<String, String>, DirectoryError> {
        let names = pairs.iter().map(|pair| pair.group.clone()).collect();
        self.existing(Kind::Group, names, self.groups_spelled_alike, budget)
            .await
    }

    /// The users or groups that have one of these names, by prepared name, as their rows spell them. Where these names are
    /// not `spelled_alike`, those that the database does not know are looked for in any spelling.
    pub(crate) async fn existing(
        &self,
        kind: Kind,
        mut names: Vec<String>,
        spelled_alike: bool,
        budget: Budget,
    ) -> Result<HashMap<String, String>, DirectoryError> {
        names.sort_unstable();
        names.dedup();
        let source = self.source(kind);
        let projection = source.maker().projection();
        let asked = prepared(&names);
        let mut found = Found::default();
        let add = |found: &mut Found, rows: Vec<Row>| {
            for row in rows {
                let name = projection.name(&row).and_then(|name| Name::new(&name));
                if let Some(name) = name.filter(|name| asked.contains(&name.prepared)) {
                    found.add(name, projection.number(&row));
                }
            }
        };
        for names in names.chunks(CHUNK_SIZE) {
            add(&mut found, source.named(names, budget).await?);
        }
        if spelled_alike {
            return Ok(found.spelled());
        }
        let missing: Vec<String> = asked
            .iter()
            .filter(|name| !found.by_name.contains_key(*name))
            .cloned()
            .collect();
        if missing.len() > FEW {
            for names in missing.chunks(CHUNK_SIZE) {
                add(&mut found, source.named_in_any_case(names, budget).await?);
            }
            return Ok(found.spelled());
        }
        let equal = missing.into_iter().map(|prepared| Predicate::EqualsIgnoreCase {
            column: source.name_column(),
            prepared,
        });
        let any_spelling = Predicate::Or(equal.collect());
        let mut after: Option<Key> = None;
        loop {
            let chunk = source.chunk(&any_spelling, after.as_ref(), CHUNK, budget).await?;
            add(&mut found, chunk.rows);
            after = chunk.next;
            if after.is_none() {
                break;
            }
        }
        Ok(found.spelled())
    }
}

/// The pairs whose user exists, spelled as its entry is.
pub(crate) fn with_existing_users(pairs: Vec<Pair>, existing: &HashMap<String, String>) -> Vec<Pair> {
    let kept = pairs.into_iter().filter_map(|pair| {
        let user = existing.get(&Name::new(&pair.user)?.prepared)?.clone();
        Some(Pair {
            user,
            group: pair.group,
        })
    });
    kept.collect()
}

/// The rows that were found, of each name the one that is the entry.
#[derive(Default)]
struct Found {
    by_name: HashMap<String, (Precedence, String)>,
}

impl Found {
    fn add(&mut self, name: Name, number: Option<i128>) {
        let precedence = Precedence::new(&name, number);
        match self.by_name.entry(name.prepared) {
            Entry::Vacant(new) => drop(new.insert((precedence, name.spelled))),
            Entry::Occupied(mut known) if precedence < known.get().0 => drop(known.insert((precedence, name.spelled))),
            Entry::Occupied(_) => {}
        }
    }

    fn spelled(self) -> HashMap<String, String> {
        let spelled = self.by_name.into_iter();
        spelled.map(|(prepared, (_, spelled))| (prepared, spelled)).collect()
    }
}
