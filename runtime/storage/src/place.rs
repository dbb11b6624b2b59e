//! Where the files are kept: beside the catalog, or in an S3-compatible object store.

use std::{fmt, str::FromStr};

/// Where segments, datasets and plugins are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Place {
    /// In the data directory, synced to disk.
    #[default]
    DataDirectory,
    /// In an S3-compatible object store; the catalog stays in the data directory.
    S3(S3),
}

/// A prefix of a bucket. Credentials come from the standard `AWS_*` variables unless told.
///
/// Keys under the prefix belong to one data directory; files it does not list are removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3 {
    /// The bucket.
    pub bucket: String,
    /// What all keys start with; may be empty.
    pub prefix: String,
    /// The service's address, such as `https://storage.example.org`; without one `AWS_ENDPOINT_URL` or Amazon's.
    pub endpoint: Option<String>,
    /// The region; without one `AWS_REGION`, or `us-east-1`.
    pub region: Option<String>,
    /// Whether the endpoint may be spoken to without TLS.
    pub allow_http: bool,
    /// Instead of those in the environment.
    pub credentials: Option<Credentials>,
    /// How many bytes of files may have a copy in the data directory, so that they are read at the speed of the disk.
    pub near_bytes: u64,
}

/// What proves to the service who asks.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The access key's id.
    pub key_id: String,
    /// The secret access key.
    pub secret: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl S3 {
    /// Copies take up at most this much unless told.
    pub const NEAR_BYTES: u64 = 16 << 30;
}

impl FromStr for S3 {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let (bucket, prefix) = match url.strip_prefix("s3://") {
            Some(rest) => rest.split_once('/').unwrap_or((rest, "")),
            None => return Err(format!("`{url}` is not of the form s3://BUCKET/PREFIX")),
        };
        let prefix = prefix.trim_end_matches('/');
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte));
        if !(3..=63).contains(&bucket.len()) || !is_plain(bucket) {
            return Err(format!("the bucket in `{url}` has 3 to 63 letters, digits, dots and hyphens"));
        }
        let parts_are_named = prefix.is_empty() || prefix.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if !is_plain(prefix) || !parts_are_named {
            return Err(format!("the prefix in `{url}` has letters, digits, `-`, `.` and `_` between single slashes"));
        }
        Ok(Self {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            endpoint: None,
            region: None,
            allow_http: false,
            credentials: None,
            near_bytes: Self::NEAR_BYTES,
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DataDirectory => f.write_str("the data directory"),
            Self::S3(S3 { bucket, prefix, .. }) if prefix.is_empty() => write!(f, "s3://{bucket}"),
            Self::S3(S3 { bucket, prefix, .. }) => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_as_written_or_is_refused() {
        for (url, same) in [
            ("s3://bucket", "s3://bucket"),
            ("s3://bucket/", "s3://bucket"),
            ("s3://my-bucket.x/a/b_c/", "s3://my-bucket.x/a/b_c"),
        ] {
            assert_eq!(Place::S3(url.parse().expect("an address")).to_string(), same);
        }
        for url in
            ["", "bucket", "gs://bucket", "s3://", "s3://b", "s3://bucket//a", "s3://bucket/a/../b", "s3://bucket/a b"]
        {
            assert!(url.parse::<S3>().is_err(), "{url}");
        }
    }
}
