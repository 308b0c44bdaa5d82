//! What must be known before a query can be compiled: looked up once, in the same snapshot in which it runs.

use std::collections::{BTreeMap, BTreeSet};

use crate::campaigns::{self, Campaign};
use crate::db::{AnyConnection, Backend};
use crate::error::Result;
use crate::ids::{ShopId, TenantId};
use crate::lifecycle::{self, Cuts, Rules};
use crate::segments::language::Checked;
use crate::segments::language::checked::{Kind, Leaf, Node, Source};
use crate::segments::store;
use crate::tenants::{Settings, Tenant};
use crate::time::Timestamp;

/// Segments by what a query calls them.
pub type Definitions = BTreeMap<String, Checked>;

/// What a query is compiled with.
pub struct Context<'c> {
    tenant: &'c Tenant,
    pub backend: Backend,
    definitions: &'c Definitions,
    overall: Rules,
    in_shops: BTreeMap<ShopId, Rules>,
    cuts: BTreeMap<Option<ShopId>, Option<Cuts>>,
    /// The categories that there are, by the one that they lie under or are.
    categories: BTreeMap<String, Vec<String>>,
    lines_without_category: bool,
    /// The campaigns that conversions are asked of.
    campaigns: Vec<Campaign>,
}

impl<'c> Context<'c> {
    /// Looks up what these conditions need. `definitions` has all segments that they name, and those that these name.
    pub fn load<'n>(
        connection: &mut AnyConnection,
        tenant: &'c Tenant,
        definitions: &'c Definitions,
        nodes: impl IntoIterator<Item = &'n Node>,
        now: Timestamp,
    ) -> Result<Self> {
        let mut wanted = Wanted::default();
        nodes.into_iter().for_each(|node| wanted.look_at(node));
        definitions.values().for_each(|checked| wanted.look_at(&checked.condition));
        let overall = Rules::overall(tenant, now)?;
        let mut in_shops = BTreeMap::new();
        for shop in wanted.shops.iter().chain(&wanted.scored).flatten() {
            in_shops.insert(*shop, Rules::find(connection, tenant, Some(*shop), now)?);
        }
        let mut cuts = BTreeMap::new();
        for shop in wanted.scored {
            let rules = shop.and_then(|shop| in_shops.get(&shop)).unwrap_or(&overall);
            let found = lifecycle::cuts(connection, rules.facts, &tenant.settings.rfm, &rules.moment)?;
            cuts.insert(shop, found);
        }
        let mut categories = BTreeMap::new();
        for category in wanted.categories {
            let below = store::categories_under(connection, tenant.id, &category)?;
            categories.insert(category, below);
        }
        let lines_without_category =
            !categories.is_empty() && store::has_lines_without_category(connection, tenant.id)?;
        let campaigns = match wanted.campaigns.is_empty() {
            true => Vec::new(),
            false => campaigns::store::named(connection, tenant.id, &wanted.campaigns)?,
        };
        let backend = connection.backend();
        Ok(Self {
            tenant,
            backend,
            definitions,
            overall,
            in_shops,
            cuts,
            categories,
            lines_without_category,
            campaigns,
        })
    }

    pub(super) fn tenant(&self) -> TenantId {
        self.tenant.id
    }

    pub(super) fn tenant_settings(&self) -> &Settings {
        &self.tenant.settings
    }

    pub(super) fn currency(&self) -> String {
        self.tenant.currency.clone()
    }

    pub(super) fn segment(&self, reference: &str) -> Option<&Checked> {
        self.definitions.get(reference)
    }

    pub(super) fn rules(&self, shop: Option<ShopId>) -> &Rules {
        shop.and_then(|shop| self.in_shops.get(&shop)).unwrap_or(&self.overall)
    }

    pub(super) fn cuts(&self, shop: Option<ShopId>) -> Option<Cuts> {
        self.cuts.get(&shop).copied().flatten()
    }

    /// The campaigns with these names or ids.
    pub(super) fn campaigns(&self, names: &[&String]) -> impl Iterator<Item = &Campaign> {
        let is_named = |campaign: &Campaign, name: &str| {
            campaign.document.name == name || campaign.id.to_string() == name
        };
        self.campaigns.iter().filter(move |campaign| names.iter().any(|name| is_named(campaign, name)))
    }

    /// The category itself and all under it, as far as anything of them was sold.
    pub(super) fn categories(&self, category: &str) -> Vec<String> {
        self.categories.get(category).cloned().unwrap_or_default()
    }

    /// Whether of some lines only the product may tell the category.
    pub(super) fn has_lines_without_category(&self) -> bool {
        self.lines_without_category
    }
}

/// What conditions need to be looked up.
#[derive(Default)]
struct Wanted {
    shops: BTreeSet<Option<ShopId>>,
    scored: BTreeSet<Option<ShopId>>,
    categories: BTreeSet<String>,
    campaigns: BTreeSet<String>,
}

impl Wanted {
    fn look_at(&mut self, node: &Node) {
        match &node.kind {
            Kind::All(nodes) | Kind::Any(nodes) | Kind::AtLeast { of: nodes, .. } => {
                nodes.iter().for_each(|node| self.look_at(node));
            }
            Kind::Not(node) => self.look_at(node),
            Kind::Leaf(leaf) => match &**leaf {
                Leaf::Stage { shop, .. } => {
                    self.shops.insert(*shop);
                }
                Leaf::RfmScore { shop, .. } | Leaf::RfmGroup { shop, .. } => {
                    self.scored.insert(*shop);
                }
                Leaf::Rows(rows) => {
                    let named = rows.filters.iter().filter_map(super::rows::categories_of).flatten();
                    self.categories.extend(named.cloned());
                    if rows.of == Source::Conversions {
                        let named = rows.filters.iter().flat_map(super::touches::campaigns_of);
                        self.campaigns.extend(named.cloned());
                    }
                }
                _ => {}
            },
        }
    }
}
