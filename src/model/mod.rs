//! The pure bottom of the house: what LDAP data means. No async, no I/O, no SQL, no wire format.

pub mod dn;
pub mod filter;
