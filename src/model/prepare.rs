//! String preparation (RFC 4518): the form in which texts that match are the same.
//!
//! Text comes out with no space at its ends and one between words. That is the RFC's form (one space at
//! each end, two between) with the redundancy taken away: two texts are equal in one form if and only if
//! they are in the other, and sort alike. Only substring assertions need the RFC's form itself.
//!
//! Code points unassigned in Unicode 3.2 are not prohibited here, against RFC 4518 section 2.4: people
//! have names in scripts, and emoji, that are younger. They are folded and normalised by today's Unicode.

use std::cmp::Ordering;

use stringprep::tables;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Whether case counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fold {
    /// Upper and lower case are equal.
    Ignore,
    /// They are not.
    Exact,
}

/// Where a piece of a substring assertion stands (RFC 4518 section 2.6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// At the beginning.
    Initial,
    /// In between.
    Any,
    /// At the end.
    Final,
}

/// The form in which texts that are equal under caseIgnoreMatch are the same. `None` when the text holds
/// a character that RFC 4518 section 2.4 prohibits.
#[must_use]
pub fn prepare_ignore_case(text: &str) -> Option<String> {
    prepare(text, Fold::Ignore)
}

/// As [`prepare_ignore_case`], for caseExactMatch.
#[must_use]
pub fn prepare_exact(text: &str) -> Option<String> {
    prepare(text, Fold::Exact)
}

/// As [`prepare_ignore_case`] or [`prepare_exact`].
#[must_use]
pub fn prepare(text: &str, fold: Fold) -> Option<String> {
    if text.is_ascii() {
        // ASCII is its own normal form, and most names have nothing to squeeze.
        if text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Some(match fold {
                Fold::Ignore => text.to_ascii_lowercase(),
                Fold::Exact => text.to_owned(),
            });
        }
        return Some(Squeezed::new(text.as_bytes(), fold).map(char::from).collect());
    }
    Some(Spaces::of(&transcode(text, fold)?, " ").words)
}

/// For numericStringMatch: without spaces (RFC 4518 section 2.6.2).
#[must_use]
pub fn prepare_numeric(text: &str) -> Option<String> {
    Some(transcode(text, Fold::Ignore)?.replace(' ', ""))
}

/// For telephoneNumberMatch: without spaces and hyphens of any kind (RFC 4518 section 2.6.3).
#[must_use]
pub fn prepare_telephone(text: &str) -> Option<String> {
    let mut prepared = transcode(text, Fold::Ignore)?;
    prepared.retain(|character| !is_space_or_hyphen(character));
    Some(prepared)
}

/// A piece of a substring assertion in the form of RFC 4518 section 2.6.1.
#[must_use]
pub fn prepare_piece(text: &str, fold: Fold, piece: Piece) -> Option<String> {
    let Spaces {
        words,
        leading,
        trailing,
    } = Spaces::of(&transcode(text, fold)?, "  ");
    if words.is_empty() {
        return Some(" ".to_owned());
    }
    let before = if piece == Piece::Initial || leading { " " } else { "" };
    let after = if piece == Piece::Final || trailing { " " } else { "" };
    Some([before, &words, after].concat())
}

/// A stored value in the form of RFC 4518 section 2.6.1 that pieces are looked for in.
#[must_use]
pub fn prepare_whole(text: &str, fold: Fold) -> Option<String> {
    if text.is_ascii() {
        return Some(spaced_ascii(text.as_bytes(), fold).map(char::from).collect());
    }
    Some([" ", &Spaces::of(&transcode(text, fold)?, "  ").words, " "].concat())
}

/// [`prepare_whole`] for ASCII, without a place to put it.
pub(super) fn spaced_ascii(text: &[u8], fold: Fold) -> impl Iterator<Item = u8> + '_ {
    let words = Squeezed::new(text, fold).flat_map(|byte| std::iter::repeat_n(byte, if byte == b' ' { 2 } else { 1 }));
    std::iter::once(b' ').chain(words).chain(std::iter::once(b' '))
}

/// Whether a stored value has the prepared form. Allocates only for stored values beyond ASCII.
/// `None` when the stored value is no text.
#[must_use]
pub fn equals_prepared(prepared: &str, fold: Fold, stored: &[u8]) -> Option<bool> {
    if stored.is_ascii() {
        let same = match fold {
            Fold::Ignore => stored.eq_ignore_ascii_case(prepared.as_bytes()),
            Fold::Exact => stored == prepared.as_bytes(),
        };
        return Some(same || Squeezed::new(stored, fold).eq(prepared.bytes()));
    }
    Some(prepare(std::str::from_utf8(stored).ok()?, fold)? == prepared)
}

/// How a stored value stands to the prepared form, by code points. Allocates only beyond ASCII.
#[must_use]
pub fn compare_prepared(prepared: &str, fold: Fold, stored: &[u8]) -> Option<Ordering> {
    if stored.is_ascii() {
        return Some(Squeezed::new(stored, fold).cmp(prepared.bytes()));
    }
    Some(prepare(std::str::from_utf8(stored).ok()?, fold)?.as_str().cmp(prepared))
}

