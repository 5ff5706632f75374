//! A user's secret as the column holds it, and the codes that come of it (RFC 6238).

use std::fmt;

use data_encoding::{BASE32_NOPAD_NOCASE, Encoding};
use hmac::{EagerHash, Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;
use url::{Host, Url};
use zeroize::Zeroizing;

/// The digits of a code where nothing says otherwise.
pub(super) const DIGITS: usize = 6;
/// Seconds that a code lasts where nothing says otherwise (RFC 6238 5.2).
const PERIOD: u64 = 30;
/// The longest period in seconds.
const LONGEST_PERIOD: u64 = 24 * 60 * 60;

/// What makes a user's codes.
pub(super) struct TotpSecret {
    key: Zeroizing<Vec<u8>>,
    algorithm: Algorithm,
    digits: usize,
    period: u64,
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Sha1,
    Sha256,
    Sha512,
}

/// Why a column holds no secret. It never shows what the column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// No base32, or nothing in it.
    #[error("it is not base32")]
    Base32,
    /// No URI, or not of `otpauth://totp/`.
    #[error("it is not an otpauth://totp/ URI")]
    Uri,
    /// A parameter is missing, given twice, or has a value that is not understood.
    #[error("`{0}` of its URI is missing, given twice or not understood")]
    Parameter(&'static str),
}

impl TotpSecret {
    /// Reads base32, in any letter case, with or without blanks, hyphens and padding; or an `otpauth:` URI
    /// (github.com/google/google-authenticator/wiki/Key-Uri-Format).
    ///
    /// # Errors
    /// The text is neither.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let text = text.trim();
        if text.contains(':') {
            return Self::of_uri(text);
        }
        Ok(TotpSecret {
            key: key(text).ok_or(SecretError::Base32)?,
            algorithm: Algorithm::Sha1,
            digits: DIGITS,
            period: PERIOD,
        })
    }

    fn of_uri(text: &str) -> Result<Self, SecretError> {
        let uri = Url::parse(text).map_err(|_| SecretError::Uri)?;
        let is_totp = matches!(uri.host(), Some(Host::Domain(kind)) if kind.eq_ignore_ascii_case("totp"));
        if uri.scheme() != "otpauth" || !is_totp {
            return Err(SecretError::Uri);
        }
        let secret = Zeroizing::new(parameter(&uri, "secret")?.ok_or(SecretError::Parameter("secret"))?);
        // Codes of Steam are letters.
        if parameter(&uri, "encoder")?.is_some() {
            return Err(SecretError::Parameter("encoder"));
        }
        Ok(TotpSecret {
            key: key(&secret).ok_or(SecretError::Parameter("secret"))?,
            algorithm: read(&uri, "algorithm", Algorithm::Sha1, Algorithm::named)?,
            digits: read(&uri, "digits", DIGITS, |digits| match digits {
                "6" => Some(6),
                "8" => Some(8),
                _ => None,
            })?,
            period: read(&uri, "period", PERIOD, |period| {
                let seconds = period.parse().ok()?;
                (1..=LONGEST_PERIOD).contains(&seconds).then_some(seconds)
            })?,
        })
    }

    /// How many digits a code has.
    pub fn digits(&self) -> usize {
        self.digits
    }

    /// Which codes of `now` (in seconds since 1970) and one step before and after are this one: the second at which the last
    /// of them stops being accepted. None where none is. All three are always compared.
    pub fn accepts(&self, code: &[u8], now: u64) -> Option<u64> {
        let step = now / self.period;
        let mut end = None;
        for step in [step.checked_sub(1), Some(step), step.checked_add(1)]
            .into_iter()
            .flatten()
        {
            if bool::from(self.code(step).as_bytes().ct_eq(code)) {
                end = Some(step.saturating_add(2).saturating_mul(self.period));
            }
        }
        end
    }

    /// The code of a step (RFC 4226 5.3).
    fn code(&self, step: u64) -> Zeroizing<String> {
        let mac = match self.algorithm {
            Algorithm::Sha1 => mac::<Sha1>(&self.key, step),
            Algorithm::Sha256 => mac::<Sha256>(&self.key, step),
            Algorithm::Sha512 => mac::<Sha512>(&self.key, step),
        };
        let offset = mac.last().map_or(0, |last| usize::from(last & 0xf));
        let truncated = mac.get(offset..offset + 4).unwrap_or_default();
        let number = truncated
            .iter()
            .fold(0_u32, |number, octet| number << 8 | u32::from(*octet));
        let modulus = if self.digits == 8 { 100_000_000 } else { 1_000_000 };
        let code = (number & 0x7fff_ffff) % modulus;
        Zeroizing::new(format!("{code:0digits$}", digits = self.digits))
    }
}

