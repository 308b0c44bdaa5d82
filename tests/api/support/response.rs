//! An answer of the service, as tests look at it.

use serde_json::Value;

/// An answer.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub bytes: Vec<u8>,
    /// The body, where it is JSON.
    pub body: Value,
}

impl Response {
    /// The value under an RFC 6901 pointer, or of a field.
    pub fn at(&self, place: &str) -> &Value {
        let found = if place.starts_with('/') { self.body.pointer(place) } else { self.body.get(place) };
        found.unwrap_or_else(|| panic!("no {place} in {}", self.body))
    }

    pub fn text(&self, place: &str) -> String {
        self.at(place).as_str().unwrap_or_else(|| panic!("{place} is no text in {}", self.body)).into()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Holds that this is a complete problem document with this status and code.
    #[track_caller]
    pub fn assert_problem(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["request_id"], self.header("x-request-id"));
        for field in ["type", "title", "detail"] {
            assert!(self.body[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {self:?}");
        }
    }

    /// The places and codes of what is wrong with the input.
    pub fn errors(&self) -> Vec<(String, String)> {
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
        let place = |error: &Value| text(error.get("pointer").unwrap_or(&error["parameter"]));
        errors.iter().map(|error| (place(error), text(&error["code"]))).collect()
    }
}
