//! The push service over HTTP: one request for each question. reqwest's types stay here.
//!
//! Each request has a connection of its own. A kept one may be closed by the service at the moment when it is used again, and
//! nobody knows then whether the phone rang; a new one costs nothing beside the minute that somebody looks for the phone.

mod answer;
mod names;

use std::{error::Error, net::IpAddr, path::PathBuf, sync::Arc, time::Duration};

use reqwest::{
    Client, Response, Url,
    header::{CONNECTION, CONTENT_TYPE},
    redirect, retry,
};
use serde::Serialize;

use self::names::Names;
use super::complaints::Complaint;
use crate::{
    config::{NotificationSettings, Secret},
    tls_client::{self, TrustError},
};
pub(super) use answer::Answer;

/// The longest answer that is read, in octets.
const LONGEST_ANSWER: usize = 64 * 1024;
/// How long a connection may take to be made, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Characters of the service's words that the log shows.
const SHOWN_CHARACTERS: usize = 200;
/// Characters of the service's codes that the log shows.
const SHOWN_OF_CODE: usize = 40;

/// Why the settings make no client. The texts name no secret.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The authorities cannot be used.
    #[error("{}: {error}", path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: TrustError,
    },
    /// The system has none.
    #[error("is needed here to verify the service's certificate: {0}")]
    NoAuthorities(TrustError),
    /// The URL is none.
    #[error("is not a URL")]
    NoUrl,
    /// The client library refuses.
    #[error("no HTTP client: {0}")]
    Client(String),
    /// The system gives none.
    #[error("the system gives no random numbers")]
    NoRandomNumbers,
}

impl SetupError {
    /// Whether all is well where nobody needs the link: a system without authorities is not wrong.
    pub fn matters(&self, in_chain: bool) -> bool {
        in_chain || !matches!(self, SetupError::NoAuthorities(_))
    }

    /// The setting that it is about.
    pub fn setting(&self) -> &'static str {
        match self {
            SetupError::Authorities { .. } | SetupError::NoAuthorities(_) => "NOTIFICATION_CA_PATH",
            SetupError::NoUrl | SetupError::Client(_) => "NOTIFICATION_URL",
            SetupError::NoRandomNumbers => "AUTH_BACKENDS",
        }
    }
}

/// The service, and what it is told besides who is asked.
#[derive(Debug)]
pub(super) struct Service {
    client: Client,
    url: Secret,
    /// This gateway's name, as it is shown on the phone.
    host: String,
    api_key: Option<Secret>,
    client_id: Option<String>,
    /// What the service might repeat and no log may show.
    secrets: Vec<Secret>,
}

