//! Work that comes due by itself: done once by whoever comes first, caught up with, taken over, put off after failures.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use huitou::clock::{Clock, FixedClock, RandomIds};
use huitou::error::Error;
use huitou::jobs::{self, Job, JobRunner, Progress, Run, RunnerOptions, Schedule};
use huitou::time::Timestamp;

use crate::ingest::archive::{Archive, open};
use crate::support::app::configuration;
use crate::support::postgres;

fn for_each_database(check: impl Fn(&Archive)) {
    let directory = tempfile::tempdir().unwrap();
    check(&Archive::new(&open(&format!("sqlite://{}/jobs.db", directory.path().display()))));
    if let Some(url) = postgres::database_url() {
        check(&Archive::new(&open(&url)));
    }
}

fn runner(archive: &Archive, jobs: &[Job]) -> JobRunner {
    let clock: Arc<dyn Clock> = Arc::<FixedClock>::clone(&archive.clock);
    let options = RunnerOptions { threads: 2, lease: 300, look_every: 15 };
    JobRunner::new(archive.db.clone(), clock, Arc::new(RandomIds::default()), jobs.to_vec(), options)
}

/// When a job was due and when it was done, each time.
type Notes = Arc<Mutex<Vec<(Timestamp, Timestamp)>>>;

/// A job that writes that down.
fn noting(name: &'static str, schedule: Schedule) -> (Job, Notes) {
    let notes = Notes::default();
    let noted = Arc::clone(&notes);
    let job = Job::new(name, schedule, move |run: &Run<'_>| {
        noted.lock().unwrap().push((run.due_at, run.now));
        Ok(Progress::Done)
    });
    (job, notes)
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn what_two_runners_see_due_is_done_by_one_of_them() {
    for_each_database(|archive| {
        let (job, notes) = noting("daily", Schedule::AtLocalMidnight);
        let runners = [runner(archive, std::slice::from_ref(&job)), runner(archive, &[job])];
        archive.clock.set(at("2026-11-22T00:00:00Z"));
        assert_eq!(runners.each_ref().map(|runner| runner.run_due().unwrap()), [0, 0]);
        // Midnight in Shanghai.
        archive.clock.set(at("2026-11-22T16:00:00Z"));
        let done: Vec<usize> = std::thread::scope(|scope| {
            let threads = runners.each_ref().map(|runner| scope.spawn(|| runner.run_due().unwrap()));
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(done.iter().sum::<usize>(), 1, "{done:?}");
        let moment = at("2026-11-22T16:00:00Z");
        assert_eq!(*notes.lock().unwrap(), [(moment, moment)]);
    });
}

#[test]
fn what_fell_due_while_nobody_ran_is_done_once_and_told_how_far_behind() {
    for_each_database(|archive| {
        let (job, notes) = noting("daily", Schedule::AtLocalMidnight);
        archive.clock.set(at("2026-11-22T00:00:00Z"));
        runner(archive, std::slice::from_ref(&job)).run_due().unwrap();
        archive.clock.set(at("2026-11-25T03:00:00Z"));
        let later = runner(archive, &[job]);
        assert_eq!((later.run_due().unwrap(), later.run_due().unwrap()), (1, 0));
        assert_eq!(*notes.lock().unwrap(), [(at("2026-11-22T16:00:00Z"), at("2026-11-25T03:00:00Z"))]);
        archive.clock.set(at("2026-11-25T16:00:00Z"));
        assert_eq!(later.run_due().unwrap(), 1);
    });
}

#[test]
fn a_job_whose_runner_died_is_taken_over_when_its_lease_ends() {
    for_each_database(|archive| {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let clock = Arc::clone(&archive.clock);
        // The first runner is stuck until the second one has taken over.
        let work = move |run: &Run<'_>| {
            if counted.fetch_add(1, Ordering::SeqCst) == 0 {
                clock.set(run.now.plus_seconds(301));
            }
            Ok(match counted.load(Ordering::SeqCst) {
                1 => Progress::More,
                _ => Progress::Done,
            })
        };
        let job = Job::new("hourly", Schedule::Every(3_600), work);
        archive.clock.set(at("2026-11-22T00:00:00Z"));
        let (first, second) = (runner(archive, std::slice::from_ref(&job)), runner(archive, &[job]));
        first.run_due().unwrap();
        archive.clock.set(at("2026-11-22T01:00:00Z"));
        // It holds a lease until 01:05:00, renews it at 01:05:01 and finishes: nothing is left for the second.
        assert_eq!((first.run_due().unwrap(), second.run_due().unwrap()), (1, 0));
        assert_eq!(calls.load(Ordering::SeqCst), 2);

        let (stuck, resumed) = (first, Arc::new(second));
        archive.clock.set(at("2026-11-22T04:00:00Z"));
        let taken_over = Arc::new(AtomicUsize::new(0));
        let (other, seen) = (Arc::clone(&resumed), Arc::clone(&taken_over));
        let inside = Arc::clone(&archive.clock);
        let entered = AtomicUsize::new(0);
        let job = Job::new("hourly", Schedule::Every(3_600), move |run: &Run<'_>| {
            if entered.fetch_add(1, Ordering::SeqCst) == 0 {
                assert_eq!(other.run_due().unwrap(), 0, "the lease holds");
                inside.set(run.now.plus_seconds(300));
                seen.store(other.run_due().unwrap(), Ordering::SeqCst);
            }
            Ok(Progress::Done)
        });
        drop(stuck);
        let dying = runner(archive, &[job]);
        assert_eq!(dying.run_due().unwrap(), 1);
        assert_eq!(taken_over.load(Ordering::SeqCst), 1);
        // What the one that had lost its lease reports changes nothing: it is planned an hour after the other's end.
        archive.clock.set(at("2026-11-22T05:04:59Z"));
        assert_eq!(resumed.run_due().unwrap(), 0);
        archive.clock.set(at("2026-11-22T05:05:00Z"));
        assert_eq!(resumed.run_due().unwrap(), 1);
    });
}

