//! [`Filter`] to RFC 4515 text, and to its shape for logs.

use std::fmt::{self, Write};

use super::Filter;

/// Longer shapes are cut: one line of the log, whatever the client sent.
const MAX_SHAPE: usize = 1024;

impl fmt::Display for Filter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        print(self, out, &|out: &mut _, _, value: &[u8]| write_value(out, value))
    }
}

impl Filter {
    /// The filter without its values, `(&(uid=?)(objectClass=?))`: it tells an operator which client
    /// asks what, and tells nothing about persons. Equal neighbours are counted: `(uid=?){2000}`.
    pub fn shape(&self) -> String {
        let mut shape = String::new();
        let mut limited = Limited {
            out: &mut shape,
            left: MAX_SHAPE,
        };
        if shape_of(self, &mut limited).is_err() {
            shape.push('…');
        }
        shape
    }

    /// The filter with its values, those of passwords excepted, cut where it is long: what was looked for, while
    /// somebody debugs.
    pub fn with_values(&self) -> String {
        let mut text = String::new();
        let mut limited = Limited {
            out: &mut text,
            left: MAX_SHAPE,
        };
        let printed = print(self, &mut limited, &|out: &mut _, attribute, value: &[u8]| {
            if attribute.is_none_or(may_be_secret) {
                out.write_char('?')
            } else {
                write_value(out, value)
            }
        });
        if printed.is_err() {
            text.push('…');
        }
        text
    }

    /// The same apart from values.
    fn same_shape(&self, other: &Self) -> bool {
        use Filter::{Approx, Equality, GreaterOrEqual, LessOrEqual, Present};
        match (self, other) {
            (Equality { attribute: a, .. }, Equality { attribute: b, .. })
            | (GreaterOrEqual { attribute: a, .. }, GreaterOrEqual { attribute: b, .. })
            | (LessOrEqual { attribute: a, .. }, LessOrEqual { attribute: b, .. })
            | (Approx { attribute: a, .. }, Approx { attribute: b, .. })
            | (Present(a), Present(b)) => a == b,
            _ => false,
        }
    }
}

/// A writer that fails once it is full, so that a shape costs no more than what is kept of it.
struct Limited<'a> {
    out: &'a mut String,
    left: usize,
}

impl Write for Limited<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.left = self.left.checked_sub(text.len()).ok_or(fmt::Error)?;
        self.out.push_str(text);
        Ok(())
    }
}

fn shape_of(filter: &Filter, out: &mut impl Write) -> fmt::Result {
    let (sign, filters) = match filter {
        Filter::And(filters) => ('&', filters),
        Filter::Or(filters) => ('|', filters),
        Filter::Not(inner) => {
            out.write_str("(!")?;
            shape_of(inner, out)?;
            return out.write_char(')');
        }
        leaf => return print(leaf, out, &|out: &mut _, _, _: &[u8]| out.write_char('?')),
    };
    write!(out, "({sign}")?;
    for group in filters.chunk_by(Filter::same_shape) {
        if let Some(first) = group.first() {
            shape_of(first, out)?;
        }
        if group.len() > 1 {
            write!(out, "{{{}}}", group.len())?;
        }
    }
    out.write_char(')')
}

/// How a value of an attribute is printed: escaped, or not at all. Without a name it is compared with every attribute.
type PrintValue<W> = dyn Fn(&mut W, Option<&str>, &[u8]) -> fmt::Result;

/// Whether an attribute's values are nobody's business, whatever else its name says. A number may be any of them.
fn may_be_secret(attribute: &str) -> bool {
    let name = attribute.to_ascii_lowercase();
    let words = ["password", "passwd", "pwd", "pkcs12", "secret", "token", "hash"];
    words.iter().any(|word| name.contains(word)) || name.starts_with(|first: char| !first.is_ascii_alphabetic())
}

fn print<W: Write>(filter: &Filter, out: &mut W, value_to: &PrintValue<W>) -> fmt::Result {
    let (sign, filters) = match filter {
        Filter::And(filters) => ('&', filters.as_slice()),
        Filter::Or(filters) => ('|', filters.as_slice()),
        Filter::Not(inner) => ('!', std::slice::from_ref(&**inner)),
        leaf => {
            out.write_char('(')?;
            print_item(leaf, out, value_to)?;
            return out.write_char(')');
        }
    };
    write!(out, "({sign}")?;
    for inner in filters {
        print(inner, out, value_to)?;
    }
    out.write_char(')')
}

/// What stands between the parentheses of a leaf.
fn print_item<W: Write>(filter: &Filter, out: &mut W, value_to: &PrintValue<W>) -> fmt::Result {
    let (attribute, operator, value) = match filter {
        Filter::And(_) | Filter::Or(_) | Filter::Not(_) => return Ok(()),
        Filter::Equality { attribute, value } => (attribute, "=", value),
        Filter::GreaterOrEqual { attribute, value } => (attribute, ">=", value),
        Filter::LessOrEqual { attribute, value } => (attribute, "<=", value),
        Filter::Approx { attribute, value } => (attribute, "~=", value),
        Filter::Present(attribute) => {
            write_name(out, attribute)?;
            return out.write_str("=*");
        }
        Filter::Substrings {
            attribute,
            initial,
            any,
            last,
        } => {
            write_name(out, attribute)?;
            out.write_char('=')?;
            if let Some(initial) = initial {
                value_to(out, Some(attribute), initial)?;
            }
            out.write_char('*')?;
            for piece in any {
                value_to(out, Some(attribute), piece)?;
                out.write_char('*')?;
            }
            return last
                .as_ref()
                .map_or(Ok(()), |last| value_to(out, Some(attribute), last));
        }
        Filter::Extensible {
            rule,
            attribute,
            value,
            dn_attributes,
        } => {
            write_name(out, attribute.as_deref().unwrap_or_default())?;
            if *dn_attributes {
                out.write_str(":dn")?;
            }
            if let Some(rule) = rule {
                out.write_char(':')?;
                write_name(out, rule)?;
            }
            out.write_str(":=")?;
            return value_to(out, attribute.as_deref(), value);
        }
    };
    write_name(out, attribute)?;
    out.write_str(operator)?;
    value_to(out, Some(attribute), value)
}

/// Names come from the client as they like and go to the log: what no description has is escaped.
fn write_name(out: &mut impl Write, name: &str) -> fmt::Result {
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b';' | b'_') {
            out.write_char(char::from(byte))?;
        } else {
            write!(out, "\\{byte:02x}")?;
        }
    }
    Ok(())
}

/// RFC 4515 section 3: `*`, `(`, `)`, `\` and NUL must be escaped, and octets that are not UTF-8;
/// control characters are as well, for the terminal's sake.
pub(super) fn write_value(out: &mut impl Write, value: &[u8]) -> fmt::Result {
    for chunk in value.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '*' | '(' | ')' | '\\' => write!(out, "\\{:02x}", u32::from(character))?,
                _ if character.is_control() => {
                    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                        write!(out, "\\{byte:02x}")?;
                    }
                }
                _ => out.write_char(character)?,
            }
        }
        for byte in chunk.invalid() {
            write!(out, "\\{byte:02x}")?;
        }
    }
    Ok(())
}
