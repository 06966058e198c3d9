//! skops' schema alone, put into a sound archive with a few arrays to refer to: the zip format would
//! keep most mutations from reaching it.
#![no_main]

use std::io::{Cursor, Write};

use zip::write::{SimpleFileOptions, ZipWriter};

const FLOATS: &[u8] =
    b"\x93NUMPY\x01\0\x38\0{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}\n\0\0\0\0\0\0\xf8\x3f";

fn archive(schema: &[u8]) -> zip::result::ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [("schema.json", schema), ("1.npy", FLOATS), ("2.bin", b"abc")] {
        zip.start_file(name, options)?;
        zip.write_all(content)?;
    }
    Ok(zip.finish()?.into_inner())
}

libfuzzer_sys::fuzz_target!(|schema: &[u8]| {
    let file = archive(schema).expect("an archive in memory");
    pelton_fuzz::read_and_walk(&file);
});
