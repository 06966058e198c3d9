// From a gRPC status and its trailers to this client's failures; decides nothing about retrying.
package io.pelton.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import io.pelton.client.PeltonException.Code;
import java.util.regex.Pattern;

final class WireStatus {
    /** How the servers and clients in use say that a message is beyond their limit. */
    private static final Pattern TOO_LARGE =
            Pattern.compile(
                    "exceeds maximum size|larger than max|message length too large",
                    Pattern.CASE_INSENSITIVE);

    /** Where a Pelton server tells its stable name of what went wrong. */
    private static final Metadata.Key<String> REASON =
            Metadata.Key.of("pelton-code", Metadata.ASCII_STRING_MARSHALLER);

    private WireStatus() {}

    static PeltonException failure(Status status, Metadata trailers, int attempts) {
        // this client settles a call before it cancels it: a cancellation seen here came from the
        // other side, as from a server that goes down
        Code code =
                status.getCode() == Status.Code.CANCELLED
                        ? Code.UNAVAILABLE
                        : Code.valueOf(status.getCode().name());
        boolean retryable = code.isRetryable() && !isTooLarge(status);
        String reason = trailers.get(REASON);
        return PeltonException.light(
                code,
                message(status, attempts),
                retryable,
                attempts,
                reason == null ? "" : reason,
                status.getCause());
    }

    /** Whether sending the same message again cannot help, but sending less at once may. */
    private static boolean isTooLarge(Status status) {
        return status.getCode() == Status.Code.RESOURCE_EXHAUSTED
                && status.getDescription() != null
                && TOO_LARGE.matcher(status.getDescription()).find();
    }

    /** The wait the server asks for, in ns; 0 if it asks for none. */
    static long retryDelayNanos(Status status, Metadata trailers) {
        com.google.rpc.Status details;
        try {
            details = StatusProto.fromStatusAndTrailers(status, trailers);
        } catch (IllegalArgumentException e) {
            // a server whose details contradict its status: its status counts
            return 0;
        }
        if (details == null) {
            return 0;
        }
        for (Any detail : details.getDetailsList()) {
            if (detail.is(RetryInfo.class)) {
                return retryDelayNanos(detail);
            }
        }
        return 0;
    }

    private static long retryDelayNanos(Any detail) {
        try {
            com.google.protobuf.Duration delay = detail.unpack(RetryInfo.class).getRetryDelay();
            // a year is as good as for ever, and cannot overflow
            long seconds = Math.max(0, Math.min(delay.getSeconds(), 365L * 24 * 3600));
            return seconds * 1_000_000_000L + Math.max(0, delay.getNanos());
        } catch (InvalidProtocolBufferException e) {
            return 0;
        }
    }

    private static String message(Status status, int attempts) {
        String text = status.getDescription();
        Throwable cause = status.getCause();
        if (text == null || text.isEmpty()) {
            text = cause == null ? "the server gave no reason" : String.valueOf(cause.getMessage());
        } else if (cause != null && text.equals("io exception")) {
            text = "no server reached: " + cause.getMessage();
        }
        return attempts > 1 ? text + " (after " + attempts + " attempts)" : text;
    }
}
