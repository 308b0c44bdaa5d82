//! NDJSON: an object a line.

use std::io::{self, Write};

use super::text::{push_int, push_moment, push_number};
use super::{Page, Sheet};
use crate::exports::columns::Column;
use crate::exports::row::Cell;

/// An NDJSON file; a missing value is `null`.
pub struct Ndjson<W> {
    page: Page<W>,
    /// What stands before each value: `{"id":`, `,"name":`.
    names: Vec<Vec<u8>>,
}

impl<W: Write> Ndjson<W> {
    pub fn new(out: W, columns: &[Column]) -> Self {
        let name = |(number, column): (usize, &Column)| {
            let mut before = vec![if number == 0 { b'{' } else { b',' }];
            push_text(&mut before, &column.name);
            before.push(b':');
            before
        };
        Self { page: Page::new(out), names: columns.iter().enumerate().map(name).collect() }
    }
}

/// A text in quotation marks.
fn push_text(out: &mut Vec<u8>, text: &str) {
    if text.bytes().any(|byte| byte < 0x20 || matches!(byte, b'"' | b'\\')) {
        // A text can always be written, and a vector takes everything.
        let _ = serde_json::to_writer(out, text);
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

impl<W: Write> Sheet for Ndjson<W> {
    fn cell(&mut self, column: usize, cell: Cell<'_>) {
        let out = &mut self.page.text;
        out.extend_from_slice(self.names.get(column).map_or(b"", Vec::as_slice));
        match cell {
            Cell::Null => out.extend_from_slice(b"null"),
            Cell::Text(text) => push_text(out, text),
            Cell::Int(number) => push_int(out, number),
            Cell::Number(number) => push_number(out, number),
            Cell::Moment(moment) => {
                out.push(b'"');
                push_moment(out, moment);
                out.push(b'"');
            }
            // Written by the databases without line ends.
            Cell::Json(json) | Cell::List(json) => out.extend_from_slice(json.as_bytes()),
        }
    }

    fn end_row(&mut self) -> io::Result<()> {
        self.page.text.extend_from_slice(b"}\n");
        self.page.write_if_full()
    }

    fn finish(mut self) -> io::Result<()> {
        self.page.write()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::FieldError;
    use crate::exports::columns::read;

    #[test]
    fn every_line_is_an_object() {
        let place = |code, detail: String| FieldError::parameter("columns", code, detail);
        let columns = read(Some("id,orders,tags,average_gap_days,created_at,attributes.a"), place).unwrap();
        let mut out = Vec::new();
        let mut sheet = Ndjson::new(&mut out, &columns);
        let moment = "2026-11-11T00:00:00Z".parse().unwrap();
        for (number, cell) in [
            Cell::Text("a\"\n羽"),
            Cell::Int(3),
            Cell::List(r#"["x"]"#),
            Cell::Number(1.5),
            Cell::Moment(moment),
            Cell::Null,
        ]
        .into_iter()
        .enumerate()
        {
            sheet.cell(number, cell);
        }
        sheet.end_row().unwrap();
        sheet.finish().unwrap();
        let line: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(
            line,
            serde_json::json!({
                "id": "a\"\n羽", "orders": 3, "tags": ["x"], "average_gap_days": 1.5, "created_at": "2026-11-11T00:00:00Z",
                "attributes.a": null
            })
        );
        assert!(out.ends_with(b"}\n"));
    }
}