/// The request, as the service wants it.
#[derive(Serialize)]
struct Question<'a> {
    username: &'a str,
    title: String,
    body: String,
    actions: [Action; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    apikey: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Action {
    icon: &'static str,
    title: &'static str,
    callback: &'static str,
}

const ACTIONS: [Action; 2] = [
    Action {
        icon: "approve",
        title: "Approve",
        callback: "approve",
    },
    Action {
        icon: "reject",
        title: "Reject",
        callback: "reject",
    },
];

impl Service {
    /// A client for the service; nothing is connected yet.
    ///
    /// # Errors
    /// The authorities cannot be read, or the URL is none.
    pub(super) fn new(settings: &NotificationSettings) -> Result<Self, SetupError> {
        let url = Url::parse(settings.url.reveal()).map_err(|_| SetupError::NoUrl)?;
        let plain = url.scheme() == "http";
        let limit = CONNECT_TIMEOUT.min(settings.timeout / 2);
        let client = Client::builder()
            .user_agent(concat!("ldap-gateway/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(Names::new(plain)))
            .connect_timeout(limit)
            .pool_max_idle_per_host(0)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            // The environment is read by the settings alone.
            .no_proxy()
            .http1_only();
        let trust = match (&settings.ca_path, plain) {
            (Some(path), _) => tls_client::verifying_by(path).map_err(|error| SetupError::Authorities {
                path: path.clone(),
                error,
            }),
            // Plain HTTP never leaves this machine, and asks for no certificate.
            (None, true) => tls_client::verifying_nobody().map_err(SetupError::NoAuthorities),
            (None, false) => tls_client::verifying_by_system().map_err(SetupError::NoAuthorities),
        };
        let client = client.tls_backend_preconfigured(trust?);
        Ok(Service {
            client: client.build().map_err(|error| SetupError::Client(told(&error)))?,
            secrets: secrets(&url, settings),
            url: settings.url.clone(),
            host: settings.host.clone(),
            api_key: settings.api_key.clone(),
            client_id: settings.client_id.clone(),
        })
    }

    /// Asks whether it is `username` who signs in from `client`, and waits for the answer however long it takes. Dropping the
    /// future closes the connection.
    pub(super) async fn ask(&self, username: &str, client: IpAddr) -> Answer {
        let question = serde_json::to_vec(&self.question(username, client));
        let question = match question {
            Ok(question) => question,
            Err(error) => return Answer::Refused(self.complaint("gateway", &error.to_string())),
        };
        let request = self.client.post(self.url.reveal());
        let request = request
            .header(CONTENT_TYPE, "application/json")
            .header(CONNECTION, "close");
        match request.body(question).send().await {
            Ok(response) => self.answer(response).await,
            Err(error) => {
                let mut complaint = self.complaint("unreachable", &told(&error));
                complaint.asked = !error.is_connect();
                Answer::Unavailable(complaint)
            }
        }
    }

    /// Host and address are in both texts: lock screens show the title alone.
    fn question<'a>(&'a self, username: &'a str, client: IpAddr) -> Question<'a> {
        let host = &self.host;
        Question {
            username,
            title: format!("Sign-in request from {client} at {host}"),
            body: format!(
                "{username} is signing in from {client}, and {host} asks whether that is you. Reject it if it is not."
            ),
            actions: ACTIONS,
            apikey: self.api_key.as_ref().map(Secret::reveal),
            client_id: self.client_id.as_deref(),
        }
    }

    async fn answer(&self, response: Response) -> Answer {
        let status = response.status();
        let body = body(response).await;
        answer::read(status.as_u16(), body.as_deref().map_err(|why| *why), |code, text| {
            self.complaint(code, text)
        })
    }

    /// A complaint as the log may show it: short, and without what must not be there.
    fn complaint(&self, code: &str, text: &str) -> Complaint {
        Complaint {
            code: self.shown(code, SHOWN_OF_CODE),
            text: self.shown(text, SHOWN_CHARACTERS),
            asked: false,
        }
    }

    fn shown(&self, text: &str, most: usize) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = text.replace(secret.reveal(), "***");
        }
        let mut shown: String = text
            .chars()
            .take(most)
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        shown
    }
}

/// What an answer holds, or why it is not used.
async fn body(mut response: Response) -> Result<Vec<u8>, &'static str> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= LONGEST_ANSWER => body.extend_from_slice(&chunk),
            Ok(Some(_)) => return Err("the answer is too long"),
            Ok(None) => return Ok(body),
            Err(_) => return Err("the answer was cut short"),
        }
    }
}

/// What the URL and the key hold that the service could repeat in its words.
fn secrets(url: &Url, settings: &NotificationSettings) -> Vec<Secret> {
    let parameters = url.query_pairs().map(|(_, value)| value.into_owned());
    let mut secrets: Vec<String> = url.query().map(str::to_owned).into_iter().chain(parameters).collect();
    // As they are written, too, which decoding may have changed.
    let written = url.query().unwrap_or_default().split('&');
    secrets.extend(
        written
            .filter_map(|pair| pair.split_once('='))
            .map(|(_, value)| value.to_owned()),
    );
    secrets.extend(url.password().map(str::to_owned));
    secrets.extend(settings.api_key.as_ref().map(|key| key.reveal().to_owned()));
    // The longest first: one may be a part of another. What is as short as a word's end hides nothing.
    secrets.retain(|secret| secret.len() > 3);
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.into_iter().map(Secret::new).collect()
}

/// An error with its causes and without the URL.
fn told(error: &reqwest::Error) -> String {
    let mut texts = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    match texts.is_empty() {
        true => "the request failed".to_owned(),
        false => texts.join(": "),
    }
}
