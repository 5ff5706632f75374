//! Which of the names that a source of memberships gives are those of users and groups, and how their entries spell them.

use std::{collections::HashMap, time::Instant};

use super::{
    Directory, DirectoryError,
    columns::Kind,
    membership::{CHUNK, CHUNK_SIZE, FEW, Pair, prepared},
    source::Key,
    tree::Name,
};
use crate::sql::{Row, hold::Class, predicate::Predicate};

impl Directory {
    /// The groups among the pairs that all-groups knows, by prepared name, as it spells them: a memberOf that points
    /// nowhere would make clients fail.
    pub(super) async fn existing_groups(
        &self,
        pairs: &[Pair],
        class: Class,
        deadline: Instant,
    ) -> Result<HashMap<String, String>, DirectoryError> {
        let names = pairs.iter().map(|pair| pair.group.clone()).collect();
        self.existing(Kind::Group, names, self.groups_spelled_alike, class, deadline)
            .await
    }

    /// The users or groups that have one of these names, by prepared name, as their rows spell them. Where these names are
    /// not `spelled_alike`, those that the database does not know are looked for in any spelling.
    pub(super) async fn existing(
        &self,
        kind: Kind,
        mut names: Vec<String>,
        spelled_alike: bool,
        class: Class,
        deadline: Instant,
    ) -> Result<HashMap<String, String>, DirectoryError> {
        names.sort_unstable();
        names.dedup();
        let source = self.source(kind);
        let projection = source.maker().projection();
        let asked = prepared(&names);
        let mut existing: HashMap<String, String> = HashMap::new();
        let add = |existing: &mut HashMap<String, String>, rows: Vec<Row>| {
            let names = rows
                .iter()
                .filter_map(|row| Name::new(&projection.name(row)?))
                .filter(|name| asked.contains(&name.prepared));
            existing.extend(names.map(|name| (name.prepared, name.spelled)));
        };
        for names in names.chunks(CHUNK_SIZE) {
            add(&mut existing, source.named(names, class, deadline).await?);
        }
        if spelled_alike {
            return Ok(existing);
        }
        let missing: Vec<String> = asked
            .iter()
            .filter(|name| !existing.contains_key(*name))
            .cloned()
            .collect();
        if missing.len() > FEW {
            for names in missing.chunks(CHUNK_SIZE) {
                add(&mut existing, source.named_in_any_case(names, class, deadline).await?);
            }
            return Ok(existing);
        }
        let equal = missing.into_iter().map(|prepared| Predicate::EqualsIgnoreCase {
            column: source.name_column(),
            prepared,
        });
        let any_spelling = Predicate::Or(equal.collect());
        let mut after: Option<Key> = None;
        loop {
            let chunk = source
                .chunk(&any_spelling, after.as_ref(), CHUNK, class, deadline)
                .await?;
            add(&mut existing, chunk.rows);
            after = chunk.next;
            if after.is_none() {
                break;
            }
        }
        Ok(existing)
    }
}
