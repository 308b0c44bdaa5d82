//! The command line as it is typed: what goes in, what comes out, how it ends.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A folder with a database of its own to run commands in.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder with the tenant and shop that `generate` makes.
    fn with_shop() -> Self {
        let folder = Self::new();
        folder.succeeds(&["generate", "--customers", "1", "--tenant", "Red Scarf"]);
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_huitou"))
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("DATABASE_URL", "sqlite://huitou.db")
            .env("RUST_LOG", "warn")
            .output()
            .unwrap()
    }

    /// What it prints, given that it succeeds.
    fn succeeds(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What it prints and complains of, given that it fails.
    fn fails(&self, arguments: &[&str]) -> (String, String) {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    }
}

fn import<'a>(file: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["import", "orders", file, "--tenant", "Red Scarf", "--shop", "synthetic"], more].concat()
}

const GOOD: &str = r#"{"external_id":"A1","version":"2026-01-02T00:00:00Z","status":"paid","total_amount":2580}
{"external_id":"A2","version":"2026-01-02T00:00:00Z","status":"paid","customer":{"external_id":"b1","name":"王芳"}}
"#;

#[test]
fn the_same_shop_generated_twice_changes_nothing() {
    let folder = Folder::new();
    let first = folder.succeeds(&["generate", "--customers", "40", "--until", "2026-06-30"]);
    assert!(first.contains("customers 40\n"), "{first}");
    let again = folder.succeeds(&["generate", "--customers", "40", "--until", "2026-06-30"]);
    assert!(again.contains("(0 new or changed)"), "{again}");
    let rebuilt = folder.succeeds(&["rebuild", "facts", "--tenant", "Synthetic"]);
    assert!(rebuilt.contains("facts of 40 customers"), "{rebuilt}");
}

#[test]
fn an_import_counts_what_was_applied_and_what_was_known() {
    let folder = Folder::with_shop();
    folder.write("orders.ndjson", GOOD);
    let first = folder.succeeds(&import("orders.ndjson", &[]));
    assert_eq!(first, "rows      2\napplied   2\nunchanged 0\nrefused   0\n");
    let again = folder.succeeds(&import("orders.ndjson", &[]));
    assert_eq!(again, "rows      2\napplied   0\nunchanged 2\nrefused   0\n");
}

#[test]
fn a_dry_run_tells_the_same_and_writes_nothing() {
    let folder = Folder::with_shop();
    folder.write("orders.ndjson", GOOD);
    for _ in 0..2 {
        let told = folder.succeeds(&import("orders.ndjson", &["--dry-run"]));
        assert!(told.contains("applied   2\n") && told.contains("--dry-run"), "{told}");
    }
    let real = folder.succeeds(&import("orders.ndjson", &[]));
    assert!(real.contains("applied   2\n"), "{real}");
}

#[test]
fn refused_records_are_reported_and_the_others_applied() {
    let folder = Folder::with_shop();
    let bad = r#"{"external_id":"A3","version":"2026-01-02T00:00:00Z","total_amount":-1}
{"external_id":"A4","version":"2190-01-02T00:00:00Z"}
not json
"#;
    folder.write("orders.ndjson", format!("{GOOD}{bad}"));
    let (told, complaint) = folder.fails(&import("orders.ndjson", &["--report", "bad.csv"]));
    assert_eq!(told, "rows      5\napplied   2\nunchanged 0\nrefused   3\n");
    assert!(complaint.contains("3 of 5 rows were refused; bad.csv says which and why"), "{complaint}");
    let report = folder.read("bad.csv");
    let mut lines: Vec<&str> = report.lines().collect();
    lines.sort_unstable();
    assert!(lines[0].starts_with("3,/total_amount,must lie between"), "{report}");
    assert!(lines[1].starts_with("4,,\"`version` lies more than a day in the future"), "{report}");
    assert!(lines[2].starts_with("5,,is not a JSON object"), "{report}");
    assert_eq!(lines[3], "line,column,reason");
}

#[test]
fn a_csv_file_comes_in_by_its_mapping() {
    let folder = Folder::with_shop();
    folder.write(
        "mapping.json",
        r#"{"kind": "orders", "fields": {"external_id": "no", "ordered_at": "at", "total_amount": "sum"}}"#,
    );
    folder.write("orders.csv", "no,at,sum\nB1,2026-01-02 10:00:00,25.80\nB2,2026-01-02 10:00:00,25.805\n");
    let (told, _) = folder.fails(&import("orders.csv", &["--mapping", "mapping.json"]));
    assert_eq!(told, "rows      2\napplied   1\nunchanged 0\nrefused   1\n");
    let report = folder.read("orders.refused.csv");
    assert_eq!(report, "line,column,reason\n3,sum,`25.805` has more decimals than CNY has (2)\n");
}

