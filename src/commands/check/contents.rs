//! What the directory would hold: how many entries, who is left out, where the queries disagree, which hashes are usable,
//! which indexes would help.

use super::{
    answer::answered,
    logins::{self, LoginRules},
    report::{Fault, Report},
    sign_in, values,
};
use crate::directory::{
    Directory, DirectoryError, Shadowed,
    diagnostics::{
        consistency,
        indexes::index_advice,
        sample::{Count, SMALL, Sample, count, listed, sample},
    },
    kind::{GROUPS, Kind, PRIVATE_GROUPS, USERS},
};

/// Runs each query once. If all can be run, looks at their rows.
pub async fn show(directory: &Directory, rules: LoginRules<'_>, report: &mut Report) {
    let refusals = consistency::refusals(directory).await;
    for (query, error) in &refusals {
        report.fault(Fault::Database, format!("{query}: {}", error.detail()));
    }
    if !refusals.is_empty() {
        return;
    }
    if let Err(error) = look_at_rows(directory, rules, report).await {
        report.fault(Fault::Database, format!("SQL_URI: {}", error.detail()));
    }
}

/// How many rows the listings have.
struct Counts {
    users: Count,
    groups: Count,
}

async fn look_at_rows(directory: &Directory, rules: LoginRules<'_>, report: &mut Report) -> Result<(), DirectoryError> {
    let users = counted(directory, &USERS, "users", report).await?;
    let groups = counted(directory, &GROUPS, "groups", report).await?;
    let private = private_groups(directory, report).await?;
    let number = |count: Option<Count>| count.map_or("?".to_owned(), |count| count.named.to_string());
    report.section(
        "Directory",
        vec![
            format!("{} users, {} groups", number(users), number(groups)),
            format!("memberships are read from {}", directory.membership_form()),
            private,
        ],
    );
    let twins = twins(directory, &USERS, "users", report).await?;
    self::twins(directory, &GROUPS, "groups", report).await?;
    values::show(directory, report).await?;
    if let Some(sample) = answered("the first users", sample(directory).await, report)? {
        differences(directory, &sample, (users, &twins), report).await?;
        sign_in::values(directory, &sample, rules.auth, report).await?;
        if let (Some(users), Some(groups)) = (users, groups) {
            let counts = Counts { users, groups };
            indexes(directory, &sample, counts, report).await?;
        }
    }
    if let Some(users) = users {
        logins::show(directory, (users.named, twins), rules, report).await?;
    }
    Ok(())
}

/// The rows that are no entries, because another row has their name in another spelling. They are warned of.
async fn twins(directory: &Directory, kind: Kind, what: &str, report: &mut Report) -> Result<Shadowed, DirectoryError> {
    let twins = consistency::twins(directory, kind).await;
    let twins = answered(&format!("{what} of one name"), twins, report)?.unwrap_or_default();
    let mut names: Vec<String> = twins.names().map(str::to_owned).collect();
    if names.is_empty() {
        return Ok(twins);
    }
    names.sort_unstable();
    let found = consistency::found_by_spelling(directory, kind, &names).await;
    let found = answered(&format!("which spellings of {what} are found"), found, report)?.unwrap_or_default();
    let also = match found.is_empty() {
        true => String::new(),
        false => format!(
            "; no listing has them{}, and yet a search for that very spelling finds: {}",
            if kind == &USERS {
                " and nobody can log in as one of them"
            } else {
                ""
            },
            listed(&found)
        ),
    };
    report.warn(format!(
        "{what} that are not served, because another one's name differs only in case or blanks: {}{also}",
        listed(&names)
    ));
    Ok(twins)
}

/// How many rows a listing has. Rows without a name are warned of.
async fn counted(
    directory: &Directory,
    kind: Kind,
    what: &str,
    report: &mut Report,
) -> Result<Option<Count>, DirectoryError> {
    let count = count(directory, kind).await;
    let count = answered(&format!("the number of {what}"), count, report)?;
    if let Some(nameless) = count.map(|count| count.rows.saturating_sub(count.named))
        && nameless > 0
    {
        report.warn(format!(
            "{nameless} rows of {what} have no name, or one of another kind than the others (on SQLite a blob among \
             texts), and are left out"
        ));
    }
    Ok(count)
}

/// Where queries disagree with each other, or say something else than they seem to.
async fn differences(
    directory: &Directory,
    sample: &Sample,
    (users, twins): (Option<Count>, &Shadowed),
    report: &mut Report,
) -> Result<(), DirectoryError> {
    for (kind, variable) in [(&USERS, "SQL_QUERY_ALL_USERS"), (&GROUPS, "SQL_QUERY_ALL_GROUPS")] {
        let texts = consistency::constants(directory, kind).await;
        for text in answered(&format!("{variable}: texts in double quotes"), texts, report)?.unwrap_or_default() {
            report.warn(format!("{variable}: {text}"));
        }
    }
    let texts = consistency::one_user_differences(directory, sample, twins).await;
    let what = "whether SQL_QUERY_ONE_USER gives the same entries as SQL_QUERY_ALL_USERS";
    for text in answered(what, texts, report)?.unwrap_or_default() {
        report.warn(text);
    }
    if let Some(users) = users {
        let texts = consistency::membership_differences(directory, sample, users).await;
        for text in answered("whether the queries agree on memberships", texts, report)?.unwrap_or_default() {
            report.warn(text);
        }
    }
    if let Some(text) = consistency::slow_memberships(directory) {
        report.advise(text);
    }
    Ok(())
}

/// Which indexes would help.
async fn indexes(
    directory: &Directory,
    sample: &Sample,
    counts: Counts,
    report: &mut Report,
) -> Result<(), DirectoryError> {
    let advice = index_advice(directory, sample, counts.users, counts.groups).await;
    for advice in answered("which indexes would help", advice, report)?.unwrap_or_default() {
        let statements: Vec<String> = advice.statements.iter().map(|line| format!("\n{line}")).collect();
        let also = match (&advice.also, statements.is_empty()) {
            (None, _) => String::new(),
            (Some(also), true) => format!(": {also}"),
            (Some(also), false) => format!("\n{also}"),
        };
        let what = if statements.is_empty() {
            ""
        } else {
            "; this would help:"
        };
        report.advise(format!("{}{what}{}{also}", advice.reason, statements.concat()));
    }
    let small = |count: Count| count.rows < SMALL;
    if small(counts.users) && small(counts.groups) {
        report.advise(format!(
            "with fewer than {SMALL} users and groups no index matters yet; sql/README.md lists those worth having"
        ));
    }
    Ok(())
}

/// How many there are by their numbers alone. It may be fewer: a group may have the name of one.
async fn private_groups(directory: &Directory, report: &mut Report) -> Result<String, DirectoryError> {
    if let Some(why) = directory.no_private_groups() {
        // That columns are missing has been said.
        if directory.queries().all_users.has_numbers() {
            report.warn(format!("LDAP_USER_PRIVATE_GROUPS: no private groups are served: {why}"));
        }
        return Ok(format!("no user private groups: {why}"));
    }
    if !directory.kinds().contains(&&PRIVATE_GROUPS) {
        return Ok("no user private groups (LDAP_USER_PRIVATE_GROUPS=off)".to_owned());
    }
    let count = count(directory, &PRIVATE_GROUPS).await;
    Ok(match answered("the number of user private groups", count, report)? {
        Some(count) => format!("{} user private groups, of gid numbers that no group has", count.named),
        None => "user private groups, of gid numbers that no group has".to_owned(),
    })
}
