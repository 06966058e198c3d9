// One call until its outcome: attempts, the waits between them, deadline and cancellation.
package io.pelton.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.pelton.client.PeltonException.Code;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells its outcome exactly once, whichever of answer, failure, deadline and cancellation is first;
 * and it has one, whatever callers' code or a server's answer make of an attempt.
 */
final class RetryingCall<Q, R> {
    /** Told how a call ended; must not block. */
    interface Outcome<R> {
        void answered(R answer, int attempts, long latencyNanos);

        void failed(PeltonException failure);
    }

    private static final Logger LOG = LoggerFactory.getLogger(RetryingCall.class);

    private final Connection connection;
    private final MethodDescriptor<Q, R> method;
    private final Q request;
    private final Outcome<R> outcome;
    private final long startNanos;
    private final long timeoutNanos;
    private final AtomicBoolean settled = new AtomicBoolean();
    private volatile int attempts;
    private int workersLost;
    private volatile PeltonException lastFailure;
    private volatile Attempt current;
    private volatile Runnable unschedule;

    RetryingCall(
            Connection connection,
            MethodDescriptor<Q, R> method,
            Q request,
            long timeoutNanos,
            Outcome<R> outcome) {
        this.connection = connection;
        this.method = method;
        this.request = request;
        this.timeoutNanos = timeoutNanos;
        this.outcome = outcome;
        this.startNanos = connection.clock().nanoTime();
    }

    void start() {
        if (settled.get()) {
            // cancelled before it began
            connection.ended(this);
            return;
        }
        attempt();
    }

    int attempts() {
        return attempts;
    }

    /** Why the last attempt that has ended failed; null if none has. */
    PeltonException lastFailure() {
        return lastFailure;
    }

    /** Ends the call with this failure unless it has ended. */
    void fail(PeltonException failure) {
        if (settle()) {
            cancelCurrent(failure.getMessage());
            tellFailure(failure);
        }
    }

    /**
     * Ends the call without telling anybody, unless it has ended.
     *
     * @return false if it had: its outcome is or will be told
     */
    boolean cancel() {
        boolean ended = settle();
        if (ended) {
            cancelCurrent("cancelled by the caller");
        }
        return ended;
    }

    /**
     * On the caller's thread, or on one of the clock's, where nobody else would hear of a fault.
     */
    private void attempt() {
        if (settled.get()) {
            // settled during the wait before this attempt
            return;
        }
        try {
            makeAttempt();
        } catch (RuntimeException | Error e) {
            fail(notSent(attempts, e));
        }
    }

    // attempts is only written by the one thread that makes the attempt
    @SuppressWarnings("NonAtomicOperationOnVolatileField")
    private void makeAttempt() {
        long left = leftNanos();
        if (left <= 0) {
            fail(deadlineExceeded());
            return;
        }
        Metadata headers;
        try {
            headers = connection.headers();
        } catch (RuntimeException | Error e) {
            fail(
                    PeltonException.light(
                            Code.UNAUTHENTICATED,
                            "no bearer token could be had: " + e,
                            false,
                            attempts,
                            e));
            return;
        }
        attempts = attempts + 1;
        long limit =
                connection
                        .retry()
                        .attemptTimeout()
                        .map(timeout -> Math.min(Clock.nanos(timeout), left))
                        .orElse(left);
        CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(limit, TimeUnit.NANOSECONDS);
        Attempt attempt = new Attempt(attempts, connection.channel().newCall(method, options));
        current = attempt;
        attempt.make(headers);
        if (settled.get()) {
            // settled while the attempt was being made: it may not have been seen there
            attempt.cancel("the call has ended");
        }
    }

    private void attemptFailed(Status status, Metadata trailers) {
        if (settled.get()) {
            return;
        }
        RetryPolicy policy = connection.retry();
        PeltonException failure = WireStatus.failure(status, trailers, attempts);
        boolean attemptTimedOut =
                failure.code() == Code.DEADLINE_EXCEEDED
                        && policy.attemptTimeout().isPresent()
                        && leftNanos() > 0;
        boolean again =
                attempts < policy.maxAttempts()
                        && !losesWorkers(failure)
                        && (attemptTimedOut
                                || policy.codes().contains(failure.code()) && mayPass(failure));
        if (!again) {
            fail(failure.code() == Code.DEADLINE_EXCEEDED ? deadlineExceeded() : failure);
            return;
        }
        // the jitter comes on top of what the server asks for, or all its clients would be back at
        // once
        lastFailure = failure;
        long wait =
                WireStatus.retryDelayNanos(status, trailers)
                        + connection.clock().random(policy.backoffBoundNanos(attempts));
        if (wait >= leftNanos()) {
            // no attempt could be made in time: what went wrong says more than a deadline would
            fail(failure);
            return;
        }
        LOG.debug("attempt {} failed with {}, next in {} ns", attempts, failure, wait);
        connection.tellRetry(failure);
        if (failure.code() == Code.UNAVAILABLE) {
            connection.connectAgain();
        }
        unschedule = connection.clock().schedule(this::attempt, wait);
        if (settled.get()) {
            unschedule.run();
        }
    }

