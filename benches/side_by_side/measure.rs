//! Runs an operation for some time, and reads what it cost from the operating system's account.

use crate::client::{Answer, Client};
use crate::operations::{Expected, Kind, Operation, encoded};
use crate::servers::Server;
use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// One connection, one request at a time: what a request costs, and how long it takes.
    Alone,
    /// So many connections, one request at a time on each: what the server can do.
    Beside(usize),
}

/// Operations longer than this, in µs, are measured on one connection only.
pub const SHORT_US: f64 = 50_000.0;

/// What was measured of one operation on one server.
#[derive(Debug, Default)]
pub struct Measured {
    pub operation: &'static str,
    pub attributes: &'static str,
    pub filter: String,
    pub server: &'static str,
    pub entries: usize,
    pub octets: usize,
    pub alone: Costs,
    pub beside: Costs,
    times: Vec<Duration>,
    turn: usize,
}

#[derive(Debug, Default, Clone, Copy)]
pub struct Costs {
    pub operations: u64,
    pub elapsed: Duration,
    pub server: Duration,
    pub database: Duration,
}

impl Costs {
    fn each(self, time: Duration) -> f64 {
        time.as_secs_f64() * 1e6 / self.operations.max(1) as f64
    }

    /// Whether anything was measured at all.
    pub fn is_empty(self) -> bool {
        self.operations == 0
    }

    /// Processor time of one operation, in µs.
    pub fn server_us(self) -> f64 {
        self.each(self.server)
    }

    pub fn database_us(self) -> f64 {
        self.each(self.database)
    }

    pub fn together_us(self) -> f64 {
        self.server_us() + self.database_us()
    }

    pub fn per_second(self) -> f64 {
        self.operations as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    fn add(&mut self, other: Costs) {
        self.operations += other.operations;
        self.elapsed += other.elapsed;
        self.server += other.server;
        self.database += other.database;
    }
}

impl Measured {
    pub fn new(server: &Server, operation: &Operation) -> Measured {
        Measured {
            operation: operation.name,
            attributes: operation.attributes,
            filter: operation.filter.clone(),
            server: server.name,
            ..Measured::default()
        }
    }

    /// A share of the latencies on one connection lies below this, in µs.
    pub fn percentile(&self, share: f64) -> f64 {
        let mut times = self.times.clone();
        times.sort_unstable();
        let index = (times.len() as f64 * share) as usize;
        let time = times.get(index.min(times.len().saturating_sub(1)));
        time.map_or(0.0, |time| time.as_secs_f64() * 1e6)
    }
}

/// One round of an operation on a server.
pub fn round(server: &Server, operation: &Operation, phase: Phase, time: Duration, measured: &mut Measured) {
    let mut costs = Costs::default();
    match phase {
        Phase::Alone => {
            let mut driver = Driver::new(server.address, operation, measured.turn);
            // Connections to the database, plans and caches are there in a server that runs.
            let warm = Instant::now();
            for _ in 0..50 {
                let answer = driver.next();
                (measured.entries, measured.octets) = (answer.entries, answer.octets);
                if warm.elapsed() > time / 4 {
                    break;
                }
            }
            let before = Account::of(server);
            let start = Instant::now();
            while start.elapsed() < time {
                let begin = Instant::now();
                driver.next();
                measured.times.push(begin.elapsed());
                costs.operations += 1;
            }
            costs.elapsed = start.elapsed();
            (costs.server, costs.database) = Account::of(server).since(&before);
            measured.turn = driver.turn;
            measured.alone.add(costs);
        }
        Phase::Beside(connections) => {
            let mut drivers: Vec<Driver> = (0..connections)
                .map(|number| Driver::new(server.address, operation, number * 251))
                .collect();
            // Each needs a connection to the database of its own.
            std::thread::scope(|scope| {
                for driver in &mut drivers {
                    scope.spawn(|| (0..3).for_each(|_| drop(driver.next())));
                }
            });
            let done = AtomicU64::new(0);
            let before = Account::of(server);
            let start = Instant::now();
            std::thread::scope(|scope| {
                for driver in &mut drivers {
                    scope.spawn(|| {
                        while start.elapsed() < time {
                            driver.next();
                            done.fetch_add(1, Ordering::Relaxed);
                        }
                    });
                }
            });
            costs.elapsed = start.elapsed();
            (costs.server, costs.database) = Account::of(server).since(&before);
            costs.operations = done.into_inner();
            measured.beside.add(costs);
        }
    }
}

/// One connection, and the request that is next.
struct Driver<'a> {
    address: SocketAddr,
    operation: &'a Operation,
    client: Option<Client>,
    turn: usize,
}

