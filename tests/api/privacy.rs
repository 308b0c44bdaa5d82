//! Exports and erasures: `GET /v1/customers/{id}/export`, `DELETE /v1/customers/{id}`, the audit log.

mod dump;
mod erase;
mod export;
mod merged;
mod requests;
mod vouched;
