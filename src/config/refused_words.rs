//! `ACCOUNT_STATUS_REFUSED`: the words of a status that refuse a bind.

use std::sync::Arc;

use super::errors::Problem;
use super::parse::Reader;
use super::settings::{Absent, find};
use crate::model::prepare::prepare_ignore_case;

/// The words of a status that refuse a bind, in any spelling. Clones share them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedWords(Arc<[String]>);

impl RefusedWords {
    /// These words. Case and blanks around and between them do not count, as in caseIgnoreMatch.
    pub fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let prepared = words.into_iter().filter_map(prepare_ignore_case);
        RefusedWords(prepared.filter(|word| !word.is_empty()).collect())
    }

    /// Whether a word refuses. The word must be prepared for caseIgnoreMatch.
    pub fn contains(&self, prepared: &str) -> bool {
        self.0.iter().any(|word| word == prepared)
    }

    pub(super) fn read(reader: &mut Reader) -> Self {
        let text = reader.text("ACCOUNT_STATUS_REFUSED").unwrap_or_default();
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        let words: Vec<&str> = words.collect();
        if words.is_empty() {
            let right = "words with commas between them, or `none` where no word refuses";
            reader
                .problems
                .push(Problem::wrong("ACCOUNT_STATUS_REFUSED", &text, right));
        }
        match words.as_slice() {
            [only] if only.eq_ignore_ascii_case("none") => RefusedWords::new([]),
            _ => RefusedWords::new(words),
        }
    }
}

/// Those where none are given.
impl Default for RefusedWords {
    fn default() -> Self {
        match find("ACCOUNT_STATUS_REFUSED").map(|setting| setting.default) {
            Some(Absent::Value(words)) => RefusedWords::new(words.split(',')),
            _ => RefusedWords::new([]),
        }
    }
}
