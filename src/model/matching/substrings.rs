//! Substrings rules (RFC 4517 section 4.2): pieces in order, without overlap, in the prepared value.

use std::borrow::Cow;
use std::sync::Arc;

use crate::model::prepare::{self, Fold, Piece};
use crate::model::schema::{MatchingRule, Syntax};

/// What the pieces and the stored values are prepared as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Text(Fold),
    Numeric,
    Telephone,
    Lines,
}

/// A substring assertion, prepared once. Cloning shares the pieces.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SubstringAssertion {
    kind: Kind,
    initial: Option<Arc<str>>,
    any: Arc<[Box<str>]>,
    last: Option<Arc<str>>,
    /// Octets of all pieces: no shorter value has them. None where a piece has none, which is found nowhere.
    length: Option<usize>,
}

/// The pieces of an assertion, as RFC 4518 section 2.6.1 prepares them.
#[derive(Debug, Clone, Copy)]
pub struct Pieces<'a> {
    /// What the value begins with.
    pub initial: Option<&'a str>,
    /// What follows.
    pub any: &'a [Box<str>],
    /// What the value ends with.
    pub last: Option<&'a str>,
}

/// Values up to this length are prepared on the stack. Every other byte at most is a space that doubles,
/// and one space is added at each end.
const SHORT: usize = 255;
const SCRATCH: usize = SHORT + SHORT / 2 + 2;

impl SubstringAssertion {
    /// Prepares the pieces for a substrings rule. `None` when one of them breaks the syntax, when there
    /// is no piece at all, or when the rule is not a substrings rule.
    #[must_use]
    pub fn new<T: AsRef<[u8]>>(
        rule: MatchingRule,
        initial: Option<&[u8]>,
        any: &[T],
        last: Option<&[u8]>,
    ) -> Option<Self> {
        let kind = Kind::of(rule)?;
        let ascii = !matches!(
            rule,
            MatchingRule::CaseIgnoreSubstrings
                | MatchingRule::CaseExactSubstrings
                | MatchingRule::CaseIgnoreListSubstrings
        );
        if initial.is_none() && any.is_empty() && last.is_none() {
            return None;
        }
        let prepared = |value: &[u8], place: Piece| {
            let text = std::str::from_utf8(value).ok()?;
            (!text.is_empty() && (!ascii || text.is_ascii())).then_some(())?;
            // A piece is a value of the syntax itself (RFC 4517 4.2.23, 4.2.30): nothing else can be told of it.
            let is_valid = match kind {
                Kind::Telephone => Syntax::TelephoneNumber.is_valid(value),
                Kind::Numeric => Syntax::NumericString.is_valid(value),
                Kind::Text(_) | Kind::Lines => true,
            };
            is_valid.then_some(())?;
            kind.piece(text, place)
        };
        let initial = match initial {
            Some(value) => Some(Arc::<str>::from(prepared(value, Piece::Initial)?)),
            None => None,
        };
        let any = any
            .iter()
            .map(|value| prepared(value.as_ref(), Piece::Any).map(String::into_boxed_str))
            .collect::<Option<Arc<[_]>>>()?;
        let last = match last {
            Some(value) => Some(Arc::<str>::from(prepared(value, Piece::Final)?)),
            None => None,
        };
        let pieces = initial.iter().map(|piece| piece.len());
        let mut pieces = pieces
            .chain(any.iter().map(|piece| piece.len()))
            .chain(last.iter().map(|piece| piece.len()));
        // Hyphens alone, in a telephone number: nothing is left to look for, and nothing is found, as in OpenLDAP.
        let length = pieces.try_fold(0_usize, |sum, length| (length > 0).then(|| sum.saturating_add(length)));
        Some(Self {
            kind,
            initial,
            any,
            last,
            length,
        })
    }

    /// Reads the pieces from the Substring Assertion syntax (RFC 4517 section 3.3.30), for extensible
    /// filters: `initial*any*final`, with `\2A` for an asterisk and `\5C` for a backslash.
    #[must_use]
    pub fn parse(rule: MatchingRule, value: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?;
        let mut pieces: Vec<String> = text
            .split('*')
            .map(|piece| unescape(piece, '*', "2A"))
            .collect::<Option<_>>()?;
        let last = pieces.pop()?;
        if pieces.is_empty() {
            return None;
        }
        let initial = pieces.remove(0);
        if pieces.iter().any(String::is_empty) {
            return None;
        }
        let given = |piece: &String| !piece.is_empty();
        Self::new(
            rule,
            Some(&initial).filter(|piece| given(piece)).map(String::as_bytes),
            &pieces,
            Some(&last).filter(|piece| given(piece)).map(String::as_bytes),
        )
    }

    /// Octets of all prepared pieces.
    #[must_use]
    pub fn octets(&self) -> usize {
        self.length.unwrap_or(0)
    }

