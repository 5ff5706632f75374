//! `ldapsearch` and `ldapwhoami` as people run them, and what they print, parsed.

use super::gateway::Gateway;
use std::collections::BTreeSet;
use std::process::{Command, Output};

pub const BASE: &str = "dc=example,dc=com";

/// Of those in `tests/data/battery.sql` who have a password: one that is quick to verify.
pub const BATTERY_PASSWORD: &str = "battery-Passw0rd-1";

/// The passwords of `sql/sample.sql`.
pub const PASSWORDS: [(&str, &str); 7] = [
    ("alice", "alice-likes-tea"),
    ("bob", "bob-builds-boats"),
    ("carol", "carol-cooks-curry"),
    ("dave", "dave-drives-dumpers"),
    ("erin", "erin-eats-eggs"),
    ("frank", "frank-finds-foxes"),
    ("grace", "grace-grows-grapes"),
];

pub fn password(user: &str) -> &'static str {
    PASSWORDS.iter().find(|(name, _)| *name == user).unwrap().1
}

pub fn user_dn(name: &str) -> String {
    format!("uid={name},{BASE}")
}

pub fn group_dn(name: &str) -> String {
    format!("cn={name},{BASE}")
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub dn: String,
    /// In the order of the answer, names as spelled there.
    pub attributes: Vec<(String, Vec<u8>)>,
}

impl Entry {
    /// The values of an attribute, its name spelled exactly so.
    pub fn values(&self, name: &str) -> Vec<String> {
        let of = self.attributes.iter().filter(|(attribute, _)| attribute == name);
        of.map(|(_, value)| String::from_utf8(value.clone()).unwrap()).collect()
    }

    /// The only value.
    pub fn one(&self, name: &str) -> String {
        let values = self.values(name);
        assert_eq!(values.len(), 1, "{name} of {self:#?}");
        values.into_iter().next().unwrap()
    }

    pub fn set(&self, name: &str) -> BTreeSet<String> {
        self.values(name).into_iter().collect()
    }

    /// The names of its attributes, each once.
    pub fn names(&self) -> BTreeSet<String> {
        self.attributes.iter().map(|(name, _)| name.clone()).collect()
    }
}

/// What a search printed.
#[derive(Clone, Debug)]
pub struct Search {
    /// The LDAP result code; ldapsearch exits with it.
    pub code: i32,
    pub entries: Vec<Entry>,
    pub matched: Option<String>,
    pub errors: String,
}

impl Search {
    /// Its entries; panics unless the code was success.
    pub fn success(self) -> Vec<Entry> {
        assert_eq!(self.code, 0, "{}", self.errors);
        self.entries
    }

    /// Its only entry.
    pub fn only(self) -> Entry {
        let entries = self.success();
        assert_eq!(entries.len(), 1, "one entry expected: {entries:#?}");
        entries.into_iter().next().unwrap()
    }

    /// The entries' DNs.
    pub fn dns(self) -> BTreeSet<String> {
        let entries = self.success();
        let dns: BTreeSet<String> = entries.iter().map(|entry| entry.dn.clone()).collect();
        assert_eq!(dns.len(), entries.len(), "an entry came twice: {entries:#?}");
        dns
    }

    /// The first RDN's value of each entry: `alice`, `staff`.
    pub fn short(self) -> BTreeSet<String> {
        self.dns().iter().map(|dn| rdn_value(dn)).collect()
    }
}

/// The value of a DN's first RDN, its escapes (RFC 4514 2.4) undone.
pub fn rdn_value(dn: &str) -> String {
    let (_, rest) = dn.split_once('=').unwrap_or_default();
    let mut value = Vec::new();
    let mut bytes = rest.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b',' => break,
            b'\\' => {
                let next = bytes.next().unwrap();
                if next.is_ascii_hexdigit() {
                    let digits = [next, bytes.next().unwrap()];
                    value.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
                } else {
                    value.push(next);
                }
            }
            _ => value.push(byte),
        }
    }
    String::from_utf8(value).unwrap()
}

