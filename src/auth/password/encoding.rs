//! How password hashes write bytes and numbers: dialects of base64, mostly.

use base64::Engine;
use base64::alphabet::{self, Alphabet};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::password_hash::{Reason, wrong_length};

/// Padding or none, stray bits in the last character: libraries differ, and neither makes another hash of it.
const fn lenient(alphabet: &Alphabet) -> GeneralPurpose {
    GeneralPurpose::new(
        alphabet,
        GeneralPurposeConfig::new()
            .with_encode_padding(false)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    )
}

static STANDARD: GeneralPurpose = lenient(&alphabet::STANDARD);
static BCRYPT: GeneralPurpose = lenient(&alphabet::BCRYPT);

/// RFC 4648 section 4.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// RFC 4648 section 4, without padding.
pub(super) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The same with padding, as directories write it.
pub(super) fn encode_padded(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// "Adapted base64" of passlib and OpenLDAP's pw-pbkdf2: `.` for `+`.
pub(super) fn decode_adapted(text: &str) -> Option<Vec<u8>> {
    decode(&text.replace('.', "+"))
}

/// Pairs of hexadecimal digits, in either case.
pub(super) fn decode_hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    rest.is_empty().then(|| bytes.collect())?
}

/// Pairs of hexadecimal digits, in lower case as applications write them.
pub(super) fn encode_hexadecimal(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// bcrypt's alphabet.
pub(super) fn decode_bcrypt(text: &str) -> Option<Vec<u8>> {
    BCRYPT.decode(text).ok()
}

/// bcrypt's alphabet, without padding.
pub(super) fn encode_bcrypt(bytes: &[u8]) -> String {
    BCRYPT.encode(bytes)
}

const CRYPT: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// crypt(3)'s base64, as [`decode_crypt`] reads it.
pub(super) fn encode_crypt(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 4 / 3 + 2);
    for group in bytes.chunks(3) {
        let bits = group
            .iter()
            .rev()
            .fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        let characters = (0..=group.len()).filter_map(|position| CRYPT.get(bits >> (6 * position) & 0x3f));
        text.extend(characters.map(|character| char::from(*character)));
    }
    text
}

/// A character of crypt(3)'s alphabet `./0-9A-Za-z` as its six bits.
pub(super) fn crypt_digit(character: u8) -> Option<u32> {
    let digit = match character {
        b'.' => 0,
        b'/' => 1,
        b'0'..=b'9' => character - b'0' + 2,
        b'A'..=b'Z' => character - b'A' + 12,
        b'a'..=b'z' => character - b'a' + 38,
        _ => return None,
    };
    Some(u32::from(digit))
}

/// crypt(3)'s base64: four characters hold three bytes, lowest bits first.
pub(super) fn decode_crypt(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    for group in text.as_bytes().chunks(4) {
        let mut bits = 0;
        for (position, character) in group.iter().enumerate() {
            bits |= crypt_digit(*character)? << (6 * position);
        }
        let whole = group.len() * 6 / 8;
        // A lone character holds no byte; bits beyond the last byte are written by nobody.
        if whole == 0 || bits >> (8 * whole) != 0 {
            return None;
        }
        bytes.extend(bits.to_le_bytes().iter().take(whole));
    }
    Some(bytes)
}

/// Exactly `N` fields between dollar signs.
///
/// # Errors
/// There are fewer, as where the end is cut off, or more.
pub(super) fn fields<const N: usize>(text: &str) -> Result<[&str; N], Reason> {
    fields_between('$', text)
}

/// The same between other signs.
///
/// # Errors
/// There are fewer or more.
pub(super) fn fields_between<const N: usize>(sign: char, text: &str) -> Result<[&str; N], Reason> {
    let fields: Vec<&str> = text.split(sign).collect();
    let count = fields.len();
    fields.try_into().map_err(|_| wrong_length(count, N))
}

/// A number in decimal as hashes write it: no sign, no blank, no leading zero that another parser could read as octal.
pub(super) fn decimal(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = text == "0" || !text.starts_with('0');
    (plain && canonical).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crypt_base64() {
        assert_eq!(decode_crypt(""), Some(vec![]));
        assert_eq!(decode_crypt("/."), Some(vec![1]));
        assert_eq!(decode_crypt("zzzz"), Some(vec![255, 255, 255]));
        assert_eq!(decode_crypt("z1"), Some(vec![255]));
        for bytes in [
            &[][..],
            &[1],
            &[255],
            &[1, 2],
            &[0, 255],
            &[1, 2, 3],
            &[255; 4],
            &[9; 64],
        ] {
            assert_eq!(decode_crypt(&encode_crypt(bytes)).as_deref(), Some(bytes));
        }
        for broken in ["/", "/4", "zzzzz", "a-bc", "aä"] {
            assert_eq!(decode_crypt(broken), None, "{broken}");
        }
    }

    #[test]
    fn hexadecimal() {
        assert_eq!(decode_hexadecimal(""), Some(vec![]));
        assert_eq!(decode_hexadecimal("00fFa1"), Some(vec![0, 255, 0xa1]));
        for broken in ["0", "0g", "+1", "0x", " 0", "ä"] {
            assert_eq!(decode_hexadecimal(broken), None, "{broken}");
        }
    }

    #[test]
    fn decimals() {
        assert_eq!(decimal("0"), Some(0));
        assert_eq!(decimal("4294967295"), Some(u32::MAX));
        for broken in ["", "+1", "-1", " 1", "01", "4294967296", "1e3"] {
            assert_eq!(decimal(broken), None, "{broken}");
        }
    }
}
