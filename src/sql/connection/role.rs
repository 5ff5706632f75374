//! The role of a server at the moment: primary or standby, part of its cluster or not. Knows what to ask each kind of
//! server; `hosts` decides who may serve.

use futures::StreamExt;
use sqlx::mysql::MySqlConnection;
use sqlx::{Either, Executor, Row as _};

use super::driver::Connection;
use super::sessionless;
use crate::database_uri::TargetSession;
use crate::model::value::Cell;
use crate::sql::decode::UndecodableValues;

const POSTGRES: &str = "SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'";

/// Without Galera the provider has no name. A node without a quorum still answers `SELECT 1`.
const GALERA: &str =
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_provider_name', 'wsrep_ready', 'wsrep_local_state')";

/// A server's role, as far as it was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Role {
    /// In recovery, or (MariaDB) read-only.
    pub(crate) is_standby: bool,
    /// New transactions cannot write.
    pub(crate) is_read_only: bool,
    /// It serves, and may lag behind.
    pub(crate) is_behind: bool,
    /// Why it refuses to serve.
    pub(crate) apart: Option<String>,
}

/// Asks for the server's role as far as that decides whether it may serve. It has to answer in any case.
pub(crate) async fn ask(connection: &mut Connection, session: TargetSession) -> Result<Role, sqlx::Error> {
    let is_asked = session != TargetSession::Any;
    match connection {
        Connection::Postgres { connection, .. } if is_asked => {
            let row = connection.fetch_one(sqlx::raw_sql(POSTGRES)).await?;
            Ok(Role {
                is_standby: row.try_get(0)?,
                is_read_only: row.try_get(1)?,
                ..Role::default()
            })
        }
        Connection::Sessionless(connection) if is_asked => {
            let mut rows = connection.rows(POSTGRES, &[]);
            let mut role = Role::default();
            while let Some(next) = rows.next().await {
                if let Either::Right(raw) = next? {
                    let row = sessionless::row(&raw, &UndecodableValues::default());
                    let is = |at| row.get(at) == Some(&Cell::Boolean(true));
                    (role.is_standby, role.is_read_only) = (is(0), is(1));
                }
            }
            Ok(role)
        }
        Connection::Postgres { connection, .. } => {
            connection.execute(sqlx::raw_sql("SELECT 1")).await?;
            Ok(Role::default())
        }
        Connection::Sessionless(connection) => connection.ping().await.map(|()| Role::default()),
        Connection::MySql { connection, .. } => of_mysql(connection, is_asked).await,
        // Reads the file's header, which `SELECT 1` does not.
        Connection::Sqlite { connection, .. } => {
            connection.execute(sqlx::raw_sql("PRAGMA schema_version")).await?;
            Ok(Role::default())
        }
    }
}

async fn of_mysql(connection: &mut MySqlConnection, is_asked: bool) -> Result<Role, sqlx::Error> {
    let mut role = Role::default();
    let (mut is_galera, mut is_ready, mut is_synced) = (false, true, true);
    let rows = match connection.fetch_all(sqlx::raw_sql(GALERA)).await {
        // A proxy that does not know the question.
        Err(error @ sqlx::Error::Database(_)) => {
            tracing::debug!(%error, "the server's status is not shown");
            Vec::new()
        }
        rows => rows?,
    };
    for row in rows {
        let (name, value): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        match name.to_ascii_lowercase().as_str() {
            "wsrep_provider_name" => is_galera = !value.is_empty(),
            "wsrep_ready" => is_ready = value.eq_ignore_ascii_case("on"),
            // 4: synced. A node in another state gives its data to another node, or catches up.
            "wsrep_local_state" => is_synced = value == "4",
            _ => {}
        }
    }
    if is_galera && !is_ready {
        role.apart = Some("its Galera node is not ready (joining, or not part of the primary component)".to_owned());
    }
    role.is_behind = is_galera && !is_synced;
    if is_asked {
        let asked = sqlx::raw_sql("SELECT CAST(@@global.read_only AS CHAR)");
        let value: String = connection.fetch_one(asked).await?.try_get(0)?;
        role.is_read_only = !matches!(value.as_str(), "0" | "OFF");
        // This is how replicas are kept from writing, and nothing else tells them apart.
        role.is_standby = role.is_read_only;
    }
    Ok(role)
}
