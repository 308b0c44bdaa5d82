//! The physical lines of a file, bounded in length, with the way back.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};

/// No record is this long; what is longer is not held.
const LONGEST: u64 = 1024 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A line and its number, counted from 1.
#[derive(Debug)]
pub struct Line {
    pub number: u64,
    pub text: Result<String, String>,
}

pub struct Lines<R> {
    input: R,
    number: u64,
    returned: VecDeque<Line>,
}

impl<R: BufRead> Lines<R> {
    pub fn new(input: R) -> Self {
        Self { input, number: 0, returned: VecDeque::new() }
    }

    pub fn next(&mut self) -> io::Result<Option<Line>> {
        match self.returned.pop_front() {
            Some(line) => Ok(Some(line)),
            None => self.read(),
        }
    }

    /// Gives lines back, which are then read again.
    pub fn give_back(&mut self, lines: Vec<Line>) {
        for line in lines.into_iter().rev() {
            self.returned.push_front(line);
        }
    }

    fn read(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        self.input.by_ref().take(LONGEST).read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let cut = bytes.len() as u64 == LONGEST && !bytes.ends_with(b"\n");
        if cut {
            self.input.skip_until(b'\n')?;
        }
        self.number += 1;
        if self.number == 1 && bytes.starts_with(BYTE_ORDER_MARK) {
            bytes.drain(..BYTE_ORDER_MARK.len());
        }
        while matches!(bytes.last(), Some(b'\n' | b'\r')) {
            bytes.pop();
        }
        let text = if cut {
            Err(format!("is longer than {} MiB", LONGEST / 1024 / 1024))
        } else {
            String::from_utf8(bytes).map_err(|_| {
                "is not UTF-8; if the file comes from a Chinese spreadsheet, convert it first: \
                 iconv -f GB18030 -t UTF-8 FILE > NEW"
                    .to_owned()
            })
        };
        Ok(Some(Line { number: self.number, text }))
    }
}
