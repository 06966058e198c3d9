// The one exception of this client: a stable code, a message for people, and what was tried.
package io.pelton.client;

import java.util.Objects;

/**
 * A call, or one row of it, that failed.
 *
 * <p>Futures of this package complete exceptionally with this class itself, not wrapped (though
 * {@code CompletableFuture.join} and dependent stages wrap it in a {@code CompletionException} as
 * they do every exception; {@link #of(Throwable)} takes it out again).
 */
public final class PeltonException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What went wrong, by the names of gRPC's status codes. */
    public enum Code {
        /** The call was cancelled, or the client or batcher was closed. */
        CANCELLED(false),
        /** The server gave no known reason. */
        UNKNOWN(false),
        /** The input is at fault; sending it again gives the same answer. */
        INVALID_ARGUMENT(false),
        /** No answer came in time. */
        DEADLINE_EXCEEDED(false),
        /** There is no such model or version. */
        NOT_FOUND(false),
        /** What should be made exists already. */
        ALREADY_EXISTS(false),
        /** The caller may not do this. */
        PERMISSION_DENIED(false),
        /** The server, or this client's own queue, is full. */
        RESOURCE_EXHAUSTED(true),
        /** The model or server is not in a state to answer. */
        FAILED_PRECONDITION(false),
        /** The server gave up because of a conflict. */
        ABORTED(false),
        /** A value, often a message size, is beyond a limit. */
        OUT_OF_RANGE(false),
        /** The server does not know this call. */
        UNIMPLEMENTED(false),
        /** The model raised, or an answer was malformed. */
        INTERNAL(false),
        /** No server could be reached, or it could not answer now. */
        UNAVAILABLE(true),
        /** Data was lost. */
        DATA_LOSS(false),
        /** The caller did not say who they are. */
        UNAUTHENTICATED(false);

        private final boolean retryable;

        Code(boolean retryable) {
            this.retryable = retryable;
        }

        /**
         * Whether the same call may succeed later, as a rule.
         *
         * @return true for UNAVAILABLE and RESOURCE_EXHAUSTED
         */
        public boolean isRetryable() {
            return retryable;
        }
    }

    private final Code code;
    private final boolean retryable;
    private final int attempts;
    private final String reason;

    /**
     * A failure with a code.
     *
     * @param code what went wrong
     * @param message what a person should read
     */
    public PeltonException(Code code, String message) {
        this(code, message, code.isRetryable(), 0, "", null, true);
    }

    private PeltonException(
            Code code,
            String message,
            boolean retryable,
            int attempts,
            String reason,
            Throwable cause,
            boolean withTrace) {
        super(message, cause, withTrace, withTrace);
        this.code = Objects.requireNonNull(code, "code");
        this.retryable = retryable;
        this.attempts = attempts;
        this.reason = reason;
    }

    /**
     * A failure without a stack trace, which would show a network thread and cost more than the
     * call; it cannot be changed, so many rows may share it.
     */
    static PeltonException light(
            Code code, String message, boolean retryable, int attempts, Throwable cause) {
        return light(code, message, retryable, attempts, "", cause);
    }

    static PeltonException light(
            Code code,
            String message,
            boolean retryable,
            int attempts,
            String reason,
            Throwable cause) {
        return new PeltonException(code, message, retryable, attempts, reason, cause, false);
    }

    static PeltonException light(Code code, String message) {
        return light(code, message, code.isRetryable(), 0, null);
    }

    /**
     * The failure inside {@code thrown}: taken out of {@code CompletionException} and {@code
     * ExecutionException}; anything that is not a {@code PeltonException} becomes one of code
     * UNKNOWN.
     *
     * @param thrown what a future threw
     * @return the failure
     */
    public static PeltonException of(Throwable thrown) {
        Throwable at = thrown;
        while ((at instanceof java.util.concurrent.CompletionException
                        || at instanceof java.util.concurrent.ExecutionException)
                && at.getCause() != null) {
            at = at.getCause();
        }
        if (at instanceof PeltonException) {
            return (PeltonException) at;
        }
        if (at instanceof java.util.concurrent.CancellationException) {
            return light(Code.CANCELLED, "the future was cancelled", false, 0, at);
        }
        return light(Code.UNKNOWN, String.valueOf(at), false, 0, at);
    }

    /**
     * What went wrong.
     *
     * @return the code
     */
    public Code code() {
        return code;
    }

    /**
     * Whether the same call may succeed later.
     *
     * @return true if trying again may help
     */
    public boolean isRetryable() {
        return retryable;
    }

    /**
     * How often the call was sent.
     *
     * @return attempts made; 0 if it never left this client
     */
    public int attempts() {
        return attempts;
    }

    /**
     * What went wrong in the server's own words, finer than {@link #code()}: a Pelton server tells
     * one of the stable names its reference lists, such as {@code model_rejected} or {@code
     * worker_lost}.
     *
     * @return the name; empty if the server told none, or the failure is this client's
     */
    public String reason() {
        return reason;
    }

    @Override
    public String toString() {
        return "PeltonException: " + code + ": " + getMessage();
    }
}
