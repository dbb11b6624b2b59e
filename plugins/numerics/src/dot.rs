//! Sums of products of distances from means, block by block.

use core::array::from_fn;

/// Sums kept side by side, so that one addition need not wait for the last.
const LANES: usize = 16;

/// So many terms are added without compensation; blocks are added with it.
pub(crate) const BLOCK: usize = 128;

/// The sum of squared distances of a block of numbers from a mean, which is given with what rounding cuts off it.
pub(crate) fn squares(numbers: &[f64], (mean, rest): (f64, f64)) -> f64 {
    let square = |number: f64| {
        let distance = (number - mean) - rest;
        distance * distance
    };
    let mut lanes = [0.0; LANES];
    let (blocks, tail) = numbers.as_chunks::<LANES>();
    for block in blocks {
        lanes = from_fn(|i| lanes[i] + square(block[i]));
    }
    lanes.iter().sum::<f64>() + tail.iter().map(|number| square(*number)).sum::<f64>()
}

/// Distances of a block of numbers from another one.
pub(crate) fn distances<'a>(numbers: &[f64], distance: impl Fn(f64) -> f64, room: &'a mut [f64; BLOCK]) -> &'a [f64] {
    let room = &mut room[..numbers.len().min(BLOCK)];
    let ((numbers, rest_of_numbers), (places, rest_of_places)) = (numbers.as_chunks(), room.as_chunks_mut::<LANES>());
    for (place, numbers) in places.iter_mut().zip(numbers) {
        *place = numbers.map(&distance);
    }
    for (place, number) in rest_of_places.iter_mut().zip(rest_of_numbers) {
        *place = distance(*number);
    }
    room
}

/// The sum of a block.
pub(crate) fn total(numbers: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let (blocks, rest) = numbers.as_chunks::<LANES>();
    for block in blocks {
        lanes = from_fn(|i| lanes[i] + block[i]);
    }
    lanes.iter().chain(rest).sum()
}

/// The sum of products of two blocks of one length.
pub(crate) fn dot(left: &[f64], right: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let ((left, left_rest), (right, right_rest)) = (left.as_chunks::<LANES>(), right.as_chunks::<LANES>());
    for (x, y) in left.iter().zip(right) {
        lanes = from_fn(|i| lanes[i] + x[i] * y[i]);
    }
    let rest: f64 = left_rest.iter().zip(right_rest).map(|(x, y)| x * y).sum();
    lanes.iter().sum::<f64>() + rest
}