impl<'a> Driver<'a> {
    fn new(address: SocketAddr, operation: &'a Operation, turn: usize) -> Driver<'a> {
        let client = match operation.kind {
            Kind::Connect(_) => None,
            _ => Some(Client::connect(address).unwrap()),
        };
        Driver {
            address,
            operation,
            client,
            turn,
        }
    }

    /// Does the operation once, and checks that it was answered in full.
    fn next(&mut self) -> Answer {
        self.turn += 1;
        match &self.operation.kind {
            Kind::Search(requests) => {
                let expected = &requests[self.turn % requests.len()];
                let answer = self.client.as_mut().unwrap().exchange(&expected.request).unwrap();
                self.checked(answer, expected)
            }
            Kind::Connect(expected) => {
                let mut client = Client::connect(self.address).unwrap();
                let answer = client.exchange(&expected.request).unwrap();
                client.close();
                self.checked(answer, expected)
            }
            Kind::Walk { search, page, entries } => {
                let mut whole = Answer::default();
                let mut cookie = Vec::new();
                loop {
                    let request = encoded(search.clone(), Some((*page, cookie)));
                    let answer = self.client.as_mut().unwrap().exchange(&request).unwrap();
                    assert_eq!(answer.code, 0, "{}", self.operation.name);
                    whole.entries += answer.entries;
                    whole.octets += answer.octets;
                    cookie = answer.cookie.expect("a page has the control");
                    if cookie.is_empty() {
                        assert_eq!(whole.entries, *entries, "{}", self.operation.name);
                        return whole;
                    }
                }
            }
        }
    }

    fn checked(&self, answer: Answer, expected: &Expected) -> Answer {
        assert_eq!(
            (answer.code, answer.entries),
            (0, expected.entries),
            "{} at {}, request {}: a wrong answer is not worth measuring",
            self.operation.name,
            self.address,
            self.turn
        );
        answer
    }
}

/// The processor time of the threads of a server and of its database.
struct Account {
    server: Spent,
    database: Spent,
}

#[derive(Default)]
struct Spent {
    /// Nanoseconds on a processor, by thread.
    threads: HashMap<u32, u64>,
    /// Of children that have ended, in clock ticks.
    ended: u64,
}

impl Account {
    fn of(server: &Server) -> Account {
        Account {
            server: Spent::by(&server.processes()),
            database: Spent::by(&server.database_processes()),
        }
    }

    fn since(&self, before: &Account) -> (Duration, Duration) {
        (self.server.since(&before.server), self.database.since(&before.database))
    }
}

impl Spent {
    fn by(processes: &[u32]) -> Spent {
        let mut spent = Spent::default();
        for pid in processes {
            let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
                continue;
            };
            for thread in threads.flatten() {
                let number = thread.file_name().to_string_lossy().parse().unwrap();
                let time = fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
                let time = time.split(' ').next().and_then(|time| time.parse().ok());
                spent.threads.insert(number, time.unwrap_or(0));
            }
        }
        if let Some(first) = processes.first() {
            let stat = fs::read_to_string(format!("/proc/{first}/stat")).unwrap_or_default();
            let fields = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
            // cutime and cstime (proc(5)).
            let ended = fields.split(' ').skip(13).take(2);
            spent.ended = ended.filter_map(|field| field.parse::<u64>().ok()).sum();
        }
        spent
    }

    fn since(&self, before: &Spent) -> Duration {
        let living: u64 = self
            .threads
            .iter()
            .map(|(thread, time)| time.saturating_sub(before.threads.get(thread).copied().unwrap_or(0)))
            .sum();
        // A tick is 10 ms on Linux, whatever the kernel's own clock (USER_HZ).
        let ended = self.ended.saturating_sub(before.ended);
        Duration::from_nanos(living) + Duration::from_millis(10) * u32::try_from(ended).unwrap_or(0)
    }
}
