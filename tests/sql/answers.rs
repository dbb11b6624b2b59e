//! Statements and their right answers, computed here from the same rows.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{COUNT, Flight, ask, flights, with_flights};
use crate::harness::id;

fn time(n: u64) -> String {
    format!("2001-02-03T{:02}:{:02}:00Z", n / 60, n % 60)
}

fn sum<T: std::iter::Sum>(values: impl Iterator<Item = T>) -> T {
    values.sum()
}

fn by_deployment() -> Value {
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for flight in flights() {
        let entry = counts.entry(flight.deployment()).or_default();
        entry.0 += 1;
        entry.1 += flight.late().unwrap_or_default();
    }
    let rows =
        counts.into_iter().map(|(deployment, (n, late))| json!({"deployment": deployment, "n": n, "late": late}));
    rows.collect()
}

/// Each statement with the rows that it must give.
fn cases() -> Vec<(String, Value)> {
    let window = || flights().filter(|f| (100..1500).contains(&f.0));
    let between = format!("time >= '{}' AND time < '{}'", time(100), "2001-02-04T01:00:00Z");
    let case = |sql: &str, rows: Value| (sql.to_owned(), rows);
    vec![
        case("SELECT count(*) AS n FROM flights", json!([{"n": COUNT}])),
        case("SELECT COUNT(*) AS n FROM predictions.flights", json!([{"n": COUNT}])),
        (
            format!(
                "SELECT count(*) AS n, sum(input.distance) AS d, count(late) AS l, sum(late) AS s FROM flights WHERE {between}"
            ),
            json!([{"n": 1400, "d": sum(window().map(|f| f.distance())), "l": window().filter_map(|f| f.late()).count(), "s": sum(window().filter_map(|f| f.late()))}]),
        ),
        case(
            "SELECT deployment, count(*) AS n, sum(late) AS late FROM flights GROUP BY deployment ORDER BY deployment",
            by_deployment(),
        ),
        (
            format!("SELECT id, time FROM flights WHERE id = '{}'", id(1234)),
            json!([{"id": id(1234), "time": "2001-02-03T20:34:00Z"}]),
        ),
        (format!("SELECT count(*) AS n FROM flights WHERE id = '{}'", id(2250)), json!([{"n": 1}])),
        (format!("SELECT count(*) AS n FROM flights WHERE id = '{}'", id(9999)), json!([{"n": 0}])),
        case("SELECT count(*) AS n FROM flights WHERE id = 'no id'", json!([{"n": 0}])),
        (
            format!(
                "SELECT count(*) AS n FROM flights WHERE id IN ('{}', '{}', 'x') OR id LIKE '%0001'",
                id(2),
                id(2200)
            ),
            json!([{"n": 3}]),
        ),
        (
            format!(
                "SELECT time, late FROM flights WHERE time BETWEEN '{}' AND '{}' ORDER BY time",
                time(999),
                time(1002)
            ),
            json!((999..=1002).map(|n| json!({"time": time(n), "late": Flight(n).late()})).collect::<Vec<_>>()),
        ),
        case(
            "SELECT min(time) AS a, max(time) AS b FROM flights",
            json!([{"a": time(0), "b": "2001-02-04T14:19:00Z"}]),
        ),
        case(
            "SELECT late FROM flights WHERE late > 57 ORDER BY time LIMIT 3",
            json!([{"late": 58}, {"late": 58}, {"late": 58}]),
        ),
        case("SELECT count(*) AS n FROM flights WHERE late IS NULL", json!([{"n": COUNT / 2}])),
        case(
            "SELECT count(*) AS n FROM flights WHERE time >= '2001-02-03T00:10:00Z' AND time < '2001-02-03T00:10:00Z'",
            json!([{"n": 0}]),
        ),
        case("SELECT count(*) AS n FROM flights WHERE time > now() - interval '1 day'", json!([{"n": 0}])),
        case("SELECT count(*) AS n FROM flights WHERE time < now()", json!([{"n": COUNT}])),
        case("SELECT count(*) AS n FROM flights WHERE time::date = '2001-02-04'", json!([{"n": COUNT - 1440}])),
        case(
            "SELECT date_trunc('day', time) AS day, count(*) AS n FROM flights GROUP BY day ORDER BY day",
            json!([{"day": "2001-02-03T00:00:00Z", "n": 1440}, {"day": "2001-02-04T00:00:00Z", "n": COUNT - 1440}]),
        ),
        case(
            "SELECT Origin, max(f.input.distance) AS d FROM flights f GROUP BY Origin",
            json!([{"Origin": "ATL", "d": flights().map(|f| f.distance()).max()}]),
        ),
        case(
            "SELECT \"input.distance\" AS d FROM flights ORDER BY time DESC LIMIT 1",
            json!([{"d": Flight(COUNT - 1).distance()}]),
        ),
        case(
            "SELECT region, count(*) AS n FROM flights WHERE region IS NOT NULL GROUP BY 1 ORDER BY 1",
            json!([
            {"region": "eu", "n": flights().filter(|f| f.region() == Some("eu")).count()},
            {"region": "us", "n": flights().filter(|f| f.region() == Some("us")).count()}]),
        ),
        case(
            "SELECT count(*) AS n FROM flights a JOIN flights b ON a.id = b.id WHERE a.late = b.late",
            json!([{"n": COUNT / 2}]),
        ),
        case("SELECT count(*) AS n FROM flights a JOIN predictions.flights b USING (id)", json!([{"n": COUNT}])),
        case(
            "WITH w AS (SELECT * FROM flights WHERE score >= 0.5) SELECT count(*) AS n FROM w",
            json!([{"n": flights().filter(|f| f.score() >= 0.5).count()}]),
        ),
        case("SELECT count(*) AS n FROM (SELECT id FROM flights LIMIT 17)", json!([{"n": 17}])),
        case(
            "SELECT (SELECT count(*) FROM flights) - count(*) AS n FROM flights WHERE late IS NOT NULL",
            json!([{"n": COUNT / 2}]),
        ),
        case("SELECT a, id FROM \"fraud-v2.1\"", json!([{"a": 1, "id": id(7)}])),
        case("SELECT a FROM predictions.models", json!([{"a": 1}])),
        case(
            "SELECT name, tags FROM models ORDER BY name",
            json!([{"name": "flights", "tags": "[]"}, {"name": "fraud-v2.1", "tags": "[\"a\",\"b\"]"}, {"name": "models", "tags": "[]"}]),
        ),
        case(
            "SELECT predictions, first_time FROM models WHERE name = 'flights'",
            json!([{"predictions": COUNT, "first_time": time(0)}]),
        ),
        case(
            "SELECT name, type FROM columns WHERE model = 'flights' ORDER BY position",
            json!([
            {"name": "score", "type": "float"}, {"name": "input.distance", "type": "integer"}, {"name": "Origin", "type": "text"},
            {"name": "region", "type": "text"}, {"name": "late", "type": "integer"}]),
        ),
        case(
            "SELECT name, count(*) AS n, sum(value) AS s FROM aggregates WHERE model = 'flights' GROUP BY name ORDER BY name",
            json!([{"name": "cost", "n": 5, "s": 10.0}, {"name": "gain", "n": 5, "s": null}]),
        ),
        case(
            "SELECT value, source FROM aggregates WHERE name = 'cost' AND window_start >= '1970-01-01T00:00:03Z' ORDER BY window_start",
            json!([{"value": 3.0, "source": "user"}, {"value": 4.0, "source": "user"}]),
        ),
        case("SELECT count(*) AS n FROM aggregates WHERE model = 'nobody'", json!([{"n": 0}])),
        case("SELECT count(*) AS n FROM evaluations", json!([{"n": 0}])),
        case("SELECT count(*) AS n FROM plugins WHERE name = 'psi'", json!([{"n": 1}])),
        case("SELECT count(*) AS n FROM datasets", json!([{"n": 0}])),
        case(
            "SELECT m.name, count(a.value) AS n FROM models m LEFT JOIN aggregates a ON a.model = m.name GROUP BY m.name ORDER BY m.name",
            json!([{"name": "flights", "n": 5}, {"name": "fraud-v2.1", "n": 0}, {"name": "models", "n": 0}]),
        ),
        case("VALUES (1, 'a'), (2, 'b')", json!([{"column1": 1, "column2": "a"}, {"column1": 2, "column2": "b"}])),
        case(
            "SELECT CAST(9007199254740993 AS BIGINT) AS i, 0.1 AS f, NULL AS z, true AS b, 'é\"' AS t, [1, 2] AS l",
            json!([{"i": 9_007_199_254_740_993_i64, "f": 0.1, "z": null, "b": true, "t": "é\"", "l": [1, 2]}]),
        ),
        case(
            "SELECT to_timestamp('2001-02-03T04:05:06') AS t, 'nan'::double AS f",
            json!([{"t": "2001-02-03T04:05:06Z", "f": null}]),
        ),
        case("SELECT value FROM generate_series(1, 3)", json!([{"value": 1}, {"value": 2}, {"value": 3}])),
        case(
            "SELECT time FROM flights UNION ALL SELECT created FROM models WHERE false ORDER BY time LIMIT 1",
            json!([{"time": time(0)}]),
        ),
        case(
            "SELECT score, row_number() OVER (ORDER BY time) AS n FROM flights ORDER BY time LIMIT 1",
            json!([{"score": 0.0, "n": 1}]),
        ),
    ]
}

