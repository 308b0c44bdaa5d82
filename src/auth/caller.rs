//! The caller of a request, as its token says.

use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};

use super::scope::{self, Scope};
use super::token::Claims;
use crate::app::AppState;
use crate::error::{Error, Result};
use crate::ids::TenantId;

/// Somebody who may do what they ask for.
#[derive(Debug, Clone)]
pub struct Caller {
    pub tenant: TenantId,
    /// The token's `sub`.
    pub subject: String,
    /// Whether personal data is shown in plain.
    pub pii: bool,
    /// The token's scopes.
    pub scopes: Vec<String>,
}

impl Caller {
    /// Whether the answer to this request may show personal data. Without a caller it may not.
    pub fn may_read_personal_data(request: &HttpRequest) -> bool {
        request.extensions().get::<Self>().is_some_and(|caller| caller.pii)
    }

    /// Refuses without `pii:read`; for what goes by personal data, such as `parameter`.
    pub fn need_personal_data(&self, parameter: &str) -> Result<()> {
        if self.pii { Ok(()) } else { Err(Error::needs_personal_data(parameter)) }
    }
}

/// The caller, with scope `S` and an existing tenant.
pub struct Require<S: Scope> {
    caller: Caller,
    scope: PhantomData<S>,
}

impl<S: Scope> Deref for Require<S> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl<S: Scope> FromRequest for Require<S> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let caller = identify(&request, S::NAME).await?;
            request.extensions_mut().insert(caller.clone());
            Ok(Self { caller, scope: PhantomData })
        })
    }
}

async fn identify(request: &HttpRequest, scope: &str) -> Result<Caller> {
    let state = app(request)?;
    let claims = claims(request, state, scope)?;
    let tenant = claims.tenant.as_deref().ok_or_else(|| Error::Forbidden {
        code: "tenant_required",
        detail: "the token names no tenant".into(),
    })?;
    let unknown = || Error::unauthorized("unknown_tenant", "there is no tenant as the token names it");
    let tenant: TenantId = tenant.parse().map_err(|_| unknown())?;
    // Before the first wait: other parts of the request are read meanwhile and may end it.
    tracing::Span::current().record("tenant", tracing::field::display(tenant));
    limit_rate(request, state, tenant, &claims.sub)?;
    state.tenants.find(tenant).await?.ok_or_else(unknown)?;
    let scopes: Vec<String> = claims.scope.split_ascii_whitespace().map(String::from).collect();
    Ok(Caller { tenant, subject: claims.sub, pii: has(&claims.scope, scope::PiiRead::NAME), scopes })
}

/// A caller who creates and lists tenants and belongs to none.
pub struct RequireAdmin {
    pub subject: String,
}

impl FromRequest for RequireAdmin {
    type Error = Error;
    type Future = std::future::Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let admin = || {
            let state = app(request)?;
            let claims = claims(request, state, scope::Admin::NAME)?;
            limit_rate(request, state, TenantId::nil(), &claims.sub)?;
            Ok(Self { subject: claims.sub })
        };
        std::future::ready(admin())
    }
}

fn app(request: &HttpRequest) -> Result<&AppState> {
    let state = request.app_data::<web::Data<AppState>>();
    state.map(|state| &***state).ok_or_else(|| Error::internal("the application state is not registered"))
}

/// The token's claims, if it is genuine, holds now and has the scope.
fn claims(request: &HttpRequest, state: &AppState, scope: &str) -> Result<Claims> {
    let header = request.headers().get(header::AUTHORIZATION);
    let missing = || Error::unauthorized("missing_token", "send a token: `Authorization: Bearer <token>`");
    let text = header.and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
    let token = text
        .split_once(' ')
        .filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"))
        .ok_or_else(missing)?
        .1
        .trim();
    let claims = state.authenticator.check(token, state.clock.now())?;
    if has(&claims.scope, scope) { Ok(claims) } else { Err(Error::insufficient_scope(scope)) }
}

fn has(scopes: &str, wanted: &str) -> bool {
    scopes.split_ascii_whitespace().any(|scope| scope == wanted)
}

fn limit_rate(request: &HttpRequest, state: &AppState, tenant: TenantId, subject: &str) -> Result<()> {
    if let Some(standing) = state.limiter.count(tenant, subject)? {
        request.extensions_mut().insert(standing);
    }
    Ok(())
}
