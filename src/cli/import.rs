//! `huitou import`

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use indicatif::HumanCount;

use super::door::{BATCH, Door};
use super::importable::Importable;
use super::progress::Progress;
use super::{Failure, Outcome, configuration, database, place, print, serve};
use crate::catalog::ProductDocument;
use crate::config::Purpose;
use crate::customers::CustomerDocument;
use crate::db::AnyConnection;
use crate::http::ShopItem;
use crate::ids::ShopId;
use crate::imports::csv::Rows;
use crate::imports::mapping::{Defaults, Mapping};
use crate::imports::ndjson::Documents;
use crate::imports::report::{RefusalFile, Summary};
use crate::imports::{self, Entry, ImportError, Kind, Refusal};
use crate::orders::OrderDocument;
use crate::shops::Shop;
use crate::time::Timestamp;

/// Bring in a file of orders, customers or products
///
/// NDJSON has one canonical document a line, with its external_id. CSV goes by a mapping file that says which column is what;
/// examples/mappings has one for the exports of Taobao and Tmall, docs/IMPORT.md describes it. Files are UTF-8.
///
/// Records that cannot be used go into a report with their line, column and reason, and do not stop the others; the exit
/// code is 1 if there are any. Importing a file again changes nothing.
///
///   huitou import orders orders.ndjson --tenant "Red Scarf" --shop tmall
///   huitou import orders export.csv --tenant ten_… --shop shp_… --mapping examples/mappings/taobao_orders.json --dry-run
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// What the records are
    kind: Noun,
    /// The file
    file: PathBuf,
    /// The tenant, by id or name
    #[arg(long)]
    tenant: String,
    /// The shop that they belong to, by id, external id or name
    #[arg(long)]
    shop: String,
    /// How the file is written; follows from its name if not told
    #[arg(long)]
    format: Option<Format>,
    /// Which column is what (JSON); without it the columns of a CSV file are called as the parts of the document
    #[arg(long)]
    mapping: Option<PathBuf>,
    /// When the file was exported (RFC 3339): the version of orders in a CSV file that tell none
    #[arg(long)]
    as_of: Option<Timestamp>,
    /// Do everything and take it back
    #[arg(long)]
    dry_run: bool,
    /// Where the refused records go; <FILE>.refused.csv in the current folder if not told
    #[arg(long)]
    report: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Noun {
    Orders,
    Customers,
    Products,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Csv,
    Ndjson,
}

pub fn run(arguments: &Arguments) -> Outcome {
    let config = configuration(Purpose::Database)?;
    serve::prepare_database(&config, false)?;
    let db = database(&config)?;
    let (tenant, shop) = db.read_blocking(|connection: &mut AnyConnection| {
        let tenant = place::tenant(connection, &arguments.tenant)?;
        let shop = place::shop(connection, tenant.id, &arguments.shop)?;
        Ok::<_, Failure>((tenant, shop))
    })?;
    let file = File::open(&arguments.file)
        .map_err(|error| format!("{} cannot be opened: {error}", arguments.file.display()))?;
    let progress = Progress::of_bytes(file.metadata().map_or(0, |metadata| metadata.len()));
    let input = BufReader::with_capacity(256 * 1024, Counted { file, progress: &progress });
    let entries = arguments.entries(input, &shop)?;
    let importer = Importer {
        door: Door::new(db, tenant.id).rehearsing(arguments.dry_run),
        shop: shop.id,
        summary: Summary::default(),
        refusals: RefusalFile::new(arguments.report_path()),
    };
    let importer = match arguments.kind {
        Noun::Orders => importer.all::<OrderDocument>(entries),
        Noun::Customers => importer.all::<CustomerDocument>(entries),
        Noun::Products => importer.all::<ProductDocument>(entries),
    }?;
    progress.finish();
    importer.tell(arguments.dry_run)
}

