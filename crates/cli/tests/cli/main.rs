//! The real binary, from the outside: what it refuses, what it prints, how it starts and stops.

mod beside;
mod harness;
mod help;
mod inspect;
mod interpreters;
mod loading;
mod mistakes;
mod native;
mod network;
mod onnx;
mod precedence;
mod predict;
mod serving;
mod verify;
