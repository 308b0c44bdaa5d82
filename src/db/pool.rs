//! Connections: handed out, run on the blocking pool, thrown away when broken.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

#[cfg(feature = "sqlite")]
use super::checkpoint::Checkpointer;
use super::young::Growth;
use super::{AnyConnection, Backend, DbError, Target, connection, transaction};
use diesel::r2d2 as pool;

/// How connections are kept.
#[derive(Debug, Clone)]
pub struct DbOptions {
    /// Connections that read from the main database; half as many more write to it (on SQLite one).
    pub connections: u32,
    /// How long a caller waits for one before it is told that the service is busy.
    pub wait: Duration,
    /// How many long reads may be under way at once, each with a connection of its own.
    pub long_reads: u32,
    /// Whether prepared statements are kept (off behind pgbouncer in transaction mode).
    pub statement_cache: bool,
}

impl Default for DbOptions {
    fn default() -> Self {
        Self { connections: 8, wait: Duration::from_secs(5), long_reads: 2, statement_cache: true }
    }
}

/// The database, shared by everything in the process.
///
/// Some connections write (on SQLite one) and others read; reads that may lag a moment can go to a replica.
#[derive(Clone)]
pub struct Db {
    lanes: Arc<Lanes>,
}

struct Lanes {
    backend: Backend,
    main: Lane,
    write: Lane,
    /// One more connection that writes, where several may: for what must not wait behind writers that are stuck.
    urgent: Option<Lane>,
    replica: Option<Lane>,
    #[cfg(feature = "sqlite")]
    _checkpointer: Option<Checkpointer>,
    growth: Growth,
    long_reads: Arc<Semaphore>,
    target: Target,
    replica_target: Option<Target>,
    statement_cache: bool,
}

/// The right to one long read, such as an export, until it is dropped.
pub struct LongRead {
    target: Target,
    statement_cache: bool,
    _permit: OwnedSemaphorePermit,
}

impl LongRead {
    /// A connection of its own, so that it holds up nobody who needs one for a moment.
    pub fn connect(&self) -> Result<AnyConnection, DbError> {
        let mut connection = self.target.connect(self.statement_cache)?;
        connection::limit_waiting(&mut connection)?;
        Ok(connection)
    }
}

impl Db {
    /// Prepares the pools. Connections open when first used, so a database that is away does not stop the start.
    pub fn new(target: &Target, replica: Option<&Target>, options: &DbOptions) -> Result<Self, DbError> {
        // Writers have connections of their own, so that slow reads cannot hold orders up.
        let writers = match target.backend() {
            Backend::Sqlite => 1,
            Backend::Postgres => options.connections.div_ceil(2),
        };
        Ok(Self {
            lanes: Arc::new(Lanes {
                backend: target.backend(),
                main: Lane::open(target, options, options.connections, Use::Read)?,
                write: Lane::open(target, options, writers, Use::Write)?,
                urgent: match target.backend() {
                    Backend::Sqlite => None,
                    Backend::Postgres => Some(Lane::open(target, options, 1, Use::Write)?),
                },
                replica: replica
                    .map(|url| Lane::open(url, options, options.connections, Use::Read))
                    .transpose()?,
                #[cfg(feature = "sqlite")]
                _checkpointer: match target {
                    Target::Sqlite { path } => Some(Checkpointer::start(target, path)?),
                    Target::Postgres { .. } => None,
                },
                growth: Growth::default(),
                long_reads: Arc::new(Semaphore::new(options.long_reads as usize)),
                target: target.clone(),
                replica_target: replica.cloned(),
                statement_cache: options.statement_cache,
            }),
        })
    }

    pub fn backend(&self) -> Backend {
        self.lanes.backend
    }

    /// A connection of one's own outside the pool, for long work such as migrations and rebuilds.
    pub fn dedicated(&self) -> Result<AnyConnection, DbError> {
        self.lanes.target.connect(self.lanes.statement_cache)
    }

    /// A place among the long reads, which go to the replica where there is one; none while all are taken.
    pub fn long_read(&self) -> Option<LongRead> {
        let permit = Arc::clone(&self.lanes.long_reads).try_acquire_owned().ok()?;
        let target = self.lanes.replica_target.as_ref().unwrap_or(&self.lanes.target);
        let statement_cache = self.lanes.statement_cache;
        Some(LongRead { target: target.clone(), statement_cache, _permit: permit })
    }

