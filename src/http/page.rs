//! Lists in pages, by key: each page begins after the last row of the one before, so rows that come and go in between
//! neither repeat nor hide others.

use std::future::{Ready, ready};

use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::openapi::path::ParameterIn;
use utoipa::{IntoParams, ToSchema};

use super::json;
use super::mask::PersonalData;
use super::query;
use super::reply;
use crate::error::{Error, Result};

/// One page of a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The objects, in the order of the list.
    pub data: Vec<T>,
    /// Whether there is another page.
    pub has_more: bool,
    /// What to send as `cursor` to get it; `null` on the last page.
    pub next_cursor: Option<String>,
    /// How many objects the list has in all; only with `count=exact`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
}

impl<T: PersonalData> PersonalData for Page<T> {
    fn mask(&mut self) {
        self.data.mask();
    }
}

/// Which page is wanted.
#[derive(Debug, Clone)]
pub struct Paging {
    /// Objects in a page.
    pub limit: i64,
    /// Whether the total is wanted.
    pub count: bool,
    cursor: Option<String>,
    /// What the cursor belongs to: the path with its filters and its order.
    list: String,
}

/// How a page is asked for; only for the description of the API.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the fields describe the parameters of `Paging`")]
struct PagingParameters {
    /// Objects in a page.
    #[param(minimum = 1, maximum = 200, default = 50, example = 50)]
    limit: Option<i64>,
    /// The `next_cursor` of the page before. It holds for the same filters and order.
    cursor: Option<String>,
    /// `exact` to learn the total.
    #[param(inline, example = "exact")]
    count: Option<Count>,
}

/// Whether all objects of a list are counted.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Count {
    /// Counts them, which takes its time on long lists.
    Exact,
}

impl IntoParams for Paging {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<utoipa::openapi::path::Parameter> {
        PagingParameters::into_params(place)
    }
}

#[derive(Serialize, Deserialize)]
struct Cursor<K> {
    /// The version of this format.
    v: u8,
    /// The list that it belongs to.
    list: String,
    /// The sort key of the last row.
    after: K,
}

const VERSION: u8 = 1;
/// Levels of lists and objects in a cursor.
const CURSOR_LEVELS: usize = 8;
const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 200;

impl Paging {
    /// How many rows to ask for: one more than are shown, to know whether there are more.
    pub fn rows(&self) -> i64 {
        self.limit + 1
    }

    /// The sort key of the row after which the page begins.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>> {
        let Some(text) = &self.cursor else {
            return Ok(None);
        };
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        // Read like a body, because anybody can make one up: what the databases cannot hold is refused.
        let cursor: Option<Cursor<K>> = bytes.and_then(|bytes| json::parse(&bytes, CURSOR_LEVELS).ok());
        match cursor {
            Some(cursor) if cursor.v == VERSION && cursor.list == self.list => Ok(Some(cursor.after)),
            _ => Err(Error::invalid_cursor()),
        }
    }

    /// A page from up to [`Paging::rows`] rows.
    pub fn page<R, K: Serialize, T>(
        &self,
        mut rows: Vec<R>,
        key: impl Fn(&R) -> K,
        show: impl FnMut(R) -> T,
    ) -> Result<Page<T>> {
        let limit = self.limit as usize;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| has_more);
        let next_cursor = last.map(|row| self.cursor_after(key(row))).transpose()?;
        Ok(Page { data: rows.into_iter().map(show).collect(), has_more, next_cursor, total: None })
    }

    /// A page of a list whose next page begins where the work on this one ended.
    pub fn page_until<K: Serialize, T>(&self, data: Vec<T>, next: Option<K>) -> Result<Page<T>> {
        let next_cursor = next.map(|next| self.cursor_after(next)).transpose()?;
        Ok(Page { data, has_more: next_cursor.is_some(), next_cursor, total: None })
    }

    /// What leads to the page that begins after a row with this sort key.
    pub fn cursor_after<K: Serialize>(&self, after: K) -> Result<String> {
        let cursor = Cursor { v: VERSION, list: self.list.clone(), after };
        Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor)?))
    }

    fn read(path: &str, query: &str) -> Result<Self> {
        let (own, mut others): (Vec<_>, Vec<_>) = query::parameters(query)?
            .into_iter()
            .partition(|(name, _)| query::PAGING.contains(&name.as_str()));
        others.sort();
        let mut paging =
            Self { limit: DEFAULT_LIMIT, count: false, cursor: None, list: name_of_list(path, &others) };
        for (name, value) in own {
            match name.as_str() {
                "limit" => paging.limit = limit(&value)?,
                "cursor" => paging.cursor = Some(value),
                _ if value == "exact" => paging.count = true,
                _ => return Err(Error::invalid_parameter(name, "invalid_value", "must be `exact`")),
            }
        }
        Ok(paging)
    }
}