impl Algorithm {
    fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_uppercase().replace('-', "");
        match name.strip_prefix("HMAC").unwrap_or(&name) {
            "SHA1" => Some(Self::Sha1),
            "SHA256" => Some(Self::Sha256),
            "SHA512" => Some(Self::Sha512),
            _ => None,
        }
    }
}

fn mac<D: EagerHash>(key: &[u8], step: u64) -> Zeroizing<Vec<u8>>
where
    Hmac<D>: Mac + KeyInit,
{
    // HMAC takes keys of any length.
    let Ok(mut mac) = <Hmac<D> as KeyInit>::new_from_slice(key) else {
        return Zeroizing::default();
    };
    mac.update(&step.to_be_bytes());
    Zeroizing::new(mac.finalize().into_bytes().to_vec())
}

/// The octets that a text in base32 stands for (RFC 4648 6); none where it is no base32 or stands for none.
fn key(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let text = text.trim_end_matches('=').replace([' ', '-'], "");
    let text = Zeroizing::new(text);
    let octets = lenient_base32()?.decode(text.as_bytes()).ok()?;
    (!octets.is_empty()).then(|| Zeroizing::new(octets))
}

/// The bits after the last octet are nobody's, and applications that make secrets of random letters set them.
fn lenient_base32() -> Option<Encoding> {
    let mut specification = BASE32_NOPAD_NOCASE.specification();
    specification.check_trailing_bits = false;
    specification.encoding().ok()
}

/// The value of a parameter. Of one that is given twice nobody can say which is meant.
fn parameter(uri: &Url, name: &'static str) -> Result<Option<String>, SecretError> {
    let mut values = uri.query_pairs().filter(|(key, _)| key.eq_ignore_ascii_case(name));
    let value = values.next().map(|(_, value)| value.into_owned());
    match values.next() {
        Some(_) => Err(SecretError::Parameter(name)),
        None => Ok(value),
    }
}

