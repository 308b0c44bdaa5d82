//! A throw-away PostgreSQL server of our own: made in a temporary directory, reached over a Unix socket, gone with the
//! process that started it, however that process ends.

use std::io::Write;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use diesel::connection::SimpleConnection;
use huitou::db::{AnyConnection, Target, migrate};

/// A running server; dropping it stops the server and removes its files.
pub struct Cluster {
    directory: PathBuf,
    programs: PathBuf,
    owner: Option<Owner>,
    watchdog: Child,
}

/// The account that runs the server when we are root, which PostgreSQL refuses to be.
#[derive(Debug, Clone, Copy)]
struct Owner {
    user: u32,
    group: u32,
}

impl Cluster {
    /// Starts a server with further lines for its `postgresql.conf`. `None` on a machine without PostgreSQL, where that is allowed (see [`server_programs`]).
    pub fn start(settings: &str) -> Option<Self> {
        let programs = server_programs()?;
        let (directory, owner) = make_directory();
        let watchdog = spawn_watchdog(&programs, &directory, owner);
        let cluster = Self { directory, programs, owner, watchdog };
        cluster.initialise(settings);
        cluster.control(&["start", "--wait", "--timeout=60", "--log=server.log"]);
        Some(cluster)
    }

    /// Runs `pg_ctl` on the server's data.
    pub fn control(&self, arguments: &[&str]) {
        self.run(self.command("pg_ctl").args(["--silent", "--pgdata=data"]).args(arguments));
    }

    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        let socket = self.directory.display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{socket}/{database}")
    }

    fn initialise(&self, settings: &str) {
        let mut initdb = self.command("initdb");
        initdb.args([
            "--pgdata=data",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
        ]);
        initdb.arg("--no-sync");
        if self.major_version() >= 15 {
            // Words sort as people sort them, so that a query that counts on byte order shows itself.
            initdb.args(["--locale-provider=icu", "--icu-locale=en-US"]);
        }
        self.run(&mut initdb);
        let settings = format!(
            "listen_addresses = ''\nunix_socket_directories = '{}'\nmax_connections = 500\nshared_buffers = 64MB\n\
             {settings}\n",
            self.directory.display(),
        );
        std::fs::OpenOptions::new()
            .append(true)
            .open(self.directory.join("data/postgresql.conf"))
            .and_then(|mut file| file.write_all(settings.as_bytes()))
            .expect("the new server's configuration can be written");
    }

    fn major_version(&self) -> u32 {
        let output = self.command("postgres").arg("--version").output().expect("postgres runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let version = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        let major = version.and_then(|version| version.split(|c: char| !c.is_ascii_digit()).next());
        major.and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("no version in {text:?}"))
    }

    fn command(&self, program: &str) -> Command {
        command_as(self.owner, &self.programs.join(program), &self.directory)
    }

    fn run(&self, command: &mut Command) {
        // To a file and not to a pipe: the server inherits it and would keep a pipe open for ever.
        let output = self.directory.join("programs.log");
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&output)
            .expect("the log of the server's programs can be written");
        let errors = log.try_clone().expect("a file handle can be doubled");
        let status = command.stdin(Stdio::null()).stdout(log).stderr(errors).status();
        if !status.as_ref().is_ok_and(std::process::ExitStatus::success) {
            let read = |name| std::fs::read_to_string(self.directory.join(name)).unwrap_or_default();
            panic!("{command:?} failed: {status:?}\n{}\n{}", read("programs.log"), read("server.log"));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        let _ = self.watchdog.wait();
    }
}

/// Opens a connection to a test database.
pub fn connect(url: &str) -> AnyConnection {
    let target = Target::parse(url).unwrap_or_else(|error| panic!("{url} is no database URL: {error}"));
    target.connect(false).unwrap_or_else(|error| panic!("no connection to {url}: {error}"))
}

