//! What all rows of a listing are as entries: who lacks what, who has what is another one's, and what clients stumble over.
//!
//! Rows are streamed, and of each only a few hashes stay. Where values are found that several entries have, the rows are
//! read once more for the names of some.

use crate::{
    directory::{
        diagnostics::{
            oddities::{Oddity, Range, of_name},
            owners::{Hashes, Named, Shared, Values, shown},
            sample::PATIENCE,
        },
        error::DirectoryError,
        facade::Directory,
        kind::{GROUPS, Kind, PRIVATE_GROUPS, USERS, role::Role, rule::HOMES},
        mapping::{
            entry::{EntryMaker, text_of},
            projection::Projection,
        },
        naming::tree::Name,
    },
    model::{
        entry::Entry,
        schema::{AttributeId, ids},
    },
    sql::{Origin, Row},
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Rows that are looked at: their hashes take some 100 MiB.
const MOST: usize = 2_000_000;
/// How many rows are read between two looks whether all names are known.
const LOOKS: usize = 1000;
/// Home directories that nobody means to own.
const NOBODYS_HOMES: [&str; 4] = ["/", "/nonexistent", "/dev/null", "/var/empty"];

/// What the rows of a listing are as entries.
#[derive(Debug, Default)]
pub struct Findings {
    /// Rows that were looked at; not all where there are millions.
    pub looked_at: usize,
    /// Rows whose name no DN can hold: they are left out.
    pub unusable: usize,
    /// Rows with the very name of a row before them.
    pub repeated: Named,
    /// Without posixAccount or posixGroup.
    pub numberless: Named,
    /// Users without an address.
    pub without_mail: usize,
    /// What can be said of a row alone.
    pub odd: BTreeMap<Oddity, Named>,
    /// What is another one's, too.
    pub shared: BTreeMap<Sharing, Shared>,
    /// How many have a column for an attribute, and no usable value in it.
    pub lacking: BTreeMap<AttributeId, usize>,
    /// Home directories made of numbers, because the name is none.
    pub numbered_homes: usize,
}

/// What several entries have alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sharing {
    /// A mail address.
    Mail,
    /// A uid number, or a gid number of groups.
    Number,
    /// An entryUUID.
    EntryUuid,
    /// A home directory from the column.
    Home,
    /// One that is made up.
    MadeUpHome,
    /// A gid number of users that no group has.
    GroupOfNoRow,
}

/// The numbers and names of all groups, as hashes.
#[derive(Debug, Default)]
pub struct GroupIndex {
    hashes: Hashes,
    names_by_number: HashMap<u64, u64>,
    names: HashSet<u64>,
    is_complete: bool,
}

/// What the rows of groups are, and the groups for [`users`] to look up.
///
/// # Errors
/// The database could not answer.
pub async fn groups(directory: &Directory) -> Result<(Findings, GroupIndex), DirectoryError> {
    let mut walk = Walk::new(directory, &GROUPS, None);
    walk.read(directory).await?;
    let groups = GroupIndex {
        is_complete: walk.found.looked_at < MOST,
        names_by_number: std::mem::take(&mut walk.names_by_number),
        names: std::mem::take(&mut walk.prepared_names),
        hashes: walk.hashes.clone(),
    };
    Ok((walk.end(), groups))
}

/// What the rows of users are. `groups` is none where groups could not be looked at.
///
/// # Errors
/// The database could not answer.
pub async fn users(directory: &Directory, groups: Option<&GroupIndex>) -> Result<Findings, DirectoryError> {
    let mut walk = Walk::new(directory, &USERS, groups.filter(|groups| groups.is_complete));
    walk.read(directory).await?;
    Ok(walk.end())
}

/// One reading of a listing, and the second one for names.
struct Walk<'a> {
    kind: Kind,
    groups: Option<&'a GroupIndex>,
    hashes: Hashes,
    /// Whether the gid numbers of users are computed in the query.
    computes_groups: bool,
    has_private_groups: bool,
    found: Findings,
    seen: HashSet<u64>,
    values: BTreeMap<Sharing, Values>,
    /// Those from the column and those made up.
    homes: Values,
    /// Computed gid numbers that a group with another name has.
    computed_hits: Vec<u64>,
    /// Of groups: their prepared names, and whose a number is.
    prepared_names: HashSet<u64>,
    names_by_number: HashMap<u64, u64>,
}

impl<'a> Walk<'a> {
    fn new(directory: &Directory, kind: Kind, groups: Option<&'a GroupIndex>) -> Self {
        let query = &directory.queries.all_users;
        let origin = query
            .column(Role::PrimaryGroup)
            .and_then(|column| query.origins.get(column));
        Walk {
            kind,
            groups,
            hashes: groups.map(|groups| groups.hashes.clone()).unwrap_or_default(),
            computes_groups: origin == Some(&Origin::Expression),
            has_private_groups: directory.kinds().contains(&&PRIVATE_GROUPS),
            found: Findings::default(),
            seen: HashSet::new(),
            values: BTreeMap::new(),
            homes: Values::default(),
            computed_hits: Vec::new(),
            prepared_names: HashSet::new(),
            names_by_number: HashMap::new(),
        }
    }

