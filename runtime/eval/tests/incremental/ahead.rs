//! A window that moves on by the hour finds all but its newest hour computed, and gives the bits of one that did not.

use super::*;

/// How many hours of rows a file holds, and how many rows an hour: enough to be cut into hours.
const HOURS: i64 = 72;
const ROWS_AN_HOUR: usize = 1100;
/// How long the window is, in hours.
const LENGTH: i64 = 48;

/// Three days of rows, in one file.
async fn file(house: &House, number: usize) {
    let rows = HOURS as usize * ROWS_AN_HOUR;
    let rows = rows * number..rows * (number + 1);
    let ids: Vec<_> = rows.clone().map(id).collect();
    let times: TimestampMicrosecondArray =
        rows.clone().map(|row| Some(row as i64 * HOUR / ROWS_AN_HOUR as i64)).collect();
    let values: Float64Array = rows.map(|row| Some((row * 7919 % 100_003) as f64 / 7.0)).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(FixedSizeBinaryArray::try_from_iter(ids.iter()).expect("ids"))),
        ("time", Arc::new(times.with_timezone("UTC"))),
        ("value", Arc::new(values)),
    ];
    house.append(Kind::Predictions, RecordBatch::try_from_iter(columns).expect("batch")).await;
    house.storage.seal_all().expect("seals");
}

fn asked(hour: i64, column: &str) -> Request {
    let inputs = vec![("value".into(), vec![column.to_owned()])];
    Request { inputs, window: WindowSpec::Range(window(hour, hour + LENGTH)), ..request() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_newest_hour_is_left_to_the_question() {
    let house = House::new();
    for number in 0..2 {
        file(&house, number).await;
    }
    label(&house, &[1], "truth", 0).await;
    // The start comes to two days and to the second file, the end passes three days and both files.
    for hour in 10..100 {
        if hour % 16 == 0 {
            let labelled: Vec<_> = (0..5).map(|at| (hour as usize + at * 9) * ROWS_AN_HOUR + at).collect();
            label(&house, &labelled, "truth", hour).await;
        }
        let mut outcomes = Vec::new();
        for column in ["value", "truth"] {
            outcomes.push(started(&house, asked(hour, column), true).await.0);
            house.evaluator.settled().await;
        }
        let computed = outcomes[0].timing.units.computed;
        assert!(computed <= 1 || hour < 12, "{computed} units at {hour}");
        if hour % 8 == 0 {
            let bare = scratch(&house);
            for (column, warm) in ["value", "truth"].into_iter().zip(outcomes) {
                let (scratch, _) = started(&bare, asked(hour, column), true).await;
                assert_eq!(warm.results, scratch.results, "{column} at {hour}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_computed_ahead_of_other_windows_or_in_vain() {
    let house = House::new();
    file(&house, 0).await;
    for (column, reads_clock, expected) in [
        // It moves on; it is the same; it moves back.
        ("value", false, [(3, false), (4, true), (4, false), (3, false)]),
        // The states of what looks at its clock are not kept: it is tried once.
        ("value * 2", true, [(3, false), (4, true), (5, false), (6, false)]),
    ] {
        for (hour, is_ahead) in expected {
            let starts = Arc::new(AtomicUsize::new(0));
            let factory = Counting { factory: MeanFactory::new(true), starts: starts.clone(), gate: None, reads_clock };
            let plan = house.evaluator.plan_native(asked(hour, column), Arc::new(factory), mean()).await;
            let run =
                house.evaluator.run(plan.expect("plans"), Arc::new(Progress::default()), CancellationToken::new());
            let outcome = run.await.expect("runs");
            house.evaluator.settled().await;
            // One instance for the cells of the file that are missing, one for the report.
            let units = outcome.timing.units;
            let own = usize::from(units.computed > 0) + usize::from(units.computed + units.cached > 0);
            assert_eq!(starts.load(Ordering::SeqCst) > own, is_ahead, "{column} at {hour}");
        }
    }
}
