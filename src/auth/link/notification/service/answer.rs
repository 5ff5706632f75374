//! What an answer of the push service means. Only one that says so lets in; whatever is unclear does not.

use serde::Deserialize;
use serde_json::Value;

use crate::auth::link::notification::complaints::Complaint;

/// What became of a question to the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::auth::link::notification) enum Answer {
    /// Yes.
    Approved,
    /// No.
    Rejected,
    /// Nobody answered in time.
    Unanswered,
    /// The service does not ask this user, or says what is not understood.
    Refused(Complaint),
    /// The service cannot be reached, or failed.
    Unavailable(Complaint),
}

/// The fields that are looked at. One that is there twice makes the answer unusable, and so does an action that is no text.
/// All others are words for the log: of another type than text they say nothing, and take no approval away.
#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    success: Value,
    action: Option<String>,
    #[serde(default, rename = "errorCode")]
    code: Value,
    #[serde(default)]
    error: Value,
    #[serde(default)]
    message: Value,
}

impl Body {
    /// Whether the service denies that it went well. What is no truth value is not understood, and denies it.
    fn denies_success(&self) -> bool {
        !matches!(self.success, Value::Null | Value::Bool(true))
    }

    fn text(&self) -> Option<&str> {
        self.error.as_str().or(self.message.as_str())
    }
}

/// Reads an answer by its HTTP status and its body (or why that is not used). `complain` makes a complaint of a code and a text.
pub(super) fn read(
    status: u16,
    body: Result<&[u8], &'static str>,
    complain: impl Fn(&str, &str) -> Complaint,
) -> Answer {
    let said = body.and_then(parse);
    let told = |code: &str| {
        let (said_code, text) = match &said {
            Ok(said) => (said.code.as_str(), said.text()),
            Err(why) => (None, Some(*why)),
        };
        complain(
            said_code.unwrap_or(code),
            &format!("HTTP {status}: {}", text.unwrap_or("no text")),
        )
    };
    let by_status = format!("http-{status}");
    match (status, &said) {
        (200..=299, Ok(said)) => match (said.denies_success(), said.action.as_deref()) {
            (false, Some("approve")) => Answer::Approved,
            (_, Some("reject")) => Answer::Rejected,
            (_, Some("timeout")) => Answer::Unanswered,
            (_, action) => Answer::Refused(Complaint {
                asked: action.is_some(),
                ..told("unknown-action")
            }),
        },
        (200..=299, Err(_)) => Answer::Refused(told("not-understood")),
        (300..=399, _) => Answer::Refused(complain(
            "redirect",
            &format!("HTTP {status}: redirects are not followed"),
        )),
        (408, _) => Answer::Unanswered,
        // The gateway in front of the service lost patience first: the phone may ring still.
        (504, _) => Answer::Unavailable(Complaint {
            asked: true,
            ..told(&by_status)
        }),
        (500..=599, _) => Answer::Unavailable(told(&by_status)),
        _ => Answer::Refused(told(&by_status)),
    }
}

