//! `totp`: a code that changes with time (RFC 6238), typed behind the password.
//!
//! `secret` reads the column and makes the codes, `used_codes` remembers those that have let somebody in.

mod secret;
mod used_codes;

use super::{Check, Link};
use crate::{
    auth::attempt::{Attempt, Stored, Unavailable},
    config::TotpSettings,
};
use futures::future::BoxFuture;
use secret::{DIGITS, TotpSecret};
use std::time::{SystemTime, UNIX_EPOCH};
use tracing::warn;
use used_codes::{Use, UsedCodes};

pub use secret::SecretError;
pub use used_codes::MOST_CODES;

/// Verifies the code behind the password.
#[derive(Debug)]
pub struct Totp {
    settings: TotpSettings,
    used: UsedCodes,
}

/// What was typed, cut into two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Typed<'a> {
    /// The password, which other links verify. All that was typed where there is no code.
    pub password: &'a [u8],
    /// The code; none where what was typed has no place for one.
    pub code: Option<&'a [u8]>,
}

/// Whether a column holds a secret; for `check`.
///
/// # Errors
/// Why it does not.
pub fn readable(text: &str) -> Result<(), SecretError> {
    TotpSecret::parse(text).map(drop)
}

/// Cuts the code off what was typed: behind the last separator, where there is one, else as many digits as the user's codes
/// have (six where nobody knows).
pub fn cut<'a>(settings: &TotpSettings, attempt: &Attempt<'a>) -> Typed<'a> {
    let typed = attempt.password;
    let (password, code) = match settings.separator.as_deref().map(str::as_bytes) {
        Some(separator) => {
            let mut positions = (0..typed.len()).rev();
            let position = positions.find(|at| typed.get(*at..).is_some_and(|rest| rest.starts_with(separator)));
            let Some((password, rest)) = position.and_then(|at| typed.split_at_checked(at)) else {
                return Typed {
                    password: typed,
                    code: None,
                };
            };
            (password, rest.get(separator.len()..).unwrap_or_default())
        }
        None => {
            let digits = secret_of(attempt.stored)
                .and_then(Result::ok)
                .map_or(DIGITS, |secret| secret.digits());
            let parts = typed
                .len()
                .checked_sub(digits)
                .and_then(|at| typed.split_at_checked(at));
            let Some((password, code)) = parts else {
                return Typed {
                    password: typed,
                    code: None,
                };
            };
            (password, code)
        }
    };
    match code.iter().all(u8::is_ascii_digit) && !code.is_empty() {
        true => Typed {
            password,
            code: Some(code),
        },
        false => Typed {
            password: typed,
            code: None,
        },
    }
}

fn secret_of(stored: Option<&Stored>) -> Option<Result<TotpSecret, SecretError>> {
    let secret = stored?.totp_secret.as_ref()?;
    Some(TotpSecret::parse(secret.reveal()))
}

impl Totp {
    /// A link that has seen no code yet.
    pub fn new(settings: &TotpSettings) -> Self {
        Totp {
            settings: settings.clone(),
            used: UsedCodes::default(),
        }
    }

    /// Verifies the code of what was typed at `now`, in seconds since 1970, and uses it up.
    fn verify(&self, attempt: &Attempt<'_>, now: u64) -> Result<Check, Unavailable> {
        let secret = match secret_of(attempt.stored) {
            None => return Ok(Check::Failed("no totp_secret".into())),
            Some(Err(error)) => {
                warn!(user = attempt.username, %error, "a stored totp_secret is not usable");
                return Ok(Check::Failed("totp_secret unusable".into()));
            }
            Some(Ok(secret)) => secret,
        };
        let Some(code) = cut(&self.settings, attempt).code else {
            return Ok(Check::Failed("no code".into()));
        };
        let Some(end) = secret.accepts(code, now) else {
            return Ok(Check::Failed("wrong code".into()));
        };
        match self.used.use_up(attempt.username, code, end, now) {
            Use::First => Ok(Check::Passed),
            Use::Again => Ok(Check::Failed("code used before".into())),
            Use::TooMany => Err(Unavailable("too many codes are remembered".into())),
        }
    }
}

