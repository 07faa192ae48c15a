//! The simulation outside its module, where a fault is easier to find.

mod common;
mod compiled;
mod edge;
mod errors;
mod faults;
mod limits;
mod load;
mod memory;
mod nginx;
mod outside;
mod trace;
mod worlds;
