// Deadlines, retries and cancellation of a call, against a real gRPC server.
package io.pelton.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.pelton.client.PeltonException.Code;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RetryTest extends ClientOfOneServer {
    @Test
    void waitsLongerAfterEachFailureAndTellsTheAttempts() throws Exception {
        server.model(FakeModels.failing(3, Status.UNAVAILABLE, FakeModels.sum()));
        CompletableFuture<InferResponse> future = client.infer(REQUEST);
        for (long bound : new long[] {20, 40, 80}) {
            ManualClock.Scheduled wait = clock.next();
            assertThat(wait.delayMs()).isEqualTo(bound);
            assertThat(future).isNotDone();
            clock.run(wait);
        }
        assertThat(future.join().attempts()).isEqualTo(4);
        assertThat(future.join().requestMs()).isGreaterThanOrEqualTo(140);
    }

    @Test
    void givesUpAfterTheLastAttemptWithWhatWentWrong() throws Exception {
        server.model(
                FakeModels.failing(
                        99, Status.UNAVAILABLE.withDescription("no worker"), FakeModels.sum()));
        client.close();
        client =
                server.client()
                        .clock(clock)
                        .retry(RetryPolicy.builder().maxAttempts(5).build())
                        .build();
        CompletableFuture<InferResponse> future = client.infer(REQUEST);
        for (int i = 0; i < 4; i++) {
            clock.run(clock.next());
        }
        PeltonException failure = Failures.of(future);
        assertThat(failure.code()).isEqualTo(Code.UNAVAILABLE);
        assertThat(failure).hasMessage("no worker (after 5 attempts)");
        assertThat(failure.isRetryable()).isTrue();
        assertThat(failure.attempts()).isEqualTo(5);
    }

    @Test
    void waitsAsLongAsTheServerAsks() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        server.model(
                (request, answer) -> {
                    if (calls.getAndIncrement() == 0) {
                        answer.onError(overloaded(700));
                    } else {
                        FakeServer.reply(answer, FakeModels.sum(request));
                    }
                });
        CompletableFuture<InferResponse> future = client.infer(REQUEST);
        ManualClock.Scheduled wait = clock.next();
        assertThat(wait.delayMs()).as("its 700 ms and the first jitter").isEqualTo(720);
        clock.run(wait);
        assertThat(future.join().attempts()).isEqualTo(2);
    }

    @Test
    void failsAtOnceIfTheWaitWouldOutlastTheDeadline() {
        server.model((request, answer) -> answer.onError(overloaded(3_600_000)));
        PeltonException failure = Failures.of(client.infer(REQUEST));
        assertThat(failure.code()).isEqualTo(Code.RESOURCE_EXHAUSTED);
        assertThat(failure).hasMessage("queue is full");
        assertThat(clock.scheduled).isEmpty();
    }

    @Test
    void neverRepeatsWhatCannotPass() {
        for (Status status :
                List.of(
                        Status.INVALID_ARGUMENT,
                        Status.NOT_FOUND,
                        Status.INTERNAL,
                        Status.UNAUTHENTICATED,
                        Status.FAILED_PRECONDITION)) {
            server.calls.set(0);
            server.model((request, answer) -> answer.onError(status.asRuntimeException()));
            PeltonException failure = Failures.of(client.infer(REQUEST));
            assertThat(failure.code().name()).isEqualTo(status.getCode().name());
            assertThat(failure.isRetryable()).isFalse();
            assertThat(server.calls.get()).isEqualTo(1);
        }
    }

    @Test
    void anAnswerBeyondTheLimitIsNotAskedForAgain() {
        server.model(FakeModels.sum());
        client.close();
        client = server.client().maxMessageBytes(64).build();
        PeltonException failure = Failures.of(client.infer(REQUEST));
        assertThat(failure.code()).isEqualTo(Code.RESOURCE_EXHAUSTED);
        assertThat(failure.isRetryable()).isFalse();
        assertThat(server.calls.get()).isEqualTo(1);
    }

    @Test
    void endsAtTheDeadlineAndTellsTheServer() throws Exception {
        server.model(FakeModels.silent());
        client(RetryPolicy.defaults(), Duration.ofMillis(150), server.endpoint());
        // on a busy machine the deadline may pass before the server has heard of the call
        while (server.calls.get() == 0) {
            PeltonException failure = Failures.of(client.infer(REQUEST));
            assertThat(failure.code()).isEqualTo(Code.DEADLINE_EXCEEDED);
            assertThat(failure).hasMessage("no answer within 150 ms (1 attempt)");
        }
        assertThat(server.cancelled.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void theRequestsOwnTimeoutCounts() {
        server.model(FakeModels.silent());
        InferRequest request =
                InferRequest.builder("m")
                        .input(Tensor.ofDoubles("input", new long[] {1, 1}, 1))
                        .timeout(Duration.ofMillis(120))
                        .build();
        assertThat(Failures.of(client.infer(request)))
                .hasMessage("no answer within 120 ms (1 attempt)");
    }

    @Test
    void timesMayBeForEver() {
        Duration forEver = ChronoUnit.FOREVER.getDuration();
        client.close();
        client =
                PeltonClient.builder()
                        .endpoints("localhost:" + server.port())
                        .callTimeout(forEver)
                        .dnsRefresh(forEver)
                        .retry(
                                RetryPolicy.builder()
                                        .maxBackoff(forEver)
                                        .attemptTimeout(forEver)
                                        .build())
                        .build();
        server.model(FakeModels.failing(1, Status.UNAVAILABLE, FakeModels.sum()));
        assertThat(client.infer(REQUEST).join().attempts()).isEqualTo(2);
        try (MicroBatcher batcher =
                client.batcher("m")
                        .schema(RowSchema.matrix("input", DataType.FP64, 1))
                        .timeout(forEver)
                        .linger(forEver)
                        .build()) {
            CompletableFuture<Prediction> row = batcher.submit(1);
            batcher.flush();
            assertThat(row.join().getDouble("sum")).isEqualTo(1);
        }
    }

    @Test
    void cancellingTheFutureCancelsTheCall() throws Exception {
        server.model(FakeModels.silent());
        CompletableFuture<InferResponse> future = client.infer(REQUEST);
        while (server.calls.get() == 0) {
            Thread.onSpinWait();
        }
        future.cancel(true);
        assertThat(server.cancelled.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aFutureThatTheCallerCompletesCancelsTheCall() throws Exception {
        server.model(FakeModels.silent());
        client(RetryPolicy.defaults(), Duration.ofMinutes(10), server.endpoint());
        CompletableFuture<InferResponse> future = client.infer(REQUEST);
        while (server.calls.get() == 0) {
            Thread.onSpinWait();
        }
        future.completeExceptionally(new TimeoutException("the caller's own patience"));
        assertThat(server.cancelled.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aTokenThatCannotBeHadAgainFailsTheCall() throws Exception {
        server.model(FakeModels.failing(99, Status.UNAVAILABLE, FakeModels.sum()));
        client.close();
        AtomicInteger asked = new AtomicInteger();
        client =
                server.client()
                        .clock(clock)
                        .bearerToken(
                                () -> {
                                    if (asked.incrementAndGet() > 1) {
                                        throw new NoClassDefFoundError("Vault");
                                    }
                                    return "token";
                                })
                        .build();
        CompletableFuture<InferResponse> future = client.infer(REQUEST);
        clock.run(clock.next());
        assertThat(future).isDone();
        assertThat(Failures.of(future).code()).isEqualTo(Code.UNAUTHENTICATED);
    }

    @Test
    void anAttemptThatCannotBeMadeAfterAWaitFailsTheCall() throws Exception {
        server.model(FakeModels.failing(99, Status.UNAVAILABLE, FakeModels.sum()));
        CompletableFuture<InferResponse> future = client.infer(REQUEST);
        ManualClock.Scheduled wait = clock.next();
        clock.fault = new NoClassDefFoundError("test");
        wait.task.run();
        assertThat(future).isDone();
        assertThat(Failures.of(future))
                .hasMessage("the request could not be sent: java.lang.NoClassDefFoundError: test");
    }

    @Test
    void cancellingDuringAWaitMakesNoFurtherAttempt() throws Exception {
        server.model(FakeModels.failing(99, Status.UNAVAILABLE, FakeModels.sum()));
        CompletableFuture<InferResponse> future = client.infer(REQUEST);
        ManualClock.Scheduled wait = clock.next();
        future.cancel(true);
        wait.task.run();
        client.close();
        assertThat(server.calls.get()).isEqualTo(1);
    }

    @Test
    void bridgesTheRestartOfAServerUnlessToldOtherwise() throws Exception {
        long back = clock.nanoTime() + Duration.ofSeconds(3).toNanos();
        server.model(
                (request, answer) -> {
                    if (clock.nanoTime() < back) {
                        answer.onError(Status.UNAVAILABLE.asRuntimeException());
                    } else {
                        FakeServer.reply(answer, FakeModels.sum(request));
                    }
                });
        CompletableFuture<InferResponse> future = client.infer(REQUEST);
        while (clock.nanoTime() < back && !future.isDone()) {
            clock.run(clock.next());
        }
        assertThat(future.join().rows()).isEqualTo(1);
    }

    @Test
    void sendsARequestThatLosesWorkersNoThirdTime() {
        Metadata trailers = new Metadata();
        trailers.put(
                Metadata.Key.of("pelton-code", Metadata.ASCII_STRING_MARSHALLER), "worker_lost");
        server.model(
                (request, answer) ->
                        answer.onError(Status.UNAVAILABLE.asRuntimeException(trailers)));
        client(RetryPolicy.defaults(), Duration.ofSeconds(20), server.endpoint());
        PeltonException failure = Failures.of(client.infer(REQUEST));
        assertThat(failure.code()).isEqualTo(Code.UNAVAILABLE);
        assertThat(failure.reason()).isEqualTo("worker_lost");
        assertThat(server.calls.get()).isEqualTo(2);
    }

    private static StatusRuntimeException overloaded(long retryMs) {
        return StatusProto.toStatusRuntimeException(
                com.google.rpc.Status.newBuilder()
                        .setCode(com.google.rpc.Code.RESOURCE_EXHAUSTED_VALUE)
                        .setMessage("queue is full")
                        .addDetails(
                                Any.pack(
                                        RetryInfo.newBuilder()
                                                .setRetryDelay(
                                                        com.google.protobuf.Duration.newBuilder()
                                                                .setSeconds(retryMs / 1000)
                                                                .setNanos(
                                                                        (int)
                                                                                (retryMs % 1000
                                                                                        * 1_000_000)))
                                                .build()))
                        .build());
    }
}
