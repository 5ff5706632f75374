//! What is believed of what a server says: answers in octets, as they may come from a pooler that mixes up its clients.

use super::*;
use bytes::{BufMut, BytesMut};
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A message: its letter, its body.
fn message(letter: u8, body: &[u8]) -> Vec<u8> {
    let mut message = vec![letter];
    message.extend_from_slice(&u32::try_from(body.len() + 4).unwrap().to_be_bytes());
    message.extend_from_slice(body);
    message
}

/// `RowDescription` of text columns.
fn columns_message(names: &[&str]) -> Vec<u8> {
    let mut body = BytesMut::new();
    body.put_u16(u16::try_from(names.len()).unwrap());
    for name in names {
        body.extend_from_slice(name.as_bytes());
        body.put_u8(0);
        body.put_u32(0);
        body.put_i16(0);
        body.put_u32(types::TEXT);
        body.put_i16(-1);
        body.put_i32(-1);
        body.put_i16(BINARY);
    }
    message(b'T', &body)
}

fn row_message(values: &[&str]) -> Vec<u8> {
    let mut body = BytesMut::new();
    body.put_u16(u16::try_from(values.len()).unwrap());
    for value in values {
        body.put_i32(i32::try_from(value.len()).unwrap());
        body.extend_from_slice(value.as_bytes());
    }
    message(b'D', &body)
}

fn error_message(severity: &str, code: &str) -> Vec<u8> {
    message(b'E', format!("S{severity}\0C{code}\0Mwords\0\0").as_bytes())
}

fn error_with(severity: &str, code: &str, words: &str) -> Vec<u8> {
    message(b'E', format!("S{severity}\0C{code}\0M{words}\0\0").as_bytes())
}

fn parsed() -> Vec<u8> {
    message(b'1', b"")
}

fn bound() -> Vec<u8> {
    message(b'2', b"")
}

fn complete() -> Vec<u8> {
    message(b'C', b"SELECT 1\0")
}

fn ready(status: u8) -> Vec<u8> {
    message(b'Z', &[status])
}

/// What a statement without parameters that gives `names` is described as.
fn described(names: &[&str]) -> Vec<Vec<u8>> {
    vec![parsed(), message(b't', &[0, 0]), columns_message(names), ready(b'I')]
}

/// Its answer: `begin` up to the columns, then the rest.
fn answer(names: &[&str], rest: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut answer = vec![parsed(), bound(), columns_message(names)];
    answer.extend_from_slice(rest);
    answer
}

/// Runs a statement against answers; each is sent when a whole question has come.
async fn run(answers: &[Vec<Vec<u8>>]) -> Result<Vec<Row>, sqlx::Error> {
    run_with(answers, "SELECT", &[]).await
}

