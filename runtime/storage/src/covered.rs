//! The stretches of time whose rows are all in the kept states of a definition.

use driftline_core::{Time, Window};
use rusqlite::{Connection, Row, params};

use crate::{Error, catalog, definition::DefinitionKey, model::ModelId};

/// The stretches of every definition of the model, in order of time.
pub(crate) fn all(connection: &Connection, model: ModelId) -> Result<Vec<(DefinitionKey, Window)>, Error> {
    let found = connection
        .prepare_cached(r#"SELECT definition, start, "end" FROM covered WHERE model = ?1 ORDER BY definition, start"#)?
        .query_map([model.0], |row| Ok((DefinitionKey(catalog::id16(row, 0)?), window(row)?)))?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// Adds a stretch; those that touch become one.
pub(crate) fn add(
    connection: &Connection,
    model: ModelId,
    definition: DefinitionKey,
    stretch: Window,
) -> Result<(), Error> {
    let mut whole = stretch;
    for part in touching(connection, model, definition, stretch)? {
        remove(connection, model, definition, part)?;
        whole = hull(whole, part);
    }
    insert(connection, model, definition, whole)
}

/// Takes a stretch away.
pub(crate) fn cut(
    connection: &Connection,
    model: ModelId,
    definition: DefinitionKey,
    stretch: Window,
) -> Result<(), Error> {
    for part in touching(connection, model, definition, stretch)? {
        remove(connection, model, definition, part)?;
        let rest = [Window::new(part.start(), stretch.start()), Window::new(stretch.end(), part.end())];
        for rest in rest.into_iter().flatten() {
            // What only touches is its own rest.
            if let Ok(rest) = Window::new(rest.start().max(part.start()), rest.end().min(part.end())) {
                insert(connection, model, definition, rest)?;
            }
        }
    }
    Ok(())
}

/// Takes everything before `time` away, from all definitions of the model.
pub(crate) fn cut_before(connection: &Connection, model: ModelId, time: Time) -> Result<(), Error> {
    connection.execute(r#"DELETE FROM covered WHERE model = ?1 AND "end" <= ?2"#, params![model.0, time.micros()])?;
    connection
        .execute("UPDATE covered SET start = ?2 WHERE model = ?1 AND start < ?2", params![model.0, time.micros()])?;
    Ok(())
}

/// Whether any definition of the model has a stretch that begins before `time`.
pub(crate) fn reaches_before(connection: &Connection, model: ModelId, time: Time) -> Result<bool, Error> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM covered WHERE model = ?1 AND start < ?2")?
        .exists(params![model.0, time.micros()])?)
}

fn hull(a: Window, b: Window) -> Window {
    Window::new(a.start().min(b.start()), a.end().max(b.end())).unwrap_or(a)
}

fn touching(
    connection: &Connection,
    model: ModelId,
    definition: DefinitionKey,
    stretch: Window,
) -> Result<Vec<Window>, Error> {
    let found = connection
        .prepare_cached(
            r#"SELECT definition, start, "end" FROM covered
               WHERE model = ?1 AND definition = ?2 AND "end" >= ?3 AND start <= ?4"#,
        )?
        .query_map(params![model.0, definition.0, stretch.start().micros(), stretch.end().micros()], window)?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

fn insert(connection: &Connection, model: ModelId, definition: DefinitionKey, stretch: Window) -> Result<(), Error> {
    connection
        .prepare_cached(r#"INSERT INTO covered (model, definition, start, "end") VALUES (?1, ?2, ?3, ?4)"#)?
        .execute(params![model.0, definition.0, stretch.start().micros(), stretch.end().micros()])?;
    Ok(())
}

fn remove(connection: &Connection, model: ModelId, definition: DefinitionKey, stretch: Window) -> Result<(), Error> {
    connection
        .prepare_cached("DELETE FROM covered WHERE model = ?1 AND definition = ?2 AND start = ?3")?
        .execute(params![model.0, definition.0, stretch.start().micros()])?;
    Ok(())
}

fn window(row: &Row<'_>) -> rusqlite::Result<Window> {
    Window::new(catalog::time(row, 1)?, catalog::time(row, 2)?).map_err(|error| catalog::odd(2, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{catalog::Catalog, model};

    fn window(start: i64, end: i64) -> Window {
        let time = |micros| Time::from_micros(micros).expect("a time");
        Window::new(time(start), time(end)).expect("a window")
    }

    #[test]
    fn stretches_join_and_split_like_sets_of_hours() {
        let dir = tempfile::TempDir::new().expect("a directory");
        let (_catalog, connection, _mark) = Catalog::open(dir.path()).expect("opens");
        let name = "m".parse().expect("a name");
        model::create(&connection, &name, Time::EPOCH).expect("creates");
        let (model, key) = (model::id(&connection, &name).expect("there"), DefinitionKey([7; 16]));
        let mut naive = [false; 40];
        let mut number = 1_u64;
        for _ in 0..300 {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (start, length, adds) = ((number >> 33) % 30, (number >> 43) % 9 + 1, number >> 63 == 0);
            let stretch = window(start as i64, (start + length) as i64);
            let change = if adds { add } else { cut };
            change(&connection, model, key, stretch).expect("changes");
            naive[start as usize..(start + length) as usize].fill(adds);
            let parts: Vec<Window> =
                all(&connection, model).expect("reads").into_iter().map(|(_, window)| window).collect();
            for (hour, expected) in (0..).zip(naive) {
                let found = parts.iter().any(|part| part.contains(Time::from_micros(hour).expect("a time")));
                assert_eq!(found, expected, "{hour} in {parts:?}");
            }
            assert!(parts.windows(2).all(|pair| pair[0].end() < pair[1].start()), "{parts:?}");
        }
    }
}
