//! What rows say, by statements that are bounded and cannot change anything. Of their values nothing leaves this file but
//! words of a few letters in columns that say who may sign in, and the names of hash schemes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::auth::password::classify;
use crate::model::value::Cell;
use crate::sql::{Database, SqlError};

/// How many rows are looked at for names, addresses and hashes.
pub const SAMPLE: usize = 1000;
/// How many rows are looked at for the words of a column, and are counted.
const MOST_ROWS: usize = 10_000;
/// More different values than this are no words that say who may sign in.
pub const MOST_WORDS: usize = 20;
/// How long each statement may take.
pub const LIMIT: Duration = Duration::from_secs(10);

/// The different values of a column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// Those that are short words or numbers.
    pub words: BTreeSet<String>,
    /// There are others, which are not shown.
    pub has_others: bool,
    /// There are more than can be words.
    pub are_many: bool,
}

/// What a sample of a users' query shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sample {
    /// How many rows it has.
    pub rows: usize,
    /// Names with capitals.
    pub capitals: usize,
    /// Names with blanks in them.
    pub blanks: usize,
    /// Names with `@`.
    pub addresses: usize,
    /// Names with what Unix tools do not take in names, beside these.
    pub odd: usize,
    /// Rows without a name.
    pub nameless: usize,
    /// Names that another row has as well, in whatever case.
    pub names_again: usize,
    /// Addresses that another row has as well.
    pub mails_again: usize,
    /// Hash schemes, with how many rows have each and whether passwords can match.
    pub schemes: BTreeMap<(&'static str, bool), usize>,
    /// Rows without a hash.
    pub without_hash: usize,
}

/// How many rows a table has, counted up to a limit; with whether there are more.
///
/// # Errors
/// The database's.
pub async fn count(database: &Database, table: &str) -> Result<(usize, bool), SqlError> {
    let sql = format!(
        "SELECT COUNT(*) FROM (SELECT 1 AS x FROM {table} LIMIT {}) s",
        MOST_ROWS + 1
    );
    let rows = database.fetch_read_only(&sql, &[], LIMIT).await?;
    let count = rows
        .first()
        .and_then(|row| row.first())
        .and_then(Cell::to_integer)
        .unwrap_or_default();
    let count = usize::try_from(count).unwrap_or_default();
    Ok((count.min(MOST_ROWS), count > MOST_ROWS))
}

/// The different values of a column in the first rows of a table.
///
/// # Errors
/// The database's.
pub async fn words(database: &Database, table: &str, column: &str) -> Result<Words, SqlError> {
    let sql = format!(
        "SELECT DISTINCT v FROM (SELECT {column} AS v FROM {table} LIMIT {MOST_ROWS}) s LIMIT {}",
        MOST_WORDS + 1
    );
    let rows = database.fetch_read_only(&sql, &[], LIMIT).await?;
    let mut found = Words {
        are_many: rows.len() > MOST_WORDS,
        ..Words::default()
    };
    for cell in rows
        .iter()
        .filter_map(|row| row.first())
        .filter(|cell| **cell != Cell::Null)
    {
        match cell.to_text().map(|text| text.trim().to_owned()) {
            None => found.has_others |= !cell.is_absent(),
            Some(word) if word.is_empty() => {}
            Some(word) if is_word(&word) => drop(found.words.insert(word)),
            Some(_) => found.has_others = true,
        }
    }
    if found.are_many {
        found.words.clear();
    }
    Ok(found)
}

/// Words that name a state. Anything longer may be somebody's.
fn is_word(text: &str) -> bool {
    let is_short = text.chars().count() <= 24 && text.split(' ').count() <= 2;
    is_short
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' '))
}

/// A sample of a users' query. `mail` and `password` say whether it has these columns.
///
/// # Errors
/// The database's.
pub async fn sample(database: &Database, query: &str, mail: bool, password: bool) -> Result<Sample, SqlError> {
    let mail = if mail { "q.mail" } else { "NULL" };
    let password = if password { "q.password" } else { "NULL" };
    let sql = format!("SELECT q.username, {mail}, {password} FROM ({query}) q LIMIT {SAMPLE}");
    let rows = database.fetch_read_only(&sql, &[], LIMIT).await?;
    let mut sample = Sample {
        rows: rows.len(),
        ..Sample::default()
    };
    let (mut names, mut mails) = (BTreeSet::new(), BTreeSet::new());
    for row in &rows {
        let [name, mail, password] = row.as_slice() else {
            continue;
        };
        match name.to_text() {
            None => sample.nameless += 1,
            Some(name) => {
                sample.judge_name(&name);
                sample.names_again += usize::from(!names.insert(name.to_lowercase()));
            }
        }
        if let Some(mail) = mail.to_text() {
            sample.mails_again += usize::from(!mails.insert(mail.to_lowercase()));
        }
        match password.to_text() {
            None => sample.without_hash += 1,
            Some(hash) => {
                let found = classify(&hash);
                *sample
                    .schemes
                    .entry((found.scheme, found.problem.is_none()))
                    .or_default() += 1;
            }
        }
    }
    Ok(sample)
}

impl Sample {
    fn judge_name(&mut self, name: &str) {
        let has = |test: fn(char) -> bool| name.contains(test);
        if has(|c| c == '@') {
            self.addresses += 1;
        } else if has(char::is_whitespace) {
            self.blanks += 1;
        } else if !name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
        {
            self.odd += 1;
        }
        self.capitals += usize::from(name.chars().any(char::is_uppercase));
    }
}
