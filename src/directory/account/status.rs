//! The words of the `status` column that refuse a bind.

use crate::{
    config::RefusedWords,
    model::{prepare::prepare_ignore_case, value::Cell},
};

/// What a status says about a bind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It does not refuse, or there is none.
    Allowed,
    /// The word that refuses, as the list has it.
    Refused(String),
    /// There is a value that is no word.
    Unreadable,
}

impl RefusedWords {
    /// What a status says.
    pub fn judge(&self, status: &Cell) -> Standing {
        if is_unset(status) {
            return Standing::Allowed;
        }
        let Some(prepared) = status.to_text().and_then(|text| prepare_ignore_case(&plain(&text))) else {
            return Standing::Unreadable;
        };
        // One engine gives the text of a JSON value, the other the value; and a SET is its words with commas between.
        let words = prepared.split([',', ';', '|', '[', ']', '{', '}', '"', '\'']);
        let mut found = std::iter::once(prepared.as_str()).chain(words.map(str::trim));
        match found.find(|word| self.contains(word)) {
            Some(word) => Standing::Refused(word.to_owned()),
            None => Standing::Allowed,
        }
    }
}

/// Columns of fixed length pad with NUL where they are binary.
fn plain(text: &str) -> String {
    text.replace(|character: char| character.is_control(), " ")
}

/// Nothing is there; a value that could not be decoded is not nothing, also in a list.
pub(super) fn is_unset(cell: &Cell) -> bool {
    match cell {
        Cell::Unreadable => false,
        Cell::List(items) => items.iter().all(is_unset),
        other => other.is_absent(),
    }
}

#[cfg(test)]
mod tests {
    use crate::directory::account::status::*;

    fn judge(words: &[&str], status: Cell) -> Standing {
        RefusedWords::new(words.iter().copied()).judge(&status)
    }

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn a_word_has_many_spellings() {
        let refused = Standing::Refused("banned".to_owned());
        for status in [
            text("banned"),
            text("BANNED"),
            text(" Banned\n"),
            text("\u{a0}banned\u{a0}"),
            text("ｂａｎｎｅｄ"),
            text("\"banned\""),
            text("[\"banned\"]"),
            text("active,banned"),
            Cell::Bytes(b"banned\0\0\0".to_vec()),
            Cell::List(vec![text("banned")]),
        ] {
            assert_eq!(judge(&["x", "Banned"], status.clone()), refused, "{status:?}");
        }
        assert_eq!(
            judge(&["ГЕСПЕРРТ", "außer dienst"], text("Ausser  Dienst")),
            Standing::Refused("ausser dienst".to_owned())
        );
    }

    #[test]
    fn other_words_do_not_refuse() {
        for status in [
            Cell::Null,
            text(""),
            text("  "),
            text("active"),
            text("not banned"),
            text("unbanned"),
            text("banned?"),
            Cell::Integer(0),
            Cell::Boolean(false),
        ] {
            assert_eq!(judge(&["banned"], status.clone()), Standing::Allowed, "{status:?}");
        }
        assert_eq!(judge(&["", " "], text("")), Standing::Allowed);
        assert_eq!(judge(&["0"], Cell::Integer(0)), Standing::Refused("0".to_owned()));
        assert_eq!(
            judge(&["False"], Cell::Boolean(false)),
            Standing::Refused("false".to_owned())
        );
    }

    #[test]
    fn what_is_no_word_is_not_understood() {
        for status in [
            Cell::Unreadable,
            Cell::List(vec![Cell::Unreadable]),
            Cell::Bytes(vec![0xff]),
            Cell::List(vec![text("active"), text("new")]),
            text("ban\u{fffd}ned"),
        ] {
            assert_eq!(judge(&["banned"], status.clone()), Standing::Unreadable, "{status:?}");
        }
    }
}
