//! Where an operation writes its response messages: a buffer in front of the connection's bounded write queue.
//!
//! It knows bytes, and waits while the client is slow. The connection sends the last bytes of an operation itself, after
//! the message ID has become free (RFC 4511 4.1.1.1).

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;

/// A chunk handed to the writer; two TLS records of 16 KiB, so that a long answer leaves in few large writes.
pub const CHUNK: usize = 32 * 1024;

/// The connection cannot be written to any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client has gone")]
pub struct Closed;

/// The response buffer of one operation.
#[derive(Debug)]
pub struct Output {
    buffer: BytesMut,
    queue: mpsc::Sender<Bytes>,
}

impl Output {
    /// An empty buffer before the connection's write queue.
    pub fn new(queue: mpsc::Sender<Bytes>) -> Self {
        Output {
            buffer: BytesMut::new(),
            queue,
        }
    }

    /// The buffer to append encoded messages to.
    pub fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// Hands over what has been written once it fills a chunk, waiting while the client is slow.
    ///
    /// # Errors
    /// [`Closed`] when the connection is gone.
    pub async fn flush_full_chunks(&mut self) -> Result<(), Closed> {
        if self.buffer.len() >= CHUNK {
            self.flush().await
        } else {
            Ok(())
        }
    }

    /// Hands over everything written so far, waiting while the client is slow.
    ///
    /// # Errors
    /// [`Closed`] when the connection is gone.
    pub async fn flush(&mut self) -> Result<(), Closed> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let chunk = self.buffer.split().freeze();
        self.queue.send(chunk).await.map_err(|_| Closed)
    }
}
