//! The list of realms as it is written in `REALM_CONFIG`, taken apart: each option under the variable that it stands for, with
//! the path that errors name. What the options' values mean is not known here.

use super::{
    json::Json,
    option_names::{OptionName, is_of_the_gateway, nearest_option, option_names},
};
use crate::config::{
    errors::Problem,
    settings::{Section, Setting},
};
use std::collections::BTreeMap;

/// Queries that are about the directory: no password comes of them.
const OF_THE_DIRECTORY: [&str; 4] = [
    "SQL_QUERY_ALL_USERS",
    "SQL_QUERY_ALL_GROUPS",
    "SQL_QUERY_GROUPS_BY_MEMBER",
    "SQL_QUERY_ALL_MEMBERSHIPS",
];
/// What says how passwords are read: these may differ from the directory's.
const OF_PASSWORDS: [&str; 6] = [
    "SQL_URI",
    "SQL_SSL",
    "SQL_SESSIONS",
    "SQL_POOL_SIZE",
    "SQL_CONNECT_TIMEOUT",
    "SQL_QUERY_ONE_USER",
];
/// What is said by a key of its own, and where.
const SAID_ELSEWHERE: [(&str, &str); 2] = [
    ("AUTH_BACKENDS", "auth.backends"),
    ("DIRECTORY_BACKEND", "directory.backend"),
];

/// Options by the variables that they stand for.
pub(crate) type Options = BTreeMap<String, Written>;

/// An option's text, and where it stands.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub text: String,
    pub path: String,
}

/// One realm. Where something is wrong with it, that has been noted.
#[derive(Default)]
pub(crate) struct WrittenRealm {
    /// Such as `realms[1]`.
    pub path: String,
    /// `name`.
    pub name: String,
    /// `default`.
    pub is_default: bool,
    /// What holds for the realm. The base and the kinds of backends are among them.
    pub options: Options,
    /// What holds for the passwords alone: options about the database under the backend `sql`.
    pub passwords: Options,
}

/// Takes a list of realms apart.
pub(crate) fn read_list(text: &str, problems: &mut Vec<Problem>) -> Vec<WrittenRealm> {
    let list = match Json::parse(text) {
        Ok(Json::List(list)) => list,
        Ok(_) => {
            problems.push(Problem::other("REALM_CONFIG", "must be a list of realms, `[{…}, {…}]`"));
            return Vec::new();
        }
        Err(why) => {
            problems.push(Problem::other("REALM_CONFIG", format!("is no JSON: {why}")));
            return Vec::new();
        }
    };
    if list.is_empty() {
        problems.push(Problem::other("REALM_CONFIG", "must have one realm at least"));
    }
    let mut apart = Apart {
        names: option_names(),
        problems,
    };
    let realms = list.into_iter().enumerate();
    realms
        .map(|(number, realm)| apart.realm(format!("realms[{number}]"), realm))
        .collect()
}

/// Takes a list apart, and notes what is wrong with it.
struct Apart<'a> {
    names: Vec<OptionName>,
    problems: &'a mut Vec<Problem>,
}

/// The members of an object, of which each is taken once.
struct Members {
    path: String,
    members: Vec<(String, Json)>,
}

impl Members {
    fn take(&mut self, name: &str) -> Option<Json> {
        let position = self.members.iter().position(|(member, _)| member == name)?;
        Some(self.members.remove(position).1)
    }

    fn path(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }
}

