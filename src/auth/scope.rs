//! Scopes: what a token allows.

/// A scope that a handler asks for.
pub trait Scope: 'static {
    /// As it stands in the token.
    const NAME: &'static str;
}

macro_rules! scopes {
    ($($name:ident = $text:literal, $meaning:literal;)*) => {
        $(
            #[doc = $meaning]
            pub struct $name;
            impl Scope for $name {
                const NAME: &'static str = $text;
            }
        )*
        /// All scopes with their meanings.
        pub const ALL: &[(&str, &str)] = &[$(($text, $meaning)),*];
    };
}

scopes! {
    CustomersRead = "customers:read", "Read customers, their files and timelines.";
    CustomersWrite = "customers:write", "Create, change and erase customers.";
    OrdersRead = "orders:read", "Read orders and products.";
    OrdersWrite = "orders:write", "Write orders and products.";
    TagsRead = "tags:read", "Read tags.";
    TagsWrite = "tags:write", "Write and assign tags.";
    SegmentsRead = "segments:read", "Read and evaluate segments.";
    SegmentsWrite = "segments:write", "Write segments.";
    CampaignsRead = "campaigns:read", "Read campaigns, touches and reports.";
    CampaignsWrite = "campaigns:write", "Write campaigns and touches.";
    SettingsRead = "settings:read", "Read the tenant's settings and its shops.";
    SettingsWrite = "settings:write", "Change the tenant's settings and its shops.";
    ExportsRead = "exports:read", "Export in bulk.";
    PiiRead = "pii:read", "See personal data in plain and search by it.";
    Admin = "admin", "Create and list tenants.";
}

/// Whether there is such a scope.
pub fn is_known(name: &str) -> bool {
    ALL.iter().any(|(scope, _)| *scope == name)
}