/// ASCII text, prepared byte by byte: mapped (section 2.2), folded, spaces squeezed (section 2.6.1).
struct Squeezed<'a> {
    rest: std::slice::Iter<'a, u8>,
    fold: Fold,
    started: bool,
    /// What follows the space that was just given out.
    held: Option<u8>,
}

impl<'a> Squeezed<'a> {
    fn new(text: &'a [u8], fold: Fold) -> Self {
        Self {
            rest: text.iter(),
            fold,
            started: false,
            held: None,
        }
    }
}

impl Iterator for Squeezed<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        if let Some(held) = self.held.take() {
            return Some(held);
        }
        let mut space = false;
        loop {
            let byte = match (*self.rest.next()?, self.fold) {
                (b'\t'..=b'\r' | b' ', _) => {
                    space = true;
                    continue;
                }
                (1..=0x1f | 0x7f, _) => continue,
                (byte, Fold::Ignore) => byte.to_ascii_lowercase(),
                (byte, Fold::Exact) => byte,
            };
            let between = space && self.started;
            self.started = true;
            if between {
                self.held = Some(byte);
                return Some(b' ');
            }
            return Some(byte);
        }
    }
}

/// Text with its spaces seen to (section 2.6.1).
struct Spaces {
    words: String,
    leading: bool,
    trailing: bool,
}

impl Spaces {
    /// Joins the words by `between`. A space that carries a combining mark is a letter, not a space.
    fn of(text: &str, between: &str) -> Self {
        let mut spaces = Self {
            words: String::with_capacity(text.len() + 8),
            leading: false,
            trailing: false,
        };
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            if character == ' ' && !characters.peek().is_some_and(|next| is_combining_mark(*next)) {
                if spaces.words.is_empty() {
                    spaces.leading = true;
                }
                spaces.trailing = true;
                continue;
            }
            if spaces.trailing && !spaces.words.is_empty() {
                spaces.words.push_str(between);
            }
            spaces.trailing = false;
            spaces.words.push(character);
        }
        spaces
    }
}

/// Map, normalise, prohibit (sections 2.2 to 2.4).
fn transcode(text: &str, fold: Fold) -> Option<String> {
    let mapped = text.chars().filter_map(map);
    let prepared: String = match fold {
        Fold::Exact => mapped.nfkc().collect(),
        // The second round is for characters younger than the table, whose normal form may be upper case.
        Fold::Ignore => mapped.flat_map(fold_case).nfkc().flat_map(fold_case).nfkc().collect(),
    };
    (!prepared.chars().any(is_prohibited)).then_some(prepared)
}

/// Table B.2 of RFC 3454; what is younger than the table is put in lower case first.
fn fold_case(character: char) -> impl Iterator<Item = char> {
    let young = !character.is_ascii() && tables::unassigned_code_point(character);
    let lower = young.then(|| character.to_lowercase()).into_iter().flatten();
    let old = (!young).then_some(character);
    lower.chain(old).flat_map(tables::case_fold_for_nfkc)
}

/// RFC 4518 section 2.2: most invisible characters go, all kinds of spaces become one kind. U+0000 should go too, but
/// is kept, as slapd keeps it: then a value with one equals no value that databases can hold, and `alice\0` is nobody.
fn map(character: char) -> Option<char> {
    match character {
        '\u{09}'..='\u{0d}' | '\u{85}' => Some(' '),
        '\u{00}' | '\u{20}'..='\u{7e}' => Some(character),
        '\u{01}'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{6dd}'
        | '\u{70f}'
        | '\u{1806}'
        | '\u{180b}'..='\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2063}'
        | '\u{206a}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffc}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0001}'
        | '\u{e0020}'..='\u{e007f}' => None,
        '\u{a0}'
        | '\u{1680}'
        | '\u{2000}'..='\u{200a}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{202f}'
        | '\u{205f}'
        | '\u{3000}' => Some(' '),
        other => Some(other),
    }
}

/// RFC 4518 section 2.4 but for unassigned code points. Surrogates are no `char`; the deprecated
/// characters of table C.8 are gone by now.
fn is_prohibited(character: char) -> bool {
    !character.is_ascii()
        && (character == '\u{fffd}' || tables::private_use(character) || tables::non_character_code_point(character))
}

