//! Accounts that stand in no table: for clients that need a DN to bind with and are nobody.

use crate::config::{
    directory::{container_rdn, entry_dn},
    errors::Problem,
    parse::Reader,
};
use crate::database_uri::Secret;
use crate::model::{
    dn::{Dn, Rdn},
    schema::{Schema, ids},
};
use ipnet::IpNet;
use serde_json::{Map, Value};
use std::net::IpAddr;
use std::sync::Arc;

pub(super) const VARIABLE: &str = "SERVICE_ACCOUNTS";

/// An account that stands in no table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAccount {
    /// What it binds with. Its entry stands there, directly below the base or below one container.
    pub dn: Dn,
    /// The hash of its password.
    pub password: Secret,
    /// What it may do.
    pub rights: Rights,
    /// Where it may bind from; anywhere where there is none.
    pub networks: Option<Vec<IpNet>>,
}

/// What a service account may do. None of them implies another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// `read`: search and compare, whoever else may.
    pub read: bool,
    /// `sync`: content synchronisation.
    pub sync: bool,
    /// `read-passwords`: see the hashes of passwords.
    pub read_passwords: bool,
    /// `write`: change entries and passwords.
    pub write: bool,
}

impl ServiceAccount {
    /// Whether it may bind from there.
    pub fn may_bind_from(&self, client: IpAddr) -> bool {
        // A socket for IPv6 and IPv4 shows IPv4 addresses as IPv6 ones.
        let client = client.to_canonical();
        let networks = self.networks.as_ref();
        networks.is_none_or(|networks| networks.iter().any(|network| network.contains(&client)))
    }
}

/// Reads the accounts. Each thing that is wrong is a problem with its path; a password is never shown.
pub(super) fn read(reader: &mut Reader, base: &Dn) -> Arc<[ServiceAccount]> {
    let Some(text) = reader.secret(VARIABLE) else {
        return Arc::default();
    };
    let mut found = Found {
        base,
        schema: Schema::standard(),
        problems: Vec::new(),
    };
    let accounts = match serde_json::from_str(text.reveal()) {
        Ok(Value::Array(list)) => found.accounts(&list),
        Ok(_) => {
            found.wrong("", "must be a list of accounts in JSON");
            Vec::new()
        }
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            found.wrong("", &format!("is not JSON: an error at line {line}, column {column}"));
            Vec::new()
        }
    };
    reader.problems.append(&mut found.problems);
    accounts.into()
}

/// What is read, and what is wrong with it.
struct Found<'a> {
    base: &'a Dn,
    schema: Schema,
    problems: Vec<Problem>,
}

