//! What the values of the rows are: which are missing and made up, which two entries share, which accounts are closed.

use super::{
    answer::answered,
    report::{Report, table},
};
use crate::{
    directory::{
        Directory, DirectoryError,
        diagnostics::{
            rows::{self, AccountRules, Accounts, Findings},
            sample::{Sample, listed},
        },
        kind::{GROUPS, USERS, rule::HOMES},
    },
    model::schema::ids,
};

/// How many words of the status column are listed.
const WORDS: usize = 50;

/// Looks at the rows of all users and groups.
///
/// # Errors
/// The database cannot be reached any more.
pub async fn show(
    directory: &Directory,
    sample: &Sample,
    rules: AccountRules<'_>,
    report: &mut Report,
) -> Result<(), DirectoryError> {
    if let Some(users) = answered("the rows of users", rows::findings(directory, &USERS).await, report)? {
        made_up(directory, &users, report);
        doubtful_users(directory, &users, report);
    }
    if let Some(groups) = answered("the rows of groups", rows::findings(directory, &GROUPS).await, report)? {
        doubtful_groups(&groups, report);
    }
    let found = rows::accounts(directory, sample, rules).await;
    if let Some(found) = answered("the columns that refuse binds", found, report)? {
        accounts(&found, report);
    }
    Ok(())
}

fn made_up(directory: &Directory, users: &Findings, report: &mut Report) {
    let schema = directory.schema();
    let numbered = match users.numbered_homes {
        0 => String::new(),
        count => format!(", and for {count} {HOMES}UIDNUMBER"),
    };
    let lines: Vec<Vec<String>> = users
        .lacking
        .iter()
        // The section about mail tells of addresses that are not made up.
        .filter(|(id, _)| **id != ids::MAIL || directory.makes_addresses_up())
        .map(|(id, count)| {
            let instead = USERS.fallback_in_words(*id, schema);
            let numbered = if *id == ids::HOME_DIRECTORY { &*numbered } else { "" };
            vec![
                schema.attribute_name(*id).to_owned(),
                format!("{count} of {} users have no usable value:", users.looked_at),
                instead.unwrap_or_else(|| "none".to_owned()) + numbered,
            ]
        })
        .collect();
    if !lines.is_empty() {
        report.section("Values that are missing, and what is served instead", table(&lines));
    }
}

fn doubtful_users(directory: &Directory, users: &Findings, report: &mut Report) {
    let total = users.looked_at;
    if users.unusable > 0 {
        report.warn(format!(
            "SQL_QUERY_ALL_USERS: {} of {total} users have a name that no DN can hold: they are left out",
            users.unusable
        ));
    }
    let mut warn = |names: &[String], text: &str| {
        if !names.is_empty() {
            report.warn(format!(
                "SQL_QUERY_ALL_USERS: {} of {total} users {text}: {}",
                names.len(),
                listed(names)
            ));
        }
    };
    warn(
        &users.numberless,
        "have no usable uid_number or gid_number, and so no posixAccount",
    );
    warn(
        &users.same_mail,
        "have a mail address that is also another one's; clients that know people by it take one for the other",
    );
    warn(&users.same_number, "have a uid number that is also another one's");
    warn(
        &users.same_uuid,
        "have an entryUUID that is also another one's; a column entry_uuid would tell them apart",
    );
    warn(
        &users.same_home,
        "have no usable home_directory, and get one that is also another one's",
    );
    if users.without_mail > 0 {
        let count = users.without_mail;
        let how = match directory.makes_addresses_up() {
            true => "",
            false => "; LDAP_MAIL_FALLBACK=on would make one up",
        };
        report.section(
            "Mail",
            vec![format!("{count} of {total} users have no mail address{how}")],
        );
    }
}

fn doubtful_groups(groups: &Findings, report: &mut Report) {
    let total = groups.looked_at;
    let mut warn = |names: &[String], text: &str| {
        if !names.is_empty() {
            report.warn(format!(
                "SQL_QUERY_ALL_GROUPS: {} of {total} groups {text}: {}",
                names.len(),
                listed(names)
            ));
        }
    };
    warn(&groups.numberless, "have no usable gid_number, and so no posixGroup");
    warn(&groups.same_number, "have a gid number that is also another one's");
    warn(&groups.same_uuid, "have an entryUUID that is also another one's");
}

fn accounts(accounts: &Accounts, report: &mut Report) {
    let total = accounts.looked_at;
    let mut words: Vec<_> = accounts.words.iter().collect();
    // Those that refuse come first: none of them may be left out.
    words.sort_by_key(|(_, (_, refuses))| !refuses);
    let rows = words.iter().take(WORDS).map(|(word, (count, refuses))| {
        let what = if *refuses { "cannot bind" } else { "may bind" };
        vec![format!("status {word}"), count.to_string(), what.to_owned()]
    });
    let others = accounts.refusals.iter();
    let others = others.map(|(why, count)| vec![why.clone(), count.to_string(), "cannot bind".to_owned()]);
    let mut lines = table(&rows.chain(others).collect::<Vec<_>>());
    if words.len() > WORDS {
        lines.push(format!("and {} more words of the status", words.len() - WORDS));
    }
    if !lines.is_empty() {
        let which = if accounts.sampled { "the first " } else { "" };
        report.section(&format!("Accounts of {which}{total} users"), lines);
    }
    for (column, count) in &accounts.unreadable {
        report.warn(format!(
            "SQL_QUERY_ONE_USER: {count} of {total} users cannot bind: their {column} cannot be read"
        ));
    }
}
