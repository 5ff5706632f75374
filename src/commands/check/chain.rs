//! The chain of links that a bind must pass, and what each of them needs. Nobody is asked anything here.

use super::report::{Fault, Report, table};
use crate::{
    auth::link::notification::Notification,
    config::{
        AuthBackend, AuthSettings, NotificationSettings, TotpSettings, UpstreamEncryption, UpstreamSettings,
        UpstreamUser,
    },
    metrics::Metrics,
};

/// Tells of the chain; a link that cannot be made of its settings is a fault.
pub fn show(settings: &AuthSettings, report: &mut Report) {
    if let Some(notification) = &settings.notification
        && let Err(error) = Notification::new(notification, Metrics::default())
    {
        let text = format!("{}: {error}", error.setting());
        match error.matters(settings.chain.has(AuthBackend::Notification)) {
            true => report.fault(Fault::Settings, text),
            false => report.warn(text),
        }
    }
    if report.has_wrong_setting(&["AUTH_BACKENDS"]) {
        return;
    }
    let rows: Vec<Vec<String>> = AuthBackend::ALL
        .into_iter()
        .filter(|link| settings.is_set_up(*link))
        // These need no settings, and are there for whoever names them.
        .filter(|link| settings.chain.has(*link) || !matches!(link, AuthBackend::Sql | AuthBackend::Totp))
        .map(|link| {
            let name = link.name().to_owned();
            match settings.chain.has(link) {
                true => vec![name, needs(link, settings)],
                false => vec![
                    name,
                    format!(
                        "for those alone whose auth_backends names it; {}",
                        needs(link, settings)
                    ),
                ],
            }
        })
        .collect();
    report.section("Every bind must pass", table(&rows));
}

fn needs(link: AuthBackend, settings: &AuthSettings) -> String {
    match link {
        AuthBackend::Sql => "the hash in the column password".to_owned(),
        AuthBackend::Notification => settings.notification.as_ref().map(asks).unwrap_or_default(),
        AuthBackend::Ldap => settings.upstream.as_ref().map(upstream).unwrap_or_default(),
        AuthBackend::Totp => code(&settings.totp),
    }
}

fn code(settings: &TotpSettings) -> String {
    let behind = match &settings.separator {
        Some(separator) => format!("behind the password and `{separator}`"),
        None => "right behind the password".to_owned(),
    };
    format!("a code {behind}, made by the secret in the column totp_secret")
}

fn upstream(settings: &UpstreamSettings) -> String {
    let servers = settings.servers.iter().map(|server| {
        let encryption = match server.encryption {
            UpstreamEncryption::Tls => "TLS",
            UpstreamEncryption::StartTls => "StartTLS",
            UpstreamEncryption::None => "not encrypted",
        };
        format!("{} ({encryption})", server.uri)
    });
    let servers: Vec<String> = servers.collect();
    let user = match &settings.user {
        UpstreamUser::Dn(template) | UpstreamUser::Login(template) => format!("users bind as {template}"),
        UpstreamUser::Search(search) => {
            let by = search.account.as_ref().map_or("anonymously", |(dn, _)| dn);
            format!(
                "users are searched for by {} below {} ({by})",
                search.filter, search.base
            )
        }
    };
    format!("a bind at {}; {user}", servers.join(", "))
}

fn asks(settings: &NotificationSettings) -> String {
    let verified = match (settings.is_encrypted(), &settings.ca_path) {
        (false, _) => "on this machine, not encrypted".to_owned(),
        (true, Some(path)) => format!("verified by {}", path.display()),
        (true, None) => "verified by the system's authorities".to_owned(),
    };
    let remember = match settings.remember {
        Some(time) => format!("an approval counts for {time:?}"),
        None => "each bind is asked for".to_owned(),
    };
    let key = if settings.api_key.is_some() { "with" } else { "without" };
    format!(
        "asks {} ({verified}), {key} NOTIFICATION_API_KEY; clients must wait {:?}; {remember}",
        settings.origin(),
        settings.timeout
    )
}
