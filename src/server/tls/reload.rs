//! Certificates that change while the gateway runs: the files are looked at again and again, and read when they have
//! changed. New connections get the new certificate; those that exist do not notice.
//!
//! Files are compared by what `stat` says of where their names lead to, so a symbolic link that is turned to another
//! file (certbot) or directory (Kubernetes) is a change as well, and file systems that tell nobody are no problem. It
//! happens on a thread of its own, because a file system may hang.

use std::{
    fmt, io,
    sync::Arc,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

use tokio::sync::watch;
use tracing::{error, info, warn};

use super::{
    certificate::Create,
    self_made,
    setup::{Acceptor, TlsSetup, build},
    stamps::Stamps,
    validity::{Daily, Validity, now},
};
use crate::{config::TlsSettings, metrics::Metrics};

/// Between two looks at the files.
const LOOK: Duration = Duration::from_secs(1);
/// Between two looks at the end of a certificate that was made here.
const RENEWAL: Duration = Duration::from_secs(3600);
/// Between two looks at whether the certificate is valid.
const VALID: Duration = Duration::from_secs(60);

/// The certificate that new connections get.
#[derive(Clone)]
pub struct Served {
    /// What accepts them.
    pub acceptor: Acceptor,
    /// From when until when each certificate of the chain is valid.
    pub validities: Arc<[Validity]>,
    /// What is wrong with the files as they are now, where they cannot be served and the pair read before is.
    pub refused: Vec<String>,
}

impl Served {
    fn of(setup: &TlsSetup) -> Self {
        Served {
            acceptor: setup.acceptor(),
            validities: setup.validities().into(),
            refused: Vec::new(),
        }
    }
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Served({:?})", self.validities)
    }
}

/// What new connections are accepted with.
pub type Acceptors = watch::Receiver<Served>;

/// Has the certificate read now, changed or not; for SIGHUP.
#[derive(Debug, Clone)]
pub struct ReadNow(SyncSender<()>);

impl ReadNow {
    /// Asks for it, without waiting.
    pub fn read_now(&self) {
        // One that is asked for already is enough.
        let _ = self.0.try_send(());
    }
}

/// Follows the certificate that `setup` was made of, until the last [`ReadNow`] is dropped. What is to be said of its validity
/// is said now, when it changes, and once a day.
///
/// # Errors
/// The operating system refuses a thread.
pub fn follow(settings: &TlsSettings, setup: TlsSetup, metrics: Metrics) -> io::Result<(Acceptors, ReadNow)> {
    metrics.set_certificate_expiry(setup.not_after);
    warn_of_names(&setup, settings);
    let (publish, acceptors) = watch::channel(Served::of(&setup));
    let (ask, asked) = sync_channel(1);
    let mut following = Following {
        settings: settings.clone(),
        served: setup,
        stale: false,
        daily: Daily::default(),
        publish,
        metrics,
    };
    following.remind();
    thread::Builder::new()
        .name("certificates".to_owned())
        .spawn(move || following.run(&asked))?;
    Ok((acceptors, ReadNow(ask)))
}

/// Says which clients refuse the certificate for its names, where somebody gave it.
fn warn_of_names(setup: &TlsSetup, settings: &TlsSettings) {
    let given = setup.facts.first().filter(|_| !setup.self_made && !setup.is_renewed);
    if let Some(remark) = given.and_then(|leaf| leaf.names_remark(&settings.common_name)) {
        warn!("{remark}");
    }
}

/// Whether the end of the certificate is to be looked at. Each look would make another where what was made cannot be
/// written: that one is good until it ends soon itself.
pub(super) fn is_due(since: Duration, served: &TlsSetup) -> bool {
    since >= RENEWAL && (!served.unwritten || self_made::ends_soon(served.not_after))
}

struct Following {
    settings: TlsSettings,
    served: TlsSetup,
    /// What is in the files cannot be served.
    stale: bool,
    daily: Daily,
    publish: watch::Sender<Served>,
    metrics: Metrics,
}

impl Following {
    fn run(mut self, asked: &Receiver<()>) {
        let mut read = self.served.stamps.clone();
        let mut changing: Option<Stamps> = None;
        let mut looked = Instant::now();
        let mut reminded = Instant::now();
        loop {
            let now = match asked.recv_timeout(LOOK) {
                Ok(()) => true,
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            // Before the files are read: what changes meanwhile is seen the next time.
            let stamps = Stamps::of(&self.settings);
            // Certificate and key are replaced one after the other: wait until nothing moves.
            let at_rest = changing.as_ref() == Some(&stamps);
            let renew = is_due(looked.elapsed(), &self.served);
            if now || renew || (stamps != read && at_rest) {
                looked = Instant::now();
                if now {
                    self.daily = Daily::default();
                }
                self.read();
                read = stamps;
                changing = None;
            } else {
                changing = (stamps != read).then_some(stamps);
            }
            if reminded.elapsed() >= VALID {
                reminded = Instant::now();
                self.remind();
            }
        }
    }

    /// Warns of a certificate that has ended, ends soon, or is not valid yet, where that is due.
    fn remind(&mut self) {
        for remark in self.daily.due(&self.served.validities(), now()) {
            warn!("{remark}");
        }
    }

    fn read(&mut self) {
        // Nobody else renews what was made here and could not be written.
        let create = match self.served.self_made && self_made::ends_soon(self.served.not_after) {
            true => Create::AndKeep,
            false => Create::RenewOnly,
        };
        match build(&self.settings, create) {
            Ok(setup) => self.take(setup),
            // A pair that was made in memory has no files.
            Err(errors) if self.served.self_made && errors.is_no_pair() => {}
            Err(errors) => {
                let texts = errors.0.iter();
                let texts: Vec<String> = texts
                    .map(|error| format!("{error}; the certificate read before is still served"))
                    .collect();
                for text in &texts {
                    error!("{text}");
                }
                self.stale = true;
                self.publish.send_modify(|served| served.refused = texts);
                self.metrics.certificate_reloaded(false);
            }
        }
        self.remind();
    }

    fn take(&mut self, setup: TlsSetup) {
        if setup.chain == self.served.chain {
            if self.stale {
                info!("the certificate files can be used again; the certificate is the same");
                self.stale = false;
                self.publish.send_modify(|served| served.refused.clear());
                self.metrics.certificate_reloaded(true);
            }
            return;
        }
        for warning in &setup.warnings {
            warn!("{warning}");
        }
        warn_of_names(&setup, &self.settings);
        info!(
            "the certificate was replaced; the new one's SHA-256 fingerprint is {}",
            setup.fingerprint
        );
        self.publish.send_replace(Served::of(&setup));
        self.metrics.set_certificate_expiry(setup.not_after);
        self.metrics.certificate_reloaded(true);
        self.stale = false;
        self.served = setup;
    }
}
