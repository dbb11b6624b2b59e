//! Label counts as bytes: unsigned LEB128 numbers, each day and bucket as the step from the one before.

use super::{Day, Labels};

pub(super) fn write(labels: &Labels) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut last_day = None;
    for (number, day) in &labels.days {
        // The first day may lie before 1970: zigzag keeps small numbers short.
        let step = last_day.map_or(((number << 1) ^ (number >> 63)) as u64, |last: i64| (number - last) as u64);
        last_day = Some(*number);
        let buckets = day.lags.buckets();
        [step, day.rows, buckets.len() as u64].into_iter().for_each(|number| put(&mut bytes, number));
        let mut last_bucket = 0;
        for (bucket, count) in buckets {
            put(&mut bytes, bucket - last_bucket);
            put(&mut bytes, count);
            last_bucket = bucket;
        }
    }
    bytes
}

pub(super) fn read(mut bytes: &[u8]) -> Option<Labels> {
    let mut labels = Labels::default();
    let mut last_day: Option<i64> = None;
    while !bytes.is_empty() {
        let step = take(&mut bytes)?;
        let number = match last_day {
            None => (step >> 1) as i64 ^ -((step & 1) as i64),
            Some(last) => last.checked_add_unsigned(step)?,
        };
        last_day = Some(number);
        let mut day = Day { rows: take(&mut bytes)?, ..Day::default() };
        let mut bucket = 0_u64;
        for _ in 0..take(&mut bytes)? {
            bucket = bucket.checked_add(take(&mut bytes)?)?;
            day.lags.add_to(bucket, take(&mut bytes)?);
        }
        labels.days.insert(number, day);
    }
    Some(labels)
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_come_back_as_they_were_and_cut_bytes_are_noticed() {
        let mut labels = Labels::default();
        for (number, rows, lags) in
            [(-700_000, 3, vec![]), (-1, u64::MAX, vec![0, 0, i64::MAX]), (20_000, 1, vec![5_000_000])]
        {
            let day = labels.days.entry(number).or_default();
            day.rows = rows;
            lags.into_iter().for_each(|micros| day.lags.add(micros));
        }
        let bytes = write(&labels);
        assert_eq!(read(&bytes), Some(labels));
        assert_eq!(read(&bytes[..bytes.len() - 1]), None);
        assert_eq!(read(&[]), Some(Labels::default()));
    }
}
