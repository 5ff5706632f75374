//! The thread that writes log lines to standard error. It knows which lines were lost, because a disk is full or nobody reads
//! any more, and says how many they were as soon as it can.

use std::{
    io::{self, Write},
    sync::{
        OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
        mpsc::{Receiver, RecvTimeoutError, SyncSender},
    },
    thread::ThreadId,
    time::Duration,
};

use crate::metrics::Metrics;

/// Octets that are written at once.
const BATCH: usize = 64 * 1024;
/// While lines are lost, the pause between two attempts to say so.
const TELL_AGAIN: Duration = Duration::from_secs(5);

/// What comes through the queue.
pub(super) enum Message {
    Line(Vec<u8>),
    /// A line of the log's own, about lines that were lost.
    Notice(Vec<u8>),
    /// Asks for an answer as soon as all lines before it are written.
    Flush(SyncSender<()>),
}

/// What the queue's two ends know of each other.
#[derive(Default)]
pub(super) struct Counts {
    /// Octets in the queue.
    pub(super) waiting: AtomicUsize,
    /// Lines dropped since the log last told of any.
    pub(super) dropped: AtomicU64,
    /// The thread that writes.
    pub(super) writer: OnceLock<ThreadId>,
}

/// What the thread does.
pub(super) struct Writer<'a, W> {
    out: W,
    metrics: Metrics,
    counts: &'a Counts,
    /// Lines that could not be written and of which nothing was said yet.
    lost: u64,
    /// Why not.
    why: Option<io::Error>,
    /// So many of them are told of by a notice that is on its way.
    told: u64,
    /// The last line was written in part.
    is_torn: bool,
}

/// What is written at once.
#[derive(Default)]
struct Written {
    octets: Vec<u8>,
    /// Where a notice among the lines ends.
    notice_end: Option<usize>,
    /// Who waits for the end of it.
    flushed: Option<SyncSender<()>>,
}

impl<'a, W: Write> Writer<'a, W> {
    pub(super) fn new(out: W, metrics: Metrics, counts: &'a Counts) -> Self {
        Writer {
            out,
            metrics,
            counts,
            lost: 0,
            why: None,
            told: 0,
            is_torn: false,
        }
    }

