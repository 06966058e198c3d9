// Several endpoints, endpoints that come and go, and names of endpoints; against real gRPC servers.
package io.pelton.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.stub.StreamObserver;
import io.pelton.client.PeltonException.Code;
import io.pelton.client.wire.inference.ModelInferRequest;
import io.pelton.client.wire.inference.ModelInferResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FailoverTest extends ClientOfOneServer {
    @Test
    void anAttemptThatHangsIsMadeAgainElsewhere() {
        try (FakeServer hanging = new FakeServer(FakeModels.silent())) {
            client(
                    // each attempt is as likely to meet the hanging one
                    RetryPolicy.builder()
                            .attemptTimeout(Duration.ofMillis(200))
                            .maxAttempts(60)
                            .build(),
                    Duration.ofSeconds(50),
                    hanging.endpoint(),
                    server.endpoint());
            List<CompletableFuture<InferResponse>> futures = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                futures.add(client.infer(REQUEST));
            }
            futures.forEach(future -> assertThat(future.join().rows()).isEqualTo(1));
        }
    }

    @Test
    void callsGoRoundOverTheEndpoints() {
        try (FakeServer other = new FakeServer(FakeModels.sum())) {
            client(RetryPolicy.none(), Duration.ofSeconds(20), server.endpoint(), other.endpoint());
            // the first calls may come before both connections stand
            while (server.calls.get() == 0 || other.calls.get() == 0) {
                client.infer(REQUEST).join();
            }
            server.calls.set(0);
            other.calls.set(0);
            for (int i = 0; i < 40; i++) {
                client.infer(REQUEST).join();
            }
            assertThat(server.calls.get()).isEqualTo(20);
            assertThat(other.calls.get()).isEqualTo(20);
        }
    }

    @Test
    void callsOfAServerThatDiesAreAnsweredByTheOther() throws Exception {
        BlockingQueue<Runnable> heldByDying = new LinkedBlockingQueue<>();
        try (FakeServer dying =
                new FakeServer(
                        (ModelInferRequest request, StreamObserver<ModelInferResponse> answer) ->
                                heldByDying.add(() -> {}))) {
            client(
                    RetryPolicy.builder().initialBackoff(Duration.ofMillis(5)).build(),
                    Duration.ofSeconds(20),
                    dying.endpoint(),
                    server.endpoint());
            List<CompletableFuture<InferResponse>> futures = new ArrayList<>();
            while (heldByDying.size() < 5) {
                futures.add(client.infer(REQUEST));
                Thread.onSpinWait();
                if (futures.size() % 10 == 0) {
                    // let the answering server's calls through
                    heldByDying.poll(5, TimeUnit.MILLISECONDS);
                }
            }
            dying.kill();
            for (int i = 0; i < 50; i++) {
                futures.add(client.infer(REQUEST));
            }
            futures.forEach(
                    future ->
                            assertThat(future.join().output("sum").get().getDouble(0))
                                    .isEqualTo(3));
        }
    }

    @Test
    void saysThatNobodyListens() {
        int port = server.port();
        server.close();
        client(RetryPolicy.none(), Duration.ofSeconds(20), "127.0.0.1:" + port);
        PeltonException failure = Failures.of(client.infer(REQUEST));
        assertThat(failure.code()).isEqualTo(Code.UNAVAILABLE);
        assertThat(failure)
                .hasMessageContaining("no server reached")
                .hasMessageContaining(":" + port);
    }

    @Test
    void findsAServerThatComesBack() {
        int port = server.port();
        server.close();
        client(
                RetryPolicy.builder().maxAttempts(1000).build(),
                Duration.ofSeconds(40),
                "127.0.0.1:" + port);
        CompletableFuture<InferResponse> future = client.infer(REQUEST);
        try (FakeServer again = new FakeServer(FakeModels.sum(), port, builder -> builder)) {
            assertThat(future.join().rows()).isEqualTo(1);
            assertThat(again.calls.get()).isEqualTo(1);
        }
    }

    /** By itself gRPC connects after 0, 1, 2.6, 5.2, 9.2, 15.8, 26, 43, 70, 114 s. */
    @Test
    void goesOnConnectingHoweverLongTheServerIsAway() throws Exception {
        AtomicInteger connections = new AtomicInteger();
        try (ServerSocket nobody = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            CompletableFuture.runAsync(
                    () -> {
                        while (!nobody.isClosed()) {
                            try {
                                nobody.accept().close();
                                connections.incrementAndGet();
                            } catch (IOException ended) {
                                return;
                            }
                        }
                    });
            client.close();
            client =
                    PeltonClient.builder()
                            .endpoints("127.0.0.1:" + nobody.getLocalPort())
                            .clock(clock)
                            .retry(RetryPolicy.builder().maxAttempts(Integer.MAX_VALUE).build())
                            .callTimeout(Duration.ofDays(1000))
                            .build();
            CompletableFuture<InferResponse> future = client.infer(REQUEST);
            while (connections.get() < 15) {
                clock.run(clock.next());
            }
            assertThat(future).isNotDone();
        }
    }

    @Test
    void looksHostNamesUp() {
        client(RetryPolicy.defaults(), Duration.ofSeconds(20), "localhost:" + server.port());
        assertThat(client.infer(REQUEST).join().rows()).isEqualTo(1);
    }

    @Test
    void saysThatANameHasNoAddress() {
        client(RetryPolicy.none(), Duration.ofSeconds(20), "no-such-host.invalid:1");
        PeltonException failure = Failures.of(client.infer(REQUEST));
        assertThat(failure.code()).isEqualTo(Code.UNAVAILABLE);
        assertThat(failure).hasMessageContaining("no-such-host.invalid:1");
    }
}
