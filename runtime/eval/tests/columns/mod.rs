//! Many columns at once: what `*` stands for, and that one scan feeds all.

use driftline_core::Input;

use super::*;
use crate::native::input;

/// Rows read, and the outcome, of an evaluation over a house.
async fn counted(house: &House, request: Request, merges: bool) -> (u64, Outcome) {
    let plugin = PluginId { name: name("mean"), version: "1.0.0".into(), digest: Digest::of(b"") };
    let plan =
        house.evaluator.plan_native(request, Arc::new(MeanFactory::new(merges)), plugin).await.expect("makes sense");
    let progress = Arc::new(Progress::default());
    let outcome = house.evaluator.run(plan, progress.clone(), CancellationToken::new()).await.expect("runs");
    assert_eq!(progress.units(), progress.units_done(), "progress comes to its end");
    (progress.rows(), outcome)
}

fn bound(columns: &[&str]) -> Vec<(String, Vec<String>)> {
    vec![("value".into(), columns.iter().map(|column| column.to_string()).collect())]
}

const MANY: [&str; 5] = ["value", "value + 1", "value * 2", "-value", "value - 3"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_scan_feeds_all_columns_or_a_few_scans_each_other_ones() {
    let ask = |columns: &[&str]| Request {
        inputs: bound(columns),
        every: "3h".parse().ok(),
        reference: Some(Reference::Window(window(6, 31))),
        group_by: vec!["in.region".into()],
        ..request()
    };
    for merges in [true, false] {
        // Nothing is kept, so that rows are read each time.
        let house = House::with_options(
            tempfile::tempdir().expect("directory"),
            &Options { threads: 2, ..Options::default() },
            0,
        )
        .filled(4)
        .await;
        let (rows_of_one, _) = counted(&house, ask(&MANY[..1]), merges).await;
        let (rows_of_all, all) = counted(&house, ask(&MANY), merges).await;
        assert_eq!(rows_of_all, rows_of_one, "rows are read once, merges {merges}");
        // The same directory, with room for two columns at a time.
        let House { storage, evaluator, dir } = house;
        storage.close();
        drop((storage, evaluator));
        let house = House::with_options(dir, &Options { threads: 2, cells: 2 * rows_of_one }, 0);
        let (rows_in_passes, in_passes) = counted(&house, ask(&MANY), merges).await;
        assert_eq!(rows_in_passes, 3 * rows_of_one);
        assert_eq!(in_passes.results, all.results, "merges {merges}");
        for column in MANY {
            let (_, alone) = counted(&house, ask(&[column]), merges).await;
            let among: Vec<_> = all.results.iter().filter(|result| result.inputs == bound(&[column])).collect();
            assert_eq!(among, alone.results.iter().collect::<Vec<_>>(), "{column}, merges {merges}");
        }
    }
}

/// The sets of columns that a request makes of `value`, `in.region`, `count` and `flag`; or its refusal.
async fn sets(
    house: &House,
    inputs: &[Input],
    asked: &[(&str, &[&str])],
    group_by: &[&str],
) -> Result<Vec<String>, (&'static str, String)> {
    let texts = |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect::<Vec<_>>();
    let request = Request {
        inputs: asked.iter().map(|(name, columns)| (name.to_string(), texts(columns))).collect(),
        group_by: texts(group_by),
        ..request()
    };
    let plugin = PluginId { name: name("mean"), version: "1.0.0".into(), digest: Digest::of(b"") };
    let factory = Arc::new(MeanFactory::with_inputs(inputs.to_vec()));
    match house.evaluator.plan_native(request, factory, plugin).await {
        Ok(plan) => {
            let set = |(_, columns): &(String, Vec<String>)| columns.join("+");
            let outcome = house.evaluator.run(plan, Arc::default(), CancellationToken::new()).await.expect("runs");
            let mut sets: Vec<String> =
                outcome.results.iter().map(|r| r.inputs.iter().map(set).collect::<Vec<_>>().join(" ")).collect();
            sets.dedup();
            sets.sort();
            sets.dedup();
            sets.extend(outcome.left_out.iter().map(|left| format!("not {} for {}", left.column, left.input)));
            Ok(sets)
        }
        Err(Error::Invalid { code, field, .. }) => Err((code, field)),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_star_stands_for_what_fits_and_is_not_used_otherwise() {
    let house = House::with_rows(8).await;
    let ids: Vec<_> = (100..101).map(id).collect();
    let times = TimestampMicrosecondArray::from(vec![HOUR]).with_timezone("UTC");
    let more: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(FixedSizeBinaryArray::try_from_iter(ids.iter()).expect("ids"))),
        ("time", Arc::new(times)),
        ("count", Arc::new(arrow::array::Int64Array::from(vec![3]))),
        ("flag", Arc::new(arrow::array::BooleanArray::from(vec![true]))),
    ];
    house.append(Kind::Predictions, RecordBatch::try_from_iter(more).expect("batch")).await;
    let one = [input("value", false, false)];
    let two = [input("value", false, false), input("other", false, false)];
    let weighted = [input("value", false, false), input("weight", true, false)];
    let many = [input("value", false, false), input("scores", false, true)];
    type Case<'a> =
        (&'a [Input], &'a [(&'a str, &'a [&'a str])], &'a [&'a str], Result<Vec<&'a str>, (&'a str, &'a str)>);
    let cases: Vec<Case<'_>> = vec![
        (&one, &[("value", &["*"])], &[], Ok(vec!["count", "flag", "value", "not in.region for value"])),
        (
            &one,
            &[("value", &["*"])],
            &["flag"],
            Ok(vec!["count", "value", "not in.region for value", "not flag for value"]),
        ),
        (
            &one,
            &[("value", &["value * 2", "*", "count"])],
            &[],
            Ok(vec!["count", "flag", "value", "value * 2", "not in.region for value"]),
        ),
        (
            &two,
            &[("value", &["*"]), ("other", &["count"])],
            &[],
            Ok(vec!["flag count", "value count", "not in.region for value", "not count for value"]),
        ),
        (&weighted, &[("value", &["*"])], &[], Ok(vec!["count", "flag", "value", "not in.region for value"])),
        (
            &many,
            &[("value", &["value"]), ("scores", &["*"])],
            &[],
            Ok(vec!["value count+flag", "not value for scores", "not in.region for scores"]),
        ),
        (
            &many,
            &[("value", &["*"]), ("scores", &["count", "flag"])],
            &[],
            Ok(vec!["value count+flag", "not in.region for value", "not count for value", "not flag for value"]),
        ),
        (&two, &[("value", &["*"]), ("other", &["*"])], &[], Err(("star_twice", "inputs.other"))),
        (&two, &[("value", &["*"]), ("other", &["value", "count"])], &[], Err(("star_twice", "inputs.other"))),
        (&two, &[("value", &["*"])], &[], Err(("missing_input", "inputs.other"))),
        (&one, &[("valeu", &["*"])], &[], Err(("unknown_input", "inputs.valeu"))),
        (&one, &[("value", &["*"])], &["flag", "count", "value"], Err(("no_fitting_column", "inputs.value"))),
    ];
    for (inputs, asked, group_by, expected) in cases {
        let got = sets(&house, inputs, asked, group_by).await;
        let expected = expected.map(|sets| sets.into_iter().map(str::to_owned).collect::<Vec<_>>());
        let expected = expected.map_err(|(code, field)| (code, field.to_owned()));
        assert_eq!(got, expected, "{asked:?} by {group_by:?}");
    }
}
