//! The front page of the API's description, and what every operation of it says alike.

use std::collections::BTreeMap;

use utoipa::PartialSchema;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::schema::{ArrayItems, Schema};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    Components, ContactBuilder, Content, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathItem, Ref,
    RefOr, Response, ResponseBuilder, Server,
};

use crate::auth::scope;
use crate::http::{Problem, ProblemItem, ProblemSpan};

/// Tags with what they are about, in the order of the page.
const TAGS: &[(&str, &str)] = &[
    ("Customers", "People: their files, identities, facts and timelines."),
    (
        "Orders",
        "What was bought. An order is a merge of everything that was told about it, in any order of arrival.",
    ),
    ("Webhooks", "What platforms push, what became of it, and how to apply it again."),
    ("Products", "What is sold."),
    ("Consents", "What people said about being contacted, and over which channels they can be."),
    ("Notes", "What people at the desk write down."),
    ("Events", "What customers do beside buying."),
    ("Tags", "Words that customers carry: by hand, by a rule, or as their platform tells."),
    ("Exports", "Groups of customers as files."),
    ("Privacy", "Telling a person everything, forgetting them, and who did so."),
    ("Segments", "Groups of customers: described in a language of their own, counted, explained, saved."),
    ("Campaigns", "Planned, drawn, worked off, and measured against people who were left out on purpose."),
    ("Analytics", "Figures over all customers and orders."),
    ("Shops", "Stores on platforms, and tills."),
    ("Settings", "The tenant's own settings."),
    ("Tenants", "Merchants and brands; for administrators."),
    ("Service", "The service itself: health, metrics, this document."),
];

const INTRODUCTION: &str = "\
Huitou keeps the customer archive of shops that live from customers who come back: orders go in, the customer's file \
comes out.

**Authorization** is by a JSON Web Token (`Authorization: Bearer …`) that names a tenant and scopes. Without `pii:read` \
phones, emails, names and addresses are masked, and nothing can be searched, filtered or sorted by them.

**Errors** are RFC 9457 problem documents; programs go by `code`. What is wrong with a body is told all at once, with \
JSON pointers.

**Times** are RFC 3339 in UTC, **days** `YYYY-MM-DD`, **money** whole numbers in the currency's minor unit (`*_amount`).

**Lists** come in pages: follow `next_cursor`. **PATCH** is a JSON merge patch. Single objects carry an `ETag`; \
`If-Match` is honoured. **POST** takes an `Idempotency-Key`.";

/// Everything but the operations.
pub fn front_page() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Huitou")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(INTRODUCTION))
        .contact(Some(ContactBuilder::new().name(Some("Huitou")).build()))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()));
    let tag = |(name, about): &(&str, &str)| {
        utoipa::openapi::tag::TagBuilder::new().name(*name).description(Some(*about)).build()
    };
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([Server::new("/")]))
        .tags(Some(TAGS.iter().map(tag)))
        .build()
}

/// Adds what all operations share: the security scheme, and every error that an operation can answer.
pub fn finish(mut document: OpenApi) -> OpenApi {
    for item in document.paths.paths.values_mut() {
        for_each_operation(item, add_errors);
    }
    let components = document.components.get_or_insert_with(Components::new);
    components.security_schemes.insert("bearer".into(), RefOr::T(security_scheme()));
    for error in ERRORS {
        components.responses.insert(error.name.into(), RefOr::T(error.response()));
    }
    components.schemas.insert("Problem".into(), Problem::schema());
    components.schemas.insert("ProblemItem".into(), ProblemItem::schema());
    components.schemas.insert("ProblemSpan".into(), ProblemSpan::schema());
    for (name, schema) in &mut components.schemas {
        if let Some(item) = name.strip_prefix("Page_") {
            refer_to_items(schema, item);
        }
    }
    open_what_is_extended(&mut components.schemas);
    document
}

/// A request that refuses unknown fields is closed; an answer with the same fields and more (serde's `flatten`) gets a copy
/// of it that is open, because nothing could be both.
fn open_what_is_extended(schemas: &mut BTreeMap<String, RefOr<Schema>>) {
    let closed = schemas.clone();
    for schema in schemas.values_mut() {
        let RefOr::T(Schema::AllOf(extension)) = schema else { continue };
        for part in &mut extension.items {
            let RefOr::Ref(reference) = part else { continue };
            let name = reference.ref_location.trim_start_matches("#/components/schemas/");
            let Some(RefOr::T(Schema::Object(object))) = closed.get(name) else { continue };
            if object.additional_properties.is_some() {
                let mut open = object.clone();
                open.additional_properties = None;
                *part = RefOr::T(Schema::Object(open));
            }
        }
    }
}

/// utoipa copies what a page is full of into the page; there is a name for it.
fn refer_to_items(page: &mut RefOr<Schema>, item: &str) {
    let RefOr::T(Schema::Object(page)) = page else { return };
    if let Some(RefOr::T(Schema::Array(data))) = page.properties.get_mut("data") {
        data.items = ArrayItems::from(Ref::from_schema_name(item));
    }
}

