//! JSON as it is written: members in their order, and those that are given twice.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// A value. It may hold secrets, so it is never printed.
pub(crate) enum Json {
    Null,
    Boolean(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a text.
    ///
    /// # Errors
    /// What is wrong with it, by line and column; nothing of the text itself.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// A setting's text, as a variable would give it; none where there is no such text. A list of words has commas between
    /// them; other lists, and objects, are JSON texts.
    pub fn to_setting(&self) -> Option<String> {
        match self {
            Json::Null => None,
            Json::Boolean(value) => Some(value.to_string()),
            Json::Number(number) => Some(number.clone()),
            Json::Text(text) => Some(text.clone()),
            Json::List(items) => {
                let words: Option<Vec<&str>> = items.iter().map(Json::word).collect();
                Some(words.map_or_else(|| self.value().to_string(), |words| words.join(",")))
            }
            Json::Object(_) => Some(self.value().to_string()),
        }
    }

    fn word(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    fn value(&self) -> Value {
        match self {
            Json::Null => Value::Null,
            Json::Boolean(value) => Value::Bool(*value),
            Json::Number(number) => number.parse().map_or(Value::Null, Value::Number),
            Json::Text(text) => Value::String(text.clone()),
            Json::List(items) => Value::Array(items.iter().map(Json::value).collect()),
            Json::Object(members) => {
                let members = members.iter().map(|(name, value)| (name.clone(), value.value()));
                Value::Object(members.collect::<Map<_, _>>())
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Json;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Boolean(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut object = Vec::new();
        while let Some(member) = members.next_entry()? {
            object.push(member);
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn values_are_settings_as_variables_give_them() {
        let setting = |text| Json::parse(text).unwrap().to_setting();
        for (json, expected) in [
            ("null", None),
            ("true", Some("true")),
            ("10", Some("10")),
            ("-3", Some("-3")),
            (r#""a b""#, Some("a b")),
            (r#"["uid", "mail"]"#, Some("uid,mail")),
            ("[]", Some("")),
            (
                r#"[{"dn": "cn=a", "rights": ["read"]}]"#,
                Some(r#"[{"dn":"cn=a","rights":["read"]}]"#),
            ),
        ] {
            assert_eq!(setting(json).as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn errors_show_nothing_of_the_text() {
        for text in [
            r#"[{"sqlUri": "hunter2" "b": 1}]"#,
            r#"["hunter2"#,
            "[hunter2]",
            r#"{"hunter2"}"#,
        ] {
            let error = Json::parse(text).err().unwrap();
            assert!(error.contains("line 1") && !error.contains("hunter2"), "{error}");
        }
    }
}