impl Found<'_> {
    fn wrong(&mut self, path: &str, text: &str) {
        let blank = if path.is_empty() { "" } else { " " };
        self.problems
            .push(Problem::other(VARIABLE, format!("{path}{blank}{text}")));
    }

    fn accounts(&mut self, list: &[Value]) -> Vec<ServiceAccount> {
        let mut accounts: Vec<ServiceAccount> = Vec::new();
        for (position, value) in list.iter().enumerate() {
            let path = format!("[{position}]");
            let Value::Object(fields) = value else {
                self.wrong(&path, "must be an object with dn, password and rights");
                continue;
            };
            for name in fields.keys() {
                if !["dn", "password", "rights", "networks"].contains(&name.as_str()) {
                    let right = "is not known; there are dn, password, rights and networks";
                    self.wrong(&format!("{path}.{name}"), right);
                }
            }
            let (dn, password) = (self.dn(fields, &path), self.password(fields, &path));
            let (rights, networks) = (self.rights(fields, &path), self.networks(fields, &path));
            let (Some(dn), Some(password), Some(rights), Some(networks)) = (dn, password, rights, networks) else {
                continue;
            };
            let normalized = dn.normalize(&self.schema);
            if accounts
                .iter()
                .any(|other| other.dn.normalize(&self.schema) == normalized)
            {
                self.wrong(&format!("{path}.dn"), "is that of an account before it");
            }
            accounts.push(ServiceAccount {
                dn,
                password,
                rights,
                networks,
            });
        }
        accounts
    }

    fn text<'v>(&mut self, fields: &'v Map<String, Value>, name: &str, path: &str) -> Option<&'v str> {
        let path = format!("{path}.{name}");
        match fields.get(name) {
            None => self.wrong(&path, "is missing"),
            Some(Value::String(text)) if text.trim().is_empty() => self.wrong(&path, "is empty"),
            Some(Value::String(text)) => return Some(text.trim()),
            Some(_) => self.wrong(&path, "must be a text"),
        }
        None
    }

    fn dn(&mut self, fields: &Map<String, Value>, path: &str) -> Option<Dn> {
        let text = self.text(fields, "dn", path)?;
        let dn = entry_dn(text).and_then(|dn| self.place(dn));
        if let Err(why) = &dn {
            self.wrong(&format!("{path}.dn"), &format!("must be the DN of an entry: {why}"));
        }
        dn.ok()
    }

    /// A DN that an account's entry can stand at.
    fn place(&self, dn: Dn) -> Result<Dn, String> {
        let (normalized, base) = (dn.normalize(&self.schema), self.base.normalize(&self.schema));
        if !normalized.is_descendant_of(&base) {
            return Err(format!("it does not stand below {}", self.base));
        }
        let rdn = dn.rdns().first().and_then(Rdn::single);
        let attribute = rdn.and_then(|(attribute, _)| self.schema.attribute(attribute));
        if ![Some(ids::CN), Some(ids::UID)].contains(&attribute) {
            return Err("its first part must be one cn or one uid".to_owned());
        }
        match normalized.depth() - base.depth() {
            1 => Ok(dn),
            2 => {
                let container = dn.rdns().get(1).map(ToString::to_string).unwrap_or_default();
                container_rdn(&container).map_err(|why| format!("of the entry above it, {why}"))?;
                Ok(dn)
            }
            _ => Err(format!("at most one entry may stand between it and {}", self.base)),
        }
    }

    fn password(&mut self, fields: &Map<String, Value>, path: &str) -> Option<Secret> {
        self.text(fields, "password", path).map(Secret::new)
    }

    fn rights(&mut self, fields: &Map<String, Value>, path: &str) -> Option<Rights> {
        let path = format!("{path}.rights");
        let mut rights = Rights::default();
        let Some(Value::Array(list)) = fields.get("rights") else {
            let text = match fields.get("rights") {
                None => "is missing",
                Some(_) => "must be a list",
            };
            self.wrong(&path, text);
            return None;
        };
        for (position, value) in list.iter().enumerate() {
            match value.as_str() {
                Some("read") => rights.read = true,
                Some("sync") => rights.sync = true,
                Some("read-passwords") => rights.read_passwords = true,
                Some("write") => rights.write = true,
                _ => {
                    let found = value
                        .as_str()
                        .map(|found| format!("is `{found}`, "))
                        .unwrap_or_default();
                    let right = format!("{found}must be read, sync, read-passwords or write");
                    self.wrong(&format!("{path}[{position}]"), &right);
                }
            }
        }
        Some(rights)
    }

    fn networks(&mut self, fields: &Map<String, Value>, path: &str) -> Option<Option<Vec<IpNet>>> {
        let path = format!("{path}.networks");
        let list = match fields.get("networks") {
            None => return Some(None),
            Some(Value::Array(list)) if !list.is_empty() => list,
            Some(_) => {
                self.wrong(
                    &path,
                    "must be a list of networks; without one it may bind from anywhere",
                );
                return None;
            }
        };
        let mut networks = Vec::new();
        for (position, value) in list.iter().enumerate() {
            match value.as_str().and_then(network) {
                Some(network) => networks.push(network),
                None => {
                    let found = value
                        .as_str()
                        .map(|found| format!("is `{found}`, "))
                        .unwrap_or_default();
                    let right = format!("{found}must be a network such as 10.0.0.0/8, or an address");
                    self.wrong(&format!("{path}[{position}]"), &right);
                }
            }
        }
        Some(Some(networks))
    }
}

