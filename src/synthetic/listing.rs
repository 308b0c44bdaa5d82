//! The catalogue as the shop's platform would tell it.

use serde_json::Value;

use super::catalogue::{BRAND, PRODUCTS, Product};
use crate::catalog::{ProductDocument, ProductStatus, VariantDocument};

/// Every product with the key under which orders name it.
pub fn products() -> impl Iterator<Item = (&'static str, ProductDocument)> {
    PRODUCTS.iter().map(|product| (product.external_id, document(product)))
}

fn document(product: &Product) -> ProductDocument {
    ProductDocument {
        title: product.title.into(),
        category: Some(product.category.into()),
        brand: Some(BRAND.into()),
        tags: Vec::new(),
        currency: Some("CNY".into()),
        price_amount: Some(product.price_amount),
        cost_amount: Some(product.cost_amount),
        attributes: Default::default(),
        variants: variants(product).collect(),
        status: ProductStatus::Active,
        url: None,
        image_url: None,
    }
}

fn variants(product: &Product) -> impl Iterator<Item = VariantDocument> {
    product.sizes().iter().flat_map(|size| {
        product.colours.iter().map(|colour| VariantDocument {
            sku: product.sku(size, colour),
            attributes: [("尺码", *size), ("颜色", colour.0)]
                .map(|(name, value)| (name.to_owned(), Value::from(value)))
                .into(),
            price_amount: None,
            cost_amount: None,
        })
    })
}
