//! What people allow when they order for the first time.

use sha2::{Digest, Sha256};

use super::draw::Source;
use crate::consents::Channel;

/// The answers of a buyer who was asked at checkout, channel by channel. Some are never asked.
pub fn answers(external_id: &str) -> Vec<(Channel, bool)> {
    let digest = Sha256::digest(external_id);
    let seed = digest.iter().take(8).fold(0, |seed, byte| (seed << 8) | u64::from(*byte));
    let mut draw = Source::new(seed).person(0);
    let mut ask = |channel: Channel, asked: f64, agrees: f64| {
        let (asked, agrees) = (draw.chance(asked), draw.chance(agrees));
        asked.then_some((channel, agrees))
    };
    [ask(Channel::Sms, 0.9, 0.75), ask(Channel::Email, 0.5, 0.6), ask(Channel::Call, 0.5, 0.3)]
        .into_iter()
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_allow_text_messages_and_the_same_person_always_says_the_same() {
        let people: Vec<String> = (0..1_000).map(|number| format!("buyer-{number:07}")).collect();
        let agree = people.iter().filter(|id| answers(id).contains(&(Channel::Sms, true))).count();
        assert!((600..750).contains(&agree), "{agree}");
        assert_eq!(answers("buyer-0000001"), answers("buyer-0000001"));
    }
}
