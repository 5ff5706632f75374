//! gecos in ASCII: what has a usual spelling in Latin letters gets it, the rest becomes question marks.

use unicode_normalization::UnicodeNormalization;

/// The ASCII form of a text, or of the entry's name where nothing is left of it. Never empty.
pub(crate) fn ascii(text: &str, name: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    [text, name]
        .into_iter()
        .map(spelled)
        .find(|spelled| !spelled.is_empty())
        .unwrap_or_else(|| "?".to_owned())
}

fn spelled(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    // Composed, since a letter and its mark may have a spelling of their own.
    for character in text.nfc() {
        match character {
            character if character.is_ascii() => ascii.push(character),
            character => ascii.push_str(deunicode::deunicode_char(character).unwrap_or("?")),
        }
    }
    // Some spellings end in a blank; a colon, which ends the field in passwd(5), and line ends are nobody's name.
    let clean = |character: char| match character {
        ':' | '\n' | '\r' => ' ',
        character => character,
    };
    ascii.chars().map(clean).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use crate::directory::mapping::gecos::*;

    #[test]
    fn letters_have_their_usual_spelling() {
        for (text, expected) in [
            ("Alice Smith", "Alice Smith"),
            ("Groß", "Gross"),
            ("Carol Müller", "Carol Muller"),
            ("Carol Mu\u{308}ller", "Carol Muller"),
            ("Søren Kierkegaard", "Soren Kierkegaard"),
            ("Ærø Œuvre æœ", "AEro OEuvre aeoe"),
            ("Łukasz Đorđević", "Lukasz Dordevic"),
            ("Þór Ðað", "Thor Dad"),
            ("Ayşe Işık, İnci ı", "Ayse Isik, Inci i"),
            ("Ħal Għaxaq", "Hal Ghaxaq"),
            ("O’Brien", "O'Brien"),
            ("Ｗｉｄｅ：ｒ", "Wide r"),
            ("Иван", "Ivan"),
            ("Ωmega", "Omega"),
        ] {
            assert_eq!(ascii(text, "name"), expected, "{text}");
        }
    }

    #[test]
    fn it_is_ascii_and_never_empty() {
        assert_eq!(ascii("\u{301}", "name"), "name");
        assert_eq!(ascii("\u{301}", "größe"), "grosse");
        assert_eq!(ascii("\u{301}", "\u{301}"), "?");
        assert_eq!(ascii("\u{10ffff}x", "name"), "?x");
        for text in ["北京", "שלום", "😀", "日本語", "한국", "ไทย"] {
            let ascii = ascii(text, "name");
            assert!(
                ascii.is_ascii() && !ascii.is_empty() && ascii.trim() == ascii,
                "{text}: {ascii:?}"
            );
        }
    }
}
