//! `hash-password`: prints the hash of a password for the operator's password column.

use std::{
    io::{self, BufRead},
    process::ExitCode,
};

use zeroize::Zeroizing;

use super::{complain, say};
use crate::{
    auth::password::{MAX_PASSWORD_BYTES, hash_password},
    config::PasswordScheme,
};

/// Reads one line from standard input, so that the password stands in no process list and no shell history.
pub fn run() -> ExitCode {
    let mut line = Zeroizing::new(String::new());
    if let Err(error) = io::stdin().lock().read_line(&mut line) {
        complain(&format!("cannot read a password from standard input: {error}"));
        return ExitCode::FAILURE;
    }
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() || password.len() > MAX_PASSWORD_BYTES {
        complain(&format!(
            "a password of 1 to {MAX_PASSWORD_BYTES} bytes is expected on standard input"
        ));
        return ExitCode::FAILURE;
    }
    match hash_password(PasswordScheme::Argon2id, password.as_bytes()) {
        Ok(hash) => {
            say(&hash);
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}
