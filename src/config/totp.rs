//! `totp`: codes that change with time.

use super::parse::Reader;

/// The longest separator, in characters.
const LONGEST_SEPARATOR: usize = 8;

/// How codes are typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TotpSettings {
    /// `TOTP_SEPARATOR`: what stands between password and code; none where nothing does.
    pub separator: Option<String>,
}

impl TotpSettings {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let right = format!("1 to {LONGEST_SEPARATOR} characters, no digits and no blanks");
        TotpSettings {
            separator: reader.parsed("TOTP_SEPARATOR", &right, |text| {
                let length = text.chars().count();
                let is_odd = |character: char| character.is_ascii_digit() || character.is_whitespace();
                ((1..=LONGEST_SEPARATOR).contains(&length) && !text.contains(is_odd)).then(|| text.to_owned())
            }),
        }
    }
}