fn limit(text: &str) -> Result<i64> {
    let number = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    number.ok_or_else(|| {
        Error::invalid_parameter(
            "limit",
            "out_of_range",
            format!("must be a whole number from 1 to {MAX_LIMIT}"),
        )
    })
}

fn name_of_list(path: &str, filters: &[(String, String)]) -> String {
    let mut hash = Sha256::new();
    hash.update(path);
    for (name, value) in filters {
        for part in [name, value] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    URL_SAFE_NO_PAD.encode(&hash.finalize()[..9])
}

impl FromRequest for Paging {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request.path(), request.query_string()))
    }
}

impl<T: Serialize + PersonalData> Responder for Page<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        respond_in_pages(request, self.next_cursor.clone(), self)
    }
}

/// Answers an object with a page in it, of which this is the cursor.
pub fn respond_in_pages<T: Serialize + PersonalData>(
    request: &HttpRequest,
    next_cursor: Option<String>,
    body: T,
) -> HttpResponse {
    let link = next_cursor.map(|cursor| next_link(request, &cursor));
    let mut response = reply::json(request, actix_web::http::StatusCode::OK, body);
    if let Some(link) = link.and_then(|link| header::HeaderValue::from_str(&link).ok()) {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

/// RFC 8288, relative to the address of the request.
fn next_link(request: &HttpRequest, cursor: &str) -> String {
    let others = request.query_string().split('&');
    let mut query: Vec<&str> =
        others.filter(|pair| !pair.is_empty() && !pair.starts_with("cursor=")).collect();
    let cursor = format!("cursor={cursor}");
    query.push(&cursor);
    format!("<{}?{}>; rel=\"next\"", request.uri().path(), query.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(query: &str) -> (Paging, Page<i64>) {
        let paging = Paging::read("/v1/orders", query).unwrap();
        let page = paging.page((1..=paging.rows()).collect(), |row| *row, |row| row).unwrap();
        (paging, page)
    }

    #[test]
    fn a_cursor_leads_to_the_rows_after_it() {
        let (_, page) = first("limit=2&status=paid");
        assert_eq!((page.data, page.has_more), (vec![1, 2], true));
        let next = format!("status=paid&limit=7&cursor={}", page.next_cursor.unwrap());
        let paging = Paging::read("/v1/orders", &next).unwrap();
        assert_eq!(paging.after::<i64>().unwrap(), Some(2));
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        let paging = Paging::read("/v1/orders", "limit=2").unwrap();
        let page = paging.page(vec![1, 2], |row| *row, |row| row).unwrap();
        assert_eq!((page.has_more, page.next_cursor), (false, None));
    }

    #[test]
    fn a_cursor_of_another_list_or_made_up_is_refused() {
        let cursor = first("limit=2&status=paid").1.next_cursor.unwrap();
        for (path, query) in [
            ("/v1/orders", format!("status=closed&cursor={cursor}")),
            ("/v1/customers", format!("status=paid&cursor={cursor}")),
            ("/v1/orders", "cursor=abc".into()),
            ("/v1/orders", "cursor=".into()),
        ] {
            let error = Paging::read(path, &query).unwrap().after::<i64>().unwrap_err();
            assert_eq!(error.code(), "invalid_cursor", "{path} {query}");
        }
    }

    #[test]
    fn a_page_has_1_to_200_objects() {
        for query in ["limit=0", "limit=201", "limit=x", "limit=-1", "count=roughly"] {
            assert!(Paging::read("/v1/orders", query).is_err(), "{query}");
        }
    }
}
