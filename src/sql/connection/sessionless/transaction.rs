//! Transactions by way of a pooler: from BEGIN to COMMIT the session is ours alone, also where it is shared otherwise.

use postgres_protocol::message::backend::Message;
use postgres_protocol::message::frontend;

use super::{BINARY, Sessionless, type_of, unsendable, value};
use crate::sql::statement::Arg;

impl Sessionless {
    /// Begins a transaction by this statement.
    pub(crate) async fn begin_transaction(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        self.wire.set_in_transaction(true);
        let begun = self.simple(sql, "BEGIN").await;
        if begun.is_err() {
            self.wire.set_in_transaction(false);
        }
        begun
    }

    /// Ends the transaction by this statement, COMMIT or ROLLBACK.
    pub(crate) async fn end_transaction(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        self.wire.set_in_transaction(false);
        self.simple(sql, sql).await
    }

    /// Runs a statement of our own, which the server must answer with this tag: it answers the COMMIT of a transaction that
    /// has failed with ROLLBACK.
    async fn simple(&mut self, sql: &'static str, tag: &str) -> Result<(), sqlx::Error> {
        frontend::query(sql, self.wire.outgoing())?;
        self.wire.flush().await?;
        match self.wire.receive().await? {
            Message::CommandComplete(body) if body.tag()? == tag => self.wire.ready().await,
            Message::CommandComplete(_) => Err(sqlx::Error::Protocol("the transaction ended otherwise".to_owned())),
            other => Err(self.wire.unexpected(other).await),
        }
    }

    /// Runs a statement to its end, without reading its rows, and returns how many it has changed.
    pub(crate) async fn execute(&mut self, sql: &str, args: &[Arg]) -> Result<u64, sqlx::Error> {
        let out = self.wire.outgoing();
        let written = (|| {
            frontend::parse("", sql, args.iter().map(type_of), out).map_err(unsendable)?;
            frontend::bind("", "", [BINARY], args, value, [BINARY], out).map_err(|error| match error {
                frontend::BindError::Conversion(error) => sqlx::Error::Encode(error),
                frontend::BindError::Serialization(error) => unsendable(error),
            })?;
            frontend::execute("", 0, out).map_err(unsendable)
        })();
        if let Err(error) = written {
            // Half of a batch would be sent with the next one.
            out.clear();
            return Err(error);
        }
        frontend::sync(out);
        self.wire.flush().await?;
        match self.wire.receive().await? {
            Message::ParseComplete => {}
            other => return Err(self.wire.unexpected(other).await),
        }
        match self.wire.receive().await? {
            Message::BindComplete => {}
            other => return Err(self.wire.unexpected(other).await),
        }
        loop {
            match self.wire.receive().await? {
                Message::DataRow(_) => {}
                Message::CommandComplete(body) => {
                    // `UPDATE 1`, `INSERT 0 1`.
                    let rows = body.tag()?.rsplit(' ').next().and_then(|rows| rows.parse().ok());
                    self.wire.ready().await?;
                    return Ok(rows.unwrap_or(0));
                }
                other => return Err(self.wire.unexpected(other).await),
            }
        }
    }
}
