//! The link `notification`: whom to ask for approvals, and how long.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use url::{Host, Url};

use super::errors::{Problem, Warning};
use super::parse::Reader;
use crate::database_uri::{ESCAPE, Secret};

/// What completes "must be …" for the URL.
const RIGHT: &str = "an https:// URL, or an http:// URL of this machine (127.0.0.1, ::1 or localhost)";

/// How approvals are asked for.
#[derive(Clone, Debug)]
pub struct NotificationSettings {
    /// `NOTIFICATION_URL`: https, or http to this machine. Path and query may be secrets.
    pub url: Secret,
    /// `NOTIFICATION_TIMEOUT`: how long somebody has to answer.
    pub timeout: Duration,
    /// `NOTIFICATION_CA_PATH`: the authorities of the service's certificate, instead of the system's.
    pub ca_path: Option<PathBuf>,
    /// `NOTIFICATION_API_KEY`
    pub api_key: Option<Secret>,
    /// `NOTIFICATION_CLIENT_ID`
    pub client_id: Option<String>,
    /// This gateway's name, for the text on the phone: `NOTIFICATION_CLIENT_ID`, else `LDAP_COMMON_NAME`.
    pub host: String,
    /// `NOTIFICATION_REMEMBER`: for how long an approval counts for later binds; none: for no other bind.
    pub remember: Option<Duration>,
}

impl NotificationSettings {
    /// Reads them; none where there is nobody to ask. `in_chain` says whether every bind must be approved: where not, a URL is
    /// used by those alone whose own chain names the link, and one that cannot be used is warned of. Deployments keep it
    /// when they take `notification` out of the chain.
    pub(super) fn read(reader: &mut Reader, common_name: &str, in_chain: bool) -> Option<Self> {
        let timeout = reader.duration("NOTIFICATION_TIMEOUT");
        let ca_path = reader.text("NOTIFICATION_CA_PATH").map(PathBuf::from);
        let api_key = reader.secret("NOTIFICATION_API_KEY");
        let client_id = reader.text("NOTIFICATION_CLIENT_ID");
        let remember = reader.duration_or_off("NOTIFICATION_REMEMBER");
        let url = reader
            .secret("NOTIFICATION_URL")
            .map(|url| url.reveal().trim().to_owned());
        match &url {
            None if in_chain => {
                let text = "is required and missing (or NOTIFICATION_URL_FILE): AUTH_BACKENDS names `notification`";
                reader.problems.push(Problem::other("NOTIFICATION_URL", text));
            }
            Some(url) if !is_usable(url) && in_chain => {
                let problem = Problem::other("NOTIFICATION_URL", format!("must be {RIGHT}{}", escape(url)));
                reader.problems.push(problem);
            }
            Some(url) if !is_usable(url) => {
                let text = format!("is not used, and could not be: it must be {RIGHT}{}", escape(url));
                reader.warnings.push(Warning::new("NOTIFICATION_URL", text));
                return None;
            }
            _ => {}
        }
        Some(NotificationSettings {
            url: Secret::new(url?),
            timeout,
            ca_path,
            api_key: api_key.map(|key| Secret::new(key.reveal().trim())),
            host: client_id.clone().unwrap_or_else(|| common_name.to_owned()),
            client_id,
            remember,
        })
    }

    /// Scheme, host and port of the URL: what of it may be shown.
    pub fn origin(&self) -> String {
        Url::parse(self.url.reveal()).map_or_else(|_| String::new(), |url| url.origin().ascii_serialization())
    }

    /// Whether the service is asked through TLS.
    pub fn is_encrypted(&self) -> bool {
        self.origin().starts_with("https:")
    }
}

/// A hint where the URL may be cut in its password.
fn escape(url: &str) -> String {
    match url.contains('@') {
        true => format!("; {ESCAPE}"),
        false => String::new(),
    }
}

/// A URL with a login, and an `@` behind its host: the host that it seems to have is a part of a password.
fn is_cut(url: &Url) -> bool {
    let behind = [Some(url.path()), url.query(), url.fragment()];
    !url.username().is_empty() && behind.into_iter().flatten().any(|part| part.contains('@'))
}

/// What is not encrypted must not leave the machine: the request says who signs in, and the answer lets them in.
fn is_usable(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else {
        return false;
    };
    match url.scheme() {
        _ if is_cut(&url) => false,
        "https" => true,
        "http" => match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::from(address).to_canonical().is_loopback(),
            None => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_usable;

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        for url in [
            "https://push.example.com/send-notification?token=x",
            "https://user:password@push.example.com",
            "https://10.0.0.1:8443/x",
            "http://127.0.0.1:9/notify",
            "http://127.9.9.9/",
            "http://[::1]:3000/",
            "http://[::ffff:127.0.0.1]/",
            "http://localhost:3000/",
            "HTTP://LOCALHOST/",
        ] {
            assert!(is_usable(url), "{url}");
        }
        for url in [
            "http://push.example.com/",
            "http://10.0.0.1/",
            "https://user:p@ss/word@push.example.com/send",
            "https://user:p@ss#word@push.example.com/send",
            "http://0.0.0.0/",
            "http://[::]/",
            "http://localhost.example.com/",
            "http://localhost@push.example.com/",
            "http://127.0.0.1.example.com/",
            "http://push.example.com#127.0.0.1",
            "ftp://localhost/",
            "localhost:3000",
            "push.example.com/send",
            "/send",
            "https://",
            "file:///etc/passwd",
            "",
        ] {
            assert!(!is_usable(url), "{url}");
        }
    }
}
