//! Statements that are refused, each with what is wrong, and leave everything as it was.

use super::{ask, with_flights};

const WRITES: &str = "sql_not_read_only";
const INVALID: &str = "invalid_sql";
const COMPLEX: &str = "sql_too_complex";
const NO_TABLE: &str = "unknown_table";
const NO_COLUMN: &str = "unknown_column";

/// Statements, the code of the refusal, and a word that it says.
fn cases() -> Vec<(String, &'static str, &'static str)> {
    let plain: Vec<(&str, &str, &str)> = vec![
        // Changes
        ("CREATE TABLE x (a int)", WRITES, "CREATE"),
        ("CREATE TABLE x AS SELECT * FROM flights", WRITES, "CREATE"),
        ("CREATE VIEW x AS SELECT 1", WRITES, "CREATE"),
        ("CREATE SCHEMA x", WRITES, "CREATE"),
        ("CREATE DATABASE x", WRITES, "CREATE"),
        ("CREATE FUNCTION f(a int) RETURNS int RETURN 1", WRITES, "CREATE"),
        ("CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'", WRITES, "CREATE"),
        ("CREATE EXTERNAL TABLE x STORED AS PARQUET LOCATION 'segments/'", WRITES, "CREATE"),
        ("DROP TABLE flights", WRITES, "DROP"),
        ("DROP SCHEMA main", WRITES, "DROP"),
        ("ALTER TABLE flights ADD COLUMN x int", WRITES, "ALTER"),
        ("TRUNCATE TABLE flights", WRITES, "TRUNCATE"),
        ("INSERT INTO flights (id) VALUES ('x')", WRITES, "INSERT"),
        ("INSERT INTO models SELECT * FROM models", WRITES, "INSERT"),
        ("UPDATE flights SET score = 1", WRITES, "UPDATE"),
        ("DELETE FROM flights", WRITES, "DELETE"),
        ("MERGE INTO flights USING models ON true WHEN MATCHED THEN DELETE", WRITES, "MERGE"),
        ("WITH x AS (INSERT INTO flights VALUES (1) RETURNING id) SELECT * FROM x", WRITES, "SELECT"),
        ("SELECT * INTO x FROM flights", WRITES, "SELECT"),
        ("COPY flights TO '/tmp/x.csv'", WRITES, "COPY"),
        ("COPY (SELECT * FROM flights) TO '/tmp/x.parquet' STORED AS PARQUET", WRITES, "COPY"),
        ("COPY flights FROM '/etc/passwd'", INVALID, "FROM"),
        // Settings
        ("SET datafusion.execution.batch_size = 1", WRITES, "SET"),
        ("SET TIME ZONE 'UTC'", WRITES, "SET"),
        ("RESET datafusion.execution.batch_size", WRITES, "RESET"),
        ("SHOW ALL", WRITES, "SHOW"),
        ("SHOW datafusion.execution.batch_size", WRITES, "SHOW"),
        ("SHOW TABLES", WRITES, "SHOW"),
        ("SHOW COLUMNS FROM flights", WRITES, "SHOW"),
        ("SHOW FUNCTIONS", WRITES, "SHOW"),
        ("SELECT * FROM information_schema.df_settings", NO_TABLE, "df_settings"),
        ("SELECT * FROM information_schema.tables", NO_TABLE, "tables"),
        ("SELECT * FROM driftline.information_schema.columns", NO_TABLE, "columns"),
        ("SELECT @@version", INVALID, ""),
        // Statements of other kinds
        ("BEGIN", WRITES, "BEGIN"),
        ("COMMIT", WRITES, "COMMIT"),
        ("PREPARE p AS SELECT 1", WRITES, "PREPARE"),
        ("EXECUTE p", WRITES, "EXECUTE"),
        ("DEALLOCATE p", WRITES, "DEALLOCATE"),
        ("DESCRIBE flights", WRITES, ""),
        ("USE x", WRITES, "USE"),
        ("GRANT SELECT ON flights TO x", WRITES, "GRANT"),
        ("ANALYZE flights", WRITES, "ANALYZE"),
        ("VACUUM", WRITES, "VACUUM"),
        ("CALL f()", WRITES, "CALL"),
        ("KILL 1", WRITES, "KILL"),
        ("LOCK TABLE flights", WRITES, "LOCK"),
        ("EXPLAIN INSERT INTO flights (id) VALUES ('x')", WRITES, "INSERT"),
        ("EXPLAIN COPY flights TO '/tmp/x.csv'", WRITES, "COPY"),
        ("EXPLAIN ANALYZE DELETE FROM flights", WRITES, "DELETE"),
        ("EXPLAIN EXPLAIN SELECT 1", WRITES, "EXPLAIN"),
        ("SELECT 1; SELECT 2", "unsupported_sql", "single"),
        ("SELECT 1; DROP TABLE flights", "unsupported_sql", "single"),
        // Files
        ("SELECT * FROM '/etc/passwd'", NO_TABLE, "/etc/passwd"),
        ("SELECT * FROM \"/etc/passwd\"", NO_TABLE, "/etc/passwd"),
        ("SELECT * FROM 'segments/1/x.parquet'", NO_TABLE, "parquet"),
        ("SELECT * FROM \"catalog.db\"", NO_TABLE, "catalog.db"),
        ("SELECT * FROM 'http://localhost/x.csv'", NO_TABLE, "localhost"),
        ("SELECT * FROM read_csv('/etc/passwd')", INVALID, "read_csv"),
        ("SELECT * FROM read_parquet('segments/*')", INVALID, "read_parquet"),
        ("SELECT * FROM parquet_metadata('x')", INVALID, "parquet_metadata"),
        ("SELECT * FROM glob('/*')", INVALID, "glob"),
        ("SELECT pg_read_file('/etc/passwd')", INVALID, "pg_read_file"),
        ("SELECT input_file_name() FROM flights", INVALID, "input_file_name"),
        ("SELECT load_extension('x')", INVALID, "load_extension"),
        // Much out of little
        ("SELECT repeat('x', 2000000000)", INVALID, "repeat"),
        ("SELECT lpad('x', 2000000000)", INVALID, "lpad"),
        ("SELECT range(0, 1000000000000)", INVALID, "range"),
        ("SELECT array_repeat(1, 1000000000)", INVALID, "array_repeat"),
        // Mistakes
        ("", INVALID, ""),
        (";", INVALID, ""),
        ("SELEC 1", INVALID, "SELEC"),
        ("SELECT FROM WHERE", NO_TABLE, "WHERE"),
        ("SELECT 'x", INVALID, ""),
        ("SELECT * FROM nobody", NO_TABLE, "nobody"),
        ("SELECT * FROM other.flights", NO_TABLE, "other.flights"),
        ("SELECT * FROM predictions.aggregates", NO_TABLE, "predictions.aggregates"),
        ("SELECT scoer FROM flights", NO_COLUMN, "scoer"),
        ("SELECT f.scoer FROM flights f", NO_COLUMN, "scoer"),
        ("SELECT origin FROM flights", NO_COLUMN, "Origin"),
        ("SELECT no_such_function(score) FROM flights", INVALID, "no_such_function"),
        ("SELECT score FROM flights GROUP BY region", INVALID, "GROUP BY"),
        ("SELECT score + region FROM flights", INVALID, "Float64 + Utf8"),
        ("SELECT 1 / 0", "query_failed", "zero"),
        ("SELECT CAST(region AS BIGINT) FROM flights", "query_failed", "eu"),
        ("SELECT count(*) FROM flights WHERE time > 'noon'", "query_failed", "noon"),
        ("SELECT id FROM flights a JOIN flights b ON a.id = b.id", INVALID, "mbiguous"),
        ("SELECT $1", "query_failed", "$1"),
    ];
    let mut cases: Vec<(String, &str, &str)> =
        plain.into_iter().map(|(sql, code, word)| (sql.to_owned(), code, word)).collect();
    let doubled = |n: usize| {
        let steps = (1..n).map(|at| format!("t{at} AS (SELECT a.x FROM t{} a, t{} b)", at - 1, at - 1));
        format!("WITH t0 AS (SELECT 1 AS x), {} SELECT * FROM t{}", steps.collect::<Vec<_>>().join(", "), n - 1)
    };
    let stacked = |n: usize| {
        let steps = (1..n).map(|at| format!("t{at} AS (SELECT x + x AS x FROM t{})", at - 1));
        let steps = steps.collect::<Vec<_>>().join(", ");
        format!("WITH t0 AS (SELECT score AS x FROM flights), {steps} SELECT * FROM t{} WHERE x > 1", n - 1)
    };
    cases.extend([
        // Long and deep
        (format!("SELECT {}", "1 + ".repeat(200_000) + "1"), COMPLEX, "longer"),
        (format!("SELECT {}1", "1 + ".repeat(10_000)), COMPLEX, "operators"),
        (format!("SELECT 1 WHERE {}true", "1 = 1 OR ".repeat(5_000)), COMPLEX, "operators"),
        (format!("SELECT {}1{}", "(".repeat(20_000), ")".repeat(20_000)), INVALID, "ecursion"),
        (format!("SELECT {}1", "- ".repeat(1_900)), INVALID, "ecursion"),
        (format!("SELECT {}true", "NOT ".repeat(1_900)), INVALID, "NOT"),
        (format!("SELECT * FROM {}flights{}", "(SELECT * FROM ".repeat(500), ")".repeat(500)), INVALID, "ecursion"),
        (format!("SELECT {}1{}", "abs(".repeat(1_900), ")".repeat(1_900)), INVALID, "ecursion"),
        (format!("SELECT 1 FROM {}flights", "flights, ".repeat(2_000)), COMPLEX, "tables"),
        (["SELECT 1"; 900].join(" UNION ALL "), COMPLEX, "operators"),
        (["SELECT 1"; 450].join(" UNION ALL "), "", ""),
        (doubled(40), COMPLEX, "tables"),
        (stacked(60), COMPLEX, "parts"),
        ("[".repeat(30_000), COMPLEX, "operators"),
    ]);
    cases
}

