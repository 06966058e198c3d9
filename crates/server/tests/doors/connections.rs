//! Clients that say nothing, say it slowly, take nothing, or say too much: each has an end, and an
//! innocent client beside them is served.

use std::sync::atomic::Ordering;
use std::time::Duration;

use pelton_server::{ConnectionLimits, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use crate::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PREFACE, RST_STREAM, Raw,
    SETTINGS, call, frame, header, question,
};
use crate::house::{House, typed};
use crate::state::get;

/// What a request is taken to cost beside its bytes; that for the metrics is one.
const COST: u64 = 8 << 10;

/// A window that takes every answer of these tests.
const WIDE: u32 = 1 << 24;

fn limited(connections: ConnectionLimits) -> ServerConfig {
    ServerConfig { connections, ..ServerConfig::default() }
}

async fn is_served(house: &House) {
    house.client().await.model_infer(typed("sum", &[[0.; 3]])).await.unwrap();
}

async fn turned_away(house: &House, port: &str, reason: &str) -> u64 {
    let metrics = get(house, "/metrics").await.1;
    let line = format!("pelton_turned_away_total{{port=\"{port}\",reason=\"{reason}\"}} ");
    metrics.lines().find_map(|text| text.strip_prefix(&line)).map_or(0, |n| n.parse().unwrap())
}

