//! `BIND_NAMES`: names that are no DN and still name a user in a bind.

use super::auth::names;
use super::parse::Reader;

/// The login names that a bind takes besides DNs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BindNames {
    /// `uid`: the user's name.
    pub uid: bool,
    /// `mail`: a mail address of the user's.
    pub mail: bool,
    /// `upn`: the user's name with the directory's domain, `alice@example.com` or `EXAMPLE\alice`.
    pub upn: bool,
}

impl BindNames {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let right = "a list of `uid`, `mail` and `upn`, or `none`";
        let read = reader.parsed("BIND_NAMES", right, |text| {
            let mut found = BindNames::default();
            if text.eq_ignore_ascii_case("none") {
                return Some(found);
            }
            for name in names(text) {
                let kind = match name.to_ascii_lowercase().as_str() {
                    "uid" => &mut found.uid,
                    "mail" => &mut found.mail,
                    "upn" => &mut found.upn,
                    _ => return None,
                };
                *kind = true;
            }
            (!found.is_none()).then_some(found)
        });
        read.unwrap_or_default()
    }

    /// DNs alone.
    pub fn is_none(self) -> bool {
        self == BindNames::default()
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::config::EnvSource;

    fn read(text: &str) -> Result<BindNames, String> {
        let mut reader = Reader::new(&EnvSource::new().with_variables([("BIND_NAMES", text)]));
        let names = BindNames::read(&mut reader);
        match reader.problems.first() {
            Some(problem) => Err(problem.to_string()),
            None => Ok(names),
        }
    }

    #[test]
    fn a_list_of_kinds() {
        let all = BindNames {
            uid: true,
            mail: true,
            upn: true,
        };
        assert_eq!(read("uid,mail,upn"), Ok(all));
        assert_eq!(read(" UPN, mail,,uid "), Ok(all));
        assert_eq!(
            read("uid"),
            Ok(BindNames {
                uid: true,
                ..BindNames::default()
            })
        );
        assert_eq!(read("none"), Ok(BindNames::default()));
        assert_eq!(read(""), Ok(BindNames::default()));
        for wrong in ["all", "uid mail", "uid,none", ",", "cn"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