    /**
     * Whether the request has cost the server workers often enough: a server tries a lost batch
     * twice itself, so after the second such answer the request is most likely what kills them, and
     * sending it again would take the model away from everybody.
     */
    private boolean losesWorkers(PeltonException failure) {
        if (failure.reason().equals("worker_lost")) {
            workersLost++;
        }
        return workersLost >= 2;
    }

    /** A code that is retryable by nature but was found not to be, is not tried again. */
    private static boolean mayPass(PeltonException failure) {
        return failure.isRetryable() || !failure.code().isRetryable();
    }

    private void attemptAnswered(R answer) {
        if (!settle()) {
            return;
        }
        try {
            outcome.answered(answer, attempts, connection.clock().nanoTime() - startNanos);
        } catch (RuntimeException | Error e) {
            LOG.error("handling an answer failed", e);
        }
    }

    private void tellFailure(PeltonException failure) {
        try {
            outcome.failed(failure);
        } catch (RuntimeException | Error e) {
            LOG.error("handling a failure failed", e);
        }
    }

    private boolean settle() {
        if (!settled.compareAndSet(false, true)) {
            return false;
        }
        connection.ended(this);
        return true;
    }

    /** Throws nothing: the outcome is yet to be told, and those of the calls closed with it. */
    private void cancelCurrent(String reason) {
        Runnable undo = unschedule;
        if (undo != null) {
            undo.run();
        }
        Attempt attempt = current;
        if (attempt != null) {
            attempt.cancel(reason);
        }
    }

    private long leftNanos() {
        return timeoutNanos - (connection.clock().nanoTime() - startNanos);
    }

    private PeltonException deadlineExceeded() {
        return PeltonException.light(
                Code.DEADLINE_EXCEEDED,
                String.format(
                        "no answer within %d ms (%d %s)%s",
                        TimeUnit.NANOSECONDS.toMillis(timeoutNanos),
                        attempts,
                        attempts == 1 ? "attempt" : "attempts",
                        after(lastFailure)),
                false,
                attempts,
                null);
    }

    private static PeltonException notSent(int attempt, Throwable fault) {
        return PeltonException.light(
                Code.INTERNAL, "the request could not be sent: " + fault, false, attempt, fault);
    }

    /**
     * What a deadline's message says of the failure before it, which tells more than the deadline.
     */
    static String after(PeltonException failure) {
        return failure == null ? "" : ", after " + failure.code() + ": " + failure.getMessage();
    }

    private final class Attempt extends ClientCall.Listener<R> {
        private final int number;
        private final ClientCall<Q, R> call;
        private volatile boolean made;
        private volatile String cancelReason;
        private R answer;
        private boolean answeredTwice;

        private Attempt(int number, ClientCall<Q, R> call) {
            this.number = number;
            this.call = call;
        }

        private void make(Metadata headers) {
            try {
                call.start(this, headers);
                // two, so that a server answering twice is noticed
                call.request(2);
                call.sendMessage(request);
                call.halfClose();
            } catch (RuntimeException | Error e) {
                cancel("the request could not be sent");
                fail(notSent(number, e));
            }
            made = true;
            if (cancelReason != null) {
                cancelMade();
            }
        }

        /**
         * From any thread. gRPC forgives no cancellation while its call is being started, so that
         * one waits until {@link #make} has returned, on whose thread it then happens.
         */
        private void cancel(String reason) {
            cancelReason = reason;
            if (made) {
                cancelMade();
            }
        }

        private void cancelMade() {
            try {
                call.cancel(cancelReason, null);
            } catch (RuntimeException | Error e) {
                LOG.warn("an attempt could not be cancelled", e);
            }
        }

        @Override
        public void onMessage(R message) {
            answeredTwice = answer != null;
            answer = message;
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            try {
                ended(status, trailers);
            } catch (RuntimeException | Error e) {
                // nothing else would end the call: its deadline was the attempt's
                fail(Wire.malformed(e.toString(), number, e));
            }
        }

        private void ended(Status status, Metadata trailers) {
            if (!status.isOk()) {
                attemptFailed(status, trailers);
            } else if (answer == null || answeredTwice) {
                fail(Wire.malformed("one message expected", number, null));
            } else {
                attemptAnswered(answer);
            }
        }
    }
}