impl Apart<'_> {
    fn wrong(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.problems.push(Problem::other(&path.into(), text));
    }

    fn realm(&mut self, path: String, realm: Json) -> WrittenRealm {
        let keys = ["name", "baseDn", "default", "directory", "auth"];
        let mut written = WrittenRealm {
            path: path.clone(),
            ..WrittenRealm::default()
        };
        let Some(mut members) = self.members(path, realm, &keys) else {
            return written;
        };
        written.name = self
            .text(&mut members, "name")
            .map(|name| name.text)
            .unwrap_or_default();
        if let Some(base) = self.text(&mut members, "baseDn") {
            written.options.insert("LDAP_BASE_DN".to_owned(), base);
        }
        written.is_default = match members.take("default") {
            None | Some(Json::Null) => false,
            Some(Json::Boolean(is_default)) => is_default,
            Some(_) => {
                self.wrong(members.path("default"), "must be true or false");
                false
            }
        };
        match members.take("directory") {
            Some(directory) => self.directory(members.path("directory"), directory, &mut written),
            None => self.wrong(
                members.path("directory"),
                r#"is required: {"backend": "sql", "options": {…}}"#,
            ),
        }
        match members.take("auth") {
            Some(auth) => self.auth(members.path("auth"), auth, &mut written),
            None => self.wrong(members.path("auth"), r#"is required: {"backends": [{"type": "sql"}]}"#),
        }
        written
    }

    fn directory(&mut self, path: String, directory: Json, written: &mut WrittenRealm) {
        let Some(mut members) = self.members(path, directory, &["backend", "options"]) else {
            return;
        };
        if let Some(backend) = self.text(&mut members, "backend") {
            written.options.insert("DIRECTORY_BACKEND".to_owned(), backend);
        }
        if let Some(options) = members.take("options") {
            for (setting, variable, option) in self.options(members.path("options"), options) {
                self.insert(setting, variable, option, &mut written.options);
            }
        }
    }

    fn auth(&mut self, path: String, auth: Json, written: &mut WrittenRealm) {
        let Some(mut members) = self.members(path, auth, &["backends"]) else {
            return;
        };
        let path = members.path("backends");
        let backends = match members.take("backends") {
            Some(Json::List(backends)) if !backends.is_empty() => backends,
            _ => return self.wrong(path, r#"must be a list with one backend at least, [{"type": "sql"}]"#),
        };
        let mut types: Vec<String> = Vec::new();
        let mut from_backends = Options::new();
        for (number, backend) in backends.into_iter().enumerate() {
            let Some(mut members) = self.members(format!("{path}[{number}]"), backend, &["type", "options"]) else {
                continue;
            };
            let Some(kind) = self.text(&mut members, "type") else {
                continue;
            };
            let name = kind.text.trim().to_ascii_lowercase();
            if types.contains(&name) {
                self.wrong(kind.path, "is given twice");
            }
            let options = members
                .take("options")
                .map(|options| self.options(members.path("options"), options));
            for (setting, variable, option) in options.unwrap_or_default() {
                self.backend_option(&name, (setting, variable, option), &mut from_backends, written);
            }
            types.push(name);
        }
        let text = types.join(",");
        written
            .options
            .insert("AUTH_BACKENDS".to_owned(), Written { text, path });
        // They are nearer to what they are for.
        written.options.extend(from_backends);
    }

    /// An option of a backend: about where passwords are read, or about the realm's authentication.
    fn backend_option(
        &mut self,
        backend: &str,
        (setting, variable, option): (&'static Setting, String, Written),
        from_backends: &mut Options,
        written: &mut WrittenRealm,
    ) {
        let directory = written.options.get(&variable);
        if OF_THE_DIRECTORY.contains(&setting.name) {
            if directory.is_none_or(|directory| directory.text != option.text) {
                let text = "differs from the directory's, and is not asked about passwords: only sqlQueryOneUser is";
                self.wrong(option.path, text);
            }
        } else if OF_PASSWORDS.contains(&setting.name) {
            if backend == "sql" {
                self.insert(setting, variable, option, &mut written.passwords);
            } else if directory.is_none_or(|directory| directory.text != option.text) {
                self.wrong(option.path, "is an option of the backend `sql`");
            }
        } else if setting.section == Section::Directory && setting.name != "LDAP_BASE_DN" {
            self.wrong(option.path, "is an option of the directory, not of a backend");
        } else if setting.name == "LDAP_BASE_DN" {
            self.insert(setting, variable, option, &mut written.options);
        } else {
            self.insert(setting, variable, option, from_backends);
        }
    }

    /// Adds an option. One that is there already must say the same.
    fn insert(&mut self, setting: &Setting, variable: String, option: Written, options: &mut Options) {
        let Some(other) = options.get(&variable) else {
            options.insert(variable, option);
            return;
        };
        let is_same = match setting.name {
            // As DNs are compared where it is read; here what is spelled alike but for case and blanks.
            "LDAP_BASE_DN" => {
                let plain = |text: &str| text.replace(' ', "").to_lowercase();
                plain(&other.text) == plain(&option.text)
            }
            _ => other.text == option.text,
        };
        if !is_same {
            let text = format!("differs from {}", other.path);
            self.wrong(option.path, text);
        }
    }

    /// The options that are settings of a realm; of the others it is noted what is wrong.
    fn options(&mut self, path: String, options: Json) -> Vec<(&'static Setting, String, Written)> {
        let mut found = Vec::new();
        let members = match options {
            Json::Object(members) => members,
            Json::Null => return found,
            _ => {
                self.wrong(path, "must be an object, {…}");
                return found;
            }
        };
        let mut seen: Vec<String> = Vec::new();
        for (name, value) in members {
            let path = format!("{path}.{name}");
            if seen.contains(&name) {
                self.wrong(path, "is given twice");
                continue;
            }
            seen.push(name.clone());
            let Some(known) = self.names.iter().find(|known| known.option == name).cloned() else {
                let nearest = nearest_option(&name).unwrap_or_default();
                self.wrong(path, format!("is no option; did you mean {nearest}?"));
                continue;
            };
            let OptionName { variable, setting, .. } = known;
            if is_of_the_gateway(setting) {
                let text = format!(
                    "is a setting of the whole gateway: give {} beside REALM_CONFIG",
                    setting.name
                );
                self.wrong(path, text);
                continue;
            }
            if let Some((_, key)) = SAID_ELSEWHERE.iter().find(|(other, _)| *other == setting.name) {
                self.wrong(path, format!("is said by {key}"));
                continue;
            }
            // Empty means absent, as everywhere.
            if let Some(text) = value.to_setting().filter(|text| !text.trim().is_empty()) {
                found.push((setting, variable, Written { text, path }));
            }
        }
        found
    }

    /// The members of an object that may have these; none, and a problem, where it is no object.
    fn members(&mut self, path: String, value: Json, keys: &[&str]) -> Option<Members> {
        let Json::Object(members) = value else {
            self.wrong(path, "must be an object, {…}");
            return None;
        };
        let mut kept: Vec<(String, Json)> = Vec::new();
        for (name, value) in members {
            let here = format!("{path}.{name}");
            if kept.iter().any(|(other, _)| *other == name) {
                self.wrong(here, "is given twice");
            } else if keys.contains(&name.as_str()) {
                kept.push((name, value));
            } else {
                let distance = |key: &&&str| strsim::damerau_levenshtein(&key.to_lowercase(), &name.to_lowercase());
                let nearest = keys.iter().min_by_key(distance).copied().unwrap_or_default();
                self.wrong(here, format!("is no key here; did you mean {nearest}?"));
            }
        }
        Some(Members { path, members: kept })
    }

    /// A text that must be there.
    fn text(&mut self, members: &mut Members, name: &str) -> Option<Written> {
        let path = members.path(name);
        match members.take(name) {
            Some(Json::Text(text)) if !text.trim().is_empty() => Some(Written { text, path }),
            Some(Json::Text(_) | Json::Null) | None => {
                self.wrong(path, "is required");
                None
            }
            Some(_) => {
                self.wrong(path, "must be a text");
                None
            }
        }
    }
}
