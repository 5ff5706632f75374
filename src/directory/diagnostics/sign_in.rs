//! What the links of the chain would be given of each user of a sample.

use crate::{
    config::Secret,
    directory::{
        Directory, DirectoryError,
        account::AccountColumns,
        diagnostics::sample::{Sample, deadline},
        kind::role::Role,
        source::accounts::stored_text,
    },
    sql::Budget,
};

/// What a row has for the links of its chain.
#[derive(Debug, Default)]
pub struct SignIn {
    /// The chain of the user's own; empty where there is none. None where it cannot be read.
    pub own_chain: Option<Vec<String>>,
    /// The stored hash.
    pub hash: Option<Secret>,
    /// The secret of the codes.
    pub totp_secret: Option<Secret>,
}

/// The sample's users, as SQL_QUERY_ONE_USER has them.
///
/// # Errors
/// The database could not answer.
pub async fn sign_ins(directory: &Directory, sample: &Sample) -> Result<Vec<SignIn>, DirectoryError> {
    let mut found = Vec::new();
    let Some(one_user) = directory.source.accounts.one_user() else {
        return Ok(found);
    };
    let projection = one_user.account_projection();
    for name in &sample.names {
        for mut row in one_user.account_rows(name, Budget::bind(deadline())).await? {
            found.push(SignIn {
                hash: stored_text(projection.take(&mut row, Role::Password)).map(Secret::new),
                totp_secret: stored_text(projection.take(&mut row, Role::TotpSecret)).map(Secret::new),
                own_chain: AccountColumns::take(projection, &mut row).own_chain(),
            });
        }
    }
    Ok(found)
}
