//! What is wrong or odd about a setting, with the name of its variable.

use std::fmt;

/// The exit code for wrong settings: `EX_CONFIG` of BSD's sysexits.h. Service managers can tell it from a crash, and need not
/// restart what would fail again.
pub const EXIT_CODE: u8 = 78;

/// How many characters of a wrong value an error shows: a pasted certificate must not fill the screen.
const SHOWN_CHARACTERS: usize = 80;

/// One wrong setting: its name, what was found (never for secrets) and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The environment variable.
    pub variable: String,
    /// The value that was found. None if it is missing or secret.
    pub found: Option<String>,
    /// What is wrong, or what would be right.
    pub text: String,
}

impl Problem {
    /// A value that is not what the setting takes.
    pub(super) fn wrong(variable: &str, found: &str, expected: &str) -> Self {
        Self {
            variable: variable.into(),
            found: Some(shorten(found)),
            text: format!("must be {expected}"),
        }
    }

    /// Anything else that is wrong with a setting. Its value is not shown.
    pub(super) fn other(variable: &str, text: impl Into<String>) -> Self {
        Self {
            variable: variable.into(),
            found: None,
            text: text.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            Some(found) => write!(formatter, "{}: found `{found}`, {}", self.variable, self.text),
            None => write!(formatter, "{}: {}", self.variable, self.text),
        }
    }
}

/// Something legal that is probably not meant, such as a misspelt name or a setting without effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The environment variable, or the file, that it is about.
    pub variable: String,
    /// What is odd, and what to do about it.
    pub text: String,
}

impl Warning {
    pub(super) fn new(variable: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            variable: variable.into(),
            text: text.into(),
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.variable, self.text)
    }
}

/// Everything that is wrong with the settings. One start is enough to learn all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigErrors {
    /// What keeps the gateway from starting. Never empty.
    pub problems: Vec<Problem>,
    /// What is odd besides: a misspelt name is often the reason for a missing setting.
    pub warnings: Vec<Warning>,
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                formatter.write_str("\n")?;
            }
            write!(formatter, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// A value as an error shows it: in one line, cut where it is long.
fn shorten(value: &str) -> String {
    let mut shown: String = value.chars().take(SHOWN_CHARACTERS).collect();
    if shown.len() < value.len() {
        shown.push('…');
    }
    shown.chars().map(|c| if c.is_control() { '␤' } else { c }).collect()
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
    use super::*;

    #[test]
    fn a_problem_names_variable_value_and_remedy_on_one_line() {
        let problem = Problem::wrong("PORT", "seven\nhundred", "a number");
        assert_eq!(problem.to_string(), "PORT: found `seven␤hundred`, must be a number");
        assert!(Problem::wrong("PORT", &"x".repeat(5000), "a number").to_string().len() < 150);
    }
}
