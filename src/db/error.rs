//! What can go wrong with a database, sorted by what a caller can do about it.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// A failed database call.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DbError {
    /// The database cannot be reached, or the connection to it broke. Try again later.
    #[error("the database is not reachable: {0}")]
    Unreachable(String),
    /// No connection was free in time, or others were in the way for too long. Try again later.
    #[error("the database is busy")]
    Busy,
    /// A question took longer than it may.
    #[error("the question takes longer than {0:?}")]
    TooSlow(std::time::Duration),
    /// A unique key was taken by somebody else.
    #[error("a unique key is taken: {0}")]
    Taken(String),
    /// Another transaction was in the way (serialization failure, deadlock, lost race); the same work may succeed now.
    #[error("another transaction was in the way: {0}")]
    Conflict(String),
    /// The statement itself failed.
    #[error("the statement failed: {0}")]
    Failed(String),
}

impl From<diesel::ConnectionError> for DbError {
    fn from(error: diesel::ConnectionError) -> Self {
        Self::Unreachable(error.to_string())
    }
}

impl From<DieselError> for DbError {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::DatabaseError(kind, information) => {
                let message = information.message();
                match kind {
                    DatabaseErrorKind::UniqueViolation => Self::Taken(message.into()),
                    DatabaseErrorKind::SerializationFailure => Self::Conflict(message.into()),
                    DatabaseErrorKind::ClosedConnection
                    | DatabaseErrorKind::UnableToSendCommand
                    | DatabaseErrorKind::ReadOnlyTransaction => Self::Unreachable(message.into()),
                    _ if BUSY.iter().any(|text| message.contains(text)) => Self::Busy,
                    _ if UNREACHABLE.iter().any(|text| message.contains(text)) => {
                        Self::Unreachable(message.into())
                    }
                    _ if CONFLICT.iter().any(|text| message.contains(text)) => Self::Conflict(message.into()),
                    _ => Self::Failed(message.into()),
                }
            }
            DieselError::BrokenTransactionManager => Self::Unreachable("the transaction was lost".into()),
            // A rollback that failed wraps the error that asked for it.
            DieselError::RollbackErrorOnCommit { commit_error, .. } => match &**commit_error {
                DieselError::DatabaseError(..) => Self::Unreachable(error.to_string()),
                _ => Self::Failed(error.to_string()),
            },
            _ => Self::Failed(error.to_string()),
        }
    }
}

/// diesel tells no SQLSTATE for these; the texts are those of class 57P (operator intervention) and of a lost socket.
const UNREACHABLE: &[&str] = &[
    "terminating connection",
    "server closed the connection",
    "connection to server",
    "no connection to the server",
    "the database system is",
    "could not receive data",
    "could not send data",
    "SSL connection has been closed",
    "disk I/O error",
    "disk is full",
    "No space left on device",
    "too many clients",
    "too many connections",
];

/// A lock or a statement that took longer than it may; SQLite says so after its own patience is at an end.
const BUSY: &[&str] = &["lock timeout", "statement timeout", "database is locked"];

const CONFLICT: &[&str] = &["deadlock detected", "could not serialize"];
