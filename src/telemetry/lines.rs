//! Log lines on their way to standard error. They go through a bounded queue to a thread of their own, so that a reader
//! that does not read never stalls a login. A line that does not fit, or that cannot be written because a disk is full or
//! nobody reads any more, is lost and counted, and the log says how many were as soon as it can be written again.
//!
//! This is also the last place where a line can be made harmless: whatever it holds, it stays one line, and no control
//! character that a client sent reaches a terminal.
//!
//! # Why not `tracing-appender`
//!
//! Read in its version 0.2.5, its `non_blocking` writer has such a queue and such a thread, and counts what it drops. But
//!
//! - it bounds the queue by lines alone. Our lines have up to 16 KiB and more, so 16384 of them could take 256 MiB; the
//!   queue here holds 8 MiB;
//! - it panics where the operating system refuses the thread; at the end, when the reader is stuck, it writes a
//!   complaint of its own to standard output;
//! - the log itself never tells that lines are missing.
//!
//! Escaping would remain ours in any case. What it would replace is the queue, about a hundred lines.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::Ordering::Relaxed,
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use tracing_subscriber::fmt::MakeWriter;

use super::writer::{Counts, Message, Writer};
use crate::metrics::Metrics;

/// Lines that may wait.
const LINES: usize = 16 * 1024;
/// Octets that may wait.
const OCTETS: usize = 8 * 1024 * 1024;
/// The longest line, in octets.
const LONGEST: usize = 16 * 1024;
/// How long the process waits at its end for the last lines.
const LAST: Duration = Duration::from_secs(1);

/// In which form a hostile character is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    /// `\u{1b}`
    Text,
    /// The same, but colours pass.
    Colours,
    /// `\u001b`
    Json,
}

/// Where lines are handed over; clones share the queue.
#[derive(Clone)]
pub(super) struct Lines {
    sender: SyncSender<Message>,
    counts: Arc<Counts>,
    metrics: Metrics,
    escapes: Escapes,
}

/// Dropped at the end of the process, it waits until the last lines are written, for a second at most.
#[derive(Debug)]
pub struct Flush(SyncSender<Message>);

impl Drop for Flush {
    fn drop(&mut self) {
        let until = Instant::now() + LAST;
        let (written, done) = sync_channel(1);
        let mut message = Message::Flush(written);
        while let Err(TrySendError::Full(back)) = self.0.try_send(message) {
            if Instant::now() >= until {
                return;
            }
            message = back;
            thread::sleep(Duration::from_millis(10));
        }
        let _ = done.recv_timeout(until.saturating_duration_since(Instant::now()));
    }
}

impl Lines {
    /// Starts the thread that writes to `out`.
    pub(super) fn start(
        out: impl Write + Send + 'static,
        escapes: Escapes,
        metrics: Metrics,
    ) -> io::Result<(Lines, Flush)> {
        let (sender, receiver) = sync_channel(LINES);
        let counts = Arc::new(Counts::default());
        let of_thread = Arc::clone(&counts);
        let of_counts = metrics.clone();
        thread::Builder::new().name("log".to_owned()).spawn(move || {
            let _ = of_thread.writer.set(thread::current().id());
            Writer::new(out, of_counts, &of_thread).run(&receiver);
        })?;
        let flush = Flush(sender.clone());
        let lines = Lines {
            sender,
            counts,
            metrics,
            escapes,
        };
        Ok((lines, flush))
    }

    fn line(&self, text: &[u8]) {
        let line = harmless(text, self.escapes);
        let octets = line.len();
        let waiting = self.counts.waiting.fetch_add(octets, Relaxed);
        let is_notice = self.counts.writer.get() == Some(&thread::current().id());
        let message = if is_notice { Message::Notice } else { Message::Line };
        if waiting + octets > OCTETS || self.sender.try_send(message(line)).is_err() {
            self.counts.waiting.fetch_sub(octets, Relaxed);
            // It is said again later.
            if is_notice {
                return;
            }
            self.counts.dropped.fetch_add(1, Relaxed);
            self.metrics.log_lines_dropped(1);
        }
    }
}