/// Makes the database that `url` names, with all migrations applied.
pub fn create_migrated(admin: &mut AnyConnection, name: &str, url: &str) {
    admin.batch_execute(&format!("CREATE DATABASE {name}")).expect("a database can be made");
    migrate::up(&mut connect(url)).expect("the migrations apply");
}

/// The directory of PostgreSQL's server programs: from `PATH`, `pg_config`, or where Debian puts them.
///
/// Without them the PostgreSQL half of the tests does not run: a failure on CI, a loud word anywhere else.
pub fn server_programs() -> Option<PathBuf> {
    static FOUND: std::sync::OnceLock<Option<PathBuf>> = std::sync::OnceLock::new();
    FOUND.get_or_init(|| find_server_programs().or_else(report_missing)).clone()
}

fn find_server_programs() -> Option<PathBuf> {
    let mut candidates: Vec<PathBuf> =
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        candidates.push(String::from_utf8_lossy(&output.stdout).trim().into());
    }
    let mut packaged: Vec<PathBuf> = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"]
        .iter()
        .filter_map(|root| std::fs::read_dir(root).ok())
        .flat_map(|entries| entries.flatten().map(|entry| entry.path().join("bin")))
        .collect();
    packaged.sort();
    candidates.extend(packaged.into_iter().rev());
    let complete =
        |directory: &PathBuf| ["initdb", "pg_ctl", "postgres"].iter().all(|p| directory.join(p).is_file());
    candidates.into_iter().find(complete)
}

fn report_missing() -> Option<PathBuf> {
    let message = "\n\
        ==============================================================================\n\
        PostgreSQL's server programs (initdb, pg_ctl, postgres) are not on this machine:\n\
        THE POSTGRESQL HALF OF THE TESTS DOES NOT RUN. Debian, Ubuntu: apt install postgresql\n\
        ==============================================================================\n";
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{message}");
    // Past the capture of the test harness, which shows nothing of tests that pass.
    let _ = std::io::stderr().write_all(message.as_bytes());
    None
}

fn make_directory() -> (PathBuf, Option<Owner>) {
    // The socket lies in it, and a socket's path has room for about a hundred bytes.
    let temporary = Some(std::env::temp_dir()).filter(|path| path.as_os_str().len() < 60);
    let directory = tempfile::Builder::new()
        .prefix("huitou-pg-")
        .tempdir_in(temporary.unwrap_or_else(|| "/tmp".into()))
        .expect("a temporary directory can be made")
        .keep();
    let we_are_root = std::fs::metadata(&directory).expect("it was just made").uid() == 0;
    let owner = we_are_root.then(server_account);
    if let Some(owner) = owner {
        chown(&directory, Some(owner.user), Some(owner.group)).expect("root may give files away");
    }
    (directory, owner)
}

fn server_account() -> Owner {
    let id = |option, name| {
        let output = Command::new("id").args([option, name]).output().ok()?;
        String::from_utf8_lossy(&output.stdout).trim().parse().ok()
    };
    ["postgres", "nobody"]
        .iter()
        .find_map(|name| Some(Owner { user: id("-u", name)?, group: id("-g", name)? }))
        .expect("root runs PostgreSQL as `postgres` or `nobody`, and one of them exists")
}

fn command_as(owner: Option<Owner>, program: &Path, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(directory).env("LC_ALL", "C");
    if let Some(owner) = owner {
        command.uid(owner.user).gid(owner.group);
    }
    command
}

/// A shell that waits for the other end of its pipe to close, which the kernel does even for a killed process, then
/// stops the server and removes its files. In a group of its own, so that Ctrl-C does not reach it.
fn spawn_watchdog(programs: &Path, directory: &Path, owner: Option<Owner>) -> Child {
    command_as(owner, Path::new("/bin/sh"), directory)
        .args([
            "-c",
            "read -r _; \"$1/pg_ctl\" stop -s -w -D data -m immediate; cd /; rm -rf \"$2\"",
            "watchdog",
        ])
        .args([programs, directory])
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("there is a /bin/sh")
}
