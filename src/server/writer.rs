//! The write half of a connection: one task that hands queued chunks to the stream message by message, and flushes once.
//!
//! Each message becomes a TLS record of its own (a large one several). Clients that wait for the socket although TLS has
//! decrypted more than one message, such as curl up to 7.88.1, hang otherwise. The stream (`buffered_socket`) collects what
//! is written until the flush, so that there are few writes to the socket, and notes when the client takes something.
//!
//! A client that takes nothing for the write timeout ends the connection: an operation that waits to hand over a chunk then
//! finds the queue closed.
//!
//! Records cost a listing a twentieth of its CPU. So after a thousand messages of a long answer full chunks are handed on
//! whole. The end of the answer, in chunks that are not full, is message by message again.

use std::{io, pin::pin, time::Duration};

use bytes::Bytes;
use futures::FutureExt;
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    sync::mpsc,
    time::{Instant, timeout_at},
};

use super::buffered_socket::Progress;
use crate::{metrics::Metrics, operations::output::CHUNK, protocol::first_message};

/// Chunks that may wait for a slow client. With chunks of some 32 KiB this bounds what a connection holds.
pub const QUEUED_CHUNKS: usize = 4;

/// After so many messages in full chunks, one after the other, those that follow are not taken apart.
const LONG_ANSWER: usize = 1_000;

/// Writes chunks until all senders are gone, then closes the stream in good order (TLS close_notify, FIN).
///
/// # Errors
/// The stream's own, and [`io::ErrorKind::TimedOut`] when the patience with a client that takes nothing is over.
pub async fn write_chunks<W>(
    mut stream: W,
    mut queue: mpsc::Receiver<Bytes>,
    patience: Patience,
    metrics: Metrics,
) -> io::Result<()>
where
    W: AsyncWrite + Unpin,
{
    let mut run = 0;
    while let Some(chunk) = queue.recv().await {
        metrics.sent(chunk.len());
        write_chunk(&mut stream, &chunk, &mut run, &patience).await?;
        // What other operations queued meanwhile leaves before the flush.
        while let Ok(more) = queue.try_recv() {
            metrics.sent(more.len());
            write_chunk(&mut stream, &more, &mut run, &patience).await?;
        }
        patience.lasts(stream.flush()).await?;
    }
    patience.lasts(stream.shutdown()).await
}

/// A write for each message of a chunk, or one for all of it in the midst of a long answer. `run` counts the messages of the
/// full chunks before it.
async fn write_chunk<W>(stream: &mut W, mut chunk: &[u8], run: &mut usize, patience: &Patience) -> io::Result<()>
where
    W: AsyncWrite + Unpin,
{
    let is_full = chunk.len() >= CHUNK;
    if is_full && *run >= LONG_ANSWER {
        return write_all(stream, chunk, patience).await;
    }
    let mut messages = 0;
    while let Some((message, rest)) = chunk
        .split_at_checked(first_message(chunk))
        .filter(|_| !chunk.is_empty())
    {
        write_all(stream, message, patience).await?;
        messages += 1;
        chunk = rest;
    }
    *run = if is_full { *run + messages } else { 0 };
    Ok(())
}

async fn write_all<W>(stream: &mut W, mut chunk: &[u8], patience: &Patience) -> io::Result<()>
where
    W: AsyncWrite + Unpin,
{
    while !chunk.is_empty() {
        // Nearly always there is room, and a timer for each message would cost more than the message.
        let written = match stream.write(chunk).now_or_never() {
            Some(written) => written?,
            None => patience.lasts(stream.write(chunk)).await?,
        };
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        chunk = chunk.get(written..).unwrap_or_default();
    }
    Ok(())
}

/// How long a client may take nothing, and when it last took something.
pub struct Patience {
    /// The longest pause.
    pub limit: Duration,
    /// The progress of the [`BufferedSocket`](super::buffered_socket::BufferedSocket) that is written to.
    pub progress: Progress,
}

