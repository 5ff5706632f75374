//! What all rows of a listing are as entries: who lacks what, who has what is another one's, and whose account is closed.

use crate::{
    config::{AuthSettings, RefusedWords},
    directory::{
        account::{AccountColumns, Refusal, Standing},
        diagnostics::sample::{LARGE, PATIENCE, Sample, deadline},
        error::DirectoryError,
        facade::Directory,
        kind::{Kind, USERS, role::Role, rule::HOMES},
        mapping::{
            entry::{EntryMaker, text_of},
            projection::Projection,
        },
        source::listing::Listing,
    },
    model::{
        schema::{AttributeId, ids},
        time::Timestamp,
        value::Cell,
    },
    sql::{Budget, Row},
};
use std::collections::{BTreeMap, HashMap};

/// What the rows of a listing are as entries. The lists hold names.
#[derive(Debug, Default)]
pub struct Findings {
    /// Rows that were looked at; not all where there are very many.
    pub looked_at: usize,
    /// Rows whose name no DN can hold: they are left out.
    pub unusable: usize,
    /// Without posixAccount or posixGroup.
    pub numberless: Vec<String>,
    /// Users without an address.
    pub without_mail: usize,
    /// Users whose address is another one's.
    pub same_mail: Vec<String>,
    /// Entries whose number is another one's.
    pub same_number: Vec<String>,
    /// Entries whose entryUUID is another one's.
    pub same_uuid: Vec<String>,
    /// Users whose home directory is made up and is another one's.
    pub same_home: Vec<String>,
    /// How many have a column for an attribute, and no usable value in it.
    pub lacking: BTreeMap<AttributeId, usize>,
    /// Home directories made of numbers, because the name is none.
    pub numbered_homes: usize,
}

/// Whose account is closed, and why.
#[derive(Debug, Default)]
pub struct Accounts {
    /// Rows that were looked at.
    pub looked_at: usize,
    /// Whether these are all users that are looked at anywhere in this report, or those of the sample.
    pub sampled: bool,
    /// The words of the status column, how often each is there, and whether it refuses.
    pub words: BTreeMap<String, (usize, bool)>,
    /// Refusals of other columns.
    pub refusals: BTreeMap<String, usize>,
    /// Values that cannot be read, by column: they refuse.
    pub unreadable: BTreeMap<&'static str, usize>,
}

/// Whose a value is: of the first, and of how many.
#[derive(Default)]
struct Owners(HashMap<Vec<u8>, Vec<String>>);

impl Owners {
    fn note(&mut self, value: &[u8], name: &str) {
        self.0
            .entry(value.to_ascii_lowercase())
            .or_default()
            .push(name.to_owned());
    }

    fn shared(self) -> Vec<String> {
        let several = self.0.into_values().filter(|names| names.len() > 1);
        let mut names: Vec<String> = several.flatten().collect();
        names.sort_unstable();
        names
    }
}

/// Looks at every row, or at very many.
///
/// # Errors
/// The database could not answer.
pub async fn findings(directory: &Directory, kind: Kind) -> Result<Findings, DirectoryError> {
    let source = directory.source.listing(kind);
    let mut walk = Walk::default();
    source
        .each(PATIENCE, |row| {
            walk.row(kind, source.maker(), row);
            walk.found.looked_at as u64 >= LARGE
        })
        .await?;
    Ok(walk.end())
}

/// What is said of the values of account columns.
#[derive(Debug, Clone, Copy)]
pub struct AccountRules<'a> {
    /// The words of a status that refuse binds.
    pub words: &'a RefusedWords,
    /// The links that there are.
    pub auth: &'a AuthSettings,
}

/// What the account columns of SQL_QUERY_ONE_USER say, which binds read: of every user where SQL_QUERY_ALL_USERS has
/// the very same columns, and else of those of the sample.
///
/// # Errors
/// The database could not answer.
pub async fn accounts(
    directory: &Directory,
    sample: &Sample,
    rules: AccountRules<'_>,
) -> Result<Accounts, DirectoryError> {
    let mut found = Accounts::default();
    let (all_users, asked) = (&directory.queries.all_users, &directory.queries.one_user);
    if !asked
        .columns
        .iter()
        .any(|column| column.role.is_ok_and(Role::is_account))
    {
        return Ok(found);
    }
    if all_users.judges_as(asked) {
        let listed = Projection::of_account_columns(&all_users.columns);
        let maker = EntryMaker::new(
            &USERS,
            directory.source.tree.clone(),
            directory.source.schema.clone(),
            listed,
        );
        let source = Listing::new(
            directory.source.database.clone(),
            directory.source.listing(&USERS).query().clone(),
            maker,
        );
        let projection = source.maker().projection();
        source
            .each(PATIENCE, |row| {
                found.row(projection, row, rules);
                found.looked_at as u64 >= LARGE
            })
            .await?;
        return Ok(found);
    }
    let Some(one_user) = directory.source.accounts.one_user() else {
        return Ok(found);
    };
    found.sampled = true;
    for name in &sample.names {
        for row in one_user.account_rows(name, Budget::bind(deadline())).await? {
            found.row(one_user.account_projection(), row, rules);
        }
    }
    Ok(found)
}

