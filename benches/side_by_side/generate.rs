//! The directory that is served: the same rows for the databases and for slapd, made from numbers.

use std::fmt::Write;

/// So many users and groups, each user in so many groups.
#[derive(Debug, Clone, Copy)]
pub struct Directory {
    pub users: usize,
    pub groups: usize,
    pub memberships: usize,
}

pub const BASE: &str = "dc=example,dc=com";

const FIRST: [&str; 16] = [
    "Anna", "Boris", "Clara", "David", "Elena", "Felix", "Greta", "Hugo", "Irene", "Jonas", "Karla", "Leon", "Maria",
    "Nils", "Olga", "Paul",
];
const LAST: [&str; 16] = [
    "Abel", "Baumann", "Conrad", "Dietrich", "Engel", "Fischer", "Gruber", "Hoffmann", "Iversen", "Jensen", "Keller",
    "Lehmann", "Meyer", "Neumann", "Otto", "Peters",
];
/// No password anybody has; as long as a real one.
const HASH: &str = "$argon2id$v=19$m=65536,t=3,p=4$QU9hOWY5NkpuMFloNFFjeQ$8PpwD+xAAIsq0k5xCuupMYApaCBeXwVZUCnkSP3k/vM";

impl Directory {
    pub fn new(users: usize, groups: usize, memberships: usize) -> Directory {
        Directory {
            users,
            groups,
            memberships: memberships.min(groups),
        }
    }

    pub fn uid(number: usize) -> String {
        format!("user{number:07}")
    }

    pub fn uid_number(number: usize) -> usize {
        100_000 + number
    }

    pub fn mail(number: usize) -> String {
        format!("{}.{}.{number}@example.com", first(number), last(number))
    }

    /// Ends with the number, so that a piece of it is rare.
    pub fn cn(number: usize) -> String {
        format!("{} {} {number:07}", first(number), last(number))
    }

    pub fn group(number: usize) -> String {
        // Never six digits in a row: those are looked for in the names of users.
        format!("team-{:03}-{:03}", number / 1_000, number % 1_000)
    }

    pub fn gid_number(number: usize) -> usize {
        20_000_000 + number
    }

    /// The groups of a user, all different; every group gets about the same number of members.
    pub fn groups_of(&self, user: usize) -> impl Iterator<Item = usize> + '_ {
        let step = (self.groups / self.memberships.max(1)).max(1);
        (0..self.memberships).map(move |place| (user + place * step) % self.groups)
    }

    pub fn members(&self) -> Vec<Vec<usize>> {
        let mut members = vec![Vec::new(); self.groups];
        for user in 0..self.users {
            for group in self.groups_of(user) {
                members[group].push(user);
            }
        }
        members
    }

    fn primary_group(&self, user: usize) -> usize {
        user % self.groups
    }

    /// Rows of `Users`, tab-separated, in the order of [`USER_COLUMNS`].
    pub fn user_rows(&self, from: usize, to: usize) -> String {
        let mut rows = String::new();
        for user in from..to {
            let (uid, cn, mail) = (Self::uid(user), Self::cn(user), Self::mail(user));
            let (first, last, key) = (first(user), last(user), ssh_key(user));
            let (number, group) = (Self::uid_number(user), Self::gid_number(self.primary_group(user)));
            writeln!(
                rows,
                "{number}\t{uid}\t{group}\t{first}\t{last}\t{cn}\t{mail}\t/home/{uid}\t/bin/bash\t{HASH}\t{key}\tactive\t\
                 2024-01-15 09:30:00\t2024-06-01 12:00:00"
            )
            .unwrap();
        }
        rows
    }

    /// Rows of `Groups`.
    pub fn group_rows(&self) -> String {
        let mut rows = String::new();
        for group in 0..self.groups {
            writeln!(
                rows,
                "{}\t{}\t2024-01-01 00:00:00\t2024-01-01 00:00:00",
                Self::gid_number(group),
                Self::group(group)
            )
            .unwrap();
        }
        rows
    }

    /// Rows of `UserGroups`.
    pub fn membership_rows(&self) -> String {
        let mut rows = String::new();
        for user in 0..self.users {
            for group in self.groups_of(user) {
                writeln!(rows, "{}\t{}", Self::uid_number(user), Self::gid_number(group)).unwrap();
            }
        }
        rows
    }

    /// The same directory as the gateway serves it, for slapadd.
    pub fn ldif(&self) -> String {
        let mut ldif = format!("dn: {BASE}\nobjectClass: top\nobjectClass: domain\ndc: example\n\n");
        for user in 0..self.users {
            let (uid, cn, mail) = (Self::uid(user), Self::cn(user), Self::mail(user));
            write!(
                ldif,
                "dn: uid={uid},{BASE}\nobjectClass: top\nobjectClass: person\nobjectClass: organizationalPerson\n\
                 objectClass: inetOrgPerson\nobjectClass: posixAccount\nobjectClass: ldapPublicKey\nuid: {uid}\ncn: {cn}\n\
                 gecos: {cn}\ngivenName: {}\nsn: {}\nmail: {mail}\nuidNumber: {}\ngidNumber: {}\nhomeDirectory: /home/{uid}\n\
                 loginShell: /bin/bash\nsshPublicKey: {}\nuserPassword: {HASH}\n\n",
                first(user),
                last(user),
                Self::uid_number(user),
                Self::gid_number(self.primary_group(user)),
                ssh_key(user),
            )
            .unwrap();
        }
        for (group, members) in self.members().into_iter().enumerate() {
            let name = Self::group(group);
            write!(
                ldif,
                "dn: cn={name},{BASE}\nobjectClass: top\nobjectClass: groupOfNames\nobjectClass: posixGroup\ncn: {name}\n\
                 gidNumber: {}\n",
                Self::gid_number(group)
            )
            .unwrap();
            // Not in turn: slapd would keep and send every value as an attribute of its own.
            for member in &members {
                writeln!(ldif, "memberUid: {}", Self::uid(*member)).unwrap();
            }
            for member in &members {
                writeln!(ldif, "member: uid={},{BASE}", Self::uid(*member)).unwrap();
            }
            ldif.push('\n');
        }
        ldif
    }
}

pub const USER_COLUMNS: [&str; 14] = [
    "uidNumber",
    "uid",
    "gidNumber",
    "givenName",
    "sn",
    "cn",
    "mail",
    "homeDirectory",
    "loginShell",
    "userPassword",
    "sshPublicKey",
    "status",
    "createdAt",
    "updatedAt",
];
pub const GROUP_COLUMNS: [&str; 4] = ["gidNumber", "cn", "createdAt", "updatedAt"];
pub const MEMBERSHIP_COLUMNS: [&str; 2] = ["uidNumber", "gidNumber"];

fn first(number: usize) -> &'static str {
    FIRST[number % FIRST.len()]
}

fn last(number: usize) -> &'static str {
    LAST[number / FIRST.len() % LAST.len()]
}

fn ssh_key(number: usize) -> String {
    format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPlh1dzMtg4FBXjxRcoMJDd0x6bteg4Wjsq7Bf{number:06}CDUK user@{number}")
}
