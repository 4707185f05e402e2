//! Timers, wake-ups and work on several threads.

use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time;

use crate::on_both_runtimes;

#[test]
#[ignore = "a scenario"]
fn sleeps_last_as_long_as_they_say() {
    on_both_runtimes(async || {
        for milliseconds in [0, 1, 3, 10, 50] {
            let wanted = Duration::from_millis(milliseconds);
            let start = Instant::now();
            time::sleep(wanted).await;
            assert!(start.elapsed() >= wanted);
            assert!(start.elapsed() < wanted + Duration::from_secs(5));
        }
        let mut interval = time::interval(Duration::from_millis(2));
        let start = Instant::now();
        for _ in 0..50 {
            interval.tick().await;
        }
        assert!(start.elapsed() >= Duration::from_millis(98));
        Ok(())
    });
}

#[test]
#[ignore = "a scenario"]
fn messages_cross_threads() {
    on_both_runtimes(async || {
        let mut tasks = JoinSet::new();
        let (results, mut total) = mpsc::channel(4);
        for task in 0..20_u64 {
            let results = results.clone();
            tasks.spawn(async move {
                for round in 0..200 {
                    results.send(task * round).await.unwrap();
                    if round % 50 == 0 {
                        time::sleep(Duration::from_micros(300)).await;
                    }
                }
            });
        }
        drop(results);
        let mut sum = 0;
        while let Some(number) = total.recv().await {
            sum += number;
        }
        assert_eq!(sum, 190 * 19_900);
        Ok(())
    });
}

/// Each answer comes from a thread that knows no runtime, while this one is asleep.
#[test]
#[ignore = "a scenario"]
fn other_threads_wake_the_runtime() {
    on_both_runtimes(async || {
        let (questions, asked) = std::sync::mpsc::channel::<oneshot::Sender<u32>>();
        let thread = std::thread::spawn(move || {
            for (number, question) in (0..).zip(asked) {
                if number % 100 == 0 {
                    std::thread::sleep(Duration::from_millis(2));
                }
                question.send(number).unwrap();
            }
        });
        for number in 0..2_000 {
            let (question, answer) = oneshot::channel();
            questions.send(question).unwrap();
            assert_eq!(answer.await.unwrap(), number);
        }
        drop(questions);
        thread.join().unwrap();
        Ok(())
    });
}

#[test]
#[ignore = "a scenario"]
fn blocking_work_is_heard_of() {
    on_both_runtimes(async || {
        for number in 0..100 {
            let answer = tokio::task::spawn_blocking(move || number * 2).await?;
            assert_eq!(answer, number * 2);
        }
        let text = tokio::fs::read(std::env::current_exe()?).await?;
        assert!(!text.is_empty());
        Ok(())
    });
}
