//! Set-based writes of many items, where one that the database refuses must not take the others with it.

use std::time::Duration;

use diesel::Connection;

use super::{AnyConnection, DbError};

const ATTEMPTS: u32 = 5;

/// How long losers of a race wait before they try again; each time twice as long.
const PAUSE: Duration = Duration::from_millis(5);

/// Does the work again when another transaction was in its way; if it stays in the way, that is being busy.
pub fn retry<T>(mut work: impl FnMut() -> Result<T, DbError>) -> Result<T, DbError> {
    for attempt in 0..ATTEMPTS {
        match work() {
            Err(DbError::Conflict(_) | DbError::Taken(_)) => {
                metrics::counter!("huitou_batch_retries_total").increment(1);
                std::thread::sleep(PAUSE * 2u32.pow(attempt));
            }
            outcome => return outcome,
        }
    }
    Err(DbError::Busy)
}

/// Writes the items together. If the database refuses them as a whole, halves are tried, until the one at fault stands
/// alone; each item gets its own result.
pub fn split<T, R>(
    items: &[T],
    write: &mut impl FnMut(&[T]) -> Result<Vec<R>, DbError>,
) -> Vec<Result<R, DbError>> {
    match write(items) {
        Ok(results) => results.into_iter().map(Ok).collect(),
        Err(error) if items.len() > 1 && may_lie_in_an_item(&error) => {
            metrics::counter!("huitou_batch_splits_total").increment(1);
            let (first, rest) = items.split_at(items.len() / 2);
            let mut results = split(first, write);
            results.extend(split(rest, write));
            results
        }
        Err(error) => items.iter().map(|_| Err(error.clone())).collect(),
    }
}

/// [`split`] and [`retry`] within the transaction of the caller, by savepoints. An error means that the database
/// failed, and nothing may be committed.
pub fn apart<T, R>(
    connection: &mut AnyConnection,
    items: &[T],
    write: impl Fn(&mut AnyConnection, &[T]) -> Result<Vec<R>, DbError>,
) -> Result<Vec<Result<R, DbError>>, DbError> {
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let results =
        split(items, &mut |items| retry(|| connection.transaction(|connection| write(connection, items))));
    let failure = results.iter().filter_map(|result| result.as_ref().err());
    match failure.into_iter().find(|error| !may_lie_in_an_item(error)) {
        Some(error) => Err(error.clone()),
        None => Ok(results),
    }
}

fn may_lie_in_an_item(error: &DbError) -> bool {
    matches!(error, DbError::Failed(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_that_the_database_refuses_stands_alone() {
        let items: Vec<u32> = (0..10).collect();
        let mut write = |items: &[u32]| match items.contains(&3) {
            true => Err(DbError::Failed("no threes".into())),
            false => Ok(items.to_vec()),
        };
        let results = split(&items, &mut write);
        let taken: Vec<u32> = results.iter().flatten().copied().collect();
        assert_eq!(taken, [0, 1, 2, 4, 5, 6, 7, 8, 9]);
        assert!(results[3].is_err());
    }

    #[test]
    fn a_database_that_is_away_is_asked_once() {
        let mut asked = 0;
        let results = split(&[1, 2, 3], &mut |_| -> Result<Vec<i32>, DbError> {
            asked += 1;
            Err(DbError::Busy)
        });
        assert_eq!((asked, results.len()), (1, 3));
    }

    #[test]
    fn work_that_another_transaction_was_in_the_way_of_is_done_again() {
        let mut attempts = 0;
        let outcome = retry(|| {
            attempts += 1;
            if attempts < 3 { Err(DbError::Conflict("deadlock".into())) } else { Ok(attempts) }
        });
        assert_eq!(outcome.unwrap(), 3);
    }
}
