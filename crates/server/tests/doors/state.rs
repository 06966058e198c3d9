//! What the server says of itself: metadata, health, readiness, metrics; deadlines and shutdown.

use std::sync::atomic::Ordering;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use pelton_proto::inference::{
    ModelMetadataRequest, ModelReadyRequest, ServerLiveRequest, ServerMetadataRequest,
    ServerReadyRequest,
};
use pelton_server::ServerConfig;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::house::{House, typed};

pub async fn get(house: &House, path: &str) -> (u16, String) {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<bytes::Bytes>>();
    let uri = format!("http://{}{path}", house.http).parse().unwrap();
    let response = client.get(uri).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn service(name: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: name.to_owned() }
}

#[tokio::test]
async fn metadata_comes_from_the_signature() {
    let house = House::open().await;
    let mut client = house.client().await;
    assert_eq!(
        client.server_metadata(ServerMetadataRequest {}).await.unwrap().get_ref().name,
        "pelton"
    );
    let request = ModelMetadataRequest { name: "sum".to_owned(), version: String::new() };
    let metadata = client.model_metadata(request).await.unwrap().into_inner();
    assert_eq!(metadata.versions, ["1"]);
    assert_eq!(metadata.inputs[0].shape, [-1, 3]);
    assert_eq!(metadata.outputs[0].datatype, "FP64");
    assert_eq!(metadata.properties["executor"], "test");
}

#[tokio::test]
async fn readiness_is_true_everywhere_or_false_everywhere() {
    let house = House::open().await;
    let mut client = house.client().await;
    let mut health = HealthClient::new(house.channel().await);
    for ready in [true, false] {
        house.models.ready.store(ready, Ordering::SeqCst);
        assert!(client.server_live(ServerLiveRequest {}).await.unwrap().get_ref().live);
        let server = client.server_ready(ServerReadyRequest {}).await.unwrap().get_ref().ready;
        let model = ModelReadyRequest { name: "sum".to_owned(), version: String::new() };
        let model = client.model_ready(model).await.unwrap().get_ref().ready;
        assert_eq!((server, model), (ready, ready));
        let expected = if ready { ServingStatus::Serving } else { ServingStatus::NotServing };
        for name in ["", "sum", "inference.GRPCInferenceService"] {
            assert_eq!(health.check(service(name)).await.unwrap().get_ref().status(), expected);
        }
        let (status, body) = get(&house, "/v2/health/ready").await;
        assert_eq!(status, if ready { 200 } else { 503 });
        assert_eq!(body, if ready { "ready\n" } else { "not ready: named, sum\n" });
        assert_eq!(get(&house, "/v2/health/live").await.0, 200);
    }
    let refused = client.model_infer(typed("sum", &[[0.; 3]])).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    assert_eq!(health.check(service("nosuch")).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn a_health_watcher_sees_each_change() {
    let house = House::open().await;
    let mut health = HealthClient::new(house.channel().await);
    let mut states = health.watch(service("sum")).await.unwrap().into_inner();
    assert_eq!(states.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    house.models.ready.store(false, Ordering::SeqCst);
    assert_eq!(states.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
}

#[tokio::test]
async fn metrics_count_what_was_answered() {
    let house = House::open().await;
    let mut client = house.client().await;
    client.model_infer(typed("sum", &[[0.; 3]; 4])).await.unwrap();
    let (status, text) = get(&house, "/metrics").await;
    assert_eq!(status, 200);
    let line = "pelton_rows_total{model=\"sum\",version=\"1\",outcome=\"ok\"} 4";
    assert!(text.contains(line), "{text}");
    assert!(text.contains("pelton_model_ready{model=\"sum\",version=\"1\"} 1"));
}

#[tokio::test]
async fn a_clients_deadline_is_honoured_and_its_rows_do_not_hold_up_others() {
    let house = House::open().await;
    house.models.gated.store(true, Ordering::SeqCst);
    let mut client = house.client().await;
    let mut request = tonic::Request::new(typed("sum", &[[0.; 3]]));
    request.set_timeout(Duration::from_millis(30));
    let error = client.model_infer(request).await.unwrap_err();
    assert!(matches!(error.code(), Code::DeadlineExceeded | Code::Cancelled), "{error}");
    house.until_in_flight(0).await;
    house.models.gate.add_permits(2);
    client.model_infer(typed("sum", &[[0.; 3]])).await.unwrap();
    assert!(get(&house, "/metrics").await.1.contains("outcome=\"deadline_exceeded\"} 1"));
}

#[tokio::test]
async fn shutdown_finishes_what_is_in_flight_and_refuses_the_rest() {
    let mut house = House::open().await;
    house.models.gated.store(true, Ordering::SeqCst);
    let mut client = house.client().await;
    let mut other = client.clone();
    let in_flight = tokio::spawn(async move { client.model_infer(typed("sum", &[[1.; 3]])).await });
    house.until_in_flight(1).await;
    house.stop.take().unwrap().send(()).unwrap();
    while !house.engine.is_stopping() {
        tokio::task::yield_now().await;
    }
    assert_eq!(get(&house, "/v2/health/ready").await.0, 503);
    // By the engine, or by the client's own transport, which was told that the server goes away.
    let refused = other.model_infer(typed("sum", &[[1.; 3]])).await.unwrap_err();
    assert!(matches!(refused.code(), Code::Unavailable | Code::Cancelled), "{refused}");
    house.models.gate.add_permits(1);
    in_flight.await.unwrap().unwrap();
    assert!(house.served.await.unwrap().unwrap());
}

#[tokio::test]
async fn shutdown_gives_up_after_its_limit() {
    let config =
        ServerConfig { shutdown_grace: Duration::from_millis(20), ..ServerConfig::default() };
    let mut house = House::with(config).await;
    house.models.gated.store(true, Ordering::SeqCst);
    let mut client = house.client().await;
    let cut_off = tokio::spawn(async move { client.model_infer(typed("sum", &[[1.; 3]])).await });
    house.until_in_flight(1).await;
    house.stop.take().unwrap().send(()).unwrap();
    assert!(!house.served.await.unwrap().unwrap());
    // The process would end here, and its connections with it.
    cut_off.abort();
}
