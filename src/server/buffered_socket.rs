//! A socket that collects what is written to it until it is flushed. TLS makes a record of every message, and so all of
//! them leave in few large writes.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

/// Octets held at most: a chunk of an answer with what TLS adds to each of its messages leaves in one write.
const HELD: usize = 64 * 1024;
/// Above it the answer is a long one, and room for all that may be held is made at once.
const SHORT: usize = 4 * 1024;

/// A stream whose writes wait for the flush, or until there is no room for more.
#[derive(Debug)]
pub struct BufferedSocket<S> {
    stream: S,
    held: Vec<u8>,
    /// Octets at the start of `held` that the stream has taken.
    taken: usize,
    progress: Progress,
}

/// When the stream last took something of what is held. Whoever writes and flushes learns of it only when it has taken
/// all, which a slow client may need very long for.
#[derive(Debug, Clone)]
pub struct Progress(Arc<Mutex<Instant>>);

impl Progress {
    /// None yet; the time counts from now.
    pub fn new() -> Self {
        Progress(Arc::new(Mutex::new(Instant::now())))
    }

    /// When there was some.
    pub fn last(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
}

impl Default for Progress {
    fn default() -> Self {
        Progress::new()
    }
}

impl<S> BufferedSocket<S> {
    /// Nothing is held yet, and no memory either. What the stream takes is noted in `progress`.
    pub fn new(stream: S, progress: Progress) -> Self {
        BufferedSocket {
            stream,
            held: Vec::new(),
            taken: 0,
            progress,
        }
    }
}

impl<S: AsyncWrite + Unpin> BufferedSocket<S> {
    fn poll_drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest) = self.held.get(self.taken..).filter(|rest| !rest.is_empty()) {
            match ready!(Pin::new(&mut self.stream).poll_write(context, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                taken => {
                    self.taken += taken;
                    self.progress.note();
                }
            }
        }
        self.taken = 0;
        // Most connections are idle most of the time.
        self.held = Vec::new();
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for BufferedSocket<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        if self.held.len() >= HELD {
            ready!(self.poll_drain(context))?;
        }
        let room = HELD - self.held.len();
        let fitting = octets.get(..room).unwrap_or(octets);
        let held = self.held.len() + fitting.len();
        if held > SHORT && self.held.capacity() < held {
            self.held.reserve_exact(room);
        }
        self.held.extend_from_slice(fitting);
        Poll::Ready(Ok(fitting.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for BufferedSocket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// Notes the sizes of the writes that it gets.
    #[derive(Clone, Default)]
    struct Writes(Arc<Mutex<Vec<usize>>>);

    impl AsyncWrite for Writes {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
            self.0.lock().unwrap().push(octets.len());
            Poll::Ready(Ok(octets.len()))
        }
        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn what_is_written_leaves_at_once_when_it_is_flushed() {
        let writes = Writes::default();
        let mut socket = BufferedSocket::new(writes.clone(), Progress::new());
        for _ in 0..100 {
            socket.write_all(&[0; 300]).await.unwrap();
        }
        assert!(writes.0.lock().unwrap().is_empty());
        socket.flush().await.unwrap();
        assert_eq!(*writes.0.lock().unwrap(), [30_000]);
        assert_eq!(socket.held.capacity(), 0, "nothing is kept by an idle connection");
        socket.write_all(&[0; 7]).await.unwrap();
        socket.shutdown().await.unwrap();
        assert_eq!(*writes.0.lock().unwrap(), [30_000, 7]);
    }

    #[tokio::test]
    async fn no_more_is_held_than_allowed_and_nothing_is_lost() {
        let (near, mut far) = tokio::io::duplex(1000);
        let mut socket = BufferedSocket::new(near, Progress::new());
        let sent: Vec<u8> = (0..300_000_u32).map(|number| number as u8).collect();
        let part = socket.write(&sent).await.unwrap();
        assert_eq!(part, HELD);
        // The other side takes 1,000 octets and then no more.
        assert!(socket.write(&sent[part..]).now_or_never().is_none());
        let rest = sent[part..].to_vec();
        let writing = tokio::spawn(async move {
            socket.write_all(&rest).await.unwrap();
            socket.flush().await.unwrap();
        });
        let mut received = vec![0; sent.len()];
        far.read_exact(&mut received).await.unwrap();
        writing.await.unwrap();
        assert_eq!(received, sent);
    }
}
