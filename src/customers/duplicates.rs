//! Customers who may be one person, though nobody vouches for it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::CustomerResponse;
use crate::http::PersonalData;

/// Customers who have something in common that people seldom share.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DuplicateResponse {
    /// What all of them have in common.
    pub reasons: Vec<Reason>,
    pub strength: Strength,
    /// The customers, oldest first.
    pub customers: Vec<CustomerResponse>,
}

impl PersonalData for DuplicateResponse {
    fn mask(&mut self) {
        self.customers.mask();
    }
}

/// What customers have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    SamePhone,
    SameEmail,
    SameName,
    SameBirthday,
    SameAddress,
}

/// How much it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// A phone or mailbox, and something else.
    Strong,
    /// A phone or mailbox alone, or a name with a birthday or an address.
    Medium,
    /// So many have it in common that it may be a family's or a company's.
    Weak,
}

/// As many people as a phone or an address is at home with.
const FAMILY: usize = 4;

impl Strength {
    pub fn of(reasons: &[Reason], customers: usize) -> Self {
        let has = |reason| reasons.contains(&reason);
        let contacts =
            [Reason::SamePhone, Reason::SameEmail].into_iter().filter(|reason| has(*reason)).count();
        if customers > FAMILY {
            Self::Weak
        } else if reasons.len() > 1 && contacts > 0 || reasons.len() > 2 {
            Self::Strong
        } else {
            Self::Medium
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_in_common_says_more_and_more_people_say_less() {
        assert_eq!(Strength::of(&[Reason::SamePhone], 2), Strength::Medium);
        assert_eq!(Strength::of(&[Reason::SamePhone, Reason::SameName], 2), Strength::Strong);
        assert_eq!(Strength::of(&[Reason::SameName, Reason::SameBirthday], 2), Strength::Medium);
        let all = [Reason::SameName, Reason::SameBirthday, Reason::SameAddress];
        assert_eq!(Strength::of(&all, 2), Strength::Strong);
        assert_eq!(Strength::of(&[Reason::SamePhone, Reason::SameName], 5), Strength::Weak);
    }
}
