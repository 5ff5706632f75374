//! Names that others have chosen, in text for people.

/// A name as it can be shown in one line, whatever somebody has put into it.
pub fn shown(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for c in name.chars() {
        match is_sign(c) {
            true => text.extend(c.escape_unicode()),
            false => text.push(c),
        }
    }
    text
}

/// Whether a text has characters that a terminal obeys, or that change how others are read.
pub fn has_signs(text: &str) -> bool {
    text.contains(is_sign)
}

/// Control characters, line ends, and what is invisible or turns the direction (Unicode's format characters).
fn is_sign(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_in_one_line() {
        for (name, expected) in [
            ("Users", "Users"),
            ("k\u{e4}se \"a\" \\ '", "k\u{e4}se \"a\" \\ '"),
            ("a\nb\u{1b}[2J", "a\\u{a}b\\u{1b}[2J"),
            ("a\u{202e}b", "a\\u{202e}b"),
        ] {
            assert_eq!(shown(name), expected);
            assert_eq!(has_signs(name), name != expected);
        }
    }
}