    async fn read(&mut self, directory: &Directory) -> Result<(), DirectoryError> {
        let source = directory.source.listing(self.kind);
        let maker = source.maker();
        source
            .each(PATIENCE, |row| {
                self.row(maker, row);
                self.found.looked_at >= MOST
            })
            .await?;
        self.seen = HashSet::new();
        self.computed_hits.sort_unstable();
        self.compare();
        let is_any = self.values.values().any(Values::is_any_shared) || !self.computed_hits.is_empty();
        if !is_any {
            return Ok(());
        }
        let mut rows = 0;
        source
            .each(PATIENCE, |row| {
                self.name_owner(maker, row);
                rows += 1;
                let is_done = || self.computed_hits.is_empty() && self.values.values().all(Values::is_named);
                rows >= self.found.looked_at || (rows % LOOKS == 0 && is_done())
            })
            .await?;
        Ok(())
    }

    fn row(&mut self, maker: &EntryMaker, row: Row) {
        self.found.looked_at += 1;
        let lacking = maker.lacking(&row);
        let Some(name) = maker.projection().name(&row) else {
            // Counted with the names.
            return;
        };
        if !self.seen.insert(self.hashes.of(name.as_bytes())) {
            self.found.repeated.note(&name);
            return;
        }
        let unread = unread_number(maker.projection(), &row);
        let Some(entry) = maker.entry(row, true) else {
            self.found.unusable += 1;
            return;
        };
        let home_is_made_up = home_is_made_up(maker, &lacking);
        for id in lacking {
            *self.found.lacking.entry(id).or_default() += 1;
        }
        let number = self.kind.attribute_of(Role::Number);
        if number.and_then(|number| entry.values(number).first()).is_none() {
            self.found.numberless.note(&format!("{name}{unread}"));
        }
        for (sharing, hash, _) in self.keys(&entry, home_is_made_up) {
            self.values.entry(sharing).or_default().count(hash);
        }
        for oddity in of_name(&name) {
            self.odd(oddity, &name);
        }
        if let Some(range) = self.number(&entry).and_then(|(number, _)| Range::of(number)) {
            self.odd(Oddity::Number(range), &name);
        }
        if self.kind == &USERS {
            self.user(&entry, &name, home_is_made_up);
        } else {
            self.group(&entry, &name);
        }
    }

    fn odd(&mut self, oddity: Oddity, name: &str) {
        self.found.odd.entry(oddity).or_default().note(name);
    }

    fn user(&mut self, entry: &Entry, name: &str, home_is_made_up: bool) {
        let first = |id| entry.values(id).first().map(|value| text_of(value));
        match first(ids::MAIL) {
            Some(mail) if !mail.contains('@') => self.odd(Oddity::MailWithoutAt, name),
            Some(_) => {}
            None => self.found.without_mail += 1,
        }
        if let Some(home) = first(ids::HOME_DIRECTORY) {
            let by_name = home.strip_prefix(HOMES).is_some_and(|rest| rest == name);
            self.found.numbered_homes += usize::from(home_is_made_up && !by_name);
            if !home.starts_with('/') {
                self.odd(Oddity::HomeIsNoPath, name);
            }
            self.homes.count(self.hashes.of(home.as_bytes()));
        }
        if first(ids::LOGIN_SHELL).is_some_and(|shell| !shell.starts_with('/')) {
            self.odd(Oddity::ShellIsNoPath, name);
        }
        let Some((gid, hash)) = number_of(entry, ids::GID_NUMBER, &self.hashes) else {
            return;
        };
        if let Some(range) = Range::of(gid) {
            self.odd(Oddity::PrimaryGroup(range), name);
        }
        let (Some(groups), Some(own)) = (self.groups, self.prepared(name)) else {
            return;
        };
        match groups.names_by_number.get(&hash) {
            Some(group) if *group == own => {}
            Some(_) if self.number(entry).is_some_and(|(uid, _)| uid == gid) => self.odd(Oddity::OthersGroup, name),
            Some(_) if self.computes_groups => self.computed_hits.push(hash),
            Some(_) => {}
            None if self.has_private_groups && groups.names.contains(&own) => self.odd(Oddity::NamesakeGroup, name),
            None => {}
        }
    }

    fn group(&mut self, entry: &Entry, name: &str) {
        let Some(prepared) = self.prepared(name) else {
            return;
        };
        self.prepared_names.insert(prepared);
        if let Some((_, hash)) = self.number(entry) {
            self.names_by_number.entry(hash).or_insert(prepared);
        }
    }

    fn prepared(&self, name: &str) -> Option<u64> {
        Some(self.hashes.of(Name::new(name)?.prepared.as_bytes()))
    }

    fn number(&self, entry: &Entry) -> Option<(i128, u64)> {
        number_of(entry, self.kind.attribute_of(Role::Number)?, &self.hashes)
    }

