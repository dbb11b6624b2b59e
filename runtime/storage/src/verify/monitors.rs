//! Checks what the catalog says of monitors beyond references between tables: leases, turns, versions.

use rusqlite::Connection;

use super::Verification;
use crate::Error;

/// What must never be, each with a query for the number of such rows.
const NEVER: [(&str, &str); 5] = [
    (
        "runs that run and are nobody's, or are somebody's and do not run",
        "SELECT count(*) FROM runs WHERE (status = 'running') <> (owner IS NOT NULL AND lease IS NOT NULL)",
    ),
    (
        "runs of one monitor and model at the same time",
        "SELECT count(*) FROM (SELECT 1 FROM runs WHERE status = 'running' GROUP BY monitor, model HAVING count(*) > 1)",
    ),
    (
        "runs that are over without an end, or have an end and are not over",
        "SELECT count(*) FROM runs WHERE (status IN ('due', 'running')) = (finished IS NOT NULL)",
    ),
    (
        "results that were superseded without a later version",
        r#"SELECT count(*) FROM results r WHERE superseded IS NOT NULL AND NOT EXISTS (SELECT 1 FROM results n
           WHERE n.monitor = r.monitor AND n.model = r.model AND n."end" = r."end" AND n.start = r.start
               AND n.slice = r.slice AND n.inputs = r.inputs AND n.id > r.id)"#,
    ),
    (
        "deliveries that are settled without an end, or have an end and are pending",
        "SELECT count(*) FROM deliveries WHERE (status = 'pending') = (settled IS NOT NULL)",
    ),
];

/// Counts monitors and what they found, and looks for what must never be.
pub(super) fn check(view: &Connection, report: &mut Verification) -> Result<(), Error> {
    report.monitors = count(view, "SELECT count(*) FROM monitors WHERE removed IS NULL")?;
    report.results = count(view, "SELECT count(*) FROM results")?;
    for (what, query) in NEVER {
        let found = count(view, query)?;
        if found > 0 {
            report.problem("catalog.db", format!("{found} {what}"));
        }
    }
    Ok(())
}

fn count(view: &Connection, query: &str) -> Result<u64, Error> {
    Ok(view.query_row(query, [], |row| row.get(0))?)
}