/// A network, or an address, which is a network of one. Bits beyond the prefix may be a slip of the prefix.
fn network(text: &str) -> Option<IpNet> {
    let network = match text.trim().parse::<IpAddr>() {
        Ok(address) => IpNet::from(address.to_canonical()),
        Err(_) => text.trim().parse().ok()?,
    };
    (network == network.trunc()).then_some(network)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::config::EnvSource;

    fn read_text(text: &str) -> (Arc<[ServiceAccount]>, Vec<String>) {
        let source = EnvSource::new().with_variables([(VARIABLE, text)]);
        let mut reader = Reader::new(&source);
        let accounts = read(&mut reader, &Dn::parse("dc=example,dc=com").unwrap());
        (accounts, reader.problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn accounts_are_read() {
        let (accounts, problems) = read_text(
            r#"[{"dn": "cn=sync,dc=example,dc=com", "password": "$6$x", "rights": ["read", "read-passwords"],
                 "networks": ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"]},
                {"dn": "UID=ci,ou=Services,DC=example,dc=com", "password": "$6$y", "rights": []}]"#,
        );
        assert!(problems.is_empty(), "{problems:?}");
        let rights = Rights {
            read: true,
            read_passwords: true,
            ..Rights::default()
        };
        assert_eq!(
            (accounts.len(), accounts[0].rights, accounts[1].rights),
            (2, rights, Rights::default())
        );
        for (client, from) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("2001:db8::1", true),
            ("::1", false),
        ] {
            assert_eq!(accounts[0].may_bind_from(client.parse().unwrap()), from, "{client}");
            assert!(accounts[1].may_bind_from(client.parse().unwrap()));
        }
        assert!(!format!("{accounts:?}").contains("$6$"));
    }

    #[test]
    fn everything_that_is_wrong_is_said_with_its_path() {
        let (_, problems) = read_text(
            r#"[{"dn": "cn=a,dc=example,dc=org", "password": "", "rights": ["read", "admin", 7], "networks": ["10.0.0.1/8"]},
                {"dn": "dc=example,dc=com", "rights": "read", "networks": [], "note": "x"},
                {"dn": "cn=a,ou=b,ou=c,dc=example,dc=com", "password": 7},
                {"dn": "cn=a,cn=b,dc=example,dc=com", "password": "$6$hunter2", "rights": []},
                {"dn": "ou=a,dc=example,dc=com", "password": "$6$hunter2", "rights": []},
                {"dn": "cn=A,dc=example,dc=com", "password": "$6$hunter2", "rights": []},
                {"dn": "cn=a,DC=EXAMPLE,dc=com", "password": "$6$hunter2", "rights": []},
                "cn=x"]"#,
        );
        for expected in [
            "[0].dn must be the DN of an entry: it does not stand below dc=example,dc=com",
            "[0].password is empty",
            "[0].rights[1] is `admin`, must be read, sync, read-passwords or write",
            "[0].rights[2] must be read",
            "[0].networks[0] is `10.0.0.1/8`, must be a network",
            "[1].note is not known",
            "[1].dn must be the DN of an entry: it does not stand below",
            "[1].password is missing",
            "[1].rights must be a list",
            "[1].networks must be a list",
            "[2].dn must be the DN of an entry: at most one entry may stand between",
            "[2].password must be a text",
            "[2].rights is missing",
            "[3].dn must be the DN of an entry: of the entry above it, its attribute must be",
            "[4].dn must be the DN of an entry: its first part must be one cn or one uid",
            "[6].dn is that of an account before it",
            "[7] must be an object",
        ] {
            let expected = format!("{VARIABLE}: {expected}");
            assert!(
                problems.iter().any(|problem| problem.starts_with(&expected)),
                "{expected}: {problems:#?}"
            );
        }
        assert_eq!(problems.len(), 17, "{problems:#?}");
        for (text, expected) in [("{}", "must be a list"), ("[{\"password\": \"hunter2\"", "is not JSON")] {
            let (_, problems) = read_text(text);
            assert!(problems.len() == 1 && problems[0].contains(expected), "{problems:?}");
            assert!(!problems[0].contains("hunter2"));
        }
    }
}
