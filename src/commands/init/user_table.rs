//! A table of users that no known software has made: which of its columns is what, by names and types alone. Pure.
//!
//! It must have a column that names users and one that holds password hashes. A column whose name says one thing and whose
//! type another is unclear, and is not used.

use crate::sql::{CatalogColumn, CatalogTable, ColumnClass};

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    Username,
    Mail,
    Password,
    UidNumber,
    GidNumber,
    FullName,
    FirstName,
    LastName,
    HomeDirectory,
    LoginShell,
    SshPublicKey,
    /// Says who may sign in.
    Enabled,
    /// Says who may not.
    Locked,
    /// Since when somebody may not sign in.
    LockedAt,
    Status,
    ExpiresAt,
    /// Since when a row counts as deleted.
    DeletedAt,
    /// When or whether an address was confirmed.
    Verified,
}

use ColumnClass::{Boolean, Integer, Other, Text, Time};
use Use::*;

/// Names of columns without case and underscores, the likelier first, and the types that fit.
const NAMES: [(Use, &[ColumnClass], &str); 18] = [
    (
        Username,
        &[Text],
        "username login loginname uid accountname account nickname nick userlogin useruid user",
    ),
    (Mail, &[Text], "mail email emailaddress mailaddress useremail usermail"),
    (
        Password,
        &[Text],
        "passwordhash hashedpassword encryptedpassword passworddigest cryptedpassword cryptpassword passwdhash passhash \
         pwhash pwdhash userpassword userpass password passwd passphrase pass pwd hash",
    ),
    (UidNumber, &[Integer], "uidnumber unixuid posixuid"),
    (GidNumber, &[Integer], "gidnumber unixgid posixgid"),
    (FullName, &[Text], "fullname displayname realname commonname cn"),
    (FirstName, &[Text], "firstname givenname forename"),
    (LastName, &[Text], "lastname surname familyname sn"),
    (HomeDirectory, &[Text], "homedirectory homedir unixhomedirectory"),
    (LoginShell, &[Text], "loginshell shell unixshell"),
    (
        SshPublicKey,
        &[Text],
        "sshpublickey sshkey sshpubkey sshkeys sshpublickeys",
    ),
    (
        Enabled,
        &[Boolean, Integer, Text, Other],
        "enabled isenabled active isactive accountenabled useractive userenabled",
    ),
    (
        Locked,
        &[Boolean, Integer, Text, Other],
        "locked islocked accountlocked blocked isblocked banned isbanned suspended issuspended disabled isdisabled \
         accountdisabled deactivated isdeactivated deleted isdeleted archived isarchived inactive isinactive",
    ),
    (
        LockedAt,
        &[Time],
        "lockedat blockedat bannedat suspendedat disabledat deactivatedat archivedat",
    ),
    (
        Status,
        &[Text, Integer],
        "status accountstatus userstatus state userstate accountstate",
    ),
    (
        ExpiresAt,
        &[Time, Integer, Text],
        "expiresat expires expiry expirydate expirationdate expiredate validuntil accountexpires accountexpiresat",
    ),
    (DeletedAt, &[Time], "deletedat"),
    (
        Verified,
        &[Boolean, Integer, Time, Text],
        "verified isverified emailverified emailverifiedat verifiedat confirmed isconfirmed confirmedat emailconfirmed \
         emailconfirmedat",
    ),
];

/// A table of users.
#[derive(Debug, Clone)]
pub struct UserTable<'c> {
    /// It.
    pub table: &'c CatalogTable,
    /// Its columns that are understood, for each use the likelier first.
    pub columns: Vec<(Use, &'c CatalogColumn)>,
    /// Columns that are named like something, and have another type.
    pub unclear: Vec<&'c CatalogColumn>,
    /// A whole number that is in no two rows.
    pub number: Option<&'c CatalogColumn>,
}

/// A table that looks like one of users and lacks something.
#[derive(Debug, Clone)]
pub struct Lacking<'c> {
    /// It.
    pub table: &'c CatalogTable,
    /// The columns that look like those of users.
    pub columns: Vec<&'c CatalogColumn>,
    /// What it lacks.
    pub lacks: &'static str,
}

