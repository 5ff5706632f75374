//! Who may read what, on the gateway as it runs and as a library.
//!
//! - `account_state`: what entries show of accounts
//! - `noninterference`: what a session may not see changes neither its answers nor the statements that are asked
//! - `rules`: `SEARCH_ALLOWED_TO`, `ATTRIBUTES_AUTHENTICATED`, `ATTRIBUTES_SELF`
//! - `service_accounts`: their binds, entries and rights

mod account_state;
mod noninterference;
mod rules;
mod service_accounts;
