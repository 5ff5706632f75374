//! The write half of a connection: one task that hands queued chunks to the stream message by message, and flushes once.
//!
//! So each message is a TLS record of its own (a large one several): curl up to 7.88.1, and whatever else waits for the
//! socket while TLS has decrypted more than one message, hangs otherwise. The stream collects what is written until the
//! flush (`corked`), so that there are few writes to the socket. Of messages only the length is known here. A client that takes nothing for the write timeout ends the connection: whoever waits to
//! hand over a chunk then learns that the queue is closed.

use std::{io, time::Duration};

use bytes::Bytes;
use futures::FutureExt;
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    sync::mpsc,
    time::timeout,
};

use crate::{metrics::Metrics, protocol::first_message};

/// Chunks that may wait for a slow client. With chunks of some 32 KiB this bounds what a connection holds.
pub const QUEUED_CHUNKS: usize = 4;

/// Writes chunks until all senders are gone, then closes the stream in good order (TLS close_notify, FIN).
///
/// # Errors
/// The stream's own, and [`io::ErrorKind::TimedOut`] when the client took nothing for `patience`.
pub async fn write_chunks<W>(
    mut stream: W,
    mut queue: mpsc::Receiver<Bytes>,
    patience: Duration,
    metrics: Metrics,
) -> io::Result<()>
where
    W: AsyncWrite + Unpin,
{
    while let Some(chunk) = queue.recv().await {
        metrics.sent(chunk.len());
        write_messages(&mut stream, &chunk, patience).await?;
        // What other operations queued meanwhile leaves before the flush.
        while let Ok(more) = queue.try_recv() {
            metrics.sent(more.len());
            write_messages(&mut stream, &more, patience).await?;
        }
        within(patience, stream.flush()).await?;
    }
    within(patience, stream.shutdown()).await
}

/// A write for each message of a chunk.
async fn write_messages<W>(stream: &mut W, mut chunk: &[u8], patience: Duration) -> io::Result<()>
where
    W: AsyncWrite + Unpin,
{
    while let Some((message, rest)) = chunk
        .split_at_checked(first_message(chunk))
        .filter(|_| !chunk.is_empty())
    {
        write_all(stream, message, patience).await?;
        chunk = rest;
    }
    Ok(())
}

/// `patience` counts from the last byte the client took, not for the chunk as a whole.
async fn write_all<W>(stream: &mut W, mut chunk: &[u8], patience: Duration) -> io::Result<()>
where
    W: AsyncWrite + Unpin,
{
    while !chunk.is_empty() {
        // Nearly always there is room, and a timer for each message would cost more than the message.
        let written = match stream.write(chunk).now_or_never() {
            Some(written) => written?,
            None => within(patience, stream.write(chunk)).await?,
        };
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        chunk = chunk.get(written..).unwrap_or_default();
    }
    Ok(())
}

async fn within<T>(patience: Duration, write: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(patience, write)
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn queued_chunks_arrive_in_order_and_the_stream_is_closed() {
        let (near, mut far) = tokio::io::duplex(1024);
        let (sender, queue) = mpsc::channel(QUEUED_CHUNKS);
        let writer = tokio::spawn(write_chunks(near, queue, Duration::from_secs(5), Metrics::default()));
        sender.send(Bytes::from_static(b"one ")).await.ok();
        sender.send(Bytes::from_static(b"two")).await.ok();
        drop(sender);
        let mut read = String::new();
        far.read_to_string(&mut read).await.ok();
        assert_eq!(read, "one two");
        assert!(matches!(writer.await, Ok(Ok(()))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_given_up() {
        let (near, _far) = tokio::io::duplex(4);
        let (sender, queue) = mpsc::channel(QUEUED_CHUNKS);
        let writer = tokio::spawn(write_chunks(near, queue, Duration::from_secs(30), Metrics::default()));
        sender.send(Bytes::from_static(b"more than fits")).await.ok();
        let ended = writer.await;
        assert!(matches!(ended, Ok(Err(error)) if error.kind() == io::ErrorKind::TimedOut));
        assert!(sender.send(Bytes::new()).await.is_err());
    }
}