    /// Reads what was committed, including by the caller a moment ago.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    {
        run(&self.lanes, |lanes| &lanes.main, work).await
    }

    /// Reads from the replica, where there is one: for analysis and long lists, which may lag a moment.
    pub async fn read_replica<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    {
        run(&self.lanes, |lanes| lanes.replica.as_ref().unwrap_or(&lanes.main), work).await
    }

    /// Writes in one transaction.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + From<diesel::result::Error> + Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    {
        let lanes = Arc::clone(&self.lanes);
        run(&self.lanes, |lanes| &lanes.write, move |connection| lanes.commit(connection, work)).await
    }

    /// [`Db::write`] for threads that may block: the batcher and the command line.
    pub fn write_blocking<T, E>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T, E>) -> Result<T, E>
    where
        E: From<DbError> + From<diesel::result::Error>,
    {
        self.lanes.write.run(move |connection| self.lanes.commit(connection, work))
    }

    /// [`Db::write_blocking`] that does not wait behind other writers, as far as the database lets several write.
    pub fn write_urgently<T, E>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T, E>) -> Result<T, E>
    where
        E: From<DbError> + From<diesel::result::Error>,
    {
        let lane = self.lanes.urgent.as_ref().unwrap_or(&self.lanes.write);
        lane.run(move |connection| transaction(connection, work))
    }

    /// [`Db::read`] for threads that may block.
    pub fn read_blocking<T, E: From<DbError>>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.lanes.main.run(work)
    }

    /// Connections open and idle, for the metrics.
    pub fn connections(&self) -> (u32, u32) {
        let lanes = [
            Some(&self.lanes.main),
            Some(&self.lanes.write),
            self.lanes.urgent.as_ref(),
            self.lanes.replica.as_ref(),
        ];
        lanes
            .into_iter()
            .flatten()
            .map(|lane| lane.pool.state())
            .fold((0, 0), |(open, idle), state| (open + state.connections, idle + state.idle_connections))
    }
}

impl Lanes {
    fn commit<T, E: From<diesel::result::Error>>(
        &self,
        connection: &mut AnyConnection,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let written = transaction(connection, work)?;
        self.growth.note(connection);
        Ok(written)
    }
}

/// Waits for a free connection without holding a thread, then works on the blocking pool.
async fn run<T, E, F>(lanes: &Arc<Lanes>, lane: fn(&Lanes) -> &Lane, work: F) -> Result<T, E>
where
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
    F: FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
{
    let lanes = Arc::clone(lanes);
    let free = Arc::clone(&lane(&lanes).free);
    let wait = lane(&lanes).wait;
    let permit = match tokio::time::timeout(wait, free.acquire_owned()).await {
        Ok(Ok(permit)) => permit,
        _ => return Err(DbError::Busy.into()),
    };
    // What the work logs belongs to the request that asked for it.
    let span = tracing::Span::current();
    let outcome = actix_web::web::block(move || {
        let outcome = span.in_scope(|| lane(&lanes).run(work));
        drop(permit);
        outcome
    });
    outcome.await.unwrap_or_else(|_| Err(DbError::Unreachable("the service is stopping".into()).into()))
}

struct Lane {
    pool: pool::Pool<Manager>,
    free: Arc<Semaphore>,
    wait: Duration,
}

impl Lane {
    fn open(target: &Target, options: &DbOptions, size: u32, what_for: Use) -> Result<Self, DbError> {
        let statement_cache = options.statement_cache;
        let manager = Manager { target: target.clone(), statement_cache, what_for };
        let pool = pool::Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .test_on_check_out(true)
            .connection_timeout(options.wait)
            .error_handler(Box::new(pool::NopErrorHandler))
            .build_unchecked(manager);
        Ok(Self { pool, free: Arc::new(Semaphore::new(size as usize)), wait: options.wait })
    }

    fn run<T, E: From<DbError>>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut pooled = self.pool.get().map_err(|error| no_connection(&error))?;
        let outcome = work(&mut pooled.connection);
        pooled.used = Instant::now();
        if outcome.is_err() && pooled.is_gone() {
            // Whatever the work made of it, the truth is that the database went away.
            return Err(DbError::Unreachable("the connection broke".into()).into());
        }
        outcome
    }
}

/// All connections in use, or none to be had: the pool tells the cause of the latter behind a colon.
fn no_connection(error: &pool::PoolError) -> DbError {
    match error.to_string() {
        text if text.contains(": ") => DbError::Unreachable(text),
        _ => DbError::Busy,
    }
}

struct Manager {
    target: Target,
    statement_cache: bool,
    what_for: Use,
}

/// What the connections of a lane do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Read,
    Write,
}

struct Pooled {
    connection: AnyConnection,
    /// It was found dead and must not go back into the pool.
    dead: bool,
    /// When it last served somebody.
    used: Instant,
}

/// A connection that served a moment ago is taken as it is, for a ping costs a round trip; one that lay idle for longer
/// may have lost its database meanwhile and is asked first, so that nobody pays for a restart that went unseen.
const TRUSTED: Duration = Duration::from_millis(500);

impl Pooled {
    /// Asks the database whether it is still there; after failures only, for it costs a round trip.
    fn is_gone(&mut self) -> bool {
        use diesel::connection::SimpleConnection;
        use diesel::r2d2::R2D2Connection;
        self.dead = self.connection.is_broken() || self.connection.batch_execute("SELECT 1").is_err();
        self.dead
    }
}

impl pool::ManageConnection for Manager {
    type Connection = Pooled;
    type Error = DbError;

    fn connect(&self) -> Result<Pooled, DbError> {
        let mut connection = self.target.connect(self.statement_cache)?;
        connection::limit_waiting(&mut connection)?;
        if self.what_for == Use::Write {
            connection::prepare_writer(&mut connection)?;
        }
        Ok(Pooled { connection, dead: false, used: Instant::now() })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), DbError> {
        if pooled.used.elapsed() > TRUSTED && pooled.is_gone() {
            return Err(DbError::Unreachable("the connection broke".into()));
        }
        Ok(())
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        use diesel::r2d2::R2D2Connection;
        pooled.dead || pooled.connection.is_broken()
    }
}
