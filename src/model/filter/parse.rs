//! RFC 4515 text to [`Filter`].

use std::fmt;

use bytes::Bytes;

use super::{Filter, MAX_DEPTH};

/// Why a text is no filter. Positions are octets from the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterError {
    /// Something else was expected here.
    Expected(&'static str, usize),
    /// `\` is not followed by two hexadecimal digits.
    Escape(usize),
    /// A character that must be escaped in a value.
    Character(usize),
    /// Nested more than [`MAX_DEPTH`] levels.
    TooDeep,
}

impl fmt::Display for FilterError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expected(what, at) => {
                write!(out, "invalid filter at octet {at}: {what} expected")
            }
            Self::Escape(at) => write!(out, "invalid filter at octet {at}: invalid escape"),
            Self::Character(at) => {
                write!(out, "invalid filter at octet {at}: this character must be escaped")
            }
            Self::TooDeep => write!(out, "the filter is nested too deeply"),
        }
    }
}

impl std::error::Error for FilterError {}

impl Filter {
    /// Reads RFC 4515 text. As ldapsearch does, it tolerates white space between filters and a
    /// single item without its parentheses.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut parser = Parser {
            bytes: text.as_bytes(),
            position: 0,
        };
        parser.skip_spaces();
        let filter = if parser.peek() == Some(b'(') {
            parser.filter(0)?
        } else {
            parser.item()?
        };
        parser.skip_spaces();
        match parser.peek() {
            None => Ok(filter),
            Some(_) => Err(FilterError::Expected("the end", parser.position)),
        }
    }
}

impl std::str::FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::parse(text)
    }
}

struct Parser<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.position += 1;
        }
        found
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), FilterError> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(FilterError::Expected(what, self.position))
        }
    }

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.position += 1;
        }
    }

    /// filter = LPAREN filtercomp RPAREN
    fn filter(&mut self, depth: usize) -> Result<Filter, FilterError> {
        if depth >= MAX_DEPTH {
            return Err(FilterError::TooDeep);
        }
        self.expect(b'(', "'('")?;
        self.skip_spaces();
        let filter = match self.peek() {
            Some(b'&') => Filter::And(self.list(depth)?),
            Some(b'|') => Filter::Or(self.list(depth)?),
            Some(b'!') => {
                self.position += 1;
                self.skip_spaces();
                let inner = self.filter(depth + 1)?;
                self.skip_spaces();
                Filter::Not(Box::new(inner))
            }
            _ => self.item()?,
        };
        self.expect(b')', "')'")?;
        Ok(filter)
    }

    /// filterlist, none at all included (RFC 4526).
    fn list(&mut self, depth: usize) -> Result<Vec<Filter>, FilterError> {
        self.position += 1;
        let mut filters = Vec::new();
        loop {
            self.skip_spaces();
            if self.peek() != Some(b'(') {
                return Ok(filters);
            }
            filters.push(self.filter(depth + 1)?);
        }
    }

    fn item(&mut self) -> Result<Filter, FilterError> {
        let attribute = self.description();
        if self.peek() == Some(b':') {
            return self.extensible(attribute);
        }
        if attribute.is_empty() {
            return Err(FilterError::Expected("an attribute", self.position));
        }
        let operator = self.peek();
        if matches!(operator, Some(b'>' | b'<' | b'~')) {
            self.position += 1;
        }
        self.expect(b'=', "an operator")?;
        match operator {
            Some(b'>') => Ok(Filter::GreaterOrEqual {
                attribute,
                value: self.value()?,
            }),
            Some(b'<') => Ok(Filter::LessOrEqual {
                attribute,
                value: self.value()?,
            }),
            Some(b'~') => Ok(Filter::Approx {
                attribute,
                value: self.value()?,
            }),
            _ => self.equality_or_substrings(attribute),
        }
    }

    fn equality_or_substrings(&mut self, attribute: String) -> Result<Filter, FilterError> {
        let first = self.value()?;
        if !self.take(b'*') {
            return Ok(Filter::Equality {
                attribute,
                value: first,
            });
        }
        let mut any = Vec::new();
        let last = loop {
            let piece = self.value()?;
            if !self.take(b'*') {
                break piece;
            }
            // `**` says no more than `*`.
            if !piece.is_empty() {
                any.push(piece);
            }
        };
        if first.is_empty() && any.is_empty() && last.is_empty() {
            return Ok(Filter::Present(attribute));
        }
        let given = |piece: Bytes| (!piece.is_empty()).then_some(piece);
        Ok(Filter::Substrings {
            attribute,
            initial: given(first),
            any,
            last: given(last),
        })
    }

    /// extensible = ( attr [dnattrs] [matchingrule] / [dnattrs] matchingrule ) COLON EQUALS value
    fn extensible(&mut self, attribute: String) -> Result<Filter, FilterError> {
        let attribute = (!attribute.is_empty()).then_some(attribute);
        let mut dn_attributes = false;
        let mut rule = None;
        loop {
            self.expect(b':', "':='")?;
            if self.take(b'=') {
                break;
            }
            let at = self.position;
            let name = self.description();
            if name.eq_ignore_ascii_case("dn") && !dn_attributes && rule.is_none() {
                dn_attributes = true;
            } else if !name.is_empty() && rule.is_none() {
                rule = Some(name);
            } else {
                return Err(FilterError::Expected("a matching rule", at));
            }
        }
        if attribute.is_none() && rule.is_none() {
            return Err(FilterError::Expected("a matching rule", self.position));
        }
        Ok(Filter::Extensible {
            rule,
            attribute,
            value: self.value()?,
            dn_attributes,
        })
    }

    /// An attribute description or the name of a matching rule. Underscores are in no standard but in
    /// many schemas; what the name means is not decided here.
    fn description(&mut self) -> String {
        let mut name = String::new();
        while let Some(byte) = self.peek() {
            if !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b';' | b'_')) {
                break;
            }
            name.push(char::from(byte));
            self.position += 1;
        }
        name
    }

    /// assertionvalue = valueencoding; ends before `*` or `)`.
    fn value(&mut self) -> Result<Bytes, FilterError> {
        let mut octets = Vec::new();
        while let Some(byte) = self.peek() {
            match byte {
                b')' | b'*' => break,
                b'(' | 0 => return Err(FilterError::Character(self.position)),
                b'\\' => octets.push(self.escape()?),
                other => {
                    octets.push(other);
                    self.position += 1;
                }
            }
        }
        Ok(Bytes::from(octets))
    }

    fn escape(&mut self) -> Result<u8, FilterError> {
        let at = self.position;
        let digit = |offset: usize| {
            let byte = self.bytes.get(at + offset).copied()?;
            u8::try_from(char::from(byte).to_digit(16)?).ok()
        };
        match (digit(1), digit(2)) {
            (Some(high), Some(low)) => {
                self.position += 3;
                Ok(high << 4 | low)
            }
            _ => Err(FilterError::Escape(at)),
        }
    }
}
