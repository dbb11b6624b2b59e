//! Storage through its public face: real directories, a clock turned by hand.

mod aliases;
mod backup;
mod catalog;
mod compaction;
mod crash;
mod damage;
mod delayed;
mod deletions;
mod disk;
mod faults;
mod flipped;
mod folding;
mod ingest;
mod label_counts;
mod lookup;
mod model_based;
mod object_store;
mod records;
mod retention;
mod sealing;
mod states;
mod summed;
mod unique;
mod upload;
mod verify;
mod world;
