//! The rules of campaigns.

pub mod assign;
pub mod manage;

use super::model::Campaign;
use super::store;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::ids::{CampaignId, TenantId};

pub fn get(connection: &mut AnyConnection, tenant: TenantId, id: CampaignId) -> Result<Campaign> {
    store::find(connection, tenant, id)?.ok_or(Error::NotFound { what: "campaign" })
}
