//! `$y$` (yescrypt) and `$7$` (scrypt) of crypt(3), and scrypt (RFC 7914) for the forms of others. yescrypt's classic mode *is*
//! scrypt; libxcrypt does it so too.

use ::yescrypt::{Mode, Params};
use zeroize::Zeroizing;

use super::encoding::{crypt_digit, decode_crypt, fields};
use super::password_hash::{
    CUT_OFF, MALFORMED, MAX_MEMORY_KIB, MAX_MEMORY_PASSES_KIB, PasswordHash, Reason, Scheme, TOO_COSTLY, wrong_length,
};

/// Of the blocks that the lanes add to those of N: nobody has more lanes than a few.
const MAX_LANES_KIB: u64 = 64 * 1024;

const HASH_BYTES: usize = 32;
const HASH_CHARACTERS: usize = 43;
const UNSUPPORTED: Reason = "the variant of yescrypt is not supported";

/// `parameters$salt$hash`.
pub(super) fn parse(rest: &str) -> Result<PasswordHash, Reason> {
    let [parameters, salt, hash] = fields(rest)?;
    let mut numbers = Numbers(parameters.as_bytes());
    let mode = Mode::try_from(numbers.next(0)?).map_err(|_| UNSUPPORTED)?;
    let log_n = numbers.next(1)?;
    let r = numbers.next(1)?;
    let mut costs = Costs { log_n, r, p: 1, t: 0 };
    if !numbers.0.is_empty() {
        let present = numbers.next(1)?;
        if present & 1 != 0 {
            costs.p = numbers.next(2)?;
        }
        if present & 2 != 0 {
            costs.t = numbers.next(1)?;
        }
        // Upgraded hashes and a ROM: nothing makes them.
        if present & !3 != 0 {
            return Err(UNSUPPORTED);
        }
    }
    if !numbers.0.is_empty() {
        return Err(MALFORMED);
    }
    let salt = decode_crypt(salt).ok_or(MALFORMED)?;
    password_hash(mode, costs, salt, hash)
}

/// `N` in one character, `r` and `p` in five each, then `salt$hash`; the salt is taken as it is written.
pub(super) fn parse_scrypt(rest: &str) -> Result<PasswordHash, Reason> {
    let (setting, hash) = rest.split_once('$').ok_or(CUT_OFF)?;
    let (numbers, salt) = setting.as_bytes().split_at_checked(11).ok_or(MALFORMED)?;
    let mut digits = numbers.iter().map(|character| crypt_digit(*character));
    let mut number = |length: usize| {
        digits
            .by_ref()
            .take(length)
            .enumerate()
            .try_fold(0, |number, (position, digit)| Some(number | (digit? << (6 * position))))
            .ok_or(MALFORMED)
    };
    let costs = Costs {
        log_n: number(1)?,
        r: number(5)?,
        p: number(5)?,
        t: 0,
    };
    password_hash(Mode::Classic, costs, salt.to_vec(), hash)
}

/// The numbers that decide about work and memory, by their names in scrypt's paper and yescrypt's.
#[derive(Clone, Copy)]
struct Costs {
    log_n: u32,
    r: u32,
    p: u32,
    t: u32,
}

fn password_hash(mode: Mode, costs: Costs, salt: Vec<u8>, hash: &str) -> Result<PasswordHash, Reason> {
    let scheme = scheme(mode, costs)?;
    if hash.len() != HASH_CHARACTERS {
        return Err(wrong_length(hash.len(), HASH_CHARACTERS));
    }
    let hash = decode_crypt(hash)
        .filter(|hash| hash.len() == HASH_BYTES)
        .ok_or(MALFORMED)?;
    Ok(PasswordHash::new(scheme, salt, hash))
}

/// A hash by scrypt with N = 2^`log_n`. The hash must be known to be whole: any first part of it would be right as well.
///
/// # Errors
/// The numbers are none of scrypt, or ask for more work or memory than is allowed.
pub(super) fn scrypt(log_n: u32, r: u32, p: u32, salt: Vec<u8>, hash: Vec<u8>) -> Result<PasswordHash, Reason> {
    let scheme = scheme(Mode::Classic, Costs { log_n, r, p, t: 0 })?;
    Ok(PasswordHash::new(scheme, salt, hash))
}

fn scheme(mode: Mode, costs: Costs) -> Result<Yescrypt, Reason> {
    let Costs { log_n, r, p, t } = costs;
    if log_n == 0 || r == 0 || p == 0 {
        return Err(MALFORMED);
    }
    // In KiB, each block being 128 * r bytes; every factor is first bounded so that the products cannot overflow.
    let bound = MAX_MEMORY_PASSES_KIB * 8;
    if log_n > 30 || [r, p, t].iter().any(|factor| u64::from(*factor) > bound) {
        return Err(TOO_COSTLY);
    }
    let blocks = (1_u64 << log_n).saturating_mul(u64::from(r));
    let passes = u64::from(p).saturating_mul(u64::from(t) + 1);
    let lanes = u64::from(p).saturating_mul(u64::from(r));
    if blocks > MAX_MEMORY_KIB * 8 || lanes > MAX_LANES_KIB * 8 || blocks.saturating_mul(passes) > bound {
        return Err(TOO_COSTLY);
    }
    let params = Params::new_with_all_params(mode, 1 << log_n, r, p, t, 0).map_err(|_| MALFORMED)?;
    Ok(Yescrypt(params))
}

#[derive(Debug)]
struct Yescrypt(Params);

impl Scheme for Yescrypt {
    fn compute(&self, password: &[u8], salt: &[u8], length: usize) -> Option<Zeroizing<Vec<u8>>> {
        let mut hash = Zeroizing::new(vec![0; length]);
        ::yescrypt::yescrypt(password, salt, &self.0, &mut hash).ok()?;
        Some(hash)
    }

    /// N blocks and one more for each lane, of 128 * r bytes.
    fn memory_kib(&self) -> u64 {
        let blocks = self.0.n().saturating_add(u64::from(self.0.p()));
        let bytes = blocks.saturating_mul(u64::from(self.0.r())).saturating_mul(128);
        bytes / 1024
    }
}

/// yescrypt's numbers of varying length: the first character says how many follow.
struct Numbers<'a>(&'a [u8]);

impl Numbers<'_> {
    /// The next number; `least` is what the encoding starts to count from.
    fn next(&mut self, least: u32) -> Result<u32, Reason> {
        let first = self.digit()?;
        let (mut start, mut end) = (0, 47);
        let (mut number, mut bits) = (u64::from(least), 0_u32);
        while first > end {
            number += u64::from(end + 1 - start) << bits;
            start = end + 1;
            end = start + (62 - end) / 2;
            bits += 6;
        }
        // `first` is below 64, so at most five characters follow: 36 bits in all.
        number += u64::from(first - start) << bits;
        while bits > 0 {
            bits -= 6;
            number += u64::from(self.digit()?) << bits;
        }
        u32::try_from(number).map_err(|_| TOO_COSTLY)
    }

    fn digit(&mut self) -> Result<u32, Reason> {
        let (first, rest) = self.0.split_first().ok_or(MALFORMED)?;
        self.0 = rest;
        crypt_digit(*first).ok_or(MALFORMED)
    }
}
