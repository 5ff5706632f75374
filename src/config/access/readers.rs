//! Who may search and compare.

use crate::config::{errors::Problem, parse::Reader};
use crate::model::prepare::prepare_ignore_case;

const VARIABLE: &str = "SEARCH_ALLOWED_TO";
const OLDER: &str = "REQUIRE_AUTH_FOR_SEARCH";
const EXPECTED: &str = "`anyone`, `authenticated`, or a list of `self` and `group:NAME`";

/// Who may search and compare. Service accounts with the right `read` always may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Readers {
    /// Everybody, bound or not.
    Anyone,
    /// Every user that is bound.
    #[default]
    Authenticated,
    /// Some users.
    Some {
        /// Every user finds the own entry and the groups that the user is in.
        own: bool,
        /// The members of these groups find everything. The names are prepared for caseIgnoreMatch.
        groups: Vec<String>,
    },
}

impl Readers {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let must_bind = reader.boolean(OLDER);
        let Some(text) = reader.text(VARIABLE) else {
            return match must_bind {
                true => Readers::Authenticated,
                false => Readers::Anyone,
            };
        };
        let readers = match parse(&text) {
            Ok(readers) => readers,
            Err(why) => {
                let right = format!("{EXPECTED}: {why}");
                reader.problems.push(Problem::wrong(VARIABLE, &text, &right));
                return Readers::Authenticated;
            }
        };
        if reader.is_given(OLDER) && must_bind == (readers == Readers::Anyone) {
            let text = format!("contradicts {OLDER}={must_bind}; give only one of them");
            reader.problems.push(Problem::other(VARIABLE, text));
        }
        readers
    }

    /// Whether somebody who is not bound may search.
    pub fn include_anonymous(&self) -> bool {
        *self == Readers::Anyone
    }
}

fn parse(text: &str) -> Result<Readers, String> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    let (mut own, mut groups, mut all) = (false, Vec::new(), None);
    for item in items {
        match item.split_once(':') {
            Some((word, name)) if word.trim_end().eq_ignore_ascii_case("group") => {
                let prepared = prepare_ignore_case(name).map(|name| name.trim().to_owned());
                let prepared = prepared.filter(|name| !name.is_empty());
                groups.push(prepared.ok_or("a group has no name")?);
            }
            None if item.eq_ignore_ascii_case("self") => own = true,
            None if item.eq_ignore_ascii_case("anyone") => all = Some((Readers::Anyone, item)),
            None if item.eq_ignore_ascii_case("authenticated") => all = Some((Readers::Authenticated, item)),
            _ => return Err(format!("`{item}` is none of them")),
        }
    }
    match all {
        None if !own && groups.is_empty() => Err("it names nobody".to_owned()),
        None => Ok(Readers::Some { own, groups }),
        Some((readers, _)) if text.split(',').filter(|item| !item.trim().is_empty()).count() == 1 => Ok(readers),
        Some((_, word)) => Err(format!("`{word}` stands alone, since it includes the others")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::EnvSource;

    fn read(variables: &[(&str, &str)]) -> (Readers, Vec<String>) {
        let source = EnvSource::new().with_variables(variables.iter().copied());
        let mut reader = Reader::new(&source);
        let readers = Readers::read(&mut reader);
        (readers, reader.problems.iter().map(ToString::to_string).collect())
    }

    fn right(variables: &[(&str, &str)]) -> Readers {
        let (readers, problems) = read(variables);
        assert!(problems.is_empty(), "{problems:?}");
        readers
    }

    #[test]
    fn the_older_setting_is_the_default() {
        assert_eq!(right(&[]), Readers::Authenticated);
        assert_eq!(right(&[(OLDER, "true")]), Readers::Authenticated);
        assert_eq!(right(&[(OLDER, "false")]), Readers::Anyone);
        assert_eq!(right(&[(VARIABLE, "anyone")]), Readers::Anyone);
        assert_eq!(right(&[(VARIABLE, "Anyone "), (OLDER, "no")]), Readers::Anyone);
        assert_eq!(
            right(&[(VARIABLE, "authenticated,"), (OLDER, "1")]),
            Readers::Authenticated
        );
    }

    #[test]
    fn some_are_named() {
        let some = |own, groups: &[&str]| Readers::Some {
            own,
            groups: groups.iter().map(|&group| group.to_owned()).collect(),
        };
        assert_eq!(right(&[(VARIABLE, "self")]), some(true, &[]));
        assert_eq!(
            right(&[(VARIABLE, " SELF , Group: Domain  Admins,group:x:y")]),
            some(true, &["domain admins", "x:y"])
        );
        assert_eq!(
            right(&[(VARIABLE, "group:staff"), (OLDER, "true")]),
            some(false, &["staff"])
        );
    }

    #[test]
    fn what_is_contradictory_or_unknown_is_refused() {
        for (variables, expected) in [
            (
                vec![(VARIABLE, "anyone"), (OLDER, "true")],
                "SEARCH_ALLOWED_TO: contradicts REQUIRE_AUTH_FOR_SEARCH=true",
            ),
            (
                vec![(VARIABLE, "self"), (OLDER, "false")],
                "SEARCH_ALLOWED_TO: contradicts REQUIRE_AUTH_FOR_SEARCH=false",
            ),
            (vec![(VARIABLE, "everybody")], "`everybody` is none of them"),
            (vec![(VARIABLE, "group:")], "a group has no name"),
            (vec![(VARIABLE, "groups:staff")], "`groups:staff` is none of them"),
            (vec![(VARIABLE, "self,anyone")], "`anyone` stands alone"),
            (
                vec![(VARIABLE, "authenticated,group:x")],
                "`authenticated` stands alone",
            ),
            (vec![(VARIABLE, ", ,")], "it names nobody"),
        ] {
            let (_, problems) = read(&variables);
            assert!(
                problems.len() == 1 && problems.iter().all(|text| text.contains(expected)),
                "{problems:?}"
            );
        }
    }
}
