//! The language of segments: never a panic, always a place; what is read is printed and read again as the same.
#![no_main]

use huitou::segments::language::{parse, print};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match parse(text) {
        Ok(query) => {
            let printed = print(&query);
            let again = parse(&printed).expect("what was printed can be read");
            assert_eq!(print(&again), printed);
        }
        Err(problem) => assert!(!problem.detail.is_empty()),
    }
});
