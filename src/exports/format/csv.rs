//! CSV by RFC 4180.

use std::io::{self, Write};

use super::text::{joined, push_int, push_moment, push_number, unquoted};
use super::{Page, Sheet};
use crate::exports::row::Cell;

/// A CSV file. An empty text is `""`, a missing value nothing at all.
pub struct Csv<W> {
    page: Page<W>,
    /// Texts that a spreadsheet would take for formulas are told to be texts by a leading apostrophe.
    excel_safe: bool,
}

impl<W: Write> Csv<W> {
    /// Begins a file with its header line, after a byte order mark if that is wanted.
    pub fn new(out: W, columns: &[&str], bom: bool, excel_safe: bool) -> Self {
        let mut csv = Self { page: Page::new(out), excel_safe };
        if bom {
            csv.page.text.extend_from_slice("\u{feff}".as_bytes());
        }
        for (number, column) in columns.iter().enumerate() {
            csv.cell(number, Cell::Text(column));
        }
        csv.page.text.extend_from_slice(b"\r\n");
        csv
    }

    /// Ends the file and gives back what it was written to.
    pub fn into_inner(mut self) -> io::Result<W> {
        self.page.write()?;
        Ok(self.page.out)
    }

    fn text(&mut self, text: &str) {
        let out = &mut self.page.text;
        // What OWASP lists as the beginnings of formulas.
        let apostrophe = self.excel_safe && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let bytes = text.as_bytes();
        let quoted = bytes.is_empty() || bytes.iter().any(|byte| matches!(byte, b'"' | b',' | b'\r' | b'\n'));
        if !quoted {
            out.extend_from_slice(if apostrophe { b"'" } else { b"" });
            out.extend_from_slice(bytes);
            return;
        }
        out.extend_from_slice(if apostrophe { b"\"'" } else { b"\"" });
        for (number, part) in text.split('"').enumerate() {
            out.extend_from_slice(if number == 0 { b"" } else { b"\"\"" });
            out.extend_from_slice(part.as_bytes());
        }
        out.push(b'"');
    }
}

impl<W: Write> Sheet for Csv<W> {
    fn cell(&mut self, column: usize, cell: Cell<'_>) {
        if column > 0 {
            self.page.text.push(b',');
        }
        match cell {
            Cell::Null => {}
            Cell::Text(text) => self.text(text),
            Cell::Int(number) => push_int(&mut self.page.text, number),
            Cell::Number(number) => push_number(&mut self.page.text, number),
            Cell::Moment(moment) => push_moment(&mut self.page.text, moment),
            Cell::Json(json) => self.text(&unquoted(json)),
            Cell::List("[]") => {}
            Cell::List(list) => self.text(&joined(list)),
        }
    }

    fn end_row(&mut self) -> io::Result<()> {
        self.page.text.extend_from_slice(b"\r\n");
        self.page.write_if_full()
    }

    fn finish(self) -> io::Result<()> {
        self.into_inner().map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    fn written(bom: bool, excel_safe: bool, cells: &[Cell<'_>]) -> String {
        let mut out = Vec::new();
        let mut csv = Csv::new(&mut out, &["id", "name"], bom, excel_safe);
        for row in cells.chunks(2) {
            row.iter().enumerate().for_each(|(number, cell)| csv.cell(number, *cell));
            csv.end_row().unwrap();
        }
        csv.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_needs_quotation_marks_has_them() {
        let cells = [
            Cell::Text("a,b"),
            Cell::Text("say \"hi\""),
            Cell::Text(""),
            Cell::Null,
            Cell::Text("two\nlines"),
            Cell::Int(-5),
            Cell::List(r#"["a","b"]"#),
            Cell::Json(r#""x\"y""#),
            Cell::List("[]"),
            Cell::Json("{\"a\": 1}"),
        ];
        assert_eq!(
            written(false, false, &cells),
            "id,name\r\n\"a,b\",\"say \"\"hi\"\"\"\r\n\"\",\r\n\"two\nlines\",-5\r\na;b,\"x\"\"y\"\r\n,\"{\"\"a\"\": 1}\"\r\n"
        );
    }

    #[test]
    fn formulas_are_texts_where_that_is_wanted() {
        let cells = [Cell::Text("=1+1"), Cell::Text("@a,b"), Cell::Int(-1), Cell::Text("+86")];
        assert_eq!(written(false, false, &cells), "id,name\r\n=1+1,\"@a,b\"\r\n-1,+86\r\n");
        assert_eq!(written(true, true, &cells), "\u{feff}id,name\r\n'=1+1,\"'@a,b\"\r\n-1,'+86\r\n");
    }

    #[test]
    fn another_reader_reads_what_was_written() {
        let cells = [Cell::Text("a\r\n\"b\","), Cell::Text(" c "), Cell::Text("羽绒服"), Cell::Null];
        let file = written(false, false, &cells);
        let mut reader = ::csv::Reader::from_reader(file.as_bytes());
        let rows: Vec<Vec<String>> =
            reader.records().map(|row| row.unwrap().iter().map(String::from).collect()).collect();
        assert_eq!(rows, [["a\r\n\"b\",", " c "], ["羽绒服", ""]]);
    }
}