    /// What an entry has that no other one should have.
    fn keys<'e>(&self, entry: &'e Entry, home_is_made_up: bool) -> Vec<(Sharing, u64, &'e [u8])> {
        let mut keys = Vec::new();
        let mut add = |sharing, value: &'e [u8]| keys.push((sharing, self.hashes.ignoring_case(value), value));
        let number = self.kind.attribute_of(Role::Number);
        number
            .and_then(|number| entry.values(number).first())
            .into_iter()
            .for_each(|value| add(Sharing::Number, value));
        entry
            .values(ids::ENTRY_UUID)
            .iter()
            .for_each(|value| add(Sharing::EntryUuid, value));
        if self.kind != &USERS {
            return keys;
        }
        let first = |id| entry.values(id).first().map(|value| value.as_ref());
        first(ids::MAIL).into_iter().for_each(|mail| add(Sharing::Mail, mail));
        first(ids::GID_NUMBER)
            .into_iter()
            .for_each(|gid| add(Sharing::GroupOfNoRow, gid));
        if let Some(home) = first(ids::HOME_DIRECTORY) {
            let sharing = match home_is_made_up {
                true => Sharing::MadeUpHome,
                false => Sharing::Home,
            };
            keys.push((sharing, self.hashes.of(home), home));
        }
        keys
    }

    /// All rows have been counted.
    fn compare(&mut self) {
        let (groups, hashes) = (self.groups, self.hashes.clone());
        let of_nobody: Vec<u64> = NOBODYS_HOMES.iter().map(|home| hashes.of(home.as_bytes())).collect();
        self.homes.compare(|_| true);
        for (sharing, values) in &mut self.values {
            match sharing {
                Sharing::MadeUpHome => values.select(|home| self.homes.times(home) > 1),
                Sharing::GroupOfNoRow => {
                    values.compare(|gid| groups.is_some_and(|groups| !groups.names_by_number.contains_key(&gid)));
                }
                Sharing::Home => values.compare(|home| !of_nobody.contains(&home)),
                _ => values.compare(|_| true),
            }
        }
    }
}

impl Walk<'_> {
    /// In the second reading.
    fn name_owner(&mut self, maker: &EntryMaker, row: Row) {
        let lacking = maker.lacking(&row);
        let name = maker.projection().name(&row);
        let (Some(name), Some(entry)) = (name, maker.entry(row, true)) else {
            return;
        };
        if !self.seen.insert(self.hashes.of(name.as_bytes())) {
            return;
        }
        let gid = number_of(&entry, ids::GID_NUMBER, &self.hashes).map(|(_, hash)| hash);
        if let Some(gid) = gid.filter(|_| !self.computed_hits.is_empty()) {
            self.name_computed(gid, &name);
        }
        for (sharing, hash, value) in self.keys(&entry, home_is_made_up(maker, &lacking)) {
            if let Some(values) = self.values.get_mut(&sharing) {
                values.name(hash, &String::from_utf8_lossy(value), &name);
            }
        }
    }

    /// A computed gid number is meant to be a user's own where most of them are no group's.
    fn name_computed(&mut self, gid: u64, name: &str) {
        let (Some(groups), Some(gids)) = (self.groups, self.values.get(&Sharing::GroupOfNoRow)) else {
            return;
        };
        let are_meant = self.computed_hits.len() * 2 < self.found.looked_at;
        let is_anothers = groups.names_by_number.get(&gid).copied() != self.prepared(name);
        let is_counted = self.computed_hits.binary_search(&gid).is_ok();
        if are_meant && is_counted && is_anothers && gids.times(gid) == 1 {
            self.odd(Oddity::OthersGroup, name);
        }
    }

    fn end(self) -> Findings {
        let mut found = self.found;
        let shared = self.values.into_iter();
        let shared = shared.map(|(sharing, values)| (sharing, values.shared()));
        found.shared = shared.filter(|(_, shared)| shared.entries > 0).collect();
        found
    }
}

fn home_is_made_up(maker: &EntryMaker, lacking: &[AttributeId]) -> bool {
    maker.projection().position(Role::HomeDirectory).is_none() || lacking.contains(&ids::HOME_DIRECTORY)
}

/// A number that an entry is served with, and its hash.
fn number_of(entry: &Entry, id: AttributeId, hashes: &Hashes) -> Option<(i128, u64)> {
    let value = entry.values(id).first()?;
    Some((text_of(value).parse().ok()?, hashes.ignoring_case(value)))
}

/// What stands in the columns of numbers and is none.
fn unread_number(projection: &Projection, row: &Row) -> String {
    let columns = [(Role::Number, "its number"), (Role::PrimaryGroup, "gid_number")];
    let unread = columns.into_iter().find_map(|(role, what)| {
        let cell = projection.cell(row, role)?;
        let is_none = !cell.is_absent() && cell.to_integer().is_none();
        is_none.then(|| format!(" ({what} \"{}\")", shown(&cell.to_text().unwrap_or_default())))
    });
    unread.unwrap_or_default()
}