impl Patience {
    /// It counts from the last octet that the client took, however many the write or flush still has to hand over.
    async fn lasts<T>(&self, write: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        let begun = Instant::now();
        let mut write = pin!(write);
        loop {
            let last = self.progress.last().max(begun);
            match timeout_at(last + self.limit, &mut write).await {
                Ok(written) => return written,
                Err(_) if self.progress.last() <= last => return Err(io::ErrorKind::TimedOut.into()),
                Err(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::buffered_socket::BufferedSocket;
    use std::{
        pin::Pin,
        task::{Context, Poll},
    };
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn queued_chunks_arrive_in_order_and_the_stream_is_closed() {
        let (near, mut far) = tokio::io::duplex(1024);
        let (sender, queue) = mpsc::channel(QUEUED_CHUNKS);
        let writer = tokio::spawn(write_chunks(
            near,
            queue,
            Patience {
                limit: Duration::from_secs(5),
                progress: Progress::new(),
            },
            Metrics::default(),
        ));
        sender.send(Bytes::from_static(b"one ")).await.ok();
        sender.send(Bytes::from_static(b"two")).await.ok();
        drop(sender);
        let mut read = String::new();
        far.read_to_string(&mut read).await.ok();
        assert_eq!(read, "one two");
        assert!(matches!(writer.await, Ok(Ok(()))));
    }

    /// Messages of 64 octets, and so many of them.
    fn messages(number: usize) -> Bytes {
        let mut message = vec![0x30, 62];
        message.resize(64, 0);
        Bytes::from(message.repeat(number))
    }

    /// How many writes each chunk becomes.
    async fn writes(chunks: &[Bytes]) -> Vec<usize> {
        struct Counter(usize);
        impl AsyncWrite for Counter {
            fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
                self.0 += 1;
                Poll::Ready(Ok(octets.len()))
            }
            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }
            fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }
        }
        let patience = Patience {
            limit: Duration::from_secs(30),
            progress: Progress::new(),
        };
        let (mut run, mut counted) = (0, Vec::new());
        for chunk in chunks {
            let mut counter = Counter(0);
            let written = write_chunk(&mut counter, chunk, &mut run, &patience).await;
            assert!(written.is_ok());
            counted.push(counter.0);
        }
        counted
    }

    #[tokio::test]
    async fn a_long_answer_is_taken_apart_at_its_beginning_and_its_end() {
        let (full, rest) = (messages(CHUNK / 64), messages(3));
        assert_eq!(
            writes(&[full.clone(), full.clone(), full.clone(), rest, full]).await,
            [512, 512, 1, 3, 512]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_given_up() {
        let (near, _far) = tokio::io::duplex(4);
        let (sender, queue) = mpsc::channel(QUEUED_CHUNKS);
        let writer = tokio::spawn(write_chunks(
            near,
            queue,
            Patience {
                limit: Duration::from_secs(30),
                progress: Progress::new(),
            },
            Metrics::default(),
        ));
        sender.send(Bytes::from_static(b"more than fits")).await.ok();
        let ended = writer.await;
        assert!(matches!(ended, Ok(Err(error)) if error.kind() == io::ErrorKind::TimedOut));
        assert!(sender.send(Bytes::new()).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_slowly_gets_everything() {
        const MESSAGE: usize = 200_000;
        let (near, mut far) = tokio::io::duplex(1024);
        let progress = Progress::new();
        let socket = BufferedSocket::new(near, progress.clone());
        let (sender, queue) = mpsc::channel(QUEUED_CHUNKS);
        let patience = Duration::from_secs(30);
        let writer = tokio::spawn(write_chunks(
            socket,
            queue,
            Patience {
                limit: patience,
                progress,
            },
            Metrics::default(),
        ));
        sender.send(Bytes::from(vec![b' '; MESSAGE])).await.ok();
        drop(sender);
        let mut received = 0;
        let mut part = [0; 1024];
        while let Ok(read) = far.read(&mut part).await
            && read > 0
        {
            received += read;
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        assert_eq!(received, MESSAGE);
        assert!(matches!(writer.await, Ok(Ok(()))));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_stops_in_the_middle_is_given_up() {
        let (near, mut far) = tokio::io::duplex(1024);
        let progress = Progress::new();
        let socket = BufferedSocket::new(near, progress.clone());
        let (sender, queue) = mpsc::channel(QUEUED_CHUNKS);
        let patience = Duration::from_secs(30);
        let begun = Instant::now();
        let writer = tokio::spawn(write_chunks(
            socket,
            queue,
            Patience {
                limit: patience,
                progress,
            },
            Metrics::default(),
        ));
        sender.send(Bytes::from(vec![b' '; 10_000])).await.ok();
        tokio::time::sleep(Duration::from_secs(20)).await;
        let mut part = [0; 1024];
        assert!(matches!(far.read(&mut part).await, Ok(1024)));
        let ended = writer.await;
        assert!(matches!(ended, Ok(Err(error)) if error.kind() == io::ErrorKind::TimedOut));
        assert_eq!(begun.elapsed().as_secs(), 50, "counted from the last octet");
    }
}