async fn gauge(house: &House, name: &str) -> u64 {
    let metrics = get(house, "/metrics").await.1;
    let value = metrics.lines().find_map(|text| text.strip_prefix(name)).unwrap();
    value.trim().parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_closed() {
    let house = House::open().await;
    for address in [house.grpc, house.http] {
        let (client, opened) = (Raw::silent(address).await, Instant::now());
        client.end().await;
        assert_eq!(opened.elapsed().as_secs(), 10);
    }
    assert_eq!(turned_away(&house, "grpc", "handshake_timeout").await, 1);
    assert_eq!(turned_away(&house, "http", "handshake_timeout").await, 1);
}

#[tokio::test(start_paused = true)]
async fn who_says_it_byte_by_byte_is_closed() {
    let house = House::open().await;
    let words: [(_, &[u8]); 2] = [
        (house.grpc, PREFACE),
        (house.http, b"GET /metrics HTTP/1.1\r\nHost: a-long-name-of-a-host\r\n"),
    ];
    for (address, words) in words {
        let (mut client, opened) = (Raw::silent(address).await, Instant::now());
        for byte in words {
            if client.socket.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        client.end().await;
        // The head of an HTTP/1 request is counted from when it is known to be one.
        assert!((10..=40).contains(&opened.elapsed().as_secs()), "{:?}", opened.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_gone_is_found_out_and_who_is_there_may_be_silent_for_an_hour() {
    let house = House::open().await;
    let (mut gone, opened) = (Raw::open(house.grpc, WIDE).await, Instant::now());
    gone.is_alive = false;
    gone.end().await;
    assert_eq!(opened.elapsed().as_secs(), 80);

    let (mut idle, opened) = (Raw::open(house.grpc, WIDE).await, Instant::now());
    let goaway = idle.until(GOAWAY).await.expect("it is told first");
    assert!((3600..3610).contains(&opened.elapsed().as_secs()), "{:?}", opened.elapsed());
    assert_eq!(goaway.payload[4..8], [0; 4], "no error");
    idle.end().await;
}

#[tokio::test(start_paused = true)]
async fn half_a_request_fails_alone() {
    let house = House::open().await;
    let mut client = Raw::open(house.grpc, WIDE).await;
    let (question, asked) = (question(10), Instant::now());
    let half = &question[..question.len() / 2];
    client.send(&frame(HEADERS, END_HEADERS, 1, &call())).await;
    client.send(&frame(DATA, 0, 1, half)).await;
    client.ask(3, &question).await;
    let answered = client.until(DATA).await.expect("the whole one is answered");
    assert_eq!((answered.stream, asked.elapsed().as_secs()), (3, 0));
    let refused = loop {
        let frame = client.until(HEADERS).await.expect("the half one is refused");
        if frame.stream == 1 {
            break frame;
        }
    };
    assert!(refused.flags & END_STREAM > 0);
    assert_eq!(asked.elapsed().as_secs(), 30);
    client.ask(5, &question).await;
    assert_eq!(client.until(DATA).await.expect("it goes on").stream, 5);
}

#[tokio::test(start_paused = true)]
async fn who_takes_no_answers_is_closed_and_nothing_is_kept_for_them() {
    let house = House::open().await;
    // A byte of window lets the whole answer into the transport's hands.
    for window in [0, 1] {
        let (mut client, asked) = (Raw::open(house.grpc, window).await, Instant::now());
        for request in 0..7 {
            client.ask(1 + 2 * request, &question(1000)).await;
        }
        while gauge(&house, "pelton_in_flight_bytes ").await < 7 * 8000 + 8 * COST {
            tokio::task::yield_now().await;
        }
        client.end().await;
        let waited = asked.elapsed().as_secs();
        assert!((30..40).contains(&waited), "{waited}");
        assert_eq!(gauge(&house, "pelton_in_flight_bytes ").await, COST);
    }
    assert_eq!(turned_away(&house, "grpc", "answer_not_taken").await, 2);
    is_served(&house).await;
}

#[tokio::test(start_paused = true)]
async fn a_long_run_and_a_watcher_of_health_are_neither_slow_nor_idle() {
    let house = House::open().await;
    house.models.gated.store(true, Ordering::SeqCst);
    let mut watcher = Raw::open(house.grpc, WIDE).await;
    let mut block = vec![0x83, 0x86];
    block.extend(header(":path", "/grpc.health.v1.Health/Watch"));
    block.extend(header("content-type", "application/grpc"));
    watcher.send(&frame(HEADERS, END_HEADERS, 1, &block)).await;
    watcher.send(&frame(DATA, END_STREAM, 1, &[0; 5])).await;
    let mut client = Raw::open(house.grpc, WIDE).await;
    client.ask(1, &question(1)).await;
    house.until_in_flight(1).await;
    let gate = house.models.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(7200)).await;
        gate.gate.add_permits(1);
    });
    let watching = tokio::spawn(async move { watcher.until(GOAWAY).await.is_none() });
    assert_eq!(client.until(DATA).await.expect("an answer after two hours").stream, 1);
    assert!(!watching.is_finished());
}

#[tokio::test]
async fn a_flood_of_frames_is_cut_off() {
    // Judged every 10 ms.
    let limits =
        ConnectionLimits { transfer_timeout: Duration::from_millis(80), ..Default::default() };
    let floods: [(&str, Vec<u8>); 4] = [
        ("pings", frame(PING, 0, 0, b"12345678")),
        ("settings", frame(SETTINGS, 0, 0, &[])),
        ("window updates", frame(8, 0, 0, &1_u32.to_be_bytes())),
        ("priorities", frame(2, 0, 1, &[0, 0, 0, 0, 1])),
    ];
    let house = House::with(limited(limits)).await;
    for (index, (name, one)) in floods.into_iter().enumerate() {
        let client = Raw::open(house.grpc, WIDE).await;
        let (mut reader, mut writer) = client.socket.into_split();
        // Somebody has to read, or the answers would stop the flood.
        let reading = tokio::spawn(async move {
            let mut space = vec![0; 1 << 16];
            while reader.read(&mut space).await.is_ok_and(|bytes| bytes > 0) {}
        });
        let many = one.repeat(10_000);
        while writer.write_all(&many).await.is_ok() {}
        reading.await.unwrap();
        assert_eq!(turned_away(&house, "grpc", "flood").await, index as u64 + 1, "{name}");
        is_served(&house).await;
    }
}

#[tokio::test]
async fn requests_that_are_reset_at_once_cost_their_sender_the_connection_or_nobody_anything() {
    let house = House::open().await;
    let mut client = Raw::open(house.grpc, WIDE).await;
    let question = question(1);
    'flood: for request in 0..20_000_u32 {
        let stream = 1 + 2 * request;
        let bytes = [
            frame(HEADERS, END_HEADERS, stream, &call()),
            frame(DATA, END_STREAM, stream, &question),
            frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()),
        ];
        if client.socket.write_all(&bytes.concat()).await.is_err() {
            break 'flood;
        }
    }
    is_served(&house).await;
    drop(client);
    house.until_in_flight(0).await;
}

#[tokio::test]
async fn headers_without_end_are_cut_off() {
    let house = House::open().await;
    let mut client = Raw::open(house.grpc, WIDE).await;
    client.send(&frame(HEADERS, 0, 1, &call())).await;
    let more = header("x", &"y".repeat(120)).repeat(100);
    let mut sent = 0_usize;
    while client.socket.write_all(&frame(CONTINUATION, 0, 1, &more)).await.is_ok() {
        sent += more.len();
        assert!(sent < 256 << 20, "it takes headers without end");
    }
    is_served(&house).await;
}

