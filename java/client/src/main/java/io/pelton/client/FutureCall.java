// A call whose outcome is a future; attempts and deadlines are the call's own.
package io.pelton.client;

import io.grpc.MethodDescriptor;
import java.util.concurrent.CompletableFuture;

/** Completes its future exactly once, however the answer reads. */
final class FutureCall<R, T> implements RetryingCall.Outcome<R> {
    /** How an answer is read; a {@link PeltonException} thrown there is the call's outcome. */
    interface Reader<R, T> {
        T read(R answer, int attempts, long latencyNanos);
    }

    private final CompletableFuture<T> future = new CompletableFuture<>();
    private final Reader<R, T> reader;

    private FutureCall(Reader<R, T> reader) {
        this.reader = reader;
    }

    static <Q, R, T> CompletableFuture<T> start(
            Connection connection,
            MethodDescriptor<Q, R> method,
            Q request,
            long timeoutNanos,
            Reader<R, T> reader) {
        FutureCall<R, T> outcome = new FutureCall<>(reader);
        RetryingCall<Q, R> call = connection.prepare(method, request, timeoutNanos, outcome);
        // cancelled, or completed by the caller (as by orTimeout): nobody waits for the server
        outcome.future.whenComplete((value, thrown) -> call.cancel());
        connection.start(call);
        return outcome.future;
    }

    @Override
    public void answered(R answer, int attempts, long latencyNanos) {
        T value;
        try {
            value = reader.read(answer, attempts, latencyNanos);
        } catch (PeltonException e) {
            future.completeExceptionally(e);
            return;
        } catch (RuntimeException | OutOfMemoryError e) {
            future.completeExceptionally(Wire.malformed(e.toString(), attempts, e));
            return;
        }
        future.complete(value);
    }

    @Override
    public void failed(PeltonException failure) {
        future.completeExceptionally(failure);
    }
}
