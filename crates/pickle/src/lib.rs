//! Reads Python's model files — pickle, joblib, skops, npy — as plain data, without running them.
//!
//! A pickle is a program. Python runs it to load it, and whoever wrote the file decides what it
//! does. These readers never run anything: a class or function is its name, a call is a record of
//! the call, an array is a range of the file's bytes. A file that would start a program when Python
//! loads it is, here, a value that says so.
//!
//! ```
//! // pickle.dumps({"coef": [0.5, 2.0], "name": "model"}, protocol=4)
//! let file = b"\x80\x04\x95&\0\0\0\0\0\0\0}\x94(\x8c\x04coef\x94]\x94(G?\xe0\0\0\0\0\0\0\
//!     G@\0\0\0\0\0\0\0e\x8c\x04name\x94\x8c\x05model\x94u.";
//! let document = pelton_pickle::Document::read(&file[..])?;
//! let root = document.root();
//! assert_eq!(root.key("name")?.str()?, "model");
//! assert_eq!(root.key("coef")?.to_f64_vec()?, [0.5, 2.0]);
//!
//! let error = root.key("name")?.array().unwrap_err();
//! assert_eq!(error.to_string(), "root['name']: expected an array, got a str");
//! # Ok::<(), pelton_pickle::Error>(())
//! ```
//!
//! An estimator is an object with attributes:
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let document = pelton_pickle::Document::read(std::fs::read("model.pkl")?)?;
//! let model = document.root();
//! if model.is_a("sklearn.linear_model._logistic", "LogisticRegression") {
//!     let coef = model.attr("coef_")?.array()?;
//!     println!("{} coefficients {:?}: {:?}", coef.dtype(), coef.shape(), coef.to_f64_vec()?);
//! }
//! for name in document.globals() {
//!     println!("Python would import {name}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What is read
//! - pickle, protocols 0 to 5, as Python 2 and 3 write it, out-of-band buffers excepted.
//! - joblib, plain or compressed by zlib, gzip, bz2, xz, lzma or lz4, also under the old name
//!   `sklearn.externals.joblib`; before 0.10 too, whose compressed files begin with `ZF`. That joblib
//!   keeps arrays in files of their own: [`Document::read_beside`] reads them from where the caller
//!   says, such as the model's [`Folder`], and from nowhere else.
//! - skops, protocols 0 to 2, stored or deflated.
//! - npy 1 to 3.
//!
//! [`Content::of`] tells these and many other formats apart by their first bytes, [`Look`] by a closer
//! look at a file.
//!
//! # What is understood
//! The helpers that picklers call to rebuild plain data are understood from a list: bytes, sets,
//! complex numbers, numpy's dtypes, arrays, masked arrays and scalars, `copyreg`'s constructors,
//! Cython's, dill's, pandas' `Index` ([`pandas`] finds what is in its series and frames). All else is an object with [`Value::class`], [`Value::args`],
//! [`Value::state`] and [`Value::attr`], whether it was an instance or a call.
//!
//! # Bounds
//! Time is proportional to the file and memory is bounded by [`Limits`], whatever the file claims;
//! a length that the file cannot back is an error before anything is allocated. Self-containing
//! values are possible, as in Python: whoever walks a document must bound the walk.

#![forbid(unsafe_code)]

mod archive;
mod array;
mod companions;
mod compression;
mod content;
mod document;
mod dtype;
mod error;
mod graph;
mod joblib;
mod json;
mod keys;
mod kind;
mod limits;
mod literal;
mod look;
mod machine;
mod members;
mod node;
mod normal;
mod npy;
mod numpy;
mod old_joblib;
mod opcode;
pub mod pandas;
mod path;
mod skops;
mod text;
mod typed;
mod value;
mod zfile;

pub use array::{Array, Element, Order};
pub use companions::{Companions, Folder};
pub use compression::Compression;
pub use content::Content;
pub use document::{Document, Format, Info};
pub use dtype::{DType, DTypeKind, Field};
pub use error::{Error, ErrorKind};
pub use kind::{Class, Kind};
pub use limits::Limits;
pub use look::Look;
pub use value::Value;
