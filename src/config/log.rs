//! Logging.

use super::parse::Reader;
use super::source::EnvSource;

/// How to log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// `LOG_FORMAT`
    pub format: LogFormat,
    /// `LOG_LEVEL`, checked: `level` and `module=level`, with commas between them.
    pub directives: String,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl LogSettings {
    /// Reads these settings alone, so that errors in the others can be logged in the format that is asked for.
    pub fn from_source(source: &EnvSource) -> Self {
        LogSettings::read(&mut Reader::new(source))
    }

    pub(super) fn read(reader: &mut Reader) -> Self {
        let expected = "error, warn, info, debug, trace or off, or a list such as info,ldap_gateway::sql=debug";
        LogSettings {
            format: reader.choice("LOG_FORMAT", &[("text", LogFormat::Text), ("json", LogFormat::Json)]),
            directives: reader
                .parsed("LOG_LEVEL", expected, directives)
                .unwrap_or_else(|| "info".into()),
        }
    }
}

/// Reads `LOG_LEVEL` strictly. The filter's own parser would take any word for the name of a module.
fn directives(text: &str) -> Option<String> {
    let mut directives = Vec::new();
    for part in text.split(',').map(str::trim) {
        let (module, level) = part
            .rsplit_once('=')
            .map_or((None, part), |(module, level)| (Some(module), level));
        let level = match level.trim().to_ascii_lowercase().as_str() {
            "warning" => "warn".to_owned(),
            // Words of npm's loggers, and `security`, which the Node gateway added.
            "fatal" | "critical" => "error".to_owned(),
            "notice" | "http" => "info".to_owned(),
            "verbose" | "security" => "debug".to_owned(),
            "silly" | "all" => "trace".to_owned(),
            "silent" | "none" => "off".to_owned(),
            level @ ("off" | "error" | "warn" | "info" | "debug" | "trace") => level.to_owned(),
            _ => return None,
        };
        directives.push(match module.map(str::trim) {
            None => level,
            Some(module) => {
                let valid = !module.is_empty()
                    && module
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'-'));
                if !valid {
                    return None;
                }
                format!("{module}={level}")
            }
        });
    }
    Some(directives.join(","))
}