#[derive(Default)]
struct Walk {
    found: Findings,
    mails: Owners,
    numbers: Owners,
    uuids: Owners,
    /// Each with whether it was made up.
    homes: HashMap<Vec<u8>, Vec<(String, bool)>>,
}

impl Walk {
    fn row(&mut self, kind: Kind, maker: &EntryMaker, row: Row) {
        self.found.looked_at += 1;
        let lacking = maker.lacking(&row);
        let Some(name) = maker.projection().name(&row) else {
            // Counted with the names.
            return;
        };
        let has_home = maker.projection().position(Role::HomeDirectory).is_some();
        let Some(entry) = maker.entry(row, true) else {
            self.found.unusable += 1;
            return;
        };
        let home_is_made_up = !has_home || lacking.contains(&ids::HOME_DIRECTORY);
        for id in lacking {
            *self.found.lacking.entry(id).or_default() += 1;
        }
        let number = kind.attribute_of(Role::Number);
        match number.and_then(|number| entry.values(number).first()) {
            Some(number) => self.numbers.note(number, &name),
            None => self.found.numberless.push(name.clone()),
        }
        for uuid in entry.values(ids::ENTRY_UUID) {
            self.uuids.note(uuid, &name);
        }
        if kind != &USERS {
            return;
        }
        match entry.values(ids::MAIL).first() {
            Some(mail) => self.mails.note(mail, &name),
            None => self.found.without_mail += 1,
        }
        if let Some(home) = entry.values(ids::HOME_DIRECTORY).first() {
            let by_name = text_of(home).strip_prefix(HOMES).is_some_and(|rest| rest == name);
            self.found.numbered_homes += usize::from(home_is_made_up && !by_name);
            let homes = self.homes.entry(home.to_vec()).or_default();
            homes.push((name, home_is_made_up));
        }
    }

    fn end(self) -> Findings {
        let mut found = self.found;
        found.numberless.sort_unstable();
        found.same_mail = self.mails.shared();
        found.same_number = self.numbers.shared();
        found.same_uuid = self.uuids.shared();
        let several = self.homes.into_values().filter(|owners| owners.len() > 1);
        let made_up = several.flatten().filter(|(_, made_up)| *made_up);
        found.same_home = made_up.map(|(name, _)| name).collect();
        found.same_home.sort_unstable();
        found
    }
}

impl Accounts {
    fn row(&mut self, projection: &Projection, mut row: Row, rules: AccountRules<'_>) {
        self.looked_at += 1;
        let columns = AccountColumns::take(projection, &mut row);
        if let Some(word) = word(&columns.status) {
            let refuses = rules.words.judge(&columns.status) != Standing::Allowed;
            self.words.entry(word).or_insert((0, refuses)).0 += 1;
        }
        let refusal = columns.refusal(rules.words, Timestamp::now());
        if refusal.is_none()
            && let Some(own) = columns.own_chain().filter(|own| !own.is_empty())
            && let Err(error) = rules.auth.chain_of(&own)
        {
            *self.refusals.entry(format!("auth_backends: {error}")).or_default() += 1;
        }
        match refusal {
            None | Some(Refusal::Status(_)) => {}
            Some(Refusal::Unreadable(column)) => *self.unreadable.entry(column).or_default() += 1,
            Some(refusal) => *self.refusals.entry(refusal.to_string()).or_default() += 1,
        }
    }
}

/// A status as it is written, in one line.
fn word(status: &Cell) -> Option<String> {
    const LONGEST: usize = 40;
    let text = status.to_text()?;
    let text: String = text.trim().chars().take(LONGEST).collect();
    (!text.is_empty()).then(|| text.escape_debug().to_string())
}
