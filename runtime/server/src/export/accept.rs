//! Which of some formats a client likes best.

use axum::http::{HeaderMap, StatusCode, header};

use crate::{ingest::Format, problem::Problem};

/// The format of `offered` that the `Accept` headers rank highest: by quality,
/// then by how exactly it is named, then as the client and then as we list them.
///
/// # Errors
/// 406 when none of them is accepted.
pub fn accepted(headers: &HeaderMap, offered: &[Format]) -> Result<Format, Problem> {
    let accept: Vec<&str> = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let accept = if accept.is_empty() { "*/*".to_owned() } else { accept.join(",") };
    let ranges: Vec<Range<'_>> = accept.split(',').map(Range::of).collect();
    let ranked = offered.iter().filter_map(|format| Some((rank(&ranges, *format)?, *format)));
    // `min_by` keeps the first of equals.
    ranked.min_by(|(a, _), (b, _)| a.cmp(b)).map(|(_, format)| format).ok_or_else(|| {
        let names: Vec<_> = offered.iter().map(|format| format.media_type()).collect();
        let detail = format!("none of `{accept}` can be given: accept {}", names.join(" or "));
        Problem::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", detail).at("accept")
    })
}

/// Smaller is better.
type Rank = (u16, u8, usize);

fn rank(ranges: &[Range<'_>], format: Format) -> Option<Rank> {
    let fits = ranges.iter().enumerate().filter_map(|(at, range)| Some((range.exactness(format)?, at, range)));
    let (exactness, at, range) = fits.min_by_key(|(exactness, at, _)| (*exactness, *at))?;
    (range.quality > 0).then_some((1000 - range.quality, exactness, at))
}

/// A media range with its quality in thousandths.
struct Range<'a> {
    media: &'a str,
    quality: u16,
}

impl<'a> Range<'a> {
    fn of(text: &'a str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        // What is no number is taken for no opinion.
        let quality = quality.and_then(|quality| quality.trim().parse::<f32>().ok()).unwrap_or(1.0);
        Self { media, quality: (quality.clamp(0.0, 1.0) * 1000.0) as u16 }
    }

    /// 0 when it names the format, more when it only includes it.
    fn exactness(&self, format: Format) -> Option<u8> {
        let family = format.media_type().split('/').next().unwrap_or_default();
        match self.media {
            media if Format::of_content_type(media) == Some(format) => Some(0),
            "*/*" | "*" | "" => Some(2),
            media => (media.strip_suffix("/*")?.eq_ignore_ascii_case(family)).then_some(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_ranked_format_is_given() {
        use Format::{ArrowStream, Csv, Json, Ndjson, Parquet};
        let all = [Json, Ndjson, Csv, ArrowStream, Parquet];
        for (accept, expected) in [
            (&[][..], Some(Json)),
            (&["*/*"], Some(Json)),
            (&["application/*"], Some(Json)),
            (&["text/*"], Some(Csv)),
            (&["text/csv, application/json"], Some(Csv)),
            (&["application/x-ndjson"], Some(Ndjson)),
            (&["application/jsonl"], Some(Ndjson)),
            (&["text/html, */*;q=0.1"], Some(Json)),
            (&["application/json;q=0.5, text/csv;q=0.9"], Some(Csv)),
            (&["application/json;q=0.5, text/csv; Q=0.2"], Some(Json)),
            (&["*/*, application/vnd.apache.parquet"], Some(Parquet)),
            (&["*/*;q=1, application/json;q=0"], Some(Ndjson)),
            (&["application/json;q=0"], None),
            (&["text/html", "text/csv"], Some(Csv)),
            (&["text/html"], None),
            (&["APPLICATION/VND.APACHE.ARROW.STREAM"], Some(ArrowStream)),
            (&["application/json;q=wrong"], Some(Json)),
        ] {
            let mut headers = HeaderMap::new();
            for value in accept {
                headers.append(header::ACCEPT, value.parse().expect("a header"));
            }
            assert_eq!(accepted(&headers, &all).ok(), expected, "{accept:?}");
        }
    }
}
