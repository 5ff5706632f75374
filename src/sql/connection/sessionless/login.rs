//! Logging in (PostgreSQL's manual, 55.2.1): the session's parameters, and the password.

use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::{AuthenticationSaslBody, Message};
use postgres_protocol::message::frontend;

use super::address::Address;
use super::wire::{self, Wire};
use fallible_iterator::FallibleIterator;

/// Connects and logs in; the second value is for cancel requests.
pub(crate) async fn connect(address: &Address) -> Result<(Wire, Option<(i32, i32)>), sqlx::Error> {
    let connecting = async {
        let mut wire = Wire::connect(address).await?;
        let key = log_in(&mut wire, address).await?;
        Ok((wire, key))
    };
    let connected: Result<_, sqlx::Error> = connecting.await;
    if connected.is_err() {
        // The certificates may have been replaced.
        address.tls.forget();
    }
    connected
}

async fn log_in(wire: &mut Wire, address: &Address) -> Result<Option<(i32, i32)>, sqlx::Error> {
    let Address { user, database, .. } = address;
    // The same parameters as sqlx', which every pooler knows: PgBouncer refuses or drops others.
    let mut parameters = vec![
        ("user", user.as_str()),
        ("client_encoding", "UTF8"),
        ("DateStyle", "ISO, MDY"),
        ("TimeZone", "UTC"),
    ];
    parameters.extend(database.as_deref().map(|database| ("database", database)));
    parameters.extend(
        address
            .application_name
            .as_deref()
            .map(|name| ("application_name", name)),
    );
    frontend::startup_message(parameters, wire.outgoing())?;
    wire.flush().await?;
    authenticate(wire, address).await?;
    let mut key = None;
    loop {
        match wire.receive().await? {
            Message::BackendKeyData(body) => key = Some((body.process_id(), body.secret_key())),
            Message::ReadyForQuery(_) => return Ok(key),
            other => return Err(refused(other)),
        }
    }
}

async fn authenticate(wire: &mut Wire, address: &Address) -> Result<(), sqlx::Error> {
    let password = address.password.as_deref().unwrap_or_default();
    loop {
        match wire.receive().await? {
            Message::AuthenticationOk => return Ok(()),
            Message::AuthenticationCleartextPassword => {
                frontend::password_message(password.as_bytes(), wire.outgoing())?;
            }
            Message::AuthenticationMd5Password(body) => {
                let hash = md5_hash(address.user.as_bytes(), password.as_bytes(), body.salt());
                frontend::password_message(hash.as_bytes(), wire.outgoing())?;
            }
            Message::AuthenticationSasl(body) => scram(wire, password, &body).await?,
            other => return Err(refused(other)),
        }
        wire.flush().await?;
    }
}

/// RFC 5802, RFC 7677. The server too proves that it knows the password.
async fn scram(wire: &mut Wire, password: &str, body: &AuthenticationSaslBody) -> Result<(), sqlx::Error> {
    if !body.mechanisms().any(|mechanism| Ok(mechanism == SCRAM_SHA_256))? {
        return Err(sqlx::Error::Protocol(
            "the server wants a way to log in that is not known here".to_owned(),
        ));
    }
    let mut scram = ScramSha256::new(password.as_bytes(), ChannelBinding::unsupported());
    frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), wire.outgoing())?;
    wire.flush().await?;
    match wire.receive().await? {
        Message::AuthenticationSaslContinue(body) => scram.update(body.data())?,
        other => return Err(refused(other)),
    }
    frontend::sasl_response(scram.message(), wire.outgoing())?;
    wire.flush().await?;
    match wire.receive().await? {
        Message::AuthenticationSaslFinal(body) => Ok(scram.finish(body.data())?),
        other => Err(refused(other)),
    }
}

/// Why there is no connection.
fn refused(message: Message) -> sqlx::Error {
    match message {
        Message::ErrorResponse(body) => wire::refusal(&body),
        Message::AuthenticationGss | Message::AuthenticationKerberosV5 | Message::AuthenticationSspi => {
            sqlx::Error::Protocol("the server wants a way to log in that is not known here".to_owned())
        }
        _ => sqlx::Error::Protocol("an unexpected message while logging in".to_owned()),
    }
}