impl Write for &Lines {
    /// One call is one line: the formatter writes each event as a whole.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.line(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Lines;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

/// Escapes what would make two lines of one, or what a terminal would obey.
fn harmless(line: &[u8], escapes: Escapes) -> Vec<u8> {
    let text = line.strip_suffix(b"\n").unwrap_or(line);
    let suspect = |byte: &u8| *byte < 0x20 || *byte == 0x7f || matches!(byte, 0xc2 | 0xe2);
    if text.len() <= LONGEST && !text.iter().any(suspect) {
        return line.to_vec();
    }
    let text = String::from_utf8_lossy(text);
    let mut harmless = String::with_capacity(text.len().min(LONGEST) + 32);
    let mut rest = text.as_ref();
    while let Some(character) = rest.chars().next() {
        if harmless.len() > LONGEST && escapes != Escapes::Json {
            harmless.push('…');
            break;
        }
        let colour = (escapes == Escapes::Colours).then(|| colour(rest)).flatten();
        let taken = if let Some(colour) = colour {
            harmless.push_str(colour);
            colour.len()
        } else {
            push(&mut harmless, character, escapes);
            character.len_utf8()
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    harmless.push('\n');
    harmless.into_bytes()
}

/// The colour change at the beginning of the text: `ESC [ digits m`. It is the formatter's own: those of clients have been
/// escaped before.
fn colour(text: &str) -> Option<&str> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|character: char| !(character.is_ascii_digit() || character == ';'))?;
    let whole = text.get(.."\u{1b}[".len() + end + 1)?;
    whole.ends_with('m').then_some(whole)
}

fn push(text: &mut String, character: char, escapes: Escapes) {
    // Line and paragraph separators, and what turns the direction of writing around.
    let hostile = matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !character.is_control() && !hostile {
        text.push(character);
    } else if escapes == Escapes::Json {
        text.push_str(&format!("\\u{:04x}", u32::from(character)));
    } else {
        text.extend(character.escape_unicode());
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]
mod tests {
    use super::*;
    use std::sync::{Mutex, mpsc::Receiver};

    fn cleaned(text: &str, escapes: Escapes) -> String {
        String::from_utf8(harmless(text.as_bytes(), escapes)).unwrap()
    }

    #[test]
    fn one_event_is_one_line_and_no_terminal_obeys_it() {
        assert_eq!(cleaned("Grüße “x”\n", Escapes::Text), "Grüße “x”\n");
        let hostile = "a\nb\r\u{1b}[31m\u{7f}\u{9b}2J\u{202e}\u{2028}\n";
        let text = cleaned(hostile, Escapes::Text);
        assert_eq!(text, "a\\u{a}b\\u{d}\\u{1b}[31m\\u{7f}\\u{9b}2J\\u{202e}\\u{2028}\n");
        let json = cleaned("{\"a\":\"\u{7f}\u{9b}\"}\n", Escapes::Json);
        assert_eq!(json, "{\"a\":\"\\u007f\\u009b\"}\n");
    }

    #[test]
    fn only_colours_pass_where_there_are_colours() {
        assert_eq!(
            cleaned("\u{1b}[1;31mx\u{1b}[0m\u{1b}[2J\u{1b}]0;t\u{7}\n", Escapes::Colours),
            "\u{1b}[1;31mx\u{1b}[0m\\u{1b}[2J\\u{1b}]0;t\\u{7}\n"
        );
    }

    #[test]
    fn long_lines_are_cut() {
        let long = cleaned(&"ä".repeat(LONGEST), Escapes::Text);
        assert!(long.len() < LONGEST + 10 && long.ends_with("…\n"), "{}", long.len());
    }

    /// Takes nothing until the gate is opened.
    struct Stuck {
        gate: Receiver<()>,
        taken: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Stuck {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            let _ = self.gate.recv();
            self.taken.lock().unwrap().extend_from_slice(octets);
            Ok(octets.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_does_not_read_stalls_nobody() {
        let (open, gate) = sync_channel(0);
        let taken = Arc::new(Mutex::new(Vec::new()));
        let stuck = Stuck {
            gate,
            taken: Arc::clone(&taken),
        };
        let metrics = Metrics::default();
        let (lines, flush) = Lines::start(stuck, Escapes::Text, metrics).unwrap();
        // The thread has one batch in its hands, which must be less than what is too many.
        let line = [&[b'x'; 127][..], b"\n"].concat();
        for _ in 0..LINES + 1000 {
            (&mut &lines).write_all(&line).unwrap();
        }
        assert!(lines.counts.dropped.load(Relaxed) > 0);
        drop(open);
        drop(flush);
        // On a busy machine that does not wait for all of them.
        let begun = Instant::now();
        while lines.counts.waiting.load(Relaxed) > 0 {
            assert!(begun.elapsed() < Duration::from_secs(60), "lines are left in the queue");
            thread::sleep(Duration::from_millis(5));
        }
        let taken = taken.lock().unwrap().len() / line.len();
        assert!((LINES..LINES + 1000).contains(&taken), "{taken}");
    }
}