#[test]
fn products_come_in_as_orders_do() {
    let folder = Folder::with_shop();
    folder.write("products.csv", "external_id,title,price_amount\nx1,Coat,69900\nx2,,100\n");
    let arguments = ["import", "products", "products.csv", "--tenant", "Red Scarf", "--shop", "synthetic"];
    let (told, _) = folder.fails(&arguments);
    assert_eq!(told, "rows      2\napplied   1\nunchanged 0\nrefused   1\n");
    assert!(folder.read("products.refused.csv").contains("3,,missing field `title`"));
    let (again, _) = folder.fails(&arguments);
    assert!(again.contains("unchanged 1\n"), "{again}");
}

#[test]
fn customers_come_in_as_orders_do() {
    let folder = Folder::with_shop();
    folder.write(
        "members.csv",
        "external_id,name,birthday,address,attributes\nm1,王芳,1990-05-17,浙江省 杭州市 西湖区,等级:金卡\nm2,李娜,soon,,\n",
    );
    let arguments = ["import", "customers", "members.csv", "--tenant", "Red Scarf", "--shop", "synthetic"];
    let (told, _) = folder.fails(&arguments);
    assert_eq!(told, "rows      2\napplied   1\nunchanged 0\nrefused   1\n");
    assert!(folder.read("members.refused.csv").contains("3,/birthday,"));
    let (again, _) = folder.fails(&arguments);
    assert!(again.contains("unchanged 1\n"), "{again}");
}

#[test]
fn what_cannot_work_is_told_in_a_sentence() {
    let folder = Folder::with_shop();
    folder.write("orders.ndjson", GOOD);
    folder.write("gbk.csv", b"\xb6\xa9\xb5\xa5\xb1\xe0\xba\xc5\n");
    for (arguments, sentence) in [
        (import("absent.csv", &[]), "absent.csv cannot be opened"),
        (import("gbk.csv", &[]), "the header is not UTF-8"),
        (import("orders.ndjson", &["--format", "csv"]), "the header has text after a closing quote"),
        (
            vec!["import", "orders", "orders.ndjson", "--tenant", "Nobody", "--shop", "x"],
            "there is no tenant `Nobody`",
        ),
        (
            vec!["import", "orders", "orders.ndjson", "--tenant", "Red Scarf", "--shop", "x"],
            "the tenant has no shop `x`",
        ),
        (vec!["generate", "--customers", "1", "--until", "2100-01-01"], "--until must lie between"),
        (vec!["demo", "--keep", "huitou.db"], "huitou.db exists"),
    ] {
        let (_, complaint) = folder.fails(&arguments);
        assert!(complaint.contains(sentence), "{arguments:?}: {complaint}");
    }
    let wrong_usage = folder.run(&["generate", "--customers", "0"]);
    assert_eq!(wrong_usage.status.code(), Some(2));
}

/// A demo that is stopped with the test.
struct Demo(std::process::Child);

impl Demo {
    /// Starts it and gives what it welcomes with.
    fn start(folder: &Folder) -> (Self, String) {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut child = Command::new(env!("CARGO_BIN_EXE_huitou"))
            .args(["demo", "--port", &free.to_string()])
            .current_dir(folder.path())
            .env("TMPDIR", folder.path())
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut welcome = String::new();
        for line in output.lines() {
            let line = line.unwrap();
            if line.starts_with("Huitou listens") {
                break;
            }
            welcome.push_str(&line);
            welcome.push('\n');
        }
        (Self(child), welcome)
    }

    /// Asks it to end as Ctrl-C and a supervisor do.
    fn stop(mut self) -> Option<i32> {
        let asked = Command::new("/bin/sh").args(["-c", &format!("kill {}", self.0.id())]).status().unwrap();
        assert!(asked.success());
        self.0.wait().unwrap().code()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

#[test]
fn every_call_that_the_demo_shows_works_as_it_stands() {
    let folder = Folder::new();
    let (demo, welcome) = Demo::start(&folder);
    let token = welcome.lines().find_map(|line| line.strip_prefix("TOKEN=")).unwrap();
    let calls: Vec<&str> = welcome.lines().filter(|line| line.starts_with("curl ")).collect();
    assert_eq!(calls.len(), 3, "{welcome}");
    let client = reqwest::blocking::Client::new();
    for call in calls {
        let url = call.rsplit(' ').next().unwrap().trim_matches('\'');
        let answer = client.get(url).bearer_auth(token).send().unwrap();
        assert_eq!(answer.status(), 200, "{call}");
        let body: serde_json::Value = answer.json().unwrap();
        assert!(!body["data"].as_array().is_some_and(Vec::is_empty), "{call} finds nobody");
    }
    assert_eq!(demo.stop(), Some(0));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
}
