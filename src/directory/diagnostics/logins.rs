//! What a bind of each user would find in the rows: the row of SQL_QUERY_ONE_USER with all that decides but the password
//! itself.
//!
//! Where users are not too many, that query is asked for each, as a bind does. Of more users all rows are read from
//! SQL_QUERY_ALL_USERS, where it takes the same columns from the same table; and else users picked evenly are asked for.

use crate::{
    config::Secret,
    directory::{
        account::AccountColumns,
        diagnostics::sample::{PATIENCE, deadline},
        error::DirectoryError,
        facade::Directory,
        kind::{USERS, role::Role},
        mapping::{entry::EntryMaker, projection::Projection},
        source::{accounts::stored_text, duplicates::Shadowed, listing::Listing, one_user::OneUser},
    },
    model::value::Cell,
    sql::{Budget, Row, SqlError},
};
use futures::StreamExt;
use std::time::{Duration, Instant};

/// Users who are asked for one by one.
pub const ASKED: u64 = 20_000;
/// How long that may take.
const ASKING: Duration = Duration::from_secs(8);
/// Asked for at the same time.
const AT_ONCE: usize = 4;

/// What decides about a user's bind, but for the password that is typed.
#[derive(Debug)]
pub struct Login {
    /// The user.
    pub name: String,
    /// The row, or why there is none.
    pub row: Result<LoginRow, NoRow>,
}

/// A user's row as a bind reads it.
#[derive(Debug)]
pub struct LoginRow {
    /// The columns that may refuse.
    pub columns: AccountColumns,
    /// The stored hash.
    pub hash: Option<Secret>,
    /// There is something in its place that is no text.
    pub hash_is_unreadable: bool,
    /// The secret of codes.
    pub totp_secret: Option<Secret>,
}

/// Why a user of SQL_QUERY_ALL_USERS has no row to bind with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoRow {
    /// Another user has the name in another spelling.
    Twin,
    /// SQL_QUERY_ONE_USER finds none.
    Missing,
    /// SQL_QUERY_ONE_USER finds one with another number.
    OtherNumber,
    /// SQL_QUERY_ONE_USER finds several that differ.
    Several,
    /// SQL_QUERY_ONE_USER fails for this user.
    Fails(String),
}

/// Who was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// Every user.
    All,
    /// All rows, read from SQL_QUERY_ALL_USERS.
    Listed,
    /// Some users, picked evenly.
    Picked,
}

/// Looks at the users whom binds could name, and hands each over. `users` is how many there are; `twins` are the rows that
/// are no entries.
///
/// # Errors
/// The database could not answer.
pub async fn each(
    directory: &Directory,
    users: u64,
    twins: Shadowed,
    mut visit: impl FnMut(Login),
) -> Result<Option<Coverage>, DirectoryError> {
    let Some(one_user) = directory.source.accounts.one_user() else {
        return Ok(None);
    };
    let queries = &directory.queries;
    if users > ASKED && queries.all_users.signs_in_as(&queries.one_user) {
        listed(directory, twins, visit).await?;
        return Ok(Some(Coverage::Listed));
    }
    let step = usize::try_from(users.div_ceil(ASKED)).unwrap_or(usize::MAX).max(1);
    let picked = pick(directory, twins, step).await?;
    let asked = picked.len();
    let till = Instant::now() + ASKING;
    let logins = futures::stream::iter(picked).map(|user| async move {
        // Those who are left when the time is over are not asked for.
        match Instant::now() < till || user.is_twin {
            true => Some(ask(one_user, user).await).transpose(),
            false => Ok(None),
        }
    });
    let mut logins = logins.buffered(AT_ONCE);
    let mut answered = 0;
    while let Some(login) = logins.next().await {
        let Some(login) = login? else { break };
        answered += 1;
        visit(login);
    }
    Ok(Some(match step == 1 && answered == asked {
        true => Coverage::All,
        false => Coverage::Picked,
    }))
}