fn read<T>(uri: &Url, name: &'static str, absent: T, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, SecretError> {
    match parameter(uri, name)? {
        Some(text) => parse(&text).ok_or(SecretError::Parameter(name)),
        None => Ok(absent),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B. Its keys are as long as the digest's output, which its text leaves out and its program shows.
    #[test]
    fn vectors_of_rfc_6238() {
        let key = |length: usize| data_encoding::BASE32.encode(&b"1234567890".repeat(7)[..length]);
        let secret = |algorithm: &str, length: usize| {
            let uri = format!("otpauth://totp/x?secret={}&digits=8&algorithm={algorithm}", key(length));
            TotpSecret::parse(&uri).unwrap()
        };
        let (sha1, sha256, sha512) = (secret("SHA1", 20), secret("SHA256", 32), secret("SHA512", 64));
        for (seconds, codes) in [
            (59_u64, ["94287082", "46119246", "90693936"]),
            (1_111_111_109, ["07081804", "68084774", "25091201"]),
            (1_111_111_111, ["14050471", "67062674", "99943326"]),
            (1_234_567_890, ["89005924", "91819424", "93441116"]),
            (2_000_000_000, ["69279037", "90698825", "38618901"]),
            (20_000_000_000, ["65353130", "77737706", "47863826"]),
        ] {
            for (secret, code) in [&sha1, &sha256, &sha512].into_iter().zip(codes) {
                assert_eq!(*secret.code(seconds / 30), code, "{seconds}");
            }
        }
        // RFC 4226, appendix D.
        let short = TotpSecret::parse(&key(20)).unwrap();
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489",
        ];
        for (step, code) in (0_u64..).zip(codes) {
            assert_eq!(*short.code(step), code);
        }
    }

    #[test]
    fn one_step_of_skew_and_no_more() {
        let secret = TotpSecret::parse("JBSWY3DPEHPK3PXP").unwrap();
        // 20 s into its step.
        let now = 1_700_000_030;
        let code = secret.code(now / 30);
        for (later, is_accepted) in [
            (-51, false),
            (-50, true),
            (0, true),
            (39, true),
            (40, false),
            (70, false),
        ] {
            let accepted = secret.accepts(code.as_bytes(), now.saturating_add_signed(later));
            assert_eq!(accepted, is_accepted.then_some(1_700_000_070), "{later}");
        }
        for wrong in [
            &b""[..],
            b"0",
            b"00000000",
            &code.as_bytes()[1..],
            b"abcdef",
            &[0xff; 6],
        ] {
            assert_eq!(secret.accepts(wrong, now), None);
        }
    }

    #[test]
    fn a_secret_has_many_spellings() {
        let code = TotpSecret::parse("JBSWY3DPEHPK3PXP").unwrap().code(1);
        for same in [
            "jbswy3dpehpk3pxp",
            " JBSW Y3DP EHPK 3PXP ",
            "jbsw-y3dp-ehpk-3pxp",
            "JBSWY3DPEHPK3PXP======",
            "otpauth://totp/Example:alice@example.com?secret=JBSWY3DPEHPK3PXP&issuer=Example",
            "otpauth://totp/Example%3Aalice?issuer=x&SECRET=jbswy3dp%20ehpk3pxp&period=30&digits=6&algorithm=sha1",
            "OTPAUTH://TOTP/x?secret=JBSWY3DPEHPK3PXP&algorithm=HmacSHA1&image=https%3A%2F%2Fx%2Fy",
            "otpauth://totp/?secret=JBSWY3DPEHPK3PXP&algorithm=SHA-1",
        ] {
            assert_eq!(TotpSecret::parse(same).unwrap().code(1), code, "{same}");
        }
        // 16 octets in 26 letters, the last with bits that belong to no octet.
        let whole = TotpSecret::parse("ABCDEFGHABCDEFGHABCDEFGHAA").unwrap();
        assert_eq!(
            TotpSecret::parse("ABCDEFGHABCDEFGHABCDEFGHAB").unwrap().code(1),
            whole.code(1)
        );
        let minute = TotpSecret::parse("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&period=60&digits=8").unwrap();
        assert_eq!((minute.digits(), minute.period), (8, 60));
    }

    #[test]
    fn what_is_not_understood_is_no_secret() {
        for (text, error) in [
            ("", SecretError::Base32),
            ("====", SecretError::Base32),
            ("A", SecretError::Base32),
            ("JBSWY3DP1", SecretError::Base32),
            ("JBSWY3DPÄ", SecretError::Base32),
            ("$argon2id$v=19$m=1$x", SecretError::Base32),
            ("https://totp/x?secret=JBSWY3DP", SecretError::Uri),
            ("otpauth:totp?secret=JBSWY3DP", SecretError::Uri),
            ("otpauth://hotp/x?secret=JBSWY3DP&counter=1", SecretError::Uri),
            ("otpauth://steam/x?secret=JBSWY3DP", SecretError::Uri),
            ("otpauth://totp/x", SecretError::Parameter("secret")),
            ("otpauth://totp/x?secret=", SecretError::Parameter("secret")),
            ("otpauth://totp/x?secret=A1", SecretError::Parameter("secret")),
            (
                "otpauth://totp/x?secret=JBSWY3DP&secret=JBSWY3DP",
                SecretError::Parameter("secret"),
            ),
            (
                "otpauth://totp/x?secret=JBSWY3DP&digits=7",
                SecretError::Parameter("digits"),
            ),
            (
                "otpauth://totp/x?secret=JBSWY3DP&digits=",
                SecretError::Parameter("digits"),
            ),
            (
                "otpauth://totp/x?secret=JBSWY3DP&period=0",
                SecretError::Parameter("period"),
            ),
            (
                "otpauth://totp/x?secret=JBSWY3DP&period=-30",
                SecretError::Parameter("period"),
            ),
            (
                "otpauth://totp/x?secret=JBSWY3DP&period=99999999999999999999",
                SecretError::Parameter("period"),
            ),
            (
                "otpauth://totp/x?secret=JBSWY3DP&algorithm=MD5",
                SecretError::Parameter("algorithm"),
            ),
            (
                "otpauth://totp/x?secret=JBSWY3DP&algorithm=SHA1&Algorithm=SHA256",
                SecretError::Parameter("algorithm"),
            ),
            (
                "otpauth://totp/x?secret=JBSWY3DP&encoder=steam",
                SecretError::Parameter("encoder"),
            ),
        ] {
            assert_eq!(TotpSecret::parse(text).map(drop), Err(error), "{text}");
            assert!(!error.to_string().contains("JBSWY3DP"));
        }
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(text in "\\PC{0,40}", now: u64) {
            for text in [text.clone(), format!("otpauth://totp/{text}"), format!("otpauth://totp/x?secret={text}")] {
                if let Ok(secret) = TotpSecret::parse(&text) {
                    secret.accepts(b"123456", now);
                }
            }
        }
    }
}
