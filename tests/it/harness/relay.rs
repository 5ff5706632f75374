//! A way to a server that can be cut: between one replica and the database that the other one still reaches.

use super::eventually;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const OPEN: u8 = 0;
const CLOSED: u8 = 1;
const SILENT: u8 = 2;
const GONE: u8 = 3;

/// Hands octets on in both directions until it is cut.
#[derive(Debug)]
pub struct Relay {
    pub port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: AtomicU8,
    streams: Mutex<Vec<TcpStream>>,
}

impl Relay {
    /// To a port on loopback.
    pub fn to(upstream: u16) -> Relay {
        let listener = TcpListener::bind(("127.0.0.1", super::free_port())).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let for_thread = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                match for_thread.state() {
                    GONE => return,
                    CLOSED => drop(stream),
                    _ => for_thread.connect(&stream, upstream),
                }
            }
        });
        Relay { port, shared }
    }

    /// Ends all connections and takes no new ones: a host that is down.
    pub fn close(&self) {
        self.shared.state.store(CLOSED, Ordering::SeqCst);
        self.shared.end_streams();
    }

    /// Connections stay, and nothing comes through: a link that is down.
    pub fn silence(&self) {
        self.shared.state.store(SILENT, Ordering::SeqCst);
    }

    pub fn open(&self) {
        self.shared.state.store(OPEN, Ordering::SeqCst);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.state.store(GONE, Ordering::SeqCst);
        self.shared.end_streams();
        // Its thread notices with the next connection.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Shared {
    fn state(&self) -> u8 {
        self.state.load(Ordering::SeqCst)
    }

    fn end_streams(&self) {
        for stream in self.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn connect(self: &Arc<Self>, near: &TcpStream, upstream: u16) {
        let Ok(far) = TcpStream::connect(("127.0.0.1", upstream)) else {
            return;
        };
        for stream in [near, &far] {
            stream.set_nodelay(true).unwrap();
            self.streams.lock().unwrap().push(stream.try_clone().unwrap());
        }
        for (from, to) in [(near, &far), (&far, near)] {
            let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
            let shared = Arc::clone(self);
            thread::spawn(move || shared.copy(from, to));
        }
    }

    fn copy(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut octets = vec![0; 64 << 10];
        while let Ok(count @ 1..) = from.read(&mut octets) {
            while !eventually(Duration::from_secs(1), || self.state() != SILENT) {}
            if to.write_all(&octets[..count]).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}
