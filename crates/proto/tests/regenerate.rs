//! The committed generated code is what the `.proto` files give, by a compiler in pure Rust.

use std::fs;
use std::path::Path;

use prost::Message;

const FILES: [&str; 2] = ["open_inference_grpc.proto", "prediction.proto"];

#[test]
fn generated_code_matches_the_proto_files() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let protos = here.join("../../proto");
    let committed = here.join("src/generated");
    let fresh = tempfile::tempdir().expect("a temp directory");

    let descriptors = protox::compile(FILES, [&protos]).expect("the proto files compile");
    fs::write(fresh.path().join("descriptors.bin"), descriptors.encode_to_vec()).expect("write");
    tonic_prost_build::configure()
        .out_dir(fresh.path())
        .bytes(".")
        .codec_path("crate::codec::CheckedCodec")
        .compile_fds(descriptors)
        .expect("code generation");

    let regenerate = std::env::var_os("PELTON_REGENERATE").is_some();
    for entry in fs::read_dir(fresh.path()).expect("read") {
        let path = entry.expect("entry").path();
        let target = committed.join(path.file_name().expect("a name"));
        if regenerate {
            fs::copy(&path, &target).expect("copy");
            continue;
        }
        let same = fs::read(&path).expect("fresh") == fs::read(&target).unwrap_or_default();
        assert!(
            same,
            "{} is stale, run: PELTON_REGENERATE=1 cargo test -p pelton-proto",
            target.display()
        );
    }
}
