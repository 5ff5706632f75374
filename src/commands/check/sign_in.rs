//! What each link of the chain has and lacks: columns, users' hashes and secrets, servers.

use super::{
    answer::answered,
    report::{Fault, Report},
};
use crate::{
    auth::{
        link::{totp, upstream::Upstream},
        password::{Classified, classify},
    },
    config::{AuthBackend, AuthSettings, Chain, Query, RealmSettings},
    directory::{
        Directory, DirectoryError,
        diagnostics::{
            sample::{SAMPLE, Sample},
            sign_in::{SignIn, sign_ins},
        },
        kind::role::Role,
        queries::{DescribedQuery, hints::alias},
    },
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

/// The columns that links read, what they are called, and whose link it is.
const COLUMNS: [(AuthBackend, Role, &str); 2] = [
    (AuthBackend::Sql, Role::Password, "password"),
    (AuthBackend::Totp, Role::TotpSecret, "totp_secret"),
];

/// Asks each upstream server whether a name that nobody has may sign in.
pub async fn ask_upstream(auth: &AuthSettings, report: &mut Report) {
    let Some(settings) = &auth.upstream else {
        return;
    };
    match Upstream::new(settings) {
        Ok(upstream) => {
            for (uri, error) in upstream.probe().await {
                report.fault(Fault::Database, format!("UPSTREAM_LDAP_URI: {uri}: {error}"));
            }
        }
        Err(error) => report.fault(Fault::Settings, format!("UPSTREAM_LDAP_CA_PATH: {error}")),
    }
}

/// Warns of columns that the chain of all needs and the query has not.
pub fn columns(realm: &RealmSettings, one_user: &DescribedQuery, report: &mut Report) {
    let chain = &realm.auth.chain;
    let are_all_alike = one_user.column(Role::AuthBackends).is_none();
    for (link, role, column) in COLUMNS {
        let is_elsewhere = link == AuthBackend::Sql && realm.passwords.is_some();
        if !chain.has(link) || is_elsewhere || one_user.column(role).is_some() {
            continue;
        }
        let whose = match are_all_alike {
            true => String::new(),
            false => format!(" whose chain has `{}`", link.name()),
        };
        let alias = alias(Query::OneUser, one_user, &[role]);
        report.warn(format!(
            "SQL_QUERY_ONE_USER: no column {column}: nobody can bind{whose}{alias}"
        ));
    }
}

/// Which of the sample's users can sign in at all, as far as their rows tell.
///
/// # Errors
/// The database could not answer.
pub async fn values(
    directory: &Directory,
    sample: &Sample,
    auth: &AuthSettings,
    report: &mut Report,
) -> Result<(), DirectoryError> {
    let Some(users) = answered("the stored hashes", sign_ins(directory, sample).await, report)? else {
        return Ok(());
    };
    let has = |user: &SignIn, link| chain(auth, user).is_some_and(|chain| chain.has(link));
    let of = |link| users.iter().filter(move |user| has(user, link));
    let one_user = &directory.queries().one_user;
    // That nobody has one has been said.
    if one_user.column(Role::Password).is_some() {
        hashes(of(AuthBackend::Sql), users.len(), report);
    }
    if one_user.column(Role::TotpSecret).is_some() {
        secrets(of(AuthBackend::Totp), users.len(), report);
    }
    Ok(())
}

/// That these are not all users.
fn first(total: usize) -> &'static str {
    match u32::try_from(total).is_ok_and(|total| total < SAMPLE) {
        true => "",
        false => "the first ",
    }
}

/// None where the user's own is none that is set up, which is counted elsewhere.
fn chain<'a>(auth: &'a AuthSettings, user: &SignIn) -> Option<Cow<'a, Chain>> {
    match user.own_chain.as_deref()? {
        [] => Some(Cow::Borrowed(&auth.chain)),
        own => auth.chain_of(own).ok().map(Cow::Owned),
    }
}

fn hashes<'a>(users: impl Iterator<Item = &'a SignIn>, total: usize, report: &mut Report) {
    let mut schemes = BTreeSet::new();
    let (mut asked, mut good, mut without) = (0, 0, 0);
    let mut marks: BTreeMap<Classified, usize> = BTreeMap::new();
    let mut problems: BTreeMap<Classified, usize> = BTreeMap::new();
    for user in users {
        asked += 1;
        let Some(hash) = &user.hash else {
            without += 1;
            continue;
        };
        let hash = classify(hash.reveal());
        if hash.problem.is_none() {
            good += 1;
            schemes.insert(hash.scheme);
            continue;
        }
        let counted = match hash.is_mark {
            true => &mut marks,
            false => &mut problems,
        };
        *counted.entry(hash).or_default() += 1;
    }
    if asked == 0 {
        return;
    }
    let mut line = format!("{good} of {}{asked} users have a usable hash", first(total));
    if !schemes.is_empty() {
        let schemes: Vec<&str> = schemes.into_iter().collect();
        line = format!("{line}: {}", schemes.join(", "));
    }
    report.section("Passwords", vec![line]);
    if without > 0 {
        report.warn(format!(
            "SQL_QUERY_ONE_USER: {without} of {total} users have no password and cannot bind"
        ));
    }
    for (mark, count) in marks {
        report.warn(format!(
            "SQL_QUERY_ONE_USER: {count} of {total} users have no password and cannot bind: {}",
            described(mark)
        ));
    }
    for (problem, count) in problems {
        report.warn(format!(
            "SQL_QUERY_ONE_USER: {count} of {total} users cannot bind: {}",
            described(problem)
        ));
    }
}

/// What such values look like, and the cure.
fn described(found: Classified) -> String {
    format!("{}: {}", found.scheme, found.problem.unwrap_or_default())
}

fn secrets<'a>(users: impl Iterator<Item = &'a SignIn>, total: usize, report: &mut Report) {
    let (mut asked, mut good, mut without) = (0, 0, 0);
    let mut problems: BTreeMap<String, usize> = BTreeMap::new();
    for user in users {
        asked += 1;
        match user.totp_secret.as_ref().map(|secret| totp::readable(secret.reveal())) {
            None => without += 1,
            Some(Ok(())) => good += 1,
            Some(Err(error)) => *problems.entry(error.to_string()).or_default() += 1,
        }
    }
    if asked == 0 {
        return;
    }
    report.section(
        "Codes",
        vec![format!(
            "{good} of {}{asked} users with `totp` have a usable totp_secret",
            first(total)
        )],
    );
    if without > 0 {
        report.warn(format!(
            "SQL_QUERY_ONE_USER: {without} of {total} users have no totp_secret and cannot bind"
        ));
    }
    for (problem, count) in problems {
        report.warn(format!(
            "SQL_QUERY_ONE_USER: {count} of {total} users cannot bind: their totp_secret cannot be read, {problem}"
        ));
    }
}
