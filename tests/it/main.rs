//! The one integration binary: the real program, started with environment variables, against real databases.
//!
//! One binary and not a file each, because every file in `tests/` is a link step of its own. New tests go into a module
//! below, and behaviour that must be the same on every engine into `battery`. `tests/run` installs what this needs.
//!
//! - `battery`: what searches and binds answer, stamped onto PostgreSQL, MariaDB and SQLite
//! - `outage`: the database restarted, away, frozen, broken
//! - `settings`: wrong settings, `.env` files, commands
//! - `breakages`: what breaks at 3 a.m., one thing at a time, and that docs/troubleshooting.md has the texts that name it
//! - `causes`: what log, `check`, metrics and `/readyz` say of certificates, queries, handshakes, disks and clocks
//! - `check`: what `check` finds
//! - `init`: what `init` proposes for tables of known software and one's own, and when nothing
//! - `schemas`: `check` and `serve` agree about some hundred schemas
//! - `access`: who may read what, service accounts, account state shown
//! - `abandon`: what nobody waits for any more ends in the database
//! - `attacks`: what hostile clients cannot do to others
//! - `explain`: by which indexes clients' searches are answered
//! - `controls`: request controls, Cancel
//! - `clients`: what Proxmox, GitLab, Search Guard, Defguard and Kanidm do; strict schema parsers; controls
//! - `differential`: two thousand searches, compared with what slapd answers
//! - `entry_list`: the battery's searches on another source of entries than SQL
//! - `load`, `membership`: many clients, big tables, agreement with SQL
//! - `memberships_query`: who is in which group, with and without `SQL_QUERY_ALL_MEMBERSHIPS`
//! - `pooler`: PgBouncer between the gateway and PostgreSQL, in each of its modes
//! - `pushdown`: what SQL narrows a search to and what the filter then leaves is what it leaves of all rows
//! - `refusals`: why a bind was refused, what is not there, whose account is closed
//! - `wire`: bytes, TLS versions
//! - `realms`: several directories in one gateway
//! - `records`: each LDAP message a TLS record of its own, and curl
//! - `lenient`: what is refused because clients rely on it, and lighttpd
//! - `own_certificate`: the authority and the certificate that the gateway makes, with Erlang, GnuTLS, OpenSSL, Java, rustls
//! - `notification`: a bind that somebody's phone must approve, with a service that answers well and badly, and through SSSD
//! - `observability`, `certificates`: metrics, readiness, log lines, draining; certificates replaced while it runs
//! - `password_change`: passwords that people change, on each engine, through SSSD and PgBouncer
//! - `bind_names`, `totp`, `upstream`: login names, codes behind passwords, passwords of an upstream LDAP server
//! - `sssd`: logins and lookups through a real SSSD, with both replicas
//! - `nslcd`: the same through nslcd, and sudo-ldap
//! - `rolling_update`: `deploy/rolling-update`, under load and with versions that do not come up
//! - `image`: the container image, built and run
//! - `failover`, `database_uri`: several database servers, and the ways to them: TLS, addresses, sockets
//! - `bounds`: the documentation names the bounds that the code has
//! - `documentation`: links and names of pages are right, the README is short and its example works
//! - `no_database`, `hints`: what the log and `check` say of a database that is away, and of queries that it refuses
//! - `secrets`, `layers`: what logs must not hold, which module may know which

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::too_many_arguments
)]

mod abandon;
mod access;
mod application_hashes;
mod attacks;
mod battery;
mod bind_cache;
mod bind_names;
mod bounds;
mod breakages;
mod causes;
mod certificates;
mod check;
mod check_cost;
mod check_rows;
mod check_verdicts;
mod clients;
mod controls;
mod database_uri;
mod differential;
mod documentation;
mod entry_list;
mod explain;
mod explain_verdicts;
mod failover;
mod groups_by_member;
mod guessing;
mod harness;
mod hints;
mod image;
mod init;
mod layers;
mod lenient;
mod load;
mod membership;
mod memberships_query;
mod migration;
mod no_database;
mod notification;
mod nslcd;
mod observability;
mod outage;
mod own_certificate;
mod password_change;
mod pooler;
mod pushdown;
mod realms;
mod recipes;
mod records;
mod refusals;
mod rolling_update;
mod schemas;
mod secrets;
mod settings;
mod settings_shown;
mod sssd;
mod totp;
mod upstream;
mod wire;
