//! Storage through its public face: real directories, a clock turned by hand.

mod catalog;
mod crash;
mod damage;
mod delayed;
mod ingest;
mod model_based;
mod records;
mod sealing;
mod world;
