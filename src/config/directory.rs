//! The directory: where its base entry stands, and what stands below it.

use std::net::IpAddr;

use super::errors::{Problem, Warning};
use super::parse::Reader;
use super::refused_words::RefusedWords;
use crate::model::dn::{Dn, Rdn};
use crate::model::schema::Schema;

/// What stands below the base entry. Without a container, entries stand directly below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// `LDAP_USERS_RDN`: the users' container.
    pub users: Option<Rdn>,
    /// `LDAP_GROUPS_RDN`: the groups' container, which may be the users'.
    pub groups: Option<Rdn>,
    /// `LDAP_USER_PRIVATE_GROUPS`: whether a user whose gid number no group has gets a group of their own.
    pub private_groups: bool,
    /// `LDAP_MAIL_FALLBACK`: whether a user without a mail address gets one made of the name and the base's domain.
    pub mail_fallback: bool,
    /// `EMPTY_BASE`: whether a search below the empty base is one of the whole directory.
    pub empty_base: bool,
    /// The accounts of `SERVICE_ACCOUNTS`, which are entries. One may stand in a container of its own.
    pub service_accounts: Vec<Dn>,
    /// `ACCOUNT_STATUS_REFUSED`, for what entries show of an account.
    pub refused_words: RefusedWords,
}

/// As it is where no setting is given.
impl Default for Layout {
    fn default() -> Self {
        Layout {
            users: None,
            groups: None,
            private_groups: true,
            mail_fallback: false,
            empty_base: false,
            service_accounts: Vec::new(),
            refused_words: RefusedWords::default(),
        }
    }
}

impl Layout {
    pub(super) fn read(reader: &mut Reader) -> Self {
        Layout {
            users: container(reader, "LDAP_USERS_RDN"),
            groups: container(reader, "LDAP_GROUPS_RDN"),
            private_groups: reader.choice("LDAP_USER_PRIVATE_GROUPS", &[("auto", true), ("off", false)]),
            mail_fallback: reader.choice("LDAP_MAIL_FALLBACK", &[("off", false), ("on", true)]),
            empty_base: reader.choice("EMPTY_BASE", &[("noSuchObject", false), ("directory", true)]),
            service_accounts: Vec::new(),
            refused_words: RefusedWords::new([]),
        }
    }
}

fn container(reader: &mut Reader, name: &'static str) -> Option<Rdn> {
    let text = reader.text(name)?;
    let rdn = container_rdn(&text);
    if let Err(why) = &rdn {
        let right = format!("an RDN such as ou=people: {why}");
        reader.problems.push(Problem::wrong(name, &text, &right));
    }
    rdn.ok()
}

/// Reads the RDN of a container.
///
/// # Errors
/// What a container's RDN must be.
pub fn container_rdn(text: &str) -> Result<Rdn, String> {
    let dn = Dn::parse(text).map_err(|error| error.to_string())?;
    let [rdn] = dn.rdns() else {
        return Err("it must be one RDN, such as ou=people".to_owned());
    };
    let schema = Schema::standard();
    let attribute = rdn.single().and_then(|(attribute, _)| schema.attribute(attribute));
    match attribute.map(|id| schema.attribute_type(id).name()) {
        Some("ou" | "o" | "dc" | "c" | "l" | "st") => Ok(rdn.clone()),
        _ => Err("its attribute must be ou, o, dc, c, l or st".to_owned()),
    }
}

/// Reads a DN that an entry can have.
///
/// # Errors
/// Why no entry can have it.
pub(super) fn entry_dn(text: &str) -> Result<Dn, String> {
    match Dn::parse(text) {
        Ok(dn) if dn.is_root() => Err("it is empty".to_owned()),
        // No search could name it.
        Ok(dn) if !dn.is_valid(&Schema::standard()) => {
            Err("it has an attribute type that is in no schema, or a value that its type does not allow".to_owned())
        }
        Ok(dn) => Ok(dn),
        Err(error) => Err(error.to_string()),
    }
}

/// Reads `LDAP_BASE_DN`, or derives it from the common name.
pub(super) fn base_dn(reader: &mut Reader, common_name: &str) -> Dn {
    if let Some(text) = reader.text("LDAP_BASE_DN") {
        return entry_dn(&text).unwrap_or_else(|why| {
            let right = format!("a DN such as dc=example,dc=com: {why}");
            reader.problems.push(Problem::wrong("LDAP_BASE_DN", &text, &right));
            Dn::root()
        });
    }
    // A value that is given and cannot be read has its problem already.
    if reader.is_given("LDAP_BASE_DN") {
        return Dn::root();
    }
    let Some(derived) = derived_base_dn(common_name) else {
        let text = format!(
            "is required, such as dc=example,dc=com: none can be derived from LDAP_COMMON_NAME `{common_name}`, only \
             from a host name such as ldap1.example.com"
        );
        reader.problems.push(Problem::other("LDAP_BASE_DN", text));
        return Dn::root();
    };
    if !reader.is_given("LDAP_COMMON_NAME") {
        let text = format!("is not given, and LDAP_COMMON_NAME neither: the base DN is {derived}");
        reader.warnings.push(Warning::new("LDAP_BASE_DN", text));
    }
    let with_host = dc_of(common_name.trim_end_matches('.').split('.'));
    if with_host != derived {
        let text = format!(
            "is not given: {derived} is derived from LDAP_COMMON_NAME, without the host's own name. The Node gateway \
             derives {with_host}; give LDAP_BASE_DN if clients use that one"
        );
        reader.warnings.push(Warning::new("LDAP_BASE_DN", text));
    }
    // It is a DN: its labels have been checked.
    Dn::parse(&derived).unwrap_or_default()
}

/// `ldap1.example.com` → `dc=example,dc=com`, `example.com` → `dc=example,dc=com`, `ldap1` → `dc=ldap1`.
pub(super) fn derived_base_dn(common_name: &str) -> Option<String> {
    if common_name.parse::<IpAddr>().is_ok() {
        return None;
    }
    let labels: Vec<&str> = common_name.trim_end_matches('.').split('.').collect();
    let usable = |label: &&str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if !labels.iter().all(usable) {
        return None;
    }
    let host = usize::from(labels.len() >= 3);
    Some(dc_of(labels.into_iter().skip(host)))
}

fn dc_of<'a>(labels: impl Iterator<Item = &'a str>) -> String {
    labels.map(|label| format!("dc={label}")).collect::<Vec<_>>().join(",")
}
