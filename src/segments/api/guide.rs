//! What can be asked, and ready groups.

use actix_web::get;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::{Require, scope};
use crate::error::{Error, Result};
use crate::http::{PersonalData, Reply};
use crate::segments::definitions;
use crate::segments::language;
use crate::segments::language::registry::{
    FIELDS, FUNCTIONS, Field, Function, FunctionKind, Parameter, Row, Unavailable, What,
};
use crate::segments::templates::TEMPLATES;

/// A field of the language.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldResponse {
    #[schema(example = "number_of_orders")]
    pub name: &'static str,
    /// Other names that mean the same.
    pub aliases: Vec<&'static str>,
    /// `text`, `whole number`, `amount`, `date`, `choice`, …
    #[serde(rename = "type")]
    #[schema(example = "whole number")]
    pub kind: &'static str,
    pub operators: Vec<&'static str>,
    /// Needs `pii:read`.
    pub personal: bool,
    pub description: &'static str,
    #[schema(example = "number_of_orders >= 2")]
    pub example: &'static str,
    /// Why it cannot be asked; `null` where it can.
    pub unavailable: Option<&'static str>,
}

/// What can be asked of the rows of a function.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParameterResponse {
    #[schema(example = "category")]
    pub name: &'static str,
    /// Other names that mean the same.
    pub aliases: Vec<&'static str>,
    #[serde(rename = "type")]
    #[schema(example = "text")]
    pub kind: &'static str,
    pub operators: Vec<&'static str>,
    pub description: &'static str,
    /// Why it cannot be asked; `null` where it can.
    pub unavailable: Option<&'static str>,
}

/// A function of the language.
#[derive(Debug, Serialize, ToSchema)]
pub struct FunctionResponse {
    #[schema(example = "products_purchased")]
    pub name: &'static str,
    /// Other names that mean the same.
    pub aliases: Vec<&'static str>,
    pub description: &'static str,
    #[schema(example = "products_purchased MATCHES (category = '羽绒服', date >= -1y)")]
    pub example: &'static str,
    pub parameters: Vec<ParameterResponse>,
    /// Why it cannot be asked; `null` where it can.
    pub unavailable: Option<&'static str>,
}

/// Everything that can be asked.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldsResponse {
    pub fields: Vec<FieldResponse>,
    pub functions: Vec<FunctionResponse>,
}

impl PersonalData for FieldsResponse {}

const fn why(unavailable: Unavailable) -> &'static str {
    match unavailable {
        Unavailable::Never(why) | Unavailable::NotYet(why) => why,
    }
}

impl From<&'static Field> for FieldResponse {
    fn from(field: &'static Field) -> Self {
        Self {
            name: field.name,
            aliases: field.aliases.to_vec(),
            kind: field.what.kind().name(),
            operators: field.what.kind().operators(),
            personal: field.personal,
            description: field.description,
            example: field.example,
            unavailable: match field.what {
                What::Unavailable(unavailable) => Some(why(unavailable)),
                _ => None,
            },
        }
    }
}

impl From<&'static Parameter> for ParameterResponse {
    fn from(parameter: &'static Parameter) -> Self {
        Self {
            name: parameter.name,
            aliases: parameter.aliases.to_vec(),
            kind: parameter.what.kind().name(),
            operators: parameter.what.kind().operators(),
            description: parameter.description,
            unavailable: match parameter.what {
                Row::Unavailable(unavailable) => Some(why(unavailable)),
                _ => None,
            },
        }
    }
}

impl From<&'static Function> for FunctionResponse {
    fn from(function: &'static Function) -> Self {
        Self {
            name: function.name,
            aliases: function.aliases.to_vec(),
            description: function.description,
            example: function.example,
            parameters: function.parameters.iter().map(ParameterResponse::from).collect(),
            unavailable: match function.what {
                FunctionKind::Unavailable(unavailable) => Some(why(unavailable)),
                _ => None,
            },
        }
    }
}

/// List what segments can ask
///
/// Every field and function with its type, its operators, a description and an example.
#[utoipa::path(
    tag = "Segments",
    security(("bearer" = ["segments:read"])),
    responses((status = 200, description = "Fields and functions.", body = FieldsResponse)),
)]
#[get("/v1/segments/fields")]
pub async fn list_segment_fields(_: Require<scope::SegmentsRead>) -> Result<Reply<FieldsResponse>> {
    Ok(Reply::ok(FieldsResponse {
        fields: FIELDS.iter().map(FieldResponse::from).collect(),
        functions: FUNCTIONS.iter().map(FunctionResponse::from).collect(),
    }))
}

/// A ready group.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateResponse {
    #[schema(example = "high_quality_dormant")]
    pub key: &'static str,
    #[schema(example = "High quality, asleep")]
    pub name: &'static str,
    /// Why one looks at them.
    pub purpose: &'static str,
    /// The condition; its numbers and names are examples to be changed.
    #[schema(example = "stage IN ('dormant', 'lost') AND average_order_value >= 200")]
    pub query: &'static str,
    /// The same as JSON.
    #[schema(value_type = Object)]
    pub filter: serde_json::Value,
    /// What one does for them.
    pub play: &'static str,
}

/// Ready groups.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplatesResponse {
    pub data: Vec<TemplateResponse>,
}

impl PersonalData for TemplatesResponse {}

/// List ready segments
///
/// Groups that most shops have, each with its purpose and a proposed play. Preview one, change its numbers, save it.
#[utoipa::path(
    tag = "Segments",
    security(("bearer" = ["segments:read"])),
    responses((status = 200, description = "Ready groups.", body = TemplatesResponse)),
)]
#[get("/v1/segments/templates")]
pub async fn list_segment_templates(_: Require<scope::SegmentsRead>) -> Result<Reply<TemplatesResponse>> {
    let shown = TEMPLATES.iter().map(|template| {
        let query = definitions::read(Some(template.query), None)?;
        Ok::<_, Error>(TemplateResponse {
            key: template.key,
            name: template.name,
            purpose: template.purpose,
            query: template.query,
            filter: language::to_json(&query),
            play: template.play,
        })
    });
    Ok(Reply::ok(TemplatesResponse { data: shown.collect::<Result<_>>()? }))
}