async fn run_with(answers: &[Vec<Vec<u8>>], sql: &str, args: &[Arg]) -> Result<Vec<Row>, sqlx::Error> {
    let (ours, mut theirs) = tokio::io::duplex(64 * 1024);
    let answers = answers.to_vec();
    let server = tokio::spawn(async move {
        let mut question = Vec::new();
        for answer in answers {
            // Every question ends with a Sync.
            while !question.ends_with(b"S\0\0\0\x04") {
                if theirs.read_buf(&mut question).await.unwrap_or(0) == 0 {
                    return;
                }
            }
            question.clear();
            let _ = theirs.write_all(&answer.concat()).await;
        }
    });
    let mut connection = Sessionless {
        wire: Wire::over(Box::new(ours)),
        address: Arc::new(Address::of(&PgConnectOptions::new())),
        key: None,
        types: Types::default(),
        described: HashMap::new(),
    };
    let undecodable = UndecodableValues::default();
    let mut rows = Vec::new();
    let mut complete = false;
    {
        let mut stream = connection.rows(sql, args);
        while let Some(next) = stream.next().await {
            match next? {
                Either::Right(raw) => rows.push(row(&raw, &undecodable)),
                Either::Left(()) => complete = true,
            }
        }
    }
    drop(connection);
    server.await.unwrap();
    assert!(complete, "the end of a result is always told");
    Ok(rows)
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

#[tokio::test]
async fn a_result_is_believed_when_its_columns_are_those_of_the_statement() {
    let rest = [row_message(&["ann"]), complete(), ready(b'I')];
    let rows = run(&[described(&["name"]), answer(&["name"], &rest)]).await.unwrap();
    assert_eq!(rows, [[text("ann")]]);
}

#[tokio::test]
async fn another_statements_result_is_not_believed() {
    let rest = [row_message(&["x", "y"]), complete(), ready(b'I')];
    for foreign in [&["mail"][..], &["name", "mail"], &[]] {
        // Also not when the statement is asked for once more.
        let answers = [
            described(&["name"]),
            answer(foreign, &rest),
            described(&["name"]),
            answer(foreign, &rest),
        ];
        let error = run(&answers).await.unwrap_err();
        assert!(matches!(error, sqlx::Error::Protocol(_)), "{foreign:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_table_that_was_changed_is_described_anew() {
    let old = [row_message(&["x", "y"]), complete(), ready(b'I')];
    let new = [row_message(&["ann", "a@b"]), complete(), ready(b'I')];
    let answers = [
        described(&["name"]),
        answer(&["name", "mail"], &old),
        described(&["name", "mail"]),
        answer(&["name", "mail"], &new),
    ];
    assert_eq!(run(&answers).await.unwrap(), [[text("ann"), text("a@b")]]);
}

#[tokio::test]
async fn a_row_with_more_or_fewer_values_is_not_believed() {
    for values in [&["a", "b"][..], &[]] {
        let rest = [row_message(values), complete(), ready(b'I')];
        let error = run(&[described(&["name"]), answer(&["name"], &rest)])
            .await
            .unwrap_err();
        assert!(matches!(error, sqlx::Error::Protocol(_)), "{values:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_result_that_breaks_off_is_none() {
    for rest in [
        // The connection ends.
        vec![row_message(&["ann"])],
        vec![row_message(&["ann"]), complete()],
        // Somebody's transaction is open.
        vec![row_message(&["ann"]), complete(), ready(b'T')],
        // Nothing said that it was complete.
        vec![row_message(&["ann"]), ready(b'I')],
        vec![row_message(&["ann"]), message(b's', b""), ready(b'I')],
        // The answer to another question follows.
        vec![row_message(&["ann"]), parsed(), complete(), ready(b'I')],
    ] {
        let error = run(&[described(&["name"]), answer(&["name"], &rest)])
            .await
            .unwrap_err();
        assert!(
            matches!(error, sqlx::Error::Protocol(_) | sqlx::Error::Io(_)),
            "{rest:?}: {error:?}"
        );
    }
}

#[tokio::test]
async fn errors_are_the_statements_or_the_connections() {
    // The statement's own.
    let error = run(&[vec![error_message("ERROR", "42703"), ready(b'I')]])
        .await
        .unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "42703");
    // The pooler's, whatever its code: the connection is lost.
    let error = run(&[vec![error_message("FATAL", "08P01")]]).await.unwrap_err();
    assert!(matches!(error, sqlx::Error::Io(_)), "{error:?}");
    // Another client's: none of ours names statements, or cancels one that is waited for.
    for code in ["26000", "57014"] {
        let error = run(&[vec![error_message("ERROR", code), ready(b'I')]])
            .await
            .unwrap_err();
        assert!(matches!(error, sqlx::Error::Protocol(_)), "{code}: {error:?}");
    }
}

#[tokio::test]
async fn a_poolers_time_limits_are_no_lost_connection() {
    for (words, code) in [
        ("query timeout", "08P01"),
        ("query_wait_timeout", "55P03"),
        ("client_idle_timeout", "55P03"),
        ("idle transaction timeout", "55P03"),
    ] {
        let error = run(&[vec![error_with("FATAL", "08P01", words)]]).await.unwrap_err();
        let found = error
            .as_database_error()
            .map(|error| error.code().unwrap().into_owned());
        assert_eq!(found.as_deref(), Some(code), "{words}: {error:?}");
    }
    let own = error_with("ERROR", "57014", "canceling statement due to statement timeout");
    let error = run(&[vec![own, ready(b'I')]]).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "57014");
}

#[tokio::test]
async fn what_a_value_cannot_be_is_no_syntax_error() {
    for (place, is_value) in [("", true), ("P7\0", false)] {
        let refused = message(
            b'E',
            format!("SERROR\0C42601\0Mltree syntax error\0{place}\0").as_bytes(),
        );
        let error = run(&[vec![refused, ready(b'I')]]).await.unwrap_err();
        match crate::sql::connection::attempt_error::running(crate::sql::Engine::PostgreSql, &error, 0) {
            crate::sql::connection::attempt_error::AttemptError::Statement(statement) => {
                let words = statement.text.contains("ltree");
                let error = crate::sql::SqlError::Statement(statement);
                assert_eq!((error.is_value_error(), words), (is_value, !is_value), "{place}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn what_cannot_be_sent_is_the_statements_own_error() {
    // A connection that was lost would be an outage, which nobody must be able to make.
    let error = run_with(&[], "SELECT 1", &vec![Arg::Integer(1); 70_000])
        .await
        .unwrap_err();
    assert!(matches!(error, sqlx::Error::Encode(_)), "{error:?}");
    let error = run_with(&[], "SELECT '\0'", &[]).await.unwrap_err();
    assert!(matches!(error, sqlx::Error::Encode(_)), "{error:?}");
}

/// As from the URI, the environment or `~/.pgpass`.
#[test]
fn the_drivers_password_and_certificates_are_ours() {
    let options = PgConnectOptions::new()
        .host("::1")
        .username("a/b@c")
        .password("p%2F+ä \"")
        .ssl_root_cert("/etc/a b.pem")
        .ssl_client_cert_from_pem("-----BEGIN X-----\n+\n-----END X-----");
    for options in [options.clone(), options.socket("/run/postgresql")] {
        let address = Address::of(&options);
        assert_eq!(
            (address.user.as_str(), address.password.as_deref()),
            ("a/b@c", Some("p%2F+ä \""))
        );
        assert!(matches!(&address.tls.ca, Some(crate::database_uri::Pem::File(path)) if path.ends_with("a b.pem")));
        assert!(
            matches!(&address.tls.certificate, Some(crate::database_uri::Pem::Inline(text))
            if text.starts_with(b"-----BEGIN X-----\n+\n"))
        );
        assert!(address.tls.key.is_none());
    }
}

#[test]
fn values_are_sent_as_postgresql_reads_them() {
    let sent = |arg: &Arg| {
        let mut out = BytesMut::new();
        value(arg, &mut out).unwrap();
        out.to_vec()
    };
    assert_eq!(sent(&Arg::Text("ä".to_owned())), "ä".as_bytes());
    assert_eq!(sent(&Arg::Integer(-2)), (-2_i64).to_be_bytes());
    let list = sent(&Arg::TextList(vec!["a".to_owned(), String::new()]));
    let words: Vec<i32> = vec![1, 0, 25, 2, 1, 1];
    let mut expected: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    expected.push(b'a');
    expected.extend_from_slice(&0_i32.to_be_bytes());
    assert_eq!(list, expected);
}