#[tokio::test]
async fn nothing_but_reading_is_done_and_nothing_breaks() {
    let server = with_flights(&[]).await;
    let count = "SELECT count(*) AS n, sum(score) AS s FROM flights";
    let before = ask(&server, count).await.expect(200);
    let mut wrong = Vec::new();
    let cases = cases();
    assert!(cases.len() >= 80);
    for (sql, code, word) in cases {
        let reply = ask(&server, &sql).await;
        let shown: String = sql.chars().take(100).collect();
        let complaint = match code {
            // What may be answered must only not break anything.
            "" if reply.status == 200 => None,
            "" => Some(format!("got {}", reply.status)),
            code => reply.check_problem(422, code, "sql").err(),
        };
        let text = reply.text();
        let complaint = complaint.or_else(|| (!text.contains(word)).then(|| format!("it does not say {word}")));
        let complaint = complaint.or_else(|| {
            let internals = ["SessionContext", "DataFusionError", "src/", "driftline.main", "/registry/"];
            internals.iter().find(|word| text.contains(*word)).map(|word| format!("it says {word}"))
        });
        wrong.extend(complaint.map(|complaint| format!("{shown}: {complaint}: {reply}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(ask(&server, count).await.expect(200)["rows"], before["rows"]);
}

#[tokio::test]
async fn deep_conditions_are_refused_and_break_nothing() {
    let server = with_flights(&[]).await;
    let long = "score > 1 or ".repeat(100_000) + "true";
    let chain = "score > 1 or ".repeat(1_200) + "true";
    let allowed = "score > 1 or ".repeat(450) + "true";
    let deep = "(".repeat(7_000) + "true" + &")".repeat(7_000);
    for (condition, expected) in [(&long, 422), (&chain, 422), (&deep, 422), (&allowed, 200)] {
        let evaluation = serde_json::json!({
            "model": "flights", "plugin": "psi", "inputs": {"value": "score"}, "where": condition,
            "window": {"start": "2001-02-03T00:00:00Z", "end": "2001-02-04T00:00:00Z"},
            "reference": {"start": "2001-02-03T00:00:00Z", "end": "2001-02-04T00:00:00Z"},
        });
        let reply = server.post("/v1/evaluations", &evaluation).await;
        assert_eq!(reply.status, expected, "{reply}");
        if condition.len() < 10_000 {
            let query: String = form_urlencoded::byte_serialize(condition.as_bytes()).collect();
            let reply = server.get(&format!("/v1/models/flights/predictions?limit=5&where={query}")).await;
            assert_eq!(reply.status, expected, "{reply}");
        }
    }
}