impl<'c> UserTable<'c> {
    /// The columns of a use, the likelier first.
    pub fn all(&self, wanted: Use) -> Vec<&'c CatalogColumn> {
        let of = self.columns.iter().filter(|(of, _)| *of == wanted);
        of.map(|(_, column)| *column).collect()
    }

    /// The likeliest column of a use.
    pub fn first(&self, wanted: Use) -> Option<&'c CatalogColumn> {
        self.all(wanted).first().copied()
    }

    /// The column that names users: that of user names, else that of mail addresses.
    pub fn name(&self) -> Option<&'c CatalogColumn> {
        self.first(Username).or_else(|| self.first(Mail))
    }

    /// Looks at a table. None where nothing looks like users.
    pub fn of(table: &'c CatalogTable) -> Option<Result<UserTable<'c>, Lacking<'c>>> {
        let mut found = UserTable {
            table,
            columns: Vec::new(),
            unclear: Vec::new(),
            number: None,
        };
        for (wanted, classes, names) in NAMES {
            for name in names.split_whitespace() {
                for column in table.columns.iter().filter(|column| plain(&column.name) == name) {
                    match classes.contains(&column.class) && column.is_readable {
                        true => found.columns.push((wanted, column)),
                        false => found.unclear.push(column),
                    }
                }
            }
        }
        found.place_bare_name();
        let numbers = ["id", "userid", "usernumber", "number"];
        let mut keys = table
            .columns
            .iter()
            .filter(|column| column.class == Integer && column.is_unique && column.is_readable);
        found.number = keys.find(|column| numbers.contains(&plain(&column.name).as_str()));
        let columns: Vec<_> = [Username, Mail, Password]
            .into_iter()
            .filter_map(|wanted| found.first(wanted))
            .collect();
        let lacks = match (found.name(), found.first(Password)) {
            (Some(_), Some(_)) => return Some(Ok(found)),
            (Some(_), None) => "a readable text column that is named like one of password hashes",
            (None, Some(_)) => "a readable text column that is named like one of user names or mail addresses",
            (None, None) => return None,
        };
        Some(Err(Lacking { table, columns, lacks }))
    }

    /// `name` is a person's where something else names the user; else it is the user's where no two rows can have the same.
    fn place_bare_name(&mut self) {
        let bare = self.table.columns.iter().find(|column| plain(&column.name) == "name");
        let Some(bare) = bare.filter(|column| column.class == Text && column.is_readable) else {
            return;
        };
        match self.name() {
            Some(_) => self.columns.push((FullName, bare)),
            None if bare.is_unique => self.columns.push((Username, bare)),
            None => self.unclear.push(bare),
        }
    }
}

/// A name without case and what joins words.
fn plain(name: &str) -> String {
    let kept = name.chars().filter(|c| !matches!(c, '_' | '-' | ' '));
    kept.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]
mod tests {
    use super::*;

    fn table(columns: &[(&str, ColumnClass, bool)]) -> CatalogTable {
        let column = |(name, class, is_unique): &(&str, ColumnClass, bool)| CatalogColumn {
            name: (*name).to_owned(),
            type_name: String::new(),
            class: *class,
            is_readable: true,
            is_nullable: false,
            is_unique: *is_unique,
        };
        CatalogTable {
            schema: "public".to_owned(),
            name: "people".to_owned(),
            is_view: false,
            is_found: true,
            columns: columns.iter().map(column).collect(),
        }
    }

    fn uses(columns: &[(&str, ColumnClass, bool)]) -> Option<Vec<(Use, String)>> {
        let table = table(columns);
        let found = UserTable::of(&table)?.ok()?;
        Some(
            found
                .columns
                .iter()
                .map(|(of, column)| (*of, column.name.clone()))
                .collect(),
        )
    }

    #[test]
    fn columns_are_known_by_name_and_type() {
        let found = uses(&[
            ("ID", Integer, true),
            ("eMail", Text, false),
            ("User-Name", Text, true),
            ("pass_word", Text, false),
            ("name", Text, false),
            ("is_active", Boolean, false),
            ("status", Time, false),
        ]);
        let expected = [
            (Username, "User-Name"),
            (Mail, "eMail"),
            (Password, "pass_word"),
            (Enabled, "is_active"),
            (FullName, "name"),
        ];
        assert_eq!(found.unwrap(), expected.map(|(of, name)| (of, name.to_owned())));
    }

    #[test]
    fn a_bare_name_is_a_users_only_where_it_must_be() {
        let with = |is_unique| uses(&[("name", Text, is_unique), ("password", Text, false)]);
        assert_eq!(with(true).unwrap()[1], (Username, "name".to_owned()));
        assert_eq!(with(false), None);
    }

    #[test]
    fn what_is_missing_is_said() {
        let lacks = |columns: &[(&str, ColumnClass, bool)]| {
            let table = table(columns);
            UserTable::of(&table).map(|found| found.map(|_| "").unwrap_or_else(|lacking| lacking.lacks))
        };
        assert_eq!(lacks(&[("a", Text, false)]), None);
        assert!(
            lacks(&[("email", Text, false), ("password", Integer, false)])
                .unwrap()
                .contains("password")
        );
        assert!(lacks(&[("password", Text, false)]).unwrap().contains("names"));
    }
}