    /// The prepared pieces under a rule for text, and whether case counts; None under other rules.
    #[must_use]
    pub fn text(&self) -> Option<(Fold, Pieces<'_>)> {
        let Kind::Text(fold) = self.kind else { return None };
        let pieces = Pieces {
            initial: self.initial.as_deref(),
            any: &self.any,
            last: self.last.as_deref(),
        };
        Some((fold, pieces))
    }

    /// Under a rule for numbers and telephone numbers the characters that must follow each other; None under others.
    #[must_use]
    pub fn characters(&self) -> Option<String> {
        matches!(self.kind, Kind::Numeric | Kind::Telephone).then(|| {
            let any = self.any.iter().map(|piece| &**piece);
            let pieces = self.initial.as_deref().into_iter().chain(any);
            pieces.chain(self.last.as_deref()).collect()
        })
    }

    /// Whether a stored value has the pieces. `None` (Undefined) when it breaks the syntax.
    #[must_use]
    pub fn matches(&self, stored: &[u8]) -> Option<bool> {
        if let Kind::Text(fold) = self.kind
            && stored.len() <= SHORT
            && stored.is_ascii()
        {
            let mut scratch = [0; SCRATCH];
            let mut length = 0;
            for (place, byte) in scratch.iter_mut().zip(prepare::spaced_ascii(stored, fold)) {
                *place = byte;
                length += 1;
            }
            return Some(self.found_in(std::str::from_utf8(scratch.get(..length)?).ok()?));
        }
        Some(self.found_in(&self.kind.whole(std::str::from_utf8(stored).ok()?)?))
    }

    pub(super) fn found_in(&self, whole: &str) -> bool {
        // Before they are looked for: there may be very many, and very many values to look in.
        if self.length.is_none_or(|length| length > whole.len()) {
            return false;
        }
        let mut rest = whole;
        if let Some(initial) = &self.initial {
            match rest.strip_prefix(&**initial) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        for piece in self.any.iter() {
            match rest.split_once(&**piece) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
        self.last.as_ref().is_none_or(|last| rest.ends_with(&**last))
    }
}

impl Kind {
    pub(super) fn of(rule: MatchingRule) -> Option<Self> {
        match rule {
            MatchingRule::CaseIgnoreSubstrings | MatchingRule::CaseIgnoreIa5Substrings => {
                Some(Self::Text(Fold::Ignore))
            }
            MatchingRule::CaseExactSubstrings | MatchingRule::CaseExactIa5Substrings => Some(Self::Text(Fold::Exact)),
            MatchingRule::NumericStringSubstrings => Some(Self::Numeric),
            MatchingRule::TelephoneNumberSubstrings => Some(Self::Telephone),
            MatchingRule::CaseIgnoreListSubstrings => Some(Self::Lines),
            _ => None,
        }
    }

    fn piece(self, text: &str, place: Piece) -> Option<String> {
        match self {
            Self::Text(fold) => prepare::prepare_piece(text, fold, place),
            Self::Numeric => prepare::prepare_numeric(text),
            Self::Telephone => prepare::prepare_telephone(text),
            Self::Lines => prepare::prepare_piece(text, Fold::Ignore, place),
        }
    }

    pub(super) fn whole(self, text: &str) -> Option<String> {
        match self {
            Self::Text(fold) => prepare::prepare_whole(text, fold),
            Self::Numeric => prepare::prepare_numeric(text),
            Self::Telephone => prepare::prepare_telephone(text),
            // No piece reaches over the end of a line (RFC 4517 section 4.2.13): a line feed is in no
            // prepared piece.
            Self::Lines => {
                let lines: Option<Vec<String>> = lines(text)
                    .map(|line| prepare::prepare_whole(&line, Fold::Ignore))
                    .collect();
                lines.map(|lines| lines.join("\n"))
            }
        }
    }
}

/// The lines of a postal address (RFC 4517 section 3.3.28), unescaped.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.split('$').map(|line| {
        if line.contains('\\') {
            // What is no escape stays as it is: a stored value is not refused for it.
            unescape(line, '$', "24").map_or(Cow::Borrowed(line), Cow::Owned)
        } else {
            Cow::Borrowed(line)
        }
    })
}

/// Undoes `\5C` and one other escape. `None` when a backslash begins neither.
fn unescape(text: &str, special: char, code: &str) -> Option<String> {
    let mut parts = text.split('\\');
    let mut plain = parts.next()?.to_owned();
    for part in parts {
        let (escape, rest) = part.split_at_checked(2)?;
        plain.push(if escape.eq_ignore_ascii_case("5C") {
            '\\'
        } else if escape.eq_ignore_ascii_case(code) {
            special
        } else {
            return None;
        });
        plain.push_str(rest);
    }
    Some(plain)
}
