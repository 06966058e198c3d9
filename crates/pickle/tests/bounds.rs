//! Files made to cost: memory, work, copies and depth stop at their limits, whatever a file claims.

mod support;

use std::io::Write;

use pelton_pickle::{Document, ErrorKind, Limits};
use support::{archive, read, refusal};

/// Limits small enough that passing one shows at once.
fn small() -> Limits {
    Limits { max_graph_bytes: 1 << 20, max_opcodes: 100_000, ..Limits::default() }
}

/// A list of this many references to one value of the pickle.
fn repeated(value: &[u8], times: usize) -> Vec<u8> {
    let mut file = b"\x80\x02](".to_vec();
    file.extend(value);
    file.extend(b"q\x00");
    file.extend(b"h\x00".repeat(times - 1));
    file.extend(b"e.");
    file
}

#[test]
fn what_is_told_once_and_used_often_is_bounded() {
    let mut text = b"X".to_vec();
    text.extend((1_u32 << 20).to_le_bytes());
    text.resize(text.len() + (1 << 20), b'x');
    let document = read(&repeated(&text, 100)).unwrap();
    assert_eq!(document.root().to_strings().unwrap().len(), 100);
    assert!(read(&repeated(&text, 300)).unwrap().root().to_strings().is_err());
    // From then on nothing is given out any more, and the reason is told.
    let document = read(&repeated(b"K\x01", 2)).unwrap();
    document.root().copy_out(255 << 20).unwrap();
    assert_eq!(document.root().to_i64_vec().unwrap(), [1, 1]);
    assert_eq!(document.root().copy_out(1 << 20).unwrap_err().kind(), ErrorKind::Limit);
    assert_eq!(document.root().to_i64_vec().unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn elements_without_bytes_are_bounded() {
    let header = "{'descr': '|S0', 'fortran_order': False, 'shape': (1000000000000,), }\n";
    let mut file = b"\x93NUMPY\x01\0".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.bytes());
    assert_eq!(refusal(&file).kind(), ErrorKind::Limit);
}

#[test]
fn growth_stops_at_its_limit() {
    let limits = small();
    // Empty lists: one byte of file, dozens of memory.
    let lists = [b"\x80\x04(".to_vec(), vec![b']'; 90_000], b"l.".to_vec()].concat();
    // One list added to itself by way of the memo would double at each step.
    let doubling =
        [b"\x80\x04]q\0(".to_vec(), b"NNNNNNNNe".to_vec(), b"(h\0h\0h\0h\0e".repeat(20_000)]
            .concat();
    // A set copied from the same list again and again.
    let copies = [
        b"\x80\x02]q\0(".to_vec(),
        vec![b'N'; 1000],
        b"ecbuiltins\nset\nq\x010".to_vec(),
        b"h\x01h\0\x85R0".repeat(9000),
    ]
    .concat();
    // A scratch text made anew each time.
    let texts = [
        b"\x80\x02c_codecs\nencode\nq\0X\x00\x10\0\0".to_vec(),
        vec![b'a'; 4096],
        b"q\x01Vlatin1\nq\x02000".to_vec(),
        b"h\0h\x01h\x02\x86R0".repeat(9000),
    ]
    .concat();
    for file in [lists, doubling, copies, texts] {
        let error = Document::read_within(file, &limits).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    }
}

#[test]
fn work_is_counted_not_only_bytes() {
    // A dict of many entries that a tiny opcode makes the reader look through, again and again.
    let mut file = b"\x80\x02cnumpy\ndtype\n(VV8\nI0\nI1\ntRq\0(I3\nV|\nN(Vx\ntq\x01}(".to_vec();
    for index in 0..2000 {
        file.extend(format!("Vx{index}\nN").bytes());
    }
    file.extend(b"Vx\ncnumpy\ndtype\n(Vf8\nI0\nI1\ntRI0\n\x86uI8\nI1\nI0\ntq\x020");
    file.extend(b"h\0h\x02b0".repeat(1000));
    file.extend(b"N.");
    let error = Document::read_within(file, &small()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    let opcodes = [b"\x80\x04".to_vec(), b"N0".repeat(60_000)].concat();
    let error = Document::read_within(opcodes, &small()).unwrap_err();
    assert!(error.message().contains("max_opcodes"), "{error}");
    let stack = Limits { max_stack_entries: 10, max_memo_entries: 10, ..small() };
    let error = Document::read_within(vec![b'N'; 20], &stack).unwrap_err();
    assert!(error.message().contains("max_stack_entries"), "{error}");
    let memo = Document::read_within([b"N".to_vec(), vec![0x94; 20]].concat(), &stack).unwrap_err();
    assert!(memo.message().contains("max_memo_entries"), "{memo}");
}

#[test]
fn joblib_arrays_that_lie_or_nest_are_bounded() {
    let wrapper = |dtype: &str, shape: &str| {
        format!(
            "cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\u{1}(dVshape\n({shape}tsVorder\nVC\nsVdtype\n\
             cnumpy\ndtype\n(V{dtype}\nI0\nI1\ntRsVsubclass\ncnumpy\nndarray\nsb"
        )
        .replace('\u{1}', "R")
    };
    let plain = [wrapper("f8", "I1\n").as_bytes(), &1.5f64.to_le_bytes(), b"."].concat();
    let document = read(&plain).unwrap();
    assert_eq!(document.root().to_f64_vec().unwrap(), [1.5]);
    let lie = refusal(wrapper("f8", "I1000000000\n").as_bytes());
    assert_eq!(lie.kind(), ErrorKind::Truncated, "{lie}");
    // Object arrays are pickles of their own, each of which starts another.
    let nested = refusal(wrapper("O", "I1\n").repeat(100_000).as_bytes());
    assert!(nested.message().contains("max_nested_pickles"), "{nested}");
}

#[test]
fn a_bomb_does_not_unfold() {
    let limits = Limits { max_decompressed_bytes: 2 << 20, ..Limits::default() };
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let mut bzip = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
    for _ in 0..4 {
        let zeros = vec![0; 1 << 20];
        zlib.write_all(&zeros).unwrap();
        gzip.write_all(&zeros).unwrap();
        bzip.write_all(&zeros).unwrap();
        lz4.write_all(&zeros).unwrap();
    }
    let lz4 = lz4.finish().unwrap();
    for file in [zlib.finish().unwrap(), gzip.finish().unwrap(), bzip.finish().unwrap(), lz4] {
        assert!(file.len() < 100_000);
        let error = Document::read_within(file, &limits).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    }
}

#[test]
fn a_dictionary_of_gigabytes_is_refused() {
    // An lzma header that asks for 3 GiB, then nothing to speak of.
    let mut lzma = vec![0x5d, 0, 0, 0, 0xc0];
    lzma.extend([0xff; 8]);
    lzma.extend([0; 64]);
    // The magic wants small dictionaries; 0x5d 0 0 begins any multiple of 64 KiB.
    let error = refusal(&lzma);
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
}

#[test]
fn a_schema_nests_as_deep_as_its_limit_and_no_deeper() {
    let list = |depth: usize, inner: &str| {
        let open = "{\"__class__\":\"list\",\"__module__\":\"builtins\",\"__loader__\":\"ListNode\",\
                    \"protocol\":2,\"content\":[";
        format!("{}{inner}{}", open.repeat(depth), "]}".repeat(depth))
    };
    let text = format!("{}{}", "[".repeat(15), "]".repeat(15));
    let json = format!(
        "{{\"__class__\":\"str\",\"__module__\":\"builtins\",\"__loader__\":\"JsonNode\",\"content\":\"{text}\"}}"
    );
    let document = read(&archive(&["schema.json"], list(79, &json).as_bytes())).unwrap();
    let mut value = document.root();
    let mut levels = 0;
    while let Ok(inner) = value.item(0) {
        value = inner;
        levels += 1;
    }
    assert_eq!(levels, 79 + 14);
    let error = refusal(&archive(&["schema.json"], list(100_000, "").as_bytes()));
    assert!(error.message().contains("max_schema_depth"), "{error}");
}

#[test]
fn an_archive_unfolds_to_its_limit_however_often_a_file_is_named() {
    let node = "{\"__class__\":\"bytes\",\"__module__\":\"builtins\",\"__loader__\":\"BytesNode\",\"file\":\"schema.json\"}";
    let nodes = vec![node; 2000].join(",");
    let schema = format!(
        "{{\"__class__\":\"list\",\"__module__\":\"builtins\",\"__loader__\":\"ListNode\",\"protocol\":2,\
         \"content\":[{nodes}]}}"
    );
    let error = refusal(&archive(&["schema.json"], schema.as_bytes()));
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
}