impl Link for Totp {
    fn check<'a>(&'a self, attempt: &'a Attempt<'a>) -> BoxFuture<'a, Result<Check, Unavailable>> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now
            .map(|now| now.as_secs())
            .map_err(|_| Unavailable("the clock is before 1970".into()));
        Box::pin(std::future::ready(now.and_then(|now| self.verify(attempt, now))))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::Secret;
    use std::{net::Ipv4Addr, time::Instant};

    const NOW: u64 = 59;
    /// The key of RFC 6238's first vectors; at 59 s its codes are 287082 and 94287082.
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    const EIGHT: &str = "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=8";

    fn totp(separator: Option<&str>) -> Totp {
        Totp::new(&TotpSettings {
            separator: separator.map(str::to_owned),
        })
    }

    fn with<T>(secret: Option<&str>, typed: &str, test: impl FnOnce(&Attempt<'_>) -> T) -> T {
        let stored = Stored {
            totp_secret: secret.map(Secret::new),
            ..Stored::default()
        };
        test(&Attempt {
            username: "alice",
            stored: Some(&stored),
            is_refused: false,
            with_others: false,
            password: typed.as_bytes(),
            client: Ipv4Addr::LOCALHOST.into(),
            turn: None,
            until: Instant::now(),
        })
    }

    fn verify(totp: &Totp, secret: Option<&str>, typed: &str) -> Result<Check, Unavailable> {
        with(secret, typed, |attempt| totp.verify(attempt, NOW))
    }

    fn failed(why: &'static str) -> Result<Check, Unavailable> {
        Ok(Check::Failed(why.into()))
    }

    #[test]
    fn the_code_stands_behind_the_password() {
        let password_of = |separator: Option<&str>, secret, typed: &str| {
            let settings = TotpSettings {
                separator: separator.map(str::to_owned),
            };
            with(secret, typed, |attempt| {
                let typed = cut(&settings, attempt);
                let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
                (text(typed.password), typed.code.map(text))
            })
        };
        let both = |password: &str, code: &str| (password.to_owned(), Some(code.to_owned()));
        let none = |typed: &str| (typed.to_owned(), None);
        for secret in [None, Some(SECRET), Some("?")] {
            assert_eq!(password_of(None, secret, "tea123456"), both("tea", "123456"));
            assert_eq!(password_of(None, secret, "12345678"), both("12", "345678"));
            assert_eq!(password_of(None, secret, "123456"), both("", "123456"));
            assert_eq!(password_of(None, secret, "teaé12345"), none("teaé12345"));
            assert_eq!(password_of(None, secret, "12345"), none("12345"));
        }
        assert_eq!(password_of(None, Some(EIGHT), "tea12345678"), both("tea", "12345678"));
        assert_eq!(
            password_of(Some(","), Some(EIGHT), "a,b,12345678"),
            both("a,b", "12345678")
        );
        assert_eq!(password_of(Some(","), None, "tea,1"), both("tea", "1"));
        assert_eq!(password_of(Some("--"), None, "tea---123456"), both("tea-", "123456"));
        assert_eq!(password_of(Some(","), None, "tea123456"), none("tea123456"));
        assert_eq!(password_of(Some(","), None, "tea,"), none("tea,"));
        assert_eq!(password_of(Some(","), None, ",123456"), both("", "123456"));
    }

    #[test]
    fn a_right_code_passes_once() {
        let totp = totp(None);
        assert_eq!(verify(&totp, Some(SECRET), "tea287083"), failed("wrong code"));
        assert_eq!(verify(&totp, Some(SECRET), "tea287082"), Ok(Check::Passed));
        assert_eq!(verify(&totp, Some(SECRET), "tea287082"), failed("code used before"));
        // That of the step before is another one.
        assert_eq!(verify(&totp, Some(SECRET), "tea755224"), Ok(Check::Passed));
        let totp = self::totp(Some("."));
        assert_eq!(verify(&totp, Some(EIGHT), "tea94287082"), failed("no code"));
        assert_eq!(verify(&totp, Some(EIGHT), "tea.287082"), failed("wrong code"));
        assert_eq!(verify(&totp, Some(EIGHT), "tea.94287082"), Ok(Check::Passed));
    }

    #[test]
    fn without_a_secret_that_can_be_read_nobody_passes() {
        let totp = totp(None);
        assert_eq!(verify(&totp, None, "tea287082"), failed("no totp_secret"));
        assert_eq!(verify(&totp, Some("?"), "tea287082"), failed("totp_secret unusable"));
        assert_eq!(verify(&totp, Some(""), "tea287082"), failed("totp_secret unusable"));
        let attempt = with(Some(SECRET), "tea287082", |attempt| {
            totp.verify(
                &Attempt {
                    stored: None,
                    ..*attempt
                },
                NOW,
            )
        });
        assert_eq!(attempt, failed("no totp_secret"));
    }
}