fn security_scheme() -> SecurityScheme {
    let mut http = Http::new(HttpAuthScheme::Bearer);
    http.bearer_format = Some("JWT".into());
    let scopes: Vec<String> =
        scope::ALL.iter().map(|(name, meaning)| format!("- `{name}`: {meaning}")).collect();
    http.description = Some(format!(
        "A token with the claims `sub`, `exp`, `tenant` and `scope`. Scopes:\n\n{}",
        scopes.join("\n")
    ));
    SecurityScheme::Http(http)
}

/// An answer to a request that fails.
struct ErrorResponse {
    status: u16,
    name: &'static str,
    about: &'static str,
    code: &'static str,
}

const fn error(status: u16, name: &'static str, code: &'static str, about: &'static str) -> ErrorResponse {
    ErrorResponse { status, name, about, code }
}

const ERRORS: &[ErrorResponse] = &[
    error(400, "BadRequest", "malformed_json", "The request cannot be understood."),
    error(401, "Unauthorized", "missing_token", "There is no token, or it is not valid."),
    error(403, "Forbidden", "insufficient_scope", "The token does not allow this."),
    error(404, "NotFound", "not_found", "There is no such object."),
    error(409, "Conflict", "conflict", "The state of things forbids it."),
    error(412, "PreconditionFailed", "precondition_failed", "The object has changed since it was read."),
    error(413, "BodyTooLarge", "body_too_large", "The body is larger than allowed."),
    error(415, "UnsupportedMediaType", "unsupported_media_type", "The body is in another format."),
    error(
        422,
        "InvalidInput",
        "invalid_input",
        "The input is not acceptable; the answer says where and why.",
    ),
    error(
        429,
        "TooManyRequests",
        "too_many_requests",
        "Faster than agreed; `Retry-After` says when to come again.",
    ),
    error(500, "InternalError", "internal_error", "A fault of the service."),
    error(
        503,
        "Unavailable",
        "unavailable",
        "Not possible right now; `Retry-After` says when to come again.",
    ),
];

impl ErrorResponse {
    fn response(&self) -> Response {
        let title = actix_web::http::StatusCode::from_u16(self.status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or("Error");
        let mut content = Content::new(Some(Ref::from_schema_name("Problem")));
        content.example = Some(serde_json::json!({
            "type": format!("urn:huitou:problem:{}", self.code),
            "title": title,
            "status": self.status,
            "detail": self.about,
            "code": self.code,
            "request_id": "01jd7zk3v8e4qbm2n5r9x6t0wy",
        }));
        ResponseBuilder::new().description(self.about).content("application/problem+json", content).build()
    }
}

fn for_each_operation(item: &mut PathItem, work: fn(&mut Operation, bool)) {
    for (operation, writes) in [
        (&mut item.get, false),
        (&mut item.put, true),
        (&mut item.post, true),
        (&mut item.patch, true),
        (&mut item.delete, true),
    ] {
        if let Some(operation) = operation {
            work(operation, writes);
        }
    }
}

/// A parameter that stands at its operation, as all of ours do.
fn own(parameter: &RefOr<Parameter>) -> Option<&Parameter> {
    match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    }
}

/// Which errors an operation can answer follows from its form.
fn add_errors(operation: &mut Operation, writes: bool) {
    let security = serde_json::to_string(&operation.security).unwrap_or_default();
    let guarded = security.contains("bearer");
    let parameters: Vec<_> = operation.parameters.iter().flatten().filter_map(own).collect();
    let has = |place: ParameterIn| parameters.iter().any(|parameter| parameter.parameter_in == place);
    let named = |name: &str| parameters.iter().any(|parameter| parameter.name == name);
    let (body, query, path) =
        (operation.request_body.is_some(), has(ParameterIn::Query), has(ParameterIn::Path));
    let if_match = named("If-Match");
    let about = |subject: &str| operation.tags.iter().flatten().any(|tag| tag == subject);
    // Verified by a signature instead of a token.
    let signed = !guarded && about("Webhooks");
    for error in ERRORS {
        let possible = match error.status {
            // Probes have nothing of their own to refuse, but what is not HTTP is refused everywhere.
            400 => body || query || named("Idempotency-Key") || !guarded,
            401 | 503 => guarded || signed,
            403 | 429 => guarded,
            // A body can name what is not there.
            404 => path || named("shop_id") || guarded && body,
            // A campaign has states in which there is nothing to read of it yet.
            409 => guarded && (writes || path && about("Campaigns")),
            412 => if_match,
            413 | 415 => body || signed && writes,
            // The name of a tag has rules, unlike ids, which exist or do not.
            422 => body || query || named("tag"),
            _ => true,
        };
        let status = error.status.to_string();
        if possible && !operation.responses.responses.contains_key(&status) {
            operation.responses.responses.insert(status, Ref::from_response_name(error.name).into());
        }
    }
}