impl Arguments {
    fn entries<'r>(
        &self,
        input: impl std::io::BufRead + 'r,
        shop: &Shop,
    ) -> Result<Box<dyn Iterator<Item = Result<imports::Outcome, ImportError>> + 'r>, Failure> {
        let mapping = self.mapping.as_deref().map(read_mapping).transpose()?;
        let defaults =
            Defaults { currency: shop.currency.clone(), time_zone: shop.timezone.clone(), as_of: self.as_of };
        match (self.format()?, mapping) {
            (Format::Csv, mapping) => Ok(Box::new(Rows::open(input, self.kind.into(), mapping, &defaults)?)),
            (Format::Ndjson, None) => Ok(Box::new(Documents::new(input))),
            (Format::Ndjson, Some(_)) => {
                Err(Failure::from("--mapping is for CSV; NDJSON has the canonical document"))
            }
        }
    }

    fn format(&self) -> Result<Format, Failure> {
        let extension = self.file.extension().map(|extension| extension.to_ascii_lowercase());
        match (self.format, extension.as_ref().and_then(|extension| extension.to_str())) {
            (Some(format), _) => Ok(format),
            (None, Some("csv" | "txt")) => Ok(Format::Csv),
            (None, Some("ndjson" | "jsonl")) => Ok(Format::Ndjson),
            (None, _) => Err(Failure::from(
                "the name of the file does not tell its format; say --format csv or ndjson",
            )),
        }
    }

    fn report_path(&self) -> PathBuf {
        self.report.clone().unwrap_or_else(|| {
            let name = self.file.file_stem().unwrap_or_default();
            PathBuf::from(format!("{}.refused.csv", name.to_string_lossy()))
        })
    }
}

fn read_mapping(file: &Path) -> Result<Mapping, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("the mapping {} cannot be read: {error}", file.display()))?;
    Ok(Mapping::parse(&text)?)
}

impl From<Noun> for Kind {
    fn from(noun: Noun) -> Self {
        match noun {
            Noun::Orders => Self::Orders,
            Noun::Customers => Self::Customers,
            Noun::Products => Self::Products,
        }
    }
}

/// Takes entries in batches to the door and counts what comes of them.
struct Importer {
    door: Door,
    shop: ShopId,
    summary: Summary,
    refusals: RefusalFile,
}

/// Where an item came from.
struct Origin {
    line: u64,
    rows: u64,
}

impl Importer {
    fn all<T: Importable>(
        mut self,
        entries: impl Iterator<Item = Result<imports::Outcome, ImportError>>,
    ) -> Result<Self, Failure> {
        let mut waiting: Vec<(Origin, ShopItem<T>)> = Vec::with_capacity(BATCH);
        for entry in entries {
            match entry? {
                Ok(entry) => waiting.extend(self.read(entry)?),
                Err(refusal) => self.refuse(&refusal, 1)?,
            }
            if waiting.len() == BATCH {
                self.write(waiting.drain(..))?;
            }
        }
        self.write(waiting.into_iter())?;
        Ok(self)
    }

    fn read<T: Importable>(&mut self, entry: Entry) -> Result<Option<(Origin, ShopItem<T>)>, Failure> {
        let origin = Origin { line: entry.line, rows: entry.rows };
        let external_id = entry.external_id.clone();
        match entry.document() {
            Ok(document) => {
                let item = ShopItem { shop_id: self.shop, external_id, document };
                Ok(Some((origin, item)))
            }
            Err(refusal) => self.refuse(&refusal, origin.rows).map(|()| None),
        }
    }

    fn write<T: Importable>(&mut self, waiting: impl Iterator<Item = (Origin, ShopItem<T>)>) -> Outcome {
        let (origins, items): (Vec<Origin>, Vec<ShopItem<T>>) = waiting.unzip();
        let answers = self.door.write(&items, T::write).map_err(|error| {
            format!("{error}; the {} rows before are in, and the import can be repeated", self.summary.rows)
        })?;
        for (Origin { line, rows }, answer) in origins.into_iter().zip(answers) {
            match answer.map_err(|error| error.to_string()).flatten() {
                Ok(true) => self.summary.applied(rows),
                Ok(false) => self.summary.unchanged(rows),
                Err(reason) => self.refuse(&Refusal::new(line, "", reason), rows)?,
            }
        }
        Ok(())
    }

    fn refuse(&mut self, refusal: &Refusal, rows: u64) -> Outcome {
        self.summary.refused(rows);
        Ok(self.refusals.add(refusal).map_err(|error| {
            format!("the report {} cannot be written: {error}", self.refusals.path().display())
        })?)
    }

    fn tell(self, dry_run: bool) -> Outcome {
        let Summary { rows, applied, unchanged, refused } = self.summary;
        let remark = if dry_run { "  (nothing was written: --dry-run)" } else { "" };
        print(&format!(
            "rows      {}{remark}\napplied   {}\nunchanged {}\nrefused   {}\n",
            HumanCount(rows),
            HumanCount(applied),
            HumanCount(unchanged),
            HumanCount(refused),
        ));
        let path = self.refusals.path().display().to_string();
        if self.refusals.finish()? {
            return Err(Failure::from(format!(
                "{refused} of {rows} rows were refused; {path} says which and why"
            )));
        }
        Ok(())
    }
}

/// Tells how much of the file was read.
struct Counted<'a> {
    file: File,
    progress: &'a Progress,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.progress.advance(read as u64);
        Ok(read)
    }
}
