//! `serve`: the gateway itself, from its settings to the signal that stops it.

use std::{future::pending, process::ExitCode};

#[cfg(target_os = "linux")]
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{error, info, warn};

use super::{complain, settings};
use crate::{
    app::App,
    config::{Config, EXIT_CODE, Warning},
    metrics::Metrics,
    server::tls::{
        self,
        reload::{Acceptors, ReadNow, follow},
    },
    sql::Database,
    telemetry,
};

/// SIGPWR and SIGRTMIN+3: how container engines and systemd ask some containers to stop.
const OTHER_STOP_SIGNALS: [i32; 2] = [30, 37];

/// Serves until a signal says stop.
pub async fn run() -> ExitCode {
    match settings() {
        Ok((config, warnings)) => serve(&config, &warnings).await,
        Err(code) => code,
    }
}

/// Serves what `config` says; log lines go to standard error.
pub(super) async fn serve(config: &Config, warnings: &[Warning]) -> ExitCode {
    let metrics = Metrics::default();
    let _flush = telemetry::init(&config.log, metrics.clone())
        .inspect_err(|error| complain(&format!("cannot log: {error}")))
        .ok();
    for warning in warnings {
        warn!("{warning}");
    }
    // Passwords pass through this memory: it is nobody's to dump.
    #[cfg(target_os = "linux")]
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        warn!(%error, "core files cannot be ruled out");
    }
    let tls = match acceptors(config, &metrics) {
        Ok(tls) => tls,
        Err(text) => {
            error!("{text}");
            return ExitCode::from(EXIT_CODE);
        }
    };
    let (tls, certificate) = tls.unzip();
    let app = match App::new(config, tls, metrics) {
        Ok(app) => app,
        Err(error) => {
            error!("{error}");
            return ExitCode::from(EXIT_CODE);
        }
    };
    info!("ldap-gateway {} for {}", env!("CARGO_PKG_VERSION"), bases(config));
    let databases = app.databases();
    let reloading = tokio::spawn(async move {
        let Ok(mut hangup) = signal(SignalKind::hangup()) else {
            return;
        };
        while hangup.recv().await.is_some() {
            info!("SIGHUP: new database connections, the queries are described and the certificate is read again");
            databases.iter().for_each(Database::renew);
            if let Some(certificate) = &certificate {
                certificate.read_now();
            }
        }
    });
    let ended = app.run(stop_signal()).await;
    reloading.abort();
    match ended {
        Ok(()) => {
            info!("stopped");
            ExitCode::SUCCESS
        }
        Err(error) => {
            error!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The bases of all realms.
fn bases(config: &Config) -> String {
    let bases: Vec<String> = config.realms.iter().map(|realm| realm.base.to_string()).collect();
    bases.join(" and ")
}

/// What accepts TLS, and what has the certificate read again; None for plain LDAP.
fn acceptors(config: &Config, metrics: &Metrics) -> Result<Option<(Acceptors, ReadNow)>, String> {
    if config.network.unencrypted {
        warn!("LDAP_UNENCRYPTED: passwords cross the network readable");
        return Ok(None);
    }
    let setup = tls::server_config(&config.tls).map_err(|errors| errors.to_string())?;
    for warning in &setup.warnings {
        warn!("{warning}");
    }
    info!("the certificate's SHA-256 fingerprint is {}", setup.fingerprint);
    follow(&config.tls, setup, metrics.clone())
        .map(Some)
        .map_err(|error| format!("no thread for the certificate: {error}"))
}

/// Waits for SIGTERM, SIGINT, SIGPWR or SIGRTMIN+3.
async fn stop_signal() {
    let mut signals: Vec<Signal> = [SignalKind::terminate(), SignalKind::interrupt()]
        .into_iter()
        .chain(OTHER_STOP_SIGNALS.map(SignalKind::from_raw))
        .filter_map(|kind| {
            signal(kind)
                .inspect_err(|error| warn!(%error, "a signal cannot be caught"))
                .ok()
        })
        .collect();
    if signals.is_empty() {
        return pending().await;
    }
    let waits = signals.iter_mut().map(|signal| Box::pin(signal.recv()));
    futures::future::select_all(waits).await;
}
