//! Everything else that a guest gives back, and how it calls the host.
//!
//! The first byte says what the others are: an answer of `state`, of `open`, of `merge`, or calls of host functions.

use std::path::Path;

use driftline_core::{Failure, Metric, MetricFactory};

use super::{
    Run, echo,
    life::{self, limits},
};

pub fn target(cache: &Path) -> Run {
    let plugin = echo::plugin(cache, limits());
    Box::new(move |bytes| {
        let Some((which, image)) = bytes.split_first() else { return Vec::new() };
        let mut metric = plugin.start(&echo::layout(), life::window()).expect("an instance");
        let ended = answered(metric.as_mut(), which % 4, image);
        if let Err(failure) = &ended {
            life::check_failure(failure, metric.as_mut(), &limits());
        }
        let log: usize = metric.take_log().iter().map(String::len).sum();
        assert!(log < limits().log_bytes + 1_000, "{log} bytes of log");
        vec![u64::from(which % 4) * 100 + life::ending(&ended)]
    })
}

fn answered(metric: &mut dyn Metric, which: u8, image: &[u8]) -> Result<(), Failure> {
    let one = metric.open("{}").expect("opened");
    metric.merge(one, image).expect("kept");
    match which {
        0 => {
            let state = metric.state(one)?;
            assert!(state.len() <= limits().output_bytes);
        }
        // A handle: of nothing, of something else, of the one that is open.
        1 => {
            let two = metric.open("{}")?;
            metric.update(two, life::batch(&echo::layout(), 3))?;
            metric.close(two)?;
            metric.close(one)?;
        }
        2 => metric.merge(one, &[])?,
        _ => {
            for rows in [3, 0, 40] {
                metric.update(one, life::batch(&echo::layout(), rows))?;
            }
        }
    }
    Ok(())
}
