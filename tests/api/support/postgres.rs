//! A fresh, migrated PostgreSQL database for each test that asks, on one server for the whole test process.
//!
//! The server is a throw-away [`Cluster`], or the one that `HUITOU_TEST_POSTGRES_URL` names (its user must be allowed
//! to make databases).

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Mutex, OnceLock, PoisonError};

use diesel::connection::SimpleConnection;
use huitou::db::AnyConnection;

use super::cluster::{Cluster, connect, create_migrated};

/// The URL of a database of one's own, empty but migrated. `None` where there is no PostgreSQL to be had and that is
/// allowed: the test then has nothing to do.
pub fn database_url() -> Option<String> {
    static SERVER: OnceLock<Option<Mutex<Server>>> = OnceLock::new();
    if cfg!(not(feature = "postgres")) {
        return None;
    }
    let server = SERVER.get_or_init(|| Server::start().map(Mutex::new)).as_ref()?;
    Some(server.lock().unwrap_or_else(PoisonError::into_inner).create_database())
}

struct Server {
    /// The URL of the server's own database; the others differ in the name.
    url: String,
    admin: AnyConnection,
    /// What the names of this process's databases begin with.
    prefix: String,
    created: u32,
}

impl Server {
    fn start() -> Option<Self> {
        let url = match std::env::var("HUITOU_TEST_POSTGRES_URL") {
            Ok(url) => url,
            Err(_) => private_cluster()?.url("postgres"),
        };
        let mut admin = connect(&url);
        let prefix = format!("huitou_test_{:016x}", RandomState::new().build_hasher().finish());
        drop_leftovers(&mut admin, &prefix);
        let template = format!("{prefix}_template");
        create_migrated(&mut admin, &template, &with_database(&url, &template));
        Some(Self { url, admin, prefix, created: 0 })
    }

    fn create_database(&mut self) -> String {
        self.created += 1;
        let name = format!("{}_{}", self.prefix, self.created);
        self.admin
            .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {}_template", self.prefix))
            .expect("a database can be made from the template");
        with_database(&self.url, &name)
    }
}

/// Nothing here outlives the process, so the disk need not be waited for.
const SETTINGS: &str = "fsync = off\nfull_page_writes = off";

/// Statics are never dropped; the cluster's watchdog cleans up when the process has ended.
fn private_cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    CLUSTER.get_or_init(|| Cluster::start(SETTINGS)).as_ref()
}

/// Removes the databases of earlier runs from a lasting server. A run that is alive holds a connection with its name.
fn drop_leftovers(admin: &mut AnyConnection, prefix: &str) {
    #[derive(diesel::QueryableByName)]
    struct Name {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
    }
    admin.batch_execute(&format!("SET application_name = '{prefix}'")).expect("a connection can be named");
    let query = "SELECT d.datname::text AS name FROM pg_database d \
                 WHERE d.datname LIKE 'huitou\\_test\\_%' AND NOT EXISTS \
                 (SELECT FROM pg_stat_activity a WHERE a.application_name LIKE 'huitou\\_test\\_%' \
                  AND starts_with(d.datname, a.application_name))";
    let leftovers: Vec<Name> = huitou::on_backend!(admin, c => {
        diesel::RunQueryDsl::load(diesel::sql_query(query), c)
    })
    .expect("databases can be listed");
    for Name { name } in leftovers {
        // Another run that starts at the same time may have been quicker.
        let _ = admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name}"));
    }
}

/// The same URL with another database.
fn with_database(url: &str, name: &str) -> String {
    let (base, query) = url.split_once('?').map_or((url, None), |(base, query)| (base, Some(query)));
    let (scheme, rest) = base.split_once("://").expect("a URL has a scheme");
    let authority = rest.split('/').next().unwrap_or_default();
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{scheme}://{authority}/{name}{query}")
}