/// A set of names, to compare with.
pub fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.into_iter().map(str::to_string).collect()
}

/// Runs ldapsearch, anonymously unless the arguments say otherwise.
pub fn ldapsearch(gateway: &Gateway, arguments: &[&str]) -> Search {
    let mut command = tool("ldapsearch", gateway);
    let output = command
        .args(["-LLL", "-o", "ldif-wrap=no"])
        .args(arguments)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    Search {
        code: code(&output),
        entries: parse_ldif(&String::from_utf8(output.stdout).unwrap()),
        matched: errors
            .lines()
            .find_map(|line| line.strip_prefix("Matched DN: "))
            .map(str::to_string),
        errors,
    }
}

/// Binds and asks who it is: the result code and the authorization identity.
pub fn ldapwhoami(gateway: &Gateway, dn: &str, password: &str) -> (i32, String) {
    let output = tool("ldapwhoami", gateway)
        .args(["-D", dn, "-w", password])
        .output()
        .unwrap();
    (
        code(&output),
        String::from_utf8_lossy(&output.stdout).trim().to_string(),
    )
}

pub fn tool(name: &str, gateway: &Gateway) -> Command {
    let mut command = Command::new(name);
    command
        .args(["-x", "-H", &gateway.uri(), "-o", "nettimeout=20"])
        .current_dir("/");
    // The certificate is self-signed; no file of this machine's user has a say.
    command
        .env("LDAPTLS_REQCERT", "never")
        .env("HOME", "/nonexistent")
        .env_remove("LDAPCONF")
        .env_remove("LDAPRC");
    command
}

pub fn code(output: &Output) -> i32 {
    // The tools exit with the result code; what the library found itself (no server: -1) comes as 255.
    output.status.code().unwrap()
}

/// RFC 2849, as far as ldapsearch prints it.
fn parse_ldif(text: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        if line.is_empty() {
            open = false;
            continue;
        }
        if line.starts_with('#') {
            continue;
        }
        let (name, rest) = line.split_once(':').unwrap_or_else(|| panic!("not LDIF: {line}"));
        let value = match rest.strip_prefix(':') {
            Some(encoded) => base64(encoded.trim()),
            None => rest.strip_prefix(' ').unwrap_or(rest).as_bytes().to_vec(),
        };
        if name == "dn" && !open {
            entries.push(Entry {
                dn: String::from_utf8(value).unwrap(),
                attributes: Vec::new(),
            });
            open = true;
        } else {
            entries
                .last_mut()
                .unwrap_or_else(|| panic!("no entry before: {line}"))
                .attributes
                .push((name.into(), value));
        }
    }
    entries
}

fn base64(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => u32::from(byte - b'A'),
        b'a'..=b'z' => u32::from(byte - b'a') + 26,
        b'0'..=b'9' => u32::from(byte - b'0') + 52,
        b'+' => 62,
        b'/' => 63,
        _ => panic!("not base64: {text}"),
    };
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'=').collect();
    let mut bytes = Vec::new();
    for chunk in digits.chunks(4) {
        let bits = chunk.iter().fold(0, |bits, byte| bits << 6 | digit(*byte)) << (6 * (4 - chunk.len()));
        bytes.extend(&bits.to_be_bytes()[1..chunk.len()]);
    }
    bytes
}

#[test]
fn ldif_is_read() {
    assert_eq!(base64("w6nDqWE="), "ééa".as_bytes());
    assert_eq!(base64("YQ=="), b"a");
    let entries = parse_ldif("dn: uid=a\nuid: a\ncn:: w6k=\ndescription:\n\ndn:: w6k=\ndn: x\n");
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0].one("cn"), "é");
    assert_eq!(entries[0].one("description"), "");
    assert_eq!(entries[1].dn, "é");
    assert_eq!(entries[1].one("dn"), "x");
    assert_eq!(rdn_value("cn=a\\,b\\2c\\c3\\a9\\\\,dc=x"), "a,b,é\\");
}