    /// Writes what comes, until nobody can send any more.
    pub(super) fn run(mut self, receiver: &Receiver<Message>) {
        loop {
            let first = match self.lost {
                0 => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
                _ => receiver.recv_timeout(TELL_AGAIN),
            };
            match first {
                Ok(first) => {
                    let batch = collect(first, receiver);
                    self.write(&batch);
                    if let Some(flushed) = batch.flushed {
                        let _ = flushed.send(());
                    }
                }
                // Nobody logs anything; perhaps there is room again.
                Err(RecvTimeoutError::Timeout) => self.tell_of_lost(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn write(&mut self, batch: &Written) {
        let (written, error) = self.write_octets(&batch.octets);
        self.counts.waiting.fetch_sub(batch.octets.len(), Relaxed);
        if batch.notice_end.is_some_and(|end| end <= written) {
            self.lost = self.lost.saturating_sub(self.told);
            self.told = 0;
        }
        match error {
            None => {
                self.metrics.set_log_error(None);
                if self.lost > 0 && batch.notice_end.is_none() {
                    self.tell_of_lost();
                }
            }
            Some(error) => {
                let rest = batch.octets.get(written..).unwrap_or_default();
                let lines = rest.iter().filter(|octet| **octet == b'\n').count() as u64;
                // A notice is said again.
                let is_notice_lost = batch.notice_end.is_some_and(|end| end > written);
                let lines = lines.saturating_sub(u64::from(is_notice_lost));
                self.metrics.log_lines_dropped(lines);
                self.metrics.set_log_error(error.raw_os_error().or(Some(-1)));
                self.lost += lines;
                self.why = Some(error);
            }
        }
        let dropped = self.counts.dropped.swap(0, Relaxed);
        if dropped > 0 {
            tracing::warn!(lines = dropped, "log lines were dropped: nobody read them fast enough");
        }
    }

    /// How many octets were written, and why not all of them.
    fn write_octets(&mut self, octets: &[u8]) -> (usize, Option<io::Error>) {
        let mut written = 0;
        while let Some(rest) = octets.get(written..).filter(|rest| !rest.is_empty()) {
            // What is written behind a part of a line is no part of it.
            let parts = if self.is_torn { &b"\n"[..] } else { rest };
            match self.out.write(parts) {
                Ok(0) => return (written, Some(io::ErrorKind::WriteZero.into())),
                Ok(_) if self.is_torn => self.is_torn = false,
                Ok(taken) => written += taken,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let last = written.checked_sub(1).and_then(|last| octets.get(last));
                    self.is_torn |= last.is_some_and(|octet| *octet != b'\n');
                    return (written, Some(error));
                }
            }
        }
        (written, self.out.flush().err())
    }

    /// One line, which comes through the queue as all others do.
    fn tell_of_lost(&mut self) {
        self.told = self.lost;
        let why = self.why.as_ref().map(ToString::to_string).unwrap_or_default();
        tracing::warn!(
            lines = self.lost,
            "log lines were lost, standard error could not be written: {why}"
        );
    }
}

/// The message and those behind it, as far as they are written at once.
fn collect(first: Message, receiver: &Receiver<Message>) -> Written {
    let mut batch = Written::default();
    let mut next = Some(first);
    while let Some(message) = next.take() {
        match message {
            Message::Line(line) => batch.octets.extend_from_slice(&line),
            Message::Notice(line) => {
                batch.octets.extend_from_slice(&line);
                batch.notice_end = Some(batch.octets.len());
            }
            Message::Flush(written) => batch.flushed = Some(written),
        }
        if batch.octets.len() < BATCH && batch.flushed.is_none() {
            next = receiver.try_recv().ok();
        }
    }
    batch
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// A disk that is full until it is given room.
    #[derive(Clone, Default)]
    struct Disk {
        room: Arc<AtomicUsize>,
        taken: Arc<Mutex<Vec<u8>>>,
    }

    impl Disk {
        fn text(&self) -> String {
            String::from_utf8(self.taken.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Disk {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            let taken = self.room.load(Relaxed).min(octets.len());
            if taken == 0 {
                return Err(io::Error::from_raw_os_error(28));
            }
            self.room.fetch_sub(taken, Relaxed);
            self.taken.lock().unwrap().extend_from_slice(&octets[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines(text: &str) -> Written {
        Written {
            octets: text.as_bytes().to_vec(),
            ..Written::default()
        }
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted_and_torn_ones_ended() {
        let disk = Disk::default();
        let (metrics, counts) = (Metrics::default(), Counts::default());
        counts.waiting.store(1000, Relaxed);
        let mut writer = Writer::new(disk.clone(), metrics.clone(), &counts);
        disk.room.store(6, Relaxed);
        writer.write(&lines("one\ntwo\nthree\n"));
        assert_eq!(
            (writer.lost, metrics.log_error()),
            (2, Some(28)),
            "two was cut off, three was not begun"
        );
        writer.write(&lines("four\n"));
        assert_eq!(writer.lost, 3);
        disk.room.store(1000, Relaxed);
        writer.write(&lines("five\n"));
        assert_eq!(disk.text(), "one\ntw\nfive\n");
        assert_eq!(
            (writer.told, metrics.log_error()),
            (3, None),
            "it is said as soon as there is room"
        );
        // The notice itself is lost: it is no lost line, and is said again.
        disk.room.store(0, Relaxed);
        let notice = Written {
            notice_end: Some(7),
            ..lines("lost 3\n")
        };
        writer.write(&notice);
        assert_eq!(writer.lost, 3);
        disk.room.store(1000, Relaxed);
        writer.write(&notice);
        assert_eq!(writer.lost, 0);
        let page = metrics.render(&crate::metrics::Gauges::default(), |_| "");
        assert!(page.contains("\nldap_gateway_log_lines_dropped_total 3\n"), "{page}");
    }
}
