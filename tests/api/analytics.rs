//! `/v1/analytics`.

mod summary;
