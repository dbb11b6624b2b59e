//! Options about where a data directory keeps its files.

use clap::Args;
use driftline_storage::{Place, S3};

/// Where segments, datasets and plugins are kept.
#[derive(Debug, Args)]
#[command(next_help_heading = "Object store")]
pub struct PlaceArgs {
    /// S3-compatible store for segments, datasets and plugins, such as s3://bucket/prefix; else they are in the data
    /// directory. Credentials come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and the other standard variables
    #[arg(long, env = "DRIFTLINE_OBJECT_STORE", value_name = "URL")]
    object_store: Option<S3>,
    /// Address of the S3 service, if it is not Amazon's
    #[arg(long, env = "DRIFTLINE_S3_ENDPOINT", value_name = "URL", requires = "object_store")]
    s3_endpoint: Option<String>,
    /// Region of the bucket [default: AWS_REGION, or us-east-1]
    #[arg(long, env = "DRIFTLINE_S3_REGION", value_name = "REGION", requires = "object_store")]
    s3_region: Option<String>,
    /// Allow an S3 service without TLS
    #[arg(long, env = "DRIFTLINE_S3_ALLOW_HTTP", requires = "object_store")]
    s3_allow_http: bool,
    /// Most GiB of files of the object store that are copied into the data directory, to be read from there
    #[arg(long, env = "DRIFTLINE_S3_COPIES_GIB", value_name = "GIB", default_value_t = S3::NEAR_BYTES >> 30)]
    s3_copies_gib: u64,
}

impl From<PlaceArgs> for Place {
    fn from(args: PlaceArgs) -> Self {
        let Some(s3) = args.object_store else { return Self::DataDirectory };
        Self::S3(S3 {
            endpoint: args.s3_endpoint,
            region: args.s3_region,
            allow_http: args.s3_allow_http,
            near_bytes: args.s3_copies_gib << 30,
            ..s3
        })
    }
}
