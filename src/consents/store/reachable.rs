//! Who can be contacted over a channel, as a condition for queries over many customers.

use crate::consents::{Channel, ConsentPolicy, ConsentRule};
use crate::db::Sql;
use crate::ids::TenantId;
use crate::sql;
use crate::time::Timestamp;

/// Holds for customers who have an address for the channel and may be contacted over it by the tenant's rule: a
/// condition over `c`, the customers of a query.
///
/// What was said is looked at as it stands now, or as it stood at a moment; addresses are those of today. That `c` is of
/// the tenant and neither merged nor erased is for the query to say.
pub fn reachable(
    tenant: TenantId,
    channel: Channel,
    policy: &ConsentPolicy,
    at: Option<Timestamp>,
) -> Sql<'static> {
    let said = |granted| match at {
        None => now(tenant, channel, granted),
        Some(at) => then(tenant, channel, granted, at),
    };
    let allowed = sql!("c.id IN ({})", said(true));
    let addressed = match (channel, policy.of(channel)) {
        (Channel::Sms | Channel::Call, _) => sql!("c.phone_reversed IS NOT NULL"),
        (Channel::Email, _) => sql!("c.email_key IS NOT NULL"),
        (Channel::Mail | Channel::ParcelCard, _) => {
            sql!("(c.address_line IS NOT NULL OR (c.postcode IS NOT NULL AND c.city IS NOT NULL))")
        }
        // Who allowed messages over such a channel has named it.
        (Channel::Im | Channel::Wechat, ConsentRule::OptIn) => return allowed,
        (Channel::Im | Channel::Wechat, ConsentRule::OptOut) => {
            sql!("({} OR {})", known_by(tenant, channel), allowed.clone())
        }
    };
    match policy.of(channel) {
        ConsentRule::OptIn => sql!("({} AND {})", addressed, allowed),
        // Not `NOT IN`: where many said no, PostgreSQL would go through all of them for each customer.
        ConsentRule::OptOut => sql!(
            "({} AND NOT EXISTS (SELECT 1 FROM ({}) refused WHERE refused.customer_id = c.id))",
            addressed,
            said(false)
        ),
    }
}

fn known_by(tenant: TenantId, channel: Channel) -> Sql<'static> {
    sql!(
        "c.id IN (SELECT i.customer_id FROM identities i WHERE i.tenant_id = {} AND i.kind = {})",
        tenant,
        channel.as_str()
    )
}

/// Those who allow the channel, or forbid it.
fn now(tenant: TenantId, channel: Channel, granted: bool) -> Sql<'static> {
    sql!(
        "SELECT h.customer_id FROM customer_channels h WHERE h.tenant_id = {} AND h.channel = {} AND h.granted = {}",
        tenant,
        channel.as_str(),
        granted
    )
}

/// Those who allowed the channel, or forbade it, at a moment. Of two statements at the same time the refusal counts.
fn then(tenant: TenantId, channel: Channel, granted: bool, at: Timestamp) -> Sql<'static> {
    let counts = if granted {
        "MAX(CASE WHEN h.granted THEN h.stated_at END) > MAX(CASE WHEN NOT h.granted THEN h.stated_at END)
             OR MAX(CASE WHEN NOT h.granted THEN h.stated_at END) IS NULL"
    } else {
        "MAX(CASE WHEN NOT h.granted THEN h.stated_at END) >= MAX(CASE WHEN h.granted THEN h.stated_at END)
             OR MAX(CASE WHEN h.granted THEN h.stated_at END) IS NULL"
    };
    sql!(
        "SELECT h.customer_id FROM consents h WHERE h.tenant_id = {} AND h.channel = {} AND h.stated_at <= {}
         GROUP BY h.customer_id HAVING {}",
        tenant,
        channel.as_str(),
        at,
        Sql::text(counts)
    )
}