#[tokio::test]
async fn headers_that_are_too_many_are_refused_alone() {
    let house = House::open().await;
    let mut client = Raw::open(house.grpc, WIDE).await;
    let mut block = call();
    block.extend(header("x", &"y".repeat(120)).repeat(200));
    let (first, rest) = block.split_at(16 << 10);
    client.send(&frame(HEADERS, END_STREAM, 1, first)).await;
    client.send(&frame(CONTINUATION, END_HEADERS, 1, rest)).await;
    client.ask(3, &question(1)).await;
    assert_eq!(client.until(DATA).await.expect("an answer").stream, 3);
}

#[tokio::test(start_paused = true)]
async fn a_connection_too_many_takes_the_place_of_an_idle_one() {
    let limits = ConnectionLimits { max_connections: 3, ..Default::default() };
    let house = House::with(limited(limits)).await;
    let silent = [Raw::silent(house.grpc).await, Raw::silent(house.grpc).await];
    let mut busy = Raw::open(house.grpc, WIDE).await;
    house.models.gated.store(true, Ordering::SeqCst);
    busy.ask(1, &question(1)).await;
    house.until_in_flight(1).await;
    let began = Instant::now();
    let mut others = Vec::new();
    for request in 2..4 {
        let mut other = Raw::open(house.grpc, WIDE).await;
        other.ask(1, &question(1)).await;
        house.until_in_flight(request).await;
        others.push(other);
    }
    for silent in silent {
        silent.end().await;
    }
    assert!(began.elapsed().as_secs() < 10, "they did not wait for their time to be over");
    // All are busy now.
    Raw::silent(house.grpc).await.end().await;
    assert_eq!(turned_away(&house, "grpc", "full").await, 1);
    assert_eq!(turned_away(&house, "grpc", "replaced").await, 2);
    house.models.gate.add_permits(3);
    assert!(busy.until(DATA).await.is_some());
    for mut other in others {
        assert!(other.until(DATA).await.is_some());
    }
}

#[tokio::test]
async fn requests_beyond_what_may_be_in_memory_are_refused() {
    let limits = ConnectionLimits { max_bytes_in_flight: 50_000, ..Default::default() };
    let house = House::with(limited(limits)).await;
    let mut client = Raw::open(house.grpc, WIDE).await;
    // 24 000 bytes that never become a request.
    client.send(&frame(HEADERS, END_HEADERS, 1, &call())).await;
    let question = question(2000);
    client.send(&frame(DATA, 0, 1, &question[..12_000])).await;
    client.send(&frame(DATA, 0, 1, &question[12_000..24_000])).await;
    while gauge(&house, "pelton_in_flight_bytes ").await < 24_000 + 2 * COST {
        tokio::task::yield_now().await;
    }
    let mut innocent = house.client().await;
    let refused = innocent.model_infer(typed("sum", &[[0.; 3]; 600])).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::ResourceExhausted);
    assert_eq!(refused.metadata().get("pelton-code").unwrap(), "queue_full");
    innocent.model_infer(typed("sum", &[[0.; 3]])).await.unwrap();
    client.send(&frame(RST_STREAM, 0, 1, &8_u32.to_be_bytes())).await;
    while gauge(&house, "pelton_in_flight_bytes ").await > COST {
        tokio::task::yield_now().await;
    }
    innocent.model_infer(typed("sum", &[[0.; 3]; 600])).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_is_on_the_wrong_port_is_told_where_that_is_possible() {
    let house = House::open().await;
    let mut lost = Raw::silent(house.grpc).await;
    lost.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let mut told = String::new();
    lost.socket.read_to_string(&mut told).await.unwrap();
    assert!(told.starts_with("HTTP/1.1 400 ") && told.contains("speaks gRPC"), "{told}");
    for address in [house.grpc, house.http] {
        let mut secretive = Raw::silent(address).await;
        secretive.send(b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03").await;
        secretive.end().await;
    }
    Raw::silent(house.grpc).await.socket.shutdown().await.unwrap();
    assert_eq!(turned_away(&house, "grpc", "http1_on_grpc_port").await, 1);
    assert_eq!(turned_away(&house, "grpc", "tls_on_plain_port").await, 1);
    assert_eq!(turned_away(&house, "http", "tls_on_plain_port").await, 1);
    assert_eq!(turned_away(&house, "grpc", "unknown_protocol").await, 0);
}
