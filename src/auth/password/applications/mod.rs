//! Hashes in the forms of the applications whose tables hold them: one file for each application or library.
//!
//! Each takes what follows the beginning by which [`super::schemes`] knows the form, and checks that the work is bounded.

pub(super) mod asp_net;
pub(super) mod atlassian;
pub(super) mod crypt_pbkdf2;
pub(super) mod directory_389;
pub(super) mod django;
pub(super) mod dovecot;
pub(super) mod mediawiki;
pub(super) mod passlib;
pub(super) mod php;
pub(super) mod phpass;
pub(super) mod spring;
pub(super) mod werkzeug;
