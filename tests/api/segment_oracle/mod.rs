//! Whether segments mean what they say: a naive evaluator over shops in memory answers the same as the databases do.

mod compare;
mod dice;
mod evaluate;
mod load;
mod model;
mod queries;
mod rows;
mod shopify;
mod shops;
mod standing;

use huitou::segments::language::{self, Context, ShopContext};
use huitou::time::time_zone;
use model::World;

impl World {
    /// What the checker is to know of it.
    fn context(&self) -> Context {
        Context {
            now: self.now,
            zone: time_zone(&self.zone).expect("a zone"),
            currency: self.currency.to_owned(),
            decimals: 2,
            country: Some("CN".to_owned()),
            dormant_after_days: 90,
            shops: self
                .shops
                .iter()
                .map(|shop| ShopContext {
                    id: shop.id,
                    external_id: shop.external_id.clone(),
                    name: shop.name.clone(),
                    platform: shop.platform,
                    zone: time_zone(&shop.zone).expect("a zone"),
                    dormant_after_days: 90,
                })
                .collect(),
        }
    }
}

#[test]
fn every_random_query_is_one() {
    for seed in 0..200 {
        let mut dice = dice::Dice::new(seed);
        let world = shops::world(&mut dice);
        for _ in 0..50 {
            let text = queries::query(&mut dice);
            let query = language::parse(&text).unwrap_or_else(|problem| panic!("{text}: {problem:?}"));
            let checked = language::check(&query, &world.context())
                .unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
            evaluate::members(&world, &checked);
        }
    }
}