fn parse(body: &[u8]) -> Result<Body, &'static str> {
    // A struct can be read from a list as well.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err("the answer is no JSON object");
    }
    serde_json::from_slice(body).map_err(|_| "the answer is no JSON as agreed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complain(code: &str, text: &str) -> Complaint {
        Complaint {
            code: code.to_owned(),
            text: text.to_owned(),
            asked: false,
        }
    }

    fn of(status: u16, body: &str) -> Answer {
        read(status, Ok(body.as_bytes()), complain)
    }

    fn code(answer: Answer) -> (bool, String) {
        match answer {
            Answer::Refused(complaint) => (false, complaint.code),
            Answer::Unavailable(complaint) => (true, complaint.code),
            other => (false, format!("{other:?}")),
        }
    }

    #[test]
    fn only_an_approval_approves() {
        for body in [
            r#"{"success": true, "action": "approve", "message": "ok"}"#,
            r#" {"action": "approve", "more": [{}]} "#,
            r#"{"action": "approve", "message": 5, "error": {"a": 1}, "errorCode": [], "success": null}"#,
            r#"{"success": true, "action": "approve", "message": {"text": "ok"}, "error": false}"#,
        ] {
            assert_eq!(of(200, body), Answer::Approved, "{body}");
        }
        for body in [
            "",
            "approve",
            r#""approve""#,
            "null",
            "[]",
            r#"[true, "approve", null, null, null]"#,
            r#"{"action": "Approve"}"#,
            r#"{"action": "approve "}"#,
            r#"{"action": ["approve"]}"#,
            r#"{"action": "reject", "action": "approve"}"#,
            r#"{"action": "approve", "action": "approve"}"#,
            r#"{"Action": "approve"}"#,
            r#"{"success": false, "action": "approve"}"#,
            r#"{"success": "true", "action": "approve"}"#,
            r#"{"success": 1, "action": "approve"}"#,
            r#"{"success": {}, "action": "approve"}"#,
            r#"{"action": 1}"#,
            r#"{"message": 1, "message": 2, "action": "approve"}"#,
            r#"{"result": {"action": "approve"}}"#,
            r#"{"action": "approve"} {"action": "approve"}"#,
            r#"{"action": "approve""#,
            "\u{feff}{\"action\": \"approve\"}",
        ] {
            assert!(
                matches!(of(200, body), Answer::Refused(_)),
                "{body}: {:?}",
                of(200, body)
            );
        }
        for why in ["the answer is too long", "the answer was cut short"] {
            assert!(matches!(read(200, Err(why), complain), Answer::Refused(_)));
        }
        for status in [
            100, 199, 300, 301, 302, 307, 400, 403, 404, 408, 409, 429, 499, 500, 502, 503, 504, 600,
        ] {
            assert_ne!(
                of(status, r#"{"success": true, "action": "approve"}"#),
                Answer::Approved,
                "{status}"
            );
        }
    }

    #[test]
    fn what_else_the_service_says() {
        assert_eq!(of(200, r#"{"success": true, "action": "reject"}"#), Answer::Rejected);
        assert_eq!(of(200, r#"{"success": true, "action": "timeout"}"#), Answer::Unanswered);
        assert_eq!(
            of(408, r#"{"success": false, "errorCode": "timeout"}"#),
            Answer::Unanswered
        );
        assert_eq!(of(408, ""), Answer::Unanswered);
        for (status, body, unavailable, expected) in [
            (
                400,
                r#"{"success": false, "error": "x", "errorCode": "missing-username"}"#,
                false,
                "missing-username",
            ),
            (403, r#"{"errorCode": "api-key-invalid"}"#, false, "api-key-invalid"),
            (404, r#"{"errorCode": "no-devices"}"#, false, "no-devices"),
            (404, "<html>", false, "http-404"),
            (404, r#"{"errorCode": 404, "error": ["x"]}"#, false, "http-404"),
            (200, r#"{"success": true}"#, false, "unknown-action"),
            (200, r#"{"action": "snooze"}"#, false, "unknown-action"),
            (200, "<html>", false, "not-understood"),
            (302, r#"{"errorCode": "x"}"#, false, "redirect"),
            (500, r#"{"errorCode": "server-error"}"#, true, "server-error"),
            (502, r#"{"errorCode": "fcm-error"}"#, true, "fcm-error"),
            (503, "", true, "http-503"),
        ] {
            assert_eq!(
                code(of(status, body)),
                (unavailable, expected.to_owned()),
                "{status} {body}"
            );
        }
    }

    /// Those count against push bombing; nobody was rung by the others.
    #[test]
    fn who_may_have_been_asked() {
        let asked = |answer| match answer {
            Answer::Refused(complaint) | Answer::Unavailable(complaint) => complaint.asked,
            _ => true,
        };
        assert!(asked(of(200, r#"{"action": "snooze"}"#)) && asked(of(504, "")));
        assert!(!asked(of(404, r#"{"errorCode": "no-devices"}"#)) && !asked(of(500, "")) && !asked(of(200, "")));
    }
}
