//! What the values of the rows are: which are missing and made up, which several entries share, which clients stumble over.

use super::{
    answer::answered,
    report::{Report, table},
};
use crate::{
    directory::{
        Directory, DirectoryError,
        diagnostics::{
            oddities::{Oddity, Range},
            owners::Named,
            rows::{self, Findings, Sharing},
        },
        kind::{PRIVATE_GROUPS, USERS, role::Role, rule::HOMES},
    },
    model::schema::ids,
};

/// Looks at the rows of all users and groups.
///
/// # Errors
/// The database cannot be reached any more.
pub async fn show(directory: &Directory, report: &mut Report) -> Result<(), DirectoryError> {
    let groups = answered("the rows of groups", rows::groups(directory).await, report)?;
    let index = groups.as_ref().map(|(_, index)| index);
    if let Some(users) = answered("the rows of users", rows::users(directory, index).await, report)? {
        made_up(directory, &users, report);
        Teller::new(Kind::Users, directory, &users).tell(report);
        mail(directory, &users, report);
    }
    if let Some((groups, _)) = groups {
        Teller::new(Kind::Groups, directory, &groups).tell(report);
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

fn mail(directory: &Directory, users: &Findings, report: &mut Report) {
    if users.without_mail > 0 {
        let (count, total) = (users.without_mail, users.looked_at);
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Users,
    Groups,
}

/// Tells what was found, each in a line: how many of how many, what, why it matters, what to do, and who.
struct Teller<'a> {
    kind: Kind,
    has_private_groups: bool,
    /// There are columns for the numbers; that there are none has been said.
    has_numbers: bool,
    found: &'a Findings,
}

impl<'a> Teller<'a> {
    fn new(kind: Kind, directory: &Directory, found: &'a Findings) -> Self {
        let queries = directory.queries();
        let has_numbers = match kind {
            Kind::Users => queries.all_users.has_numbers(),
            Kind::Groups => queries.all_groups.column(Role::Number).is_some(),
        };
        Teller {
            kind,
            has_numbers,
            has_private_groups: directory.kinds().contains(&&PRIVATE_GROUPS),
            found,
        }
    }

    fn tell(&self, report: &mut Report) {
        let found = self.found;
        if found.unusable > 0 {
            report.warn(self.line(found.unusable, "have a name that no DN can hold: they are left out"));
        }
        let mut warn = |named: &Named, text: &str| {
            if named.count > 0 {
                report.warn(format!("{}: {named}", self.line(named.count, text)));
            }
        };
        warn(
            &found.repeated,
            "repeat the very name of a row before them, as a join does that finds several; of rows that differ one is taken",
        );
        if self.has_numbers {
            warn(
                &found.numberless,
                match self.kind {
                    Kind::Users => "have no usable uid_number or gid_number, and so no posixAccount",
                    Kind::Groups => "have no usable gid_number, and so no posixGroup",
                },
            );
        }
        for (oddity, named) in &found.odd {
            if let Some(text) = self.oddity(*oddity) {
                warn(named, text);
            }
        }
        for (sharing, shared) in &found.shared {
            let text = self.sharing(*sharing);
            let whose = match sharing {
                Sharing::EntryUuid | Sharing::MadeUpHome => shared.owners(),
                _ => shared.to_string(),
            };
            report.warn(format!("{}: {whose}", self.line(shared.entries, text)));
        }
    }

    fn line(&self, count: usize, text: &str) -> String {
        let (query, what) = match self.kind {
            Kind::Users => ("SQL_QUERY_ALL_USERS", "users"),
            Kind::Groups => ("SQL_QUERY_ALL_GROUPS", "groups"),
        };
        format!("{query}: {count} of {} {what} {text}", self.found.looked_at)
    }

    /// Names of groups with blanks or capital letters are usual, and no login's.
    fn oddity(&self, oddity: Oddity) -> Option<&'static str> {
        Some(match (oddity, self.kind) {
            (Oddity::NameOfDigits, Kind::Users) => {
                "have a name of digits only, which `id`, `chown` and others take for a uid number"
            }
            (Oddity::NameOfDigits, Kind::Groups) => {
                "have a name of digits only, which `chgrp` and others take for a gid number"
            }
            (Oddity::NameUnfit, Kind::Users) => {
                "have a name with a blank, a colon or a slash, which a login on Linux cannot have"
            }
            (Oddity::NameInCapitals, Kind::Users) => {
                "have a name with capital letters: SSSD finds them only in that spelling, unless `case_sensitive = false`; \
                 a query with lower(…) AS username would serve them in small ones"
            }
            (Oddity::NameUnfit | Oddity::NameInCapitals, Kind::Groups) => return None,
            (Oddity::Number(range), Kind::Users) => match range {
                Range::Zero => "have uid number 0, which is root's: SSSD refuses it, and others make root of them",
                Range::System => {
                    "have a uid number below 1000, which on Linux is a system account's: files and rights of that account \
                     are theirs"
                }
                Range::Nobody => "have uid number 65534 or 65535, which are `nobody` and none",
                Range::Beyond => "have a uid number that is negative or beyond 4294967294, which SSSD refuses",
            },
            (Oddity::Number(range), Kind::Groups) => match range {
                Range::Zero => "have gid number 0, which is root's: SSSD refuses it",
                Range::System => {
                    "have a gid number below 1000, which on Linux is a system group's (sudo, disk, docker): their members \
                     get its rights"
                }
                Range::Nobody => "have gid number 65534 or 65535, which are `nogroup` and none",
                Range::Beyond => "have a gid number that is negative or beyond 4294967294, which SSSD refuses",
            },
            (Oddity::PrimaryGroup(range), _) => match range {
                Range::Zero => "have gid number 0: their primary group is root's",
                Range::System => {
                    "have a gid number below 1000: their primary group is a system group (sudo, disk, docker) where Linux \
                     has that number"
                }
                Range::Nobody => "have gid number 65534 or 65535, which are `nogroup` and none",
                Range::Beyond => "have a gid number that is negative or beyond 4294967294, which SSSD refuses",
            },
            (Oddity::OthersGroup, _) => {
                "have a gid number that is computed or their uid number, and that another group has: they are in it, as \
                 their primary group; numbers of users and of groups must not meet"
            }
            (Oddity::NamesakeGroup, _) => {
                "have a gid number of no group, and get no private group, because a group has their name and another \
                 number: `id` shows a number without a name; give that group their gid number, or another name"
            }
            (Oddity::MailWithoutAt, _) => "have a mail address without @",
            (Oddity::HomeIsNoPath, _) => {
                "have a home directory that does not begin with /: a login ends there, or in /"
            }
            (Oddity::ShellIsNoPath, _) => "have a login shell that does not begin with /: logins fail",
        })
    }

    fn sharing(&self, sharing: Sharing) -> &'static str {
        match (sharing, self.kind) {
            (Sharing::Mail, _) => {
                "have a mail address that is also another one's; clients that know people by it take one for the other, and \
                 a login by it is refused"
            }
            (Sharing::Number, Kind::Users) => {
                "have a uid number that is also another one's; each owns the other's files, and Linux shows one of their names"
            }
            (Sharing::Number, Kind::Groups) => {
                "have a gid number that is also another one's; members of one get the other's files"
            }
            (Sharing::EntryUuid, Kind::Users) => {
                "have an entryUUID that is also another one's; a column entry_uuid would tell them apart"
            }
            (Sharing::EntryUuid, Kind::Groups) => "have an entryUUID that is also another one's",
            (Sharing::Home, _) => "have a home directory that is also another one's",
            (Sharing::MadeUpHome, _) => "have no usable home_directory, and get one that is also another one's",
            (Sharing::GroupOfNoRow, _) if self.has_private_groups => {
                "share a gid number with another one, and no group has it: a group with the name of one of them is served \
                 for it, and all can read what is its; a row in the groups' table would name it"
            }
            (Sharing::GroupOfNoRow, _) => {
                "share a gid number with another one, and no group has it: `id` shows a number without a name"
            }
        }
    }
}