#[test]
fn a_job_that_fails_or_panics_is_put_off_longer_each_time_and_stays_due_for_its_first_moment() {
    for_each_database(|archive| {
        let dues = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&dues);
        let job = Job::new("hourly", Schedule::Every(3_600), move |run: &Run<'_>| {
            let mut dues = noted.lock().unwrap();
            dues.push(run.due_at);
            match dues.len() {
                1 => Err(Error::internal("the first time")),
                2 => {
                    drop(dues);
                    std::panic::resume_unwind(Box::new("the second time"))
                }
                _ => Ok(Progress::Done),
            }
        });
        let runner = runner(archive, &[job]);
        let due = at("2026-11-22T01:00:00Z");
        archive.clock.set(at("2026-11-22T00:00:00Z"));
        runner.run_due().unwrap();
        for (moment, done) in [
            ("2026-11-22T01:00:00Z", 1),
            ("2026-11-22T01:00:09Z", 0),
            ("2026-11-22T01:00:10Z", 1),
            ("2026-11-22T01:00:29Z", 0),
            ("2026-11-22T01:00:30Z", 1),
            ("2026-11-22T01:05:00Z", 0),
        ] {
            archive.clock.set(at(moment));
            assert_eq!(runner.run_due().unwrap(), done, "{moment}");
        }
        assert_eq!(*dues.lock().unwrap(), [due, due, due]);
    });
}

#[test]
fn what_is_asked_for_is_done_at_once_and_asking_again_meanwhile_is_not_lost() {
    for_each_database(|archive| {
        let ask = {
            let (db, tenant) = (archive.db.clone(), archive.tenant);
            move |now: Timestamp| db.write_blocking(|c| jobs::ask(c, tenant, "asked", now)).unwrap()
        };
        let calls = Arc::new(AtomicUsize::new(0));
        let (counted, again) = (Arc::clone(&calls), ask.clone());
        let job = Job::new("asked", Schedule::WhenAsked, move |run: &Run<'_>| {
            if counted.fetch_add(1, Ordering::SeqCst) == 0 {
                again(run.now.plus_seconds(1));
            }
            Ok(Progress::Done)
        });
        let runner = runner(archive, &[job]);
        let now = at("2026-11-22T00:00:00Z");
        archive.clock.set(now);
        assert_eq!(runner.run_due().unwrap(), 0);
        ask(now);
        assert_eq!(runner.run_due().unwrap(), 1);
        archive.clock.set(now.plus_seconds(1));
        assert_eq!(runner.run_due().unwrap(), 1);
        archive.clock.set(now.plus_seconds(1_000_000));
        assert_eq!(runner.run_due().unwrap(), 0);
        assert_eq!(calls.load(Ordering::SeqCst), 2);
    });
}

#[test]
fn a_runner_that_stops_finishes_its_portion_and_leaves_the_rest_to_others() {
    for_each_database(|archive| {
        let portions = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&portions);
        let (started, has_started) = std::sync::mpsc::channel();
        let started = Mutex::new(started);
        let job = Job::new("long", Schedule::Every(60), move |run: &Run<'_>| {
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = started.lock().unwrap().send(());
            if counted.load(Ordering::SeqCst) < 3 {
                while !run.is_stopping() && counted.load(Ordering::SeqCst) == 1 {
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
                return Ok(Progress::More);
            }
            Ok(Progress::Done)
        });
        archive.clock.set(at("2026-11-22T00:00:00Z"));
        let (first, second) = (runner(archive, std::slice::from_ref(&job)), runner(archive, &[job]));
        first.run_due().unwrap();
        archive.clock.set(at("2026-11-22T00:01:00Z"));
        first.start().unwrap();
        has_started.recv_timeout(std::time::Duration::from_secs(20)).expect("the job begins by itself");
        first.stop();
        assert_eq!(portions.load(Ordering::SeqCst), 1);
        assert_eq!(second.run_due().unwrap(), 1, "the lease was given back");
        assert_eq!(portions.load(Ordering::SeqCst), 3);
    });
}

#[test]
fn every_job_is_told_in_the_operations_manual() {
    let manual = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/OPERATIONS.md")).unwrap();
    let config = configuration("sqlite://unused.db");
    for job in jobs::registry(&config.webhooks) {
        let row = format!("| `{}` |", job.name);
        assert!(manual.contains(&row), "docs/OPERATIONS.md lacks the job {}", job.name);
    }
}