fn is_space_or_hyphen(character: char) -> bool {
    matches!(
        character,
        ' ' | '-' | '\u{58a}' | '\u{2010}' | '\u{2011}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}'
    )
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spaces_and_controls() {
        for (text, expected) in [
            ("  Foo \t Bar  ", "foo bar"),
            ("foo\u{1}bar\u{7f}", "foobar"),
            ("foo\u{0}", "foo\u{0}"),
            ("a\nb", "a b"),
            ("", ""),
            ("   ", ""),
            ("foo\u{a0}\u{3000}bar", "foo bar"),
            ("f\u{ad}oo\u{200b}", "foo"),
            // A space that carries a mark is a letter.
            ("a \u{308}b", "a \u{308}b"),
            ("a  \u{308}b", "a  \u{308}b"),
        ] {
            assert_eq!(prepare_ignore_case(text).unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn case_and_normal_forms() {
        for (one, other) in [
            ("Straße", "STRASSE"),
            ("ẞ", "ss"),
            ("Ångström", "A\u{30a}ngstro\u{308}m"),
            ("ｆｕｌｌ", "full"),
            ("ﬁn", "FIN"),
            ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
            ("ς", "Σ"),
            ("🅰", "🅰"),
            ("𐒰", "𐓘"),
            ("🄐", "(a)"),
        ] {
            assert_eq!(prepare_ignore_case(one), prepare_ignore_case(other), "{one} {other}");
        }
        assert_eq!(prepare_exact("Å").unwrap(), prepare_exact("A\u{30a}").unwrap());
        assert_ne!(prepare_exact("ä"), prepare_exact("Ä"));
        assert_ne!(prepare_ignore_case("muller"), prepare_ignore_case("müller"));
    }

    #[test]
    fn what_is_prohibited() {
        for text in ["\u{fffd}", "a\u{e000}", "\u{fdd0}", "\u{10ffff}"] {
            assert_eq!(prepare_ignore_case(text), None, "{text:?}");
            assert_eq!(equals_prepared("a", Fold::Ignore, text.as_bytes()), None);
        }
        assert!(prepare_ignore_case("😀").is_some());
        assert_eq!(equals_prepared("a", Fold::Ignore, b"\xff"), None);
    }

    #[test]
    fn the_examples_of_rfc_4518_section_2_6_1() {
        assert_eq!(prepare_whole("foo bar  ", Fold::Exact).unwrap(), " foo  bar ");
        assert_eq!(prepare_whole("", Fold::Exact).unwrap(), "  ");
        assert_eq!(prepare_whole(" \u{a0}", Fold::Exact).unwrap(), "  ");
        let piece = |text, piece| prepare_piece(text, Fold::Exact, piece).unwrap();
        assert_eq!(piece("foo ", Piece::Initial), " foo ");
        assert_eq!(piece("foo bar", Piece::Initial), " foo  bar");
        assert_eq!(piece("foo", Piece::Any), "foo");
        assert_eq!(piece("  foo  bar ", Piece::Any), " foo  bar ");
        assert_eq!(piece("bar", Piece::Final), "bar ");
        assert_eq!(piece("   bar  ", Piece::Final), " bar ");
        assert_eq!(piece("   ", Piece::Any), " ");
    }

    #[test]
    fn numbers() {
        assert_eq!(prepare_numeric(" 1 2\u{2003}3 ").unwrap(), "123");
        assert_eq!(prepare_telephone("+49 30\u{2010}123-45 X").unwrap(), "+493012345x");
    }

    /// Text in which everything interesting is likely.
    fn text() -> impl Strategy<Value = String> {
        proptest::collection::vec(
            prop_oneof![
                4 => proptest::char::range(' ', '~').prop_map(String::from),
                2 => Just(" ".to_owned()),
                2 => proptest::char::any().prop_map(String::from),
                1 => proptest::sample::select(vec!["\u{308}", "\u{a0}", "\u{ad}", "ß", "İ", "\u{345}", "ﬃ", "ǅ", "\t"])
                    .prop_map(str::to_owned),
            ],
            0..12,
        )
        .prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn prepared_text_stays_as_it_is(text in text()) {
            for fold in [Fold::Ignore, Fold::Exact] {
                if let Some(once) = prepare(&text, fold) {
                    prop_assert_eq!(prepare(&once, fold), Some(once.clone()));
                }
            }
        }

        #[test]
        fn the_quick_way_and_the_long_way_agree(text in "[ -~\t\n\u{0}]{0,16}") {
            for fold in [Fold::Ignore, Fold::Exact] {
                let long = Spaces::of(&transcode(&text, fold).unwrap(), " ").words;
                prop_assert_eq!(prepare(&text, fold).unwrap(), &*long);
                let spaced = [" ", &Spaces::of(&transcode(&text, fold).unwrap(), "  ").words, " "].concat();
                prop_assert_eq!(prepare_whole(&text, fold).unwrap(), spaced);
            }
        }

        #[test]
        fn comparing_is_comparing_what_is_prepared(one in text(), other in text()) {
            for fold in [Fold::Ignore, Fold::Exact] {
                if let (Some(one), Some(prepared)) = (prepare(&one, fold), prepare(&other, fold)) {
                    prop_assert_eq!(equals_prepared(&one, fold, other.as_bytes()), Some(one == prepared));
                    prop_assert_eq!(compare_prepared(&one, fold, other.as_bytes()), Some(prepared.cmp(&one)));
                    prop_assert_eq!(equals_prepared(&prepared, fold, other.as_bytes()), Some(true));
                }
            }
        }

        #[test]
        fn both_forms_agree_on_equality(one in text(), other in text()) {
            if let (Some(one_form), Some(other_form)) = (prepare_exact(&one), prepare_exact(&other)) {
                let same = prepare_whole(&one, Fold::Exact) == prepare_whole(&other, Fold::Exact);
                prop_assert_eq!(one_form == other_form, same);
            }
        }
    }
}
