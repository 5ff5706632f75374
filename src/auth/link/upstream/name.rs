//! How a user is named at the upstream server: templates filled so that a name stays a name.

use crate::config::{USERNAME, UpstreamSearch, UpstreamUser};
use ldap3::{dn_escape, ldap_escape};

/// Who signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UserName<'a> {
    /// A user of the directory.
    Known(&'a str),
    /// None of the directory's.
    Nobody,
}

/// The name for a bind, or how to find it.
pub(super) enum Named<'a> {
    /// This is the name.
    Name(String),
    /// It is the DN of what this filter finds.
    Search(&'a UpstreamSearch, String),
    /// Nobody can have such a name there.
    Impossible,
}

/// How the upstream server names a user, `nobody` being a name that no user has.
pub(super) fn named<'a>(naming: &'a UpstreamUser, user: UserName<'_>, nobody: &str) -> Named<'a> {
    let name = match user {
        UserName::Known(name) => name,
        UserName::Nobody => nobody,
    };
    // Without a name, or with blanks alone, some servers see an anonymous bind, which succeeds.
    if name.trim().is_empty() {
        return Named::Impossible;
    }
    let fill = |template: &str, escaped: &str| template.replace(USERNAME, escaped);
    match naming {
        UpstreamUser::Dn(template) => Named::Name(fill(template, &dn_escape(name))),
        UpstreamUser::Login(_) if name.contains(is_not_in_login_names) => Named::Impossible,
        UpstreamUser::Login(template) => Named::Name(fill(template, name)),
        UpstreamUser::Search(search) => Named::Search(search, fill(&search.filter, &ldap_escape(name))),
    }
}

/// No login name of Active Directory can have it; it would be read as a domain, a path or a DN.
fn is_not_in_login_names(character: char) -> bool {
    character.is_control() || "\"/\\[]:;|=,+*?<>@".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(named: Named<'_>) -> Option<String> {
        match named {
            Named::Name(text) | Named::Search(_, text) => Some(text),
            Named::Impossible => None,
        }
    }

    fn name(user: UpstreamUser, name: &str) -> Option<String> {
        text_of(named(&user, UserName::Known(name), "nobody"))
    }

    #[test]
    fn names_are_escaped_for_where_they_go() {
        let dn = || UpstreamUser::Dn("uid={username},dc=x".to_owned());
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(name(dn(), "alice"), some("uid=alice,dc=x"));
        assert_eq!(name(dn(), "*)(\\,\0"), some("uid=*)(\\5c\\2c\\00,dc=x"));
        assert_eq!(name(dn(), "a+cn=b;\"<>"), some("uid=a\\2bcn\\3db\\3b\\22\\3c\\3e,dc=x"));
        assert_eq!(name(dn(), " #é "), some("uid=\\20#é\\20,dc=x"));
        assert_eq!(name(dn(), "#a"), some("uid=\\23a,dc=x"));
        assert_eq!(name(dn(), "{username}"), some("uid={username},dc=x"));
        let search = || {
            UpstreamUser::Search(UpstreamSearch {
                base: "dc=x".to_owned(),
                filter: "(|(uid={username})(mail={username}))".to_owned(),
                account: None,
            })
        };
        assert_eq!(name(search(), "alice"), some("(|(uid=alice)(mail=alice))"));
        let hostile = "*)(uid=\\,\0";
        let escaped = "\\2a\\29\\28uid=\\5c,\\00";
        assert_eq!(
            name(search(), hostile),
            Some(format!("(|(uid={escaped})(mail={escaped}))"))
        );
        let login = || UpstreamUser::Login("{username}@ad.example.com".to_owned());
        assert_eq!(name(login(), "alice.b-c_d'é"), some("alice.b-c_d'é@ad.example.com"));
        for impossible in ["a@b", "EX\\a", "a,b", "a=b", "a*", "a\0", "a\n", "", " "] {
            assert_eq!(name(login(), impossible), None, "{impossible:?}");
        }
        assert_eq!(name(dn(), "  "), None);
        assert_eq!(
            text_of(named(&dn(), UserName::Nobody, "nobody")),
            some("uid=nobody,dc=x")
        );
    }
}