#[tokio::test]
async fn answers_are_right() {
    let server = with_flights(&[]).await;
    let mut wrong = Vec::new();
    for (sql, rows) in cases() {
        let reply = ask(&server, &sql).await;
        if reply.status != 200 || reply.json()["rows"] != rows {
            wrong.push(format!("{sql}\n  expected {rows}\n  {reply}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let joined = ask(&server, "SELECT * FROM models a JOIN models b ON a.name = b.name WHERE a.name = 'flights'").await;
    let columns = joined.expect(200)["columns"].clone();
    let names: Vec<&str> = columns.as_array().into_iter().flatten().filter_map(|c| c["name"].as_str()).collect();
    assert!(names.contains(&"name") && names.contains(&"name_1"), "{names:?}");
    let explained = ask(&server, "EXPLAIN SELECT count(score) FROM flights").await.expect(200);
    assert_eq!(explained["rows"].as_array().map(Vec::len), Some(2));
    let types = ask(&server, "SELECT id, time, score, late, region, deployment FROM flights LIMIT 1").await.expect(200);
    let types: Vec<&str> =
        types["columns"].as_array().into_iter().flatten().filter_map(|column| column["type"].as_str()).collect();
    assert_eq!(types, ["text", "timestamp", "float", "integer", "text", "text"]);
}
