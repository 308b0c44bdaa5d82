//! How many short messages a text takes.
//!
//! A text of the GSM 7-bit alphabet (3GPP TS 23.038: Latin letters, digits, some Greek) takes one unit up to 160 septets,
//! then one for every 153; `^{}\[~]|€` count two. Any other text, all Chinese for instance, is sent as UCS-2 and takes one
//! unit up to 70 characters, then one for every 67; an emoji counts two. Signature and opt-out text are part of the text.

/// In which letters a text is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    Gsm7,
    Ucs2,
}

const GSM7: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§\
    ¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// Sent as an escape and a letter.
const GSM7_ESCAPED: &str = "\u{c}^{}\\[~]|€";

/// The alphabet that holds all letters of the text.
pub fn alphabet(text: &str) -> Alphabet {
    let plain = |letter: char| GSM7.contains(letter) || GSM7_ESCAPED.contains(letter);
    if text.chars().all(plain) { Alphabet::Gsm7 } else { Alphabet::Ucs2 }
}

/// How many units the text takes; an empty one takes none.
pub fn units(text: &str) -> i64 {
    let (length, alone, joined) = match alphabet(text) {
        Alphabet::Gsm7 => {
            let septets = text.chars().map(|letter| 1 + usize::from(GSM7_ESCAPED.contains(letter)));
            (septets.sum::<usize>(), 160, 153)
        }
        Alphabet::Ucs2 => (text.encode_utf16().count(), 70, 67),
    };
    let units = match length {
        0 => 0,
        length if length <= alone => 1,
        length => length.div_ceil(joined),
    };
    units as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chinese_text_takes_one_unit_up_to_70_characters_and_then_one_for_every_67() {
        for (length, expected) in [(0, 0), (1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (201, 3), (202, 4)] {
            assert_eq!(units(&"回".repeat(length)), expected, "{length}");
        }
        assert_eq!(units(&format!("{}😀", "回".repeat(69))), 2);
    }

    #[test]
    fn a_latin_text_takes_one_unit_up_to_160_characters_and_then_one_for_every_153() {
        for (length, expected) in [(160, 1), (161, 2), (306, 2), (307, 3)] {
            assert_eq!(units(&"a".repeat(length)), expected, "{length}");
        }
        assert_eq!(units(&"€".repeat(80)), 1);
        assert_eq!(units(&"€".repeat(81)), 2);
        assert_eq!(
            (alphabet("Grüße"), alphabet("naïve"), alphabet("【")),
            (Alphabet::Gsm7, Alphabet::Ucs2, Alphabet::Ucs2)
        );
    }
}
