//! Real clients, each in the language it comes in (`tests/clients/`), on TLS, against gateways on PostgreSQL with the
//! deployed queries.
//!
//! - `strict`: libraries that take everything by the letter: schema parsers, controls
//! - `proxmox`, `gitlab`, `search_guard`, `defguard`, `kanidm`: what these do with a directory, rule by rule; the tables
//!   at the ends of `docs/clients/*.md` say which test holds which rule
//! - `grafana`: its logins, with the lines of `docs/clients/grafana.md`
//! - `any`: the clients that Debian has, with the lines of `docs/clients/any.md`
//! - `outages`: what each of them takes for true while the database is away, frozen or broken
//! - `large`: GitLab's sync of groups on a large directory
//! - `program`: how their programs are run; `stage`: what they find

mod any;
mod defguard;
mod gitlab;
mod grafana;
mod kanidm;
mod large;
mod outages;
mod program;
mod proxmox;
mod search_guard;
mod stage;
mod strict;
