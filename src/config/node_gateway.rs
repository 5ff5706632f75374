//! Where the Node gateway would have read a setting differently. We take its settings, and some words that kept something
//! closed there open it here. The log of the start and `check` say so.

use super::errors::Warning;
use super::parse::{Reader, boolean};

/// Warns of words that open something here and did not there, and of a switch that has no meaning any more.
pub(super) fn warn(reader: &mut Reader) {
    let mut warnings = Vec::new();
    if let Some(word) = reader.given("REQUIRE_AUTH_FOR_SEARCH")
        && word != "false"
        && boolean(word.trim()) == Some(false)
    {
        let text = format!(
            "is `{word}`, so everybody may search without a bind. The Node gateway took only `false` for that, and \
             asked for a bind here; write `false`, or `true` if it shall be as it was"
        );
        warnings.push(Warning::new("REQUIRE_AUTH_FOR_SEARCH", text));
    }
    if let Some(word) = reader.given("LDAP_UNENCRYPTED")
        && word != "true"
        && boolean(word.trim()) == Some(true)
    {
        let text = format!(
            "is `{word}`, so there is no TLS. The Node gateway took only `true` for that (some of its versions `1`), \
             and spoke TLS here; write `true`, or `false` if it shall be as it was"
        );
        warnings.push(Warning::new("LDAP_UNENCRYPTED", text));
    }
    reader.warnings.append(&mut warnings);
    // Its first versions read this switch; those with AUTH_BACKENDS do not either.
    if let Some(word) = reader.foreign("ENABLE_NOTIFICATION")
        && boolean(word.trim()) != Some(false)
    {
        let text = "is no setting: nobody is asked to approve a bind; AUTH_BACKENDS says what a bind must pass";
        reader.warnings.push(Warning::new("ENABLE_NOTIFICATION", text));
    }
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
    use crate::config::EnvSource;
    use crate::config::parse::Reader;

    fn warnings(variables: &[(&str, &str)]) -> Vec<String> {
        let source = EnvSource::new().with_variables(variables.iter().copied());
        let mut reader = Reader::new(&source);
        super::warn(&mut reader);
        reader.warnings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn words_that_open_what_was_closed() {
        for word in ["0", "no", "off", "False", "FALSE", "Off", "false ", " false"] {
            let warnings = warnings(&[("REQUIRE_AUTH_FOR_SEARCH", word)]);
            assert_eq!(warnings.len(), 1, "{word}");
            assert!(
                warnings[0].starts_with("REQUIRE_AUTH_FOR_SEARCH: ") && warnings[0].contains("took only `false`"),
                "{warnings:?}"
            );
        }
        for word in ["yes", "on", "1", "True", "TRUE", "true "] {
            let warnings = warnings(&[("LDAP_UNENCRYPTED", word)]);
            assert_eq!(warnings.len(), 1, "{word}");
            assert!(
                warnings[0].starts_with("LDAP_UNENCRYPTED: ") && warnings[0].contains("took only `true`"),
                "{warnings:?}"
            );
        }
        for (name, word) in [
            ("REQUIRE_AUTH_FOR_SEARCH", "false"),
            ("REQUIRE_AUTH_FOR_SEARCH", "true"),
            ("REQUIRE_AUTH_FOR_SEARCH", "1"),
            ("REQUIRE_AUTH_FOR_SEARCH", ""),
            ("REQUIRE_AUTH_FOR_SEARCH", "perhaps"),
            ("LDAP_UNENCRYPTED", "true"),
            ("LDAP_UNENCRYPTED", "no"),
            ("LDAP_UNENCRYPTED", "False"),
            ("ENABLE_NOTIFICATION", "false"),
        ] {
            assert_eq!(warnings(&[(name, word)]), Vec::<String>::new(), "{name}={word}");
        }
    }

    #[test]
    fn an_approval_that_nobody_is_asked_for() {
        let warnings = warnings(&[("ENABLE_NOTIFICATION", "true")]);
        assert_eq!(warnings.len(), 1);
        assert!(
            warnings[0].contains("nobody is asked to approve a bind"),
            "{warnings:?}"
        );
    }
}
