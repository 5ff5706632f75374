//! Which of the names that there are was probably meant, and how it is written.

use crate::sql::engine::Engine;

/// So many names are proposed at most.
const PROPOSED: usize = 3;

/// Words that some engine takes for something else where a name belongs, in lower case.
const RESERVED: &[&str] = &[
    "all",
    "analyze",
    "and",
    "any",
    "as",
    "asc",
    "both",
    "by",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "condition",
    "constraint",
    "create",
    "cross",
    "current_user",
    "default",
    "delete",
    "desc",
    "distinct",
    "else",
    "end",
    "except",
    "exists",
    "fetch",
    "for",
    "foreign",
    "from",
    "function",
    "grant",
    "group",
    "groups",
    "having",
    "in",
    "index",
    "inner",
    "insert",
    "intersect",
    "into",
    "is",
    "join",
    "key",
    "keys",
    "leading",
    "left",
    "like",
    "limit",
    "match",
    "member",
    "natural",
    "not",
    "null",
    "offset",
    "on",
    "option",
    "or",
    "order",
    "outer",
    "primary",
    "range",
    "rank",
    "references",
    "right",
    "row",
    "rows",
    "schema",
    "select",
    "session_user",
    "set",
    "some",
    "system",
    "system_user",
    "table",
    "then",
    "to",
    "trailing",
    "trigger",
    "true",
    "union",
    "unique",
    "update",
    "user",
    "using",
    "values",
    "when",
    "where",
    "window",
    "with",
];

/// A name as it stands in a statement: in quotes where it needs them.
pub(crate) fn written(engine: Engine, name: &str) -> String {
    let is_start =
        |c: char| c == '_' || c.is_ascii_lowercase() || (engine != Engine::PostgreSql && c.is_ascii_uppercase());
    let is_plain = name.starts_with(is_start)
        && name.chars().all(|c| is_start(c) || c.is_ascii_digit())
        && !RESERVED.contains(&name.to_ascii_lowercase().as_str());
    match is_plain {
        true => name.to_owned(),
        false => engine.quote(name),
    }
}

/// Whether a word must be quoted to be a name.
pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word.to_ascii_lowercase().as_str())
}

/// Of `names` those that are most like `asked`: equal but for letter case, underscores and the like; else nearly the same;
/// else with the same word in them, `auth_user` for `users`.
pub(super) fn nearest<'a>(asked: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut ranked: Vec<(usize, &str)> = names.filter_map(|name| Some((distance(asked, name)?, name))).collect();
    ranked.sort();
    ranked.dedup();
    let Some((best, _)) = ranked.first().copied() else {
        return Vec::new();
    };
    let equals = ranked.into_iter().filter(|(distance, _)| *distance == best);
    equals.take(PROPOSED).map(|(_, name)| name).collect()
}

/// How far apart two names are; None where they have nothing in common.
fn distance(asked: &str, name: &str) -> Option<usize> {
    let (first, second) = (folded(asked), folded(name));
    if first == second {
        return Some(0);
    }
    let edits = strsim::damerau_levenshtein(&first, &second);
    if edits <= 1.max(first.chars().count() / 4) && first.chars().count() > 2 {
        return Some(edits);
    }
    // `auth_user`, `user_entity`: not `user_groups`, which is about something else.
    let mut parts = words(name);
    parts.retain(|part| part != "entity");
    let is_same = parts.last().is_some_and(|last| singular(last) == singular(&first));
    is_same.then_some(100)
}

fn folded(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// `UserGroups` and `user_groups` are `user` and `groups`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (was_lower && c.is_uppercase()) {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        was_lower = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

fn singular(word: &str) -> &str {
    word.strip_suffix('s').unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_the_one_that_was_meant() {
        let tables = ["Users", "UserGroups", "auth_user", "auth_group", "django_session"];
        for (asked, meant) in [
            ("users", &["Users"][..]),
            ("user_groups", &["UserGroups"]),
            ("usergroup", &["UserGroups"]),
            ("Usres", &["Users"]),
            ("groups", &["UserGroups", "auth_group"]),
            ("sessions", &["django_session"]),
            ("people", &[]),
            ("user", &["Users"]),
            ("uu", &[]),
        ] {
            assert_eq!(nearest(asked, tables.into_iter()), meant, "{asked}");
        }
        for table in ["auth_user", "user_entity", "wp_users", "oc_users"] {
            assert_eq!(nearest("users", [table, "user_groups"].into_iter()), [table]);
        }
        assert!(nearest("users", ["UserGroups"].into_iter()).is_empty());
        assert_eq!(nearest("uidnumber", ["uidNumber", "uid"].into_iter()), ["uidNumber"]);
        assert_eq!(
            nearest("uid_number", ["uidNumber", "gidNumber"].into_iter()),
            ["uidNumber"]
        );
    }

    #[test]
    fn names_are_quoted_where_they_must_be() {
        use Engine::{MySql, PostgreSql, Sqlite};
        assert_eq!(written(PostgreSql, "users_2"), "users_2");
        assert_eq!(written(PostgreSql, "Users"), "\"Users\"");
        assert_eq!(written(PostgreSql, "user"), "\"user\"");
        assert_eq!(written(MySql, "Users"), "Users");
        assert_eq!(written(MySql, "groups"), "`groups`");
        assert_eq!(written(Sqlite, "my table"), "\"my table\"");
    }
}
