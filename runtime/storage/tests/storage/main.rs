//! Storage through its public face: real directories, a clock turned by hand.

mod catalog;
mod compaction;
mod crash;
mod damage;
mod delayed;
mod deletions;
mod folding;
mod ingest;
mod label_counts;
mod model_based;
mod records;
mod retention;
mod sealing;
mod upload;
mod world;