/// A user to ask for.
struct Picked {
    name: String,
    number: Option<i128>,
    is_twin: bool,
}

/// Every so many'th user.
async fn pick(directory: &Directory, mut twins: Shadowed, step: usize) -> Result<Vec<Picked>, DirectoryError> {
    let listing = with(
        directory,
        directory.source.listing(&USERS).maker().projection().of_names(),
    );
    let projection = listing.maker().projection();
    let mut picked = Vec::new();
    let mut at = 0_usize;
    listing
        .each(PATIENCE, |row| {
            let Some(name) = projection.name(&row) else {
                return false;
            };
            let number = projection.number(&row);
            let is_twin = twins.drops(&name, number);
            // A row that stands there twice is one user.
            if is_twin || twins.keep(projection, &row) {
                if at.is_multiple_of(step) {
                    picked.push(Picked { name, number, is_twin });
                }
                at += 1;
            }
            false
        })
        .await?;
    Ok(picked)
}

async fn ask(one_user: &OneUser, user: Picked) -> Result<Login, DirectoryError> {
    let row = match user.is_twin {
        true => Err(NoRow::Twin),
        false => match one_user.account_rows(&user.name, Budget::bind(deadline())).await {
            Ok(rows) => own_row(one_user.account_projection(), rows, &user),
            Err(error @ SqlError::Statement(_)) => Err(NoRow::Fails(error.detail())),
            Err(error) => return Err(error.into()),
        },
    };
    Ok(Login { name: user.name, row })
}

/// The one row of a user, chosen as a bind chooses it.
fn own_row(own: &Projection, rows: Vec<Row>, user: &Picked) -> Result<LoginRow, NoRow> {
    let named = rows
        .into_iter()
        .filter(|row| own.name(row).as_ref() == Some(&user.name));
    let named: Vec<Row> = named.collect();
    if named.is_empty() {
        return Err(NoRow::Missing);
    }
    let has_number = own.position(Role::Number).is_some();
    let mut fitting = named
        .into_iter()
        .filter(|row| !has_number || own.number(row) == user.number);
    let row = fitting.next().ok_or(NoRow::OtherNumber)?;
    if fitting.any(|other| other != row) {
        return Err(NoRow::Several);
    }
    Ok(LoginRow::take(own, row))
}

/// All rows, from SQL_QUERY_ALL_USERS.
async fn listed(
    directory: &Directory,
    mut twins: Shadowed,
    mut visit: impl FnMut(Login),
) -> Result<(), DirectoryError> {
    let listing = with(directory, Projection::of_accounts(&directory.queries.all_users.columns));
    let projection = listing.maker().projection();
    listing
        .each(PATIENCE, |row| {
            if let Some(name) = projection.name(&row) {
                if twins.drops(&name, projection.number(&row)) {
                    visit(Login {
                        name,
                        row: Err(NoRow::Twin),
                    });
                } else if twins.keep(projection, &row) {
                    let row = Ok(LoginRow::take(projection, row));
                    visit(Login { name, row });
                }
            }
            false
        })
        .await?;
    Ok(())
}

/// All users, with other columns.
fn with(directory: &Directory, projection: Projection) -> Listing {
    let source = &directory.source;
    let maker = EntryMaker::new(&USERS, source.tree.clone(), source.schema.clone(), projection);
    Listing::new(source.database.clone(), source.listing(&USERS).query().clone(), maker)
}

impl LoginRow {
    fn take(projection: &Projection, mut row: Row) -> Self {
        let password = projection.take(&mut row, Role::Password);
        let is_there = password == Cell::Unreadable || !password.is_absent();
        let hash = stored_text(password);
        LoginRow {
            hash_is_unreadable: is_there && hash.is_none(),
            hash: hash.map(Secret::new),
            totp_secret: stored_text(projection.take(&mut row, Role::TotpSecret)).map(Secret::new),
            columns: AccountColumns::take(projection, &mut row),
        }
    }
}
