//! The shared byte vectors, and arbitrary bytes.

use std::io::Write;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::Path;

use pelton_core::Form;
use proptest::prelude::*;
use serde::Deserialize;
use tokio::net::UnixStream;

use super::*;
use crate::connection::{Answer, Exchange};

#[derive(Deserialize)]
struct Vectors {
    frames: Vec<Vector>,
    malformed: Vec<Malformed>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    kind: String,
    id: u64,
    hex: String,
    form: Option<String>,
    #[serde(default)]
    outputs: Vec<String>,
    tensors: Option<Vec<TensorVector>>,
    error: Option<ErrorVector>,
}

#[derive(Deserialize)]
struct TensorVector {
    name: String,
    dtype: String,
    shape: Vec<usize>,
    data: String,
}

#[derive(Deserialize)]
struct ErrorVector {
    fault: u8,
    r#type: String,
    message: String,
    trace: String,
}

#[derive(Deserialize)]
struct Malformed {
    name: String,
    kind: String,
    hex: String,
}

fn vectors() -> Vectors {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/frames.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn tensor(vector: &TensorVector) -> Tensor {
    let dtype = DType::from_name(&vector.dtype).unwrap();
    let data = bytes(&vector.data).into();
    Tensor::new(vector.name.as_str(), dtype, vector.shape.clone(), data).unwrap()
}

/// The frame as the server reads it from a worker that then closes the connection.
async fn received(id: u64, data: &[u8]) -> Result<Answer> {
    let (ours, theirs) = StdUnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    let data = data.to_vec();
    let writer = std::thread::spawn(move || {
        for part in data.chunks(7) {
            (&theirs).write_all(part).unwrap();
        }
    });
    let stream = UnixStream::from_std(ours).unwrap();
    let answer = Exchange::awaiting(id).drive(&stream).await;
    drop(stream);
    writer.join().expect("the answer was read to its end");
    answer.map_err(|broken| FrameError(broken.reason().to_owned()))
}

fn written(pieces: &[Bytes]) -> Vec<u8> {
    pieces.concat()
}

#[tokio::test]
async fn frames_are_read_and_written_to_the_byte() {
    let vectors = vectors();
    assert!(vectors.frames.len() > 15);
    for vector in &vectors.frames {
        let data = bytes(&vector.hex);
        let answer = received(vector.id, &data).await.unwrap();
        let case = &vector.name;
        assert_eq!(format!("{:?}", answer.kind).to_uppercase(), vector.kind, "{case}");
        match answer.kind {
            Kind::Execute => {
                assert_eq!(written(&execute(vector)), data, "{case}");
                let batch = answers::decode_execute(&answer.payload).unwrap();
                let again = encode_execute(vector.id, &batch).unwrap();
                assert_eq!(written(&again), data, "{case}");
            }
            Kind::Result => {
                let expected: Vec<Tensor> = vector.tensors.iter().flatten().map(tensor).collect();
                let found = decode_result(&answer.payload, &[]).unwrap();
                assert_eq!(found, expected, "{case}");
                let again = answers::encode_result(vector.id, &found).unwrap();
                assert_eq!(written(&again), data, "{case}");
            }
            Kind::Error | Kind::Failed => {
                let expected = vector.error.as_ref().unwrap();
                let found = decode_raised(&answer.payload).unwrap();
                assert_eq!(
                    (found.fault as u8 + 1, &found.kind, &found.message, &found.trace),
                    (expected.fault, &expected.r#type, &expected.message, &expected.trace),
                    "{case}"
                );
                let again = answers::encode_raised(answer.kind, vector.id, &found).unwrap();
                assert_eq!(written(&again), data, "{case}");
            }
            Kind::Ping | Kind::Pong => {
                assert_eq!(written(&encode_empty(answer.kind, vector.id)), data);
            }
            Kind::Hello => assert!(answer.payload.starts_with(b"{")),
        }
    }
}

fn execute(vector: &Vector) -> Vec<Bytes> {
    let batch = Batch {
        form: match vector.form.as_deref() {
            Some("matrix") => Form::Matrix,
            Some("columns") => Form::Columns,
            _ => Form::Tensors,
        },
        inputs: vector.tensors.iter().flatten().map(tensor).collect(),
        rows: 1,
        outputs: vector.outputs.iter().map(|name| name.as_str().into()).collect(),
        deadline: None,
    };
    encode_execute(vector.id, &batch).unwrap()
}

#[tokio::test]
async fn malformed_frames_are_refused() {
    for vector in vectors().malformed {
        let answer = received(1, &bytes(&vector.hex)).await;
        let refused = match (vector.kind.as_str(), answer) {
            ("EXECUTE", _) => continue, // the server writes these and does not read them
            (_, Err(_)) => true,
            ("RESULT", Ok(answer)) => decode_result(&answer.payload, &[]).is_err(),
            ("ERROR", Ok(answer)) => decode_raised(&answer.payload).is_err(),
            _ => false,
        };
        assert!(refused, "{}", vector.name);
    }
}

#[tokio::test]
async fn an_answer_to_another_question_is_refused() {
    let pong = written(&encode_empty(Kind::Pong, 5));
    assert!(received(6, &pong).await.unwrap_err().0.contains("5 instead of 6"));
    let two = [pong.clone(), pong].concat();
    let (ours, theirs) = StdUnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    (&theirs).write_all(&two).unwrap();
    let stream = UnixStream::from_std(ours).unwrap();
    let broken = Exchange::awaiting(5).drive(&stream).await.unwrap_err();
    assert!(broken.reason().contains("more than it was asked for"));
}

#[test]
fn large_tensors_are_not_copied() {
    let data = Bytes::from(vec![7_u8; 1 << 20]);
    let tensor = Tensor::new("x", DType::Uint8, vec![1 << 20], data.clone()).unwrap();
    let batch = Batch {
        form: Form::Tensors,
        inputs: vec![tensor],
        rows: 1 << 20,
        outputs: [].into(),
        deadline: None,
    };
    let pieces = encode_execute(1, &batch).unwrap();
    assert!(pieces.iter().any(|piece| piece.as_ptr() == data.as_ptr()));
    let payload = Bytes::from(written(&pieces)).slice(HEADER_BYTES..);
    let found = decode_tensors(&payload, 3, &[]).unwrap();
    assert!(payload.as_ptr_range().contains(&found[0].data().as_ptr()));
}

fn any_tensor() -> impl Strategy<Value = Tensor> {
    let strings = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 0..9);
    let numbers = prop::collection::vec(any::<f64>(), 0..700);
    prop_oneof![
        (".{0,9}", strings).prop_map(|(name, values)| {
            let mut data = Vec::new();
            for value in &values {
                data.extend_from_slice(&(value.len() as u32).to_le_bytes());
                data.extend_from_slice(value);
            }
            Tensor::new(name, DType::Bytes, vec![values.len(), 1], data.into()).unwrap()
        }),
        (".{0,9}", numbers).prop_map(|(name, values)| {
            let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            Tensor::new(name, DType::Fp64, vec![values.len()], data.into()).unwrap()
        }),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(tensors in prop::collection::vec(any_tensor(), 0..9), id in any::<u64>()) {
        let mut head = BytesMut::new();
        put_header(&mut head, Kind::Result, id, 0);
        let frame = Bytes::from(written(&put_tensors(head, &tensors).unwrap()));
        let header = parse_header(frame.first_chunk().unwrap()).unwrap();
        prop_assert_eq!(header, Header { kind: Kind::Result, id, length: frame.len() - HEADER_BYTES });
        prop_assert_eq!(frame.len() % 8, 0);
        prop_assert_eq!(decode_result(&frame.slice(HEADER_BYTES..), &[]).unwrap(), tensors);
    }

    #[test]
    fn arbitrary_bytes_never_panic(data in prop::collection::vec(any::<u8>(), 0..200)) {
        let payload = Bytes::from(data);
        if let Some(header) = payload.first_chunk() {
            let _ = parse_header(header);
        }
        let _ = decode_result(&payload, &[]);
        let _ = decode_raised(&payload);
        let _ = crate::hello::parse(&payload);
    }

    #[test]
    fn damaged_frames_never_panic(tensors in prop::collection::vec(any_tensor(), 1..4), place in any::<prop::sample::Index>(), value in any::<u8>()) {
        let mut head = BytesMut::new();
        put_header(&mut head, Kind::Result, 1, 0);
        let mut frame = written(&put_tensors(head, &tensors).unwrap());
        let place = place.index(frame.len());
        frame[place] = value;
        let _ = decode_result(&Bytes::from(frame).slice(HEADER_BYTES..), &[]);
    }
}
